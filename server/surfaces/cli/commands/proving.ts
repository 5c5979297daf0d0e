import { createHash } from "node:crypto";
import { z } from "zod";
import type { GateProof } from "../../../../schemas/gates.ts";
import { Settings } from "../../../../schemas/settings.ts";
import { workerEntry } from "../../../platform/installation.ts";
import type { GitChange } from "../../../proof/git-change.ts";
import { proveChange } from "../../../proof/prove-change.ts";
import type { CommandContext } from "../display/terminal.ts";
import { cliLog } from "../session/log.ts";
import { guessedSettings, RunFlags, settingsOf, type RunFlags as Flags } from "../session/options.ts";

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
});
export type ProveFlags = z.infer<typeof ProveFlags>;

export const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** The files of a change with their hashes before and after. */
export const filesOf = ({ changes, inverse }: GitChange) =>
  changes.map(({ path, before }, index) => ({ path, before, after: inverse[index]?.before ?? null }));

/** One line for each proof, as it is made. */
export const proofLine = ({ held, gate, reason }: GateProof): string =>
  `${held ? "✔" : "✖"} ${gate.padEnd(10)} ${reason}`;

/** Proves a change with the settings and options of a command. */
export const proveWithFlags = (
  change: GitChange,
  workspace: string,
  flags: Flags,
  { environment }: Pick<CommandContext, "environment">,
  proven: (proof: GateProof) => void,
  signal: AbortSignal,
): Promise<GateProof[]> => {
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
      test_command: flags.testCommand ?? null,
      proven,
    },
    signal,
  );
};
