import * as vscode from "vscode";
import type { Context } from "../context.ts";
import { sayProgress } from "../say.ts";
import { tell } from "./targets.ts";

interface Login {
  server: string;
  folder: string;
}

/** Lets the user pick a server that uses a login; null if there is none or the user picks none. */
const pickServer = async ({ runtime }: Context, title: string, loggedIn: boolean): Promise<Login | null> => {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const found = await Promise.all(
    folders.map(async ({ uri, name }) => {
      const { items } = await runtime.call("mcp/logins", {}, uri.toString());
      return items.map(({ server, url, logged_in }) => ({
        label: server,
        description: [url, ...(folders.length > 1 ? [name] : [])].join(" · "),
        detail: logged_in ? vscode.l10n.t("You are logged in.") : vscode.l10n.t("You are not logged in."),
        login: { server, folder: uri.toString() },
        logged_in,
      }));
    }),
  );
  const offered = found.flat().filter(({ logged_in }) => !loggedIn || logged_in);
  if (offered.length === 0) {
    tell(
      loggedIn
        ? vscode.l10n.t("You are not logged in to any MCP server.")
        : vscode.l10n.t(
            'No MCP server of this workspace uses a login. To add one, set "oauth" in its entry in .coditect/mcp.json.',
          ),
    );
    return null;
  }
  const placeHolder = vscode.l10n.t("Which MCP server?");
  return (await vscode.window.showQuickPick(offered, { title, placeHolder }))?.login ?? null;
};

/** Opens the service's page, and waits for the user to log in there. */
export const logInToMcpServer = async (context: Context): Promise<void> => {
  const login = await pickServer(context, vscode.l10n.t("Log In to MCP Server"), false);
  if (login === null) return;
  const { server, folder } = login;
  await sayProgress(vscode.l10n.t("Logging in to {0}…", server), (_report, token) =>
    context.runtime.call("mcp/logIn", { server }, folder, token),
  );
  tell(vscode.l10n.t("You are logged in to {0}.", server));
};

export const logOutOfMcpServer = async (context: Context): Promise<void> => {
  const login = await pickServer(context, vscode.l10n.t("Log Out of MCP Server"), true);
  if (login === null) return;
  await context.runtime.call("mcp/logOut", { server: login.server }, login.folder);
  tell(vscode.l10n.t("You are logged out of {0}.", login.server));
};
