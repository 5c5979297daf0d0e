import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { isCatalogued } from "../errors.ts";
import { askModal, sayError } from "../say.ts";
import { serverAddress } from "../team-server.ts";
import { tell } from "./targets.ts";

const title = (): string => vscode.l10n.t("Sign In to Team Server");

/** The address in the setting, or one that the user enters now and that CODITECT saves in the setting. */
const askForAddress = async ({ teamServer }: Context): Promise<string | null> => {
  if (teamServer.address !== null) return teamServer.address;
  const written = await vscode.window.showInputBox({
    title: title(),
    prompt: vscode.l10n.t(
      "The address of the team server. CODITECT saves it in your setting coditect.server.url.",
    ),
    placeHolder: "https://coditect.example:8443",
    ignoreFocusOut: true,
    validateInput: (text) =>
      serverAddress(text) === null
        ? vscode.l10n.t(
            "Enter an https address (http only for this machine) without a user name, query or fragment.",
          )
        : null,
  });
  const url = written === undefined ? null : serverAddress(written);
  if (url !== null)
    await vscode.workspace
      .getConfiguration("coditect")
      .update("server.url", url, vscode.ConfigurationTarget.Global);
  return url;
};

const askForToken = (url: string): Thenable<string | undefined> =>
  vscode.window.showInputBox({
    title: `${title()}: ${url}`,
    prompt: vscode.l10n.t(
      "VS Code keeps the token in its secret storage. An administrator makes it with coditect tokens create.",
    ),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (/^[\x21-\x7e]+$/.test(text.trim()) ? null : vscode.l10n.t("Paste the token.")),
  });

/** Modal, because files leave the machine. */
const confirm = async (url: string): Promise<boolean> => {
  const use = vscode.l10n.t("Use Team Server");
  const answer = await askModal(
    vscode.l10n.t("Run agents for this workspace on {0}?", url),
    vscode.l10n.t(
      "CODITECT sends the files of this workspace to the server: before each run, and when it lists teams, estimates a run or discards changes. It leaves out secrets and ignored files, but sends installed dependencies and built files that a package.json names. Your keys stay on this machine. The server uses its own. CODITECT applies changes on this machine when you accept them.",
    ),
    use,
  );
  return answer === use;
};

/** Asks for missing values, and connects this workspace to the server. A refused token is not stored. */
export const signInToServer = async (context: Context): Promise<void> => {
  const { teamServer, runtime } = context;
  if (!vscode.workspace.isTrusted) {
    tell(
      vscode.l10n.t(
        "Trust this workspace first. CODITECT does not connect an untrusted workspace to a server.",
      ),
    );
    return;
  }
  const url = await askForAddress(context);
  if (url === null) return;
  const stored = teamServer.isChosen ? undefined : await teamServer.storedToken(url);
  const token = stored ?? (await askForToken(url))?.trim();
  if (token === undefined || !(await confirm(url))) return;
  await teamServer.signIn(url, token);
  try {
    await runtime.restart();
    tell(vscode.l10n.t("Agents for this workspace now run on {0}.", url));
  } catch (error) {
    if (!isCatalogued(error) || error.code !== "token_refused") throw error;
    // The same token would be refused each time the window opens. The user already sees the refusal as the
    // reason why the runtime is not available.
    await teamServer.signOut(url);
  }
};

export const signOutOfServer = async ({ teamServer, runtime }: Context): Promise<void> => {
  const url = teamServer.address;
  if (url === null) {
    void sayError(vscode.l10n.t("The setting coditect.server.url is empty or not a valid address."));
    return;
  }
  await teamServer.signOut(url);
  if (runtime.state.kind !== "stopped") await runtime.restart();
  tell(vscode.l10n.t("Signed out. Agents run on this machine again."));
};
