import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { z } from "zod";
import { allowedFiles } from "../../../../schemas/consents.ts";
import { CoditectError, fail } from "../../../../schemas/errors.ts";
import type { Finding } from "../../../../schemas/findings.ts";
import type { GateProof } from "../../../../schemas/gates.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { openConsents } from "../../../platform/consents.ts";
import { workerEntry } from "../../../platform/installation.ts";
import type { GitChange } from "../../../proof/git-change.ts";
import { proveChange, type ProvenChange, type ProveOptions } from "../../../proof/prove-change.ts";
import type { CommandContext } from "../display/terminal.ts";
import { connect, stateFolderOf } from "../session/connect.ts";
import { filesToAllow } from "../session/allowed-files.ts";
import { cliLog } from "../session/log.ts";
import { guessedSettings, RunFlags, settingsOf, type RunFlags as Flags } from "../session/options.ts";
import { allPages } from "./records.ts";
import { userName } from "../../../platform/user-name.ts";

/** Options of the commands that judge a change. */
export const ProveFlags = RunFlags.extend({
  base: z
    .string()
    .regex(/^[\w@][\w./@{}~^-]*$/, "is not a revision of git")
    .default("HEAD"),
  receipt: z.string().min(1).optional(),
  note: z.boolean().default(false),
  hook: z.boolean().default(false),
  rerun: z.boolean().default(false),
  equivalent: z.array(z.string().regex(/^m-[0-9a-f]{12}$/, "is not the ID of a mutant")).default([]),
});
export type ProveFlags = z.infer<typeof ProveFlags>;

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The files of a change with their hashes before and after. */
export const filesOf = ({ changes, inverse }: GitChange) =>
  changes.map(({ path, before }, index) => ({ path, before, after: inverse[index]?.before ?? null }));

/** One line for each proof, written when the gate ends. */
export const proofLine = ({ held, gate, reason }: GateProof): string =>
  `${held ? "✔" : "✖"} ${gate.padEnd(10)} ${reason}`;

/** The mutants that make no difference, as a person confirmed, from the state of the workspace. */
const confirmedIn = async (
  workspace: string,
  environment: NodeJS.ProcessEnv,
): Promise<NonNullable<ProveOptions["confirmed"]>> => {
  if (!existsSync(stateFolderOf(workspace))) return [];
  try {
    return await readConfirmed(workspace, environment);
  } catch (error) {
    if (!(error instanceof CoditectError)) throw error;
    // An unreadable state must not end the proof. Without the state, every mutant counts.
    cliLog(environment)("warn", "Confirmed mutants cannot be read, so all mutants count", {
      error: error.message,
    });
    return [];
  }
};

const readConfirmed = async (
  workspace: string,
  environment: NodeJS.ProcessEnv,
): Promise<NonNullable<ProveOptions["confirmed"]>> => {
  const connection = await connect(workspace, {}, environment);
  try {
    const findings = await allPages((cursor) =>
      connection.call("findings/list", { status: "Confirmed", cursor }),
    );
    const confirmed: { finding: Finding; argued_by: string }[] = [];
    for (const finding of findings) {
      const { metadata } = await connection.call("executions/get", { execution_id: finding.execution_id });
      confirmed.push({ finding, argued_by: metadata.agent_name });
    }
    return confirmed;
  } finally {
    await connection.close();
  }
};

/**
 * Refuses IDs of `--equivalent` that no mutant of the change has. Otherwise, they would have no effect and no
 * message.
 */
const refuseUnknown = (proof: GateProof, equivalent: readonly string[]): void => {
  const { gate, held, mutants, confirmed = [], survivors = [] } = proof;
  // A gate that ended before it created its mutants knows none of them.
  if (gate !== "mutants" || (!held && mutants === undefined)) return;
  const unknown = equivalent.filter((id) => !confirmed.includes(id));
  if (unknown.length === 0) return;
  const known = survivors.map(({ id, path, line }) => `${id} (${path}:${line})`);
  throw fail("unknown_mutant", {
    ids: unknown.join(", "),
    known: known.length === 0 ? "there is none" : known.join(", "),
  });
};

/** Proves a change with the settings and options of a command. */
export const proveWithFlags = async (
  change: GitChange,
  workspace: string,
  { equivalent = [], ...flags }: Flags & Partial<Pick<ProveFlags, "equivalent">>,
  { environment }: Pick<CommandContext, "environment">,
  told: Pick<ProveOptions, "proven" | "notice">,
  signal: AbortSignal,
): Promise<ProvenChange> => {
  const settings = Settings.parse({ ...guessedSettings(environment), ...settingsOf(flags) });
  return proveChange(
    change,
    {
      workspace,
      settings: flags.unconfined === undefined ? settings : { ...settings, unconfined: flags.unconfined },
      worker: workerEntry(),
      log: cliLog(environment),
      runtime: flags.runtime ?? settings.runtime,
      image: flags.image ?? settings.image,
      confirmed: await confirmedIn(workspace, environment),
      equivalents: new Map(equivalent.map((id) => [id, { argued_by: null, confirmed_by: userName() }])),
      test_command: flags.testCommand ?? null,
      opened_files: [...filesToAllow(workspace, flags), ...allowedFiles(openConsents(workspace).list())],
      ...told,
      proven: (proof) => {
        told.proven(proof);
        refuseUnknown(proof, equivalent);
      },
    },
    signal,
  );
};
