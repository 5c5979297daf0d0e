import { spawn } from "node:child_process";
import { openSettings } from "../../../runtime/settings-source.ts";
import { listedServers } from "../../../tools/allowed-servers.ts";
import { createCheckedFetch } from "../../../tools/checked-fetch.ts";
import { limitedFetch } from "../../../tools/limited-fetch.ts";
import { logIn } from "../../../tools/oauth/log-in.ts";
import { demandOAuth, LOGIN_MILLISECONDS } from "../../../tools/oauth/logins.ts";
import { loginName } from "../../../tools/oauth/server-login.ts";
import { KnownSecrets } from "../../../workspace/redact.ts";
import type { CommandContext } from "../display/terminal.ts";
import { exitCodes } from "../session/exit.ts";
import { catchInterruption } from "../session/interruption.ts";
import { credentialStore } from "../session/secrets.ts";
import { findWorkspace } from "../session/target.ts";
import type { RecordFlags } from "./records.ts";

const openers: Partial<Record<NodeJS.Platform, string>> = { darwin: "open", win32: "explorer" };

/** Opens the page in the user's browser if there is one. The terminal also shows the address. */
const openPage = (page: URL): void => {
  spawn(openers[process.platform] ?? "xdg-open", [page.href], { stdio: "ignore", detached: true })
    .on("error", () => undefined)
    .unref();
};

const serverOf = async (name: string, flags: RecordFlags, { currentFolder }: CommandContext) => {
  const workspace = await findWorkspace(flags, currentFolder);
  const settings = openSettings({ workspace, chosen: {}, chosenBy: "flag", guessed: {} }).current();
  const servers = listedServers(workspace, settings.mcp_files);
  return { settings, config: demandOAuth(name, servers[name]) };
};

/** `coditect mcp login SERVER`: a person logs in on the service's page, and the command stores the tokens. */
export const logInToServer = async (
  name: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> => {
  const { environment, terminal } = context;
  const { settings, config } = await serverOf(name, flags, context);
  const checked = createCheckedFetch(() => settings.allowed_hosts);
  const interruption = catchInterruption();
  try {
    await logIn({
      server: name,
      config,
      secrets: credentialStore(environment),
      environment,
      known: new KnownSecrets(environment),
      fetch: limitedFetch(checked),
      show: (page) => {
        terminal.err(`Log in to ${name} (${config.url}) in your browser:\n${page.href}\n`);
        if (terminal.interactive) openPage(page);
      },
      signal: AbortSignal.any([interruption.signal, AbortSignal.timeout(LOGIN_MILLISECONDS)]),
    });
  } finally {
    interruption.stop();
    await checked.close();
  }
  terminal.out(`You are logged in to ${name}. The tokens are stored.\n`);
  return exitCodes.held;
};

/** `coditect mcp logout SERVER`: removes the tokens. */
export const logOutOfServer = async (
  name: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> => {
  const { config } = await serverOf(name, flags, context);
  await credentialStore(context.environment).setText(loginName(config.url), null);
  context.terminal.out(`The tokens for ${name} are removed.\n`);
  return exitCodes.held;
};
