import { z } from "zod";
import type { CoditectError, ErrorCode } from "./errors.ts";
import type { Localizer } from "./localizer.ts";
import { Timestamp } from "./primitives.ts";

/**
 * What CODITECT asks a user once for a workspace. `unconfined`: commands of agents run without a sandbox.
 * `configuration`: CODITECT uses the workspace's `.coditect/` folder in one state. `exposure`: an agent with
 * one set of tools may read untrusted content, use secrets and act outside this machine. `mcp_files`: agents
 * may use the MCP servers that other tools' files list, in one state of these files. `mcp_tools`: agents may
 * use the changed tools of an MCP server, in one state of these tools. `command` and `host`: agents of one
 * type may start one program, or connect to one host. `file`: tests may read one file that may contain
 * secrets.
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

/** For all other consents, only the last one counts, because it is about one state of the workspace. */
const givenForEach: ReadonlySet<ConsentName> = new Set(["exposure", "mcp_tools", "command", "host", "file"]);

/** Whether the new consent replaces a known one. */
export const replacesConsent = (given: Consent, known: Consent): boolean =>
  given.name === known.name && (!givenForEach.has(given.name) || given.of === known.of);

/** What a consent allows, as a text for the user. */
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

/**
 * A consent is stored in the user's own folder and never in the workspace, so that a repository cannot
 * contain one.
 */
export const Consent = z.strictObject({
  name: ConsentName,
  /**
   * What the consent applies to. A hash, or for `command` and `host` the type of the agent and the name
   * (`Coder: prettier`), or for `file` the path. Null: the workspace, whatever it contains.
   */
  of: z.string().nullable(),
  /** Who gave it, in the form of the audit log: `user:editor`. */
  given_by: z.string(),
  created_at: Timestamp,
});
export type Consent = z.infer<typeof Consent>;

/** Paths of the files that tests may read in every run. */
export const allowedFiles = (consents: readonly Consent[]): string[] =>
  consents.flatMap(({ name, of }) => (name === "file" && of !== null ? [of] : []));

const toolConsents = {
  exposure_unconfirmed: "exposure",
  mcp_files_unconfirmed: "mcp_files",
  mcp_tools_unconfirmed: "mcp_tools",
} as const satisfies Partial<Record<ErrorCode, ConsentName>>;

/** The consent about external tools that an error requests. Null: it requests none of these. */
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
