import { z } from "zod";
import type { CoditectError, ErrorCode } from "./errors.ts";
import type { Localizer } from "./localizer.ts";
import { Timestamp } from "./primitives.ts";

/**
 * What a user is asked once for a workspace. `unconfined`: commands of agents run without a sandbox.
 * `configuration`: what the workspace's `.coditect/` folder holds is used; given for one state of it.
 * `exposure`: an agent may read untrusted content, use secrets and act outside of this machine at once;
 * given for one set of tools. `mcp_files`: the MCP servers that files of other tools list; given for one
 * state of these files. `mcp_tools`: the tools of an MCP server that has changed them; given for one state
 * of its tools. `command` and `host`: agents of one type may start one program, or connect to one
 * host; given for each of them. `file`: tests may read one file that may hold secrets.
 */
export const ConsentName = z.enum([
  "unconfined",
  "configuration",
  "exposure",
  "mcp_files",
  "mcp_tools",
  "command",
  "host",
  "file",
]);
export type ConsentName = z.infer<typeof ConsentName>;

/** Of the others only the last one counts: they are about one state of the workspace. */
const givenForEach: ReadonlySet<ConsentName> = new Set(["exposure", "mcp_tools", "command", "host", "file"]);

/** Whether the new consent takes the place of a known one. */
export const replacesConsent = (given: Consent, known: Consent): boolean =>
  given.name === known.name && (!givenForEach.has(given.name) || given.of === known.of);

/** What a consent allows, in the user's words. */
export const consentText = ({ name, of }: Pick<Consent, "name" | "of">, l10n: Localizer): string => {
  switch (name) {
    case "unconfined":
      return l10n.t("Commands of agents run without a sandbox.");
    case "configuration":
      return l10n.t("CODITECT uses the workspace's .coditect folder as it was then.");
    case "exposure":
      return l10n.t("An agent reads untrusted content, uses secrets and acts outside this machine.");
    case "mcp_files":
      return l10n.t("Agents use the MCP servers in other tools' files as they were then.");
    case "mcp_tools":
      return l10n.t("Agents use the changed tools of an MCP server as they were then.");
    case "command":
      return l10n.t("Agents start a program: {0}", of ?? "");
    case "host":
      return l10n.t("Commands of agents connect to a host: {0}", of ?? "");
    case "file":
      return l10n.t("Tests read a file that may hold secrets: {0}", of ?? "");
  }
};

/** Kept in the user's own folder, never in the workspace: a repository must not bring it along. */
export const Consent = z.strictObject({
  name: ConsentName,
  /**
   * What it was given for: a hash, for `command` and `host` the agent's type and the name (`Coder:
   * prettier`), for `file` its path; null: the workspace whatever it holds.
   */
  of: z.string().nullable(),
  /** Who gave it, as an audit trail names them: `user:editor`. */
  given_by: z.string(),
  created_at: Timestamp,
});
export type Consent = z.infer<typeof Consent>;

const toolConsents = {
  exposure_unconfirmed: "exposure",
  mcp_files_unconfirmed: "mcp_files",
  mcp_tools_unconfirmed: "mcp_tools",
} as const satisfies Partial<Record<ErrorCode, ConsentName>>;

/** The consent about external tools that an error asks for; null: it asks for none of these. */
export const toolConsentIn = ({
  code,
  data,
}: Pick<CoditectError, "code" | "data">): {
  name: (typeof toolConsents)[keyof typeof toolConsents];
  of: string;
} | null => {
  const name = Object.entries(toolConsents).find(([known]) => known === code)?.[1];
  return name === undefined ? null : { name, of: String(data.hash) };
};
