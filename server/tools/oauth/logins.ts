import { fail } from "../../../schemas/errors.ts";
import type { McpServerConfig } from "../../../schemas/mcp.ts";
import type { Settings } from "../../../schemas/settings.ts";
import { listedServers } from "../allowed-servers.ts";
import type { SecretPlaces } from "../secrets.ts";
import type { OAuthServer } from "./own-client.ts";
import { isLoggedIn, loginName, machineGrant, usesOAuth } from "./server-login.ts";

/** How long the user has to log in on the pages of the service. */
export const LOGIN_MILLISECONDS = 300_000;

/** Asks the user to open the login page; false if they refuse. */
export type OpenPage = (server: string, page: URL, signal: AbortSignal) => Promise<boolean>;

interface LoginsParts extends SecretPlaces {
  workspace: string;
  settings: Pick<Settings, "allowed_hosts" | "mcp_files">;
  /** Null if nobody can open a page. */
  openPage: OpenPage | null;
}

/** The entry of a server that a person logs in to. Errors: `not_found`, `usage`. */
export const demandOAuth = (name: string, config: McpServerConfig | undefined): OAuthServer => {
  if (config === undefined) throw fail("not_found", { kind: "MCP server", id: name });
  if (!usesOAuth(config))
    throw fail("usage", { problem: `The MCP server ${name} has no "oauth" in its entry.` });
  if (machineGrant(config) !== null)
    throw fail("usage", { problem: `CODITECT logs in to the MCP server ${name} without a person.` });
  return config;
};

/** Logins of the user to the MCP servers of a workspace. */
export const createLogins = (parts: LoginsParts) => {
  const { workspace, settings, secrets, environment, known, openPage } = parts;
  const servers = () => listedServers(workspace, settings.mcp_files);
  return {
    list: async (): Promise<{ server: string; url: string; logged_in: boolean }[]> => {
      const asking = Object.entries(servers()).flatMap(([server, config]) =>
        usesOAuth(config) && machineGrant(config) === null ? [{ server, url: config.url }] : [],
      );
      return Promise.all(
        asking.map(async ({ server, url }) => ({
          ...{ server, url },
          logged_in: await isLoggedIn(url, secrets),
        })),
      );
    },

    logIn: async (server: string, signal: AbortSignal): Promise<void> => {
      const config = demandOAuth(server, servers()[server]);
      if (openPage === null)
        throw fail("login_failed", { server, reason: "no editor is connected that can open the login page" });
      // Loaded when somebody logs in: most runtimes never need it.
      const [{ logIn }, { createCheckedFetch }, { limitedFetch }] = await Promise.all([
        import("./log-in.ts"),
        import("../checked-fetch.ts"),
        import("../limited-fetch.ts"),
      ]);
      const checked = createCheckedFetch(() => settings.allowed_hosts);
      const refused = new AbortController();
      const limited = AbortSignal.any([signal, refused.signal, AbortSignal.timeout(LOGIN_MILLISECONDS)]);
      const show = (page: URL): void => {
        openPage(server, page, limited).then(
          (isOpened) => {
            if (!isOpened) refused.abort("you did not open the login page");
          },
          (error: unknown) => {
            refused.abort(error instanceof Error ? error.message : "the login page could not be opened");
          },
        );
      };
      const fetch = limitedFetch(checked);
      try {
        await logIn({ server, config, secrets, environment, known, fetch, show, signal: limited });
      } catch (error) {
        if (signal.aborted) throw fail("cancelled", { what: `The login to ${server}` }, { cause: error });
        if (!refused.signal.aborted) throw error;
        throw fail("login_failed", { server, reason: String(refused.signal.reason) }, { cause: error });
      } finally {
        await checked.close();
      }
    },

    logOut: async (server: string): Promise<void> => {
      await secrets.setText(loginName(demandOAuth(server, servers()[server]).url), null);
    },
  };
};
