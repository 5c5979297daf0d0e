import { CoditectError } from "../../../../schemas/errors.ts";
import { type ConsentName, toolConsentIn } from "../../../../schemas/consents.ts";
import type { Settings } from "../../../../schemas/settings.ts";
import type { Connection } from "../../../hosting/connection.ts";
import type { RunFlags } from "./options.ts";
import type { CommandContext } from "../display/terminal.ts";

type Flags = Pick<
  RunFlags,
  | "json"
  | "provider"
  | "unconfined"
  | "allowConfiguration"
  | "allowExposure"
  | "allowMcpFiles"
  | "allowMcpTools"
>;

/** Whether a person at the terminal can answer questions. */
export const isThere = ({ json }: Pick<Flags, "json">, { terminal }: CommandContext): boolean =>
  !json && terminal.interactive && process.stdin.isTTY;

/** Asks the person at the terminal. If there is none, the answer is no. */
export const askPerson = async (
  question: string,
  flags: Flags,
  context: CommandContext,
): Promise<boolean> => {
  if (!isThere(flags, context)) return false;
  const answer = await readLine(`\n${question} [y/N] `, new AbortController().signal);
  return /^y(es)?$/i.test(answer.trim());
};

/** Reads a line at the terminal. Empty at the end of the input. Ctrl+C interrupts the command as usual. */
export const readLine = async (prompt: string, signal: AbortSignal): Promise<string> => {
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  reader.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const ended = new Promise<string>((resolve) => {
    reader.once("close", () => {
      resolve("");
    });
  });
  try {
    return await Promise.race([reader.question(prompt, { signal }), ended]);
  } finally {
    reader.close();
  }
};

/**
 * Decides whether this process's runtime runs commands without a sandbox: as the flag says, otherwise as the
 * user answers. If nobody can answer, it does not. The rehearsal's commands are allowed, because they are the
 * sample's own tests.
 */
export const unconfinedOf = (flags: Flags): Settings["unconfined"] =>
  flags.unconfined ?? (flags.provider === "rehearsal" ? "allow" : "ask");

/**
 * The question for an error that needs the user's consent; null for other errors. If nobody can be asked,
 * naming an ordinary team on the command line counts as consent to it.
 */
const consentOf = (
  error: unknown,
  flags: Flags,
  context: CommandContext,
): { name: ConsentName; of: string | null; question: string; isGiven: boolean } | null => {
  if (!(error instanceof CoditectError)) return null;
  if (error.code === "consent_needed") {
    const question = `${error.message}\nAllow it in this workspace from now on?`;
    return { name: "unconfined", of: null, question, isGiven: flags.unconfined === "allow" };
  }
  const ofTools = toolConsentIn(error);
  if (ofTools !== null) {
    const question = `${error.message}\nAllow it in this workspace from now on?`;
    const allowed = {
      exposure: flags.allowExposure,
      mcp_files: flags.allowMcpFiles,
      mcp_tools: flags.allowMcpTools,
    };
    return { ...ofTools, question, isGiven: allowed[ofTools.name] === ofTools.of };
  }
  const ofConfiguration = ["configuration_unconfirmed", "team_unconfirmed", "hooks_unconfirmed"];
  if (!ofConfiguration.includes(error.code)) return null;
  const of = String(error.data.hash);
  const question = `${error.message}\nUse it as it is now?`;
  const isNamed = error.code === "team_unconfirmed" && !isThere(flags, context);
  return { name: "configuration", of, question, isGiven: isNamed || flags.allowConfiguration === of };
};

/** Starts a run. Asks for the consents that the workspace needs. */
export const withConsent = async <Started>(
  start: () => Promise<Started>,
  connection: Connection,
  flags: Flags,
  context: CommandContext,
  asked: readonly string[] = [],
): Promise<Started> => {
  try {
    return await start();
  } catch (error) {
    const consent = consentOf(error, flags, context);
    if (consent === null) throw error;
    const { name, of, question, isGiven } = consent;
    const key = `${name} ${of ?? ""}`;
    if (asked.includes(key) || !(isGiven || (await askPerson(question, flags, context)))) throw error;
    await connection.call("consents/set", { name, of, given: true });
    return withConsent(start, connection, flags, context, [...asked, key]);
  }
};
