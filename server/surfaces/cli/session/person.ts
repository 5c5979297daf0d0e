import { CoditectError } from "../../../../schemas/errors.ts";
import type { Settings } from "../../../../schemas/settings.ts";
import type { Connection } from "../../../hosting/connection.ts";
import type { RunFlags } from "./options.ts";
import type { CommandContext } from "../display/terminal.ts";

type Flags = Pick<RunFlags, "json" | "provider" | "unconfined">;

/** Whether a person sits at the terminal who can be asked. */
const isThere = ({ json }: Flags, { terminal }: CommandContext): boolean =>
  !json && terminal.interactive && process.stdin.isTTY;

/** Asks the person at the terminal; where there is none, the answer is no. */
export const askPerson = async (
  question: string,
  flags: Flags,
  context: CommandContext,
): Promise<boolean> => {
  if (!isThere(flags, context)) return false;
  const { createInterface } = await import("node:readline/promises");
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await reader.question(`\n${question} [y/N] `)).trim());
  } finally {
    reader.close();
  }
};

/**
 * What a runtime of our own does where there is no sandbox: what the flag says, else it asks if there
 * is somebody to ask. The rehearsal's commands are known: they are the sample's own tests.
 */
export const unconfinedOf = (flags: Flags, context: CommandContext): Settings["unconfined"] =>
  flags.unconfined ?? (flags.provider !== "rehearsal" && isThere(flags, context) ? "ask" : "allow");

/** Starts a run, with the consent that the workspace needs for it if the person gives that. */
export const withConsent = async <Started>(
  start: () => Promise<Started>,
  connection: Connection,
  flags: Flags,
  context: CommandContext,
): Promise<Started> => {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof CoditectError) || error.code !== "consent_needed") throw error;
    const question = `${error.message}\nAllow it in this workspace from now on?`;
    const isGiven = flags.unconfined === "allow" || (await askPerson(question, flags, context));
    if (!isGiven) throw error;
    await connection.call("consents/set", { name: "unconfined", given: true });
    return start();
  }
};
