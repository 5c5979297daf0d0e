import { resolve } from "node:path";
import { z } from "zod";
import { changeOutcome } from "../../../../schemas/change-outcome.ts";
import { fail } from "../../../../schemas/errors.ts";
import { Attempts } from "../../../../schemas/team.ts";
import { parseFlagsAs } from "../session/options.ts";
import { plural } from "../display/format.ts";
import { exitCodes } from "../session/exit.ts";
import { appliedLines, leftLines } from "../display/outcome.ts";
import { writeSarif } from "../session/changes.ts";
import { allPages, type RecordFlags, withConnection } from "./records.ts";
import { colouredDiff, findingLines } from "../display/summary.ts";
import { findWorkspace } from "../session/target.ts";
import type { CommandContext } from "../display/terminal.ts";

const AttemptFlags = z.object({
  attempt: z.coerce.number().pipe(Attempts).optional(),
  against: z.coerce.number().pipe(Attempts).optional(),
});

/** `coditect changes show`: the unified diff, or with `--json` the change set. */
export const showChanges = (taskId: string, flags: RecordFlags, context: CommandContext): Promise<number> => {
  const { attempt, against } = parseFlagsAs(AttemptFlags, flags);
  if (against !== undefined && attempt === undefined)
    throw fail("usage", { problem: "--against needs --attempt." });
  return withConnection(flags, context, async (connection) => {
    const asked = {
      task_id: taskId,
      ...(attempt !== undefined && { attempt }),
      ...(against !== undefined && { against }),
    };
    const { change_set, diff, present } = await connection.call("changes/get", asked);
    const { terminal } = context;
    terminal.out(flags.json === true ? `${JSON.stringify(change_set)}\n` : colouredDiff(diff, terminal));
    // The status of files is known only for the result of the run.
    if (flags.json !== true && attempt === undefined)
      for (const file of change_set.files) {
        const state = present.find(({ path }) => path === file.path)?.state ?? null;
        const outcome = changeOutcome(file, state);
        // Not part of the patch, because the patch may go into `git apply`.
        if (outcome !== "open") terminal.err(`${file.path}: ${outcome}\n`);
      }
    return exitCodes.held;
  });
};

/** `coditect changes apply`: exit code 1 if a file was not written because of a conflict. */
export const applyChanges = (
  taskId: string,
  flags: RecordFlags & { also?: string[] },
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    let { change_set, files } = await connection.call("changes/apply", { task_id: taskId });
    if (flags.also !== undefined && flags.also.length > 0) {
      const more = await connection.call("changes/apply", { task_id: taskId, paths: flags.also });
      change_set = more.change_set;
      files = [...files, ...more.files];
    }
    const { terminal } = context;
    terminal.out(
      flags.json === true
        ? `${JSON.stringify(change_set)}\n`
        : appliedLines(files) + leftLines(change_set, terminal),
    );
    return files.some((file) => file.result === "conflict") ? exitCodes.gate : exitCodes.held;
  });

/** `coditect changes discard`. */
export const discardChanges = (
  taskId: string,
  flags: RecordFlags & { reason?: string },
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const reason = flags.reason ?? null;
    const changeSet = await connection.call("changes/discard", { task_id: taskId, reason });
    const discarded = changeSet.files.filter((file) => file.decision === "Discarded").length;
    context.terminal.out(
      flags.json === true ? `${JSON.stringify(changeSet)}\n` : `${plural(discarded, "file")} discarded\n`,
    );
    return exitCodes.held;
  });

/** `coditect findings list`: open findings. With `--json`, all of them, one per line. */
export const listFindings = (
  flags: RecordFlags & { output?: string },
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const { terminal, currentFolder } = context;
    const findings = await allPages((cursor) => connection.call("findings/list", { cursor }));
    if (flags.output !== undefined) {
      const workspace = await findWorkspace(flags, currentFolder);
      await writeSarif(resolve(currentFolder, flags.output), findings, null, workspace);
    }
    if (flags.json === true) for (const finding of findings) terminal.out(`${JSON.stringify(finding)}\n`);
    else terminal.out(findingLines(findings, terminal) || "No open findings.\n");
    return exitCodes.held;
  });

/** `coditect findings dismiss`: the finding and similar ones do not return, and later runs get the reason. */
export const dismissFinding = (
  findingId: string,
  flags: RecordFlags & { reason: string },
  { terminal, ...context }: CommandContext,
): Promise<number> =>
  withConnection(flags, { terminal, ...context }, async (connection) => {
    const params = { finding_id: findingId, reason: flags.reason };
    const finding = await connection.call("findings/dismiss", params);
    terminal.out(flags.json === true ? `${JSON.stringify(finding)}\n` : `dismissed: ${finding.title}\n`);
    return exitCodes.held;
  });

/** `coditect findings confirm`: confirms that a mutant makes no difference, so that later proofs do not count it. */
export const confirmFinding = (
  findingId: string,
  flags: RecordFlags,
  { terminal, ...context }: CommandContext,
): Promise<number> =>
  withConnection(flags, { terminal, ...context }, async (connection) => {
    const finding = await connection.call("findings/confirm", { finding_id: findingId });
    terminal.out(
      flags.json === true
        ? `${JSON.stringify(finding)}\n`
        : `confirmed by ${finding.confirmed_by ?? ""}: ${finding.title}\n`,
    );
    return exitCodes.held;
  });

/** `coditect executions cancel`. */
export const cancelExecution = (
  executionId: string,
  flags: RecordFlags,
  context: CommandContext,
): Promise<number> =>
  withConnection(flags, context, async (connection) => {
    const execution = await connection.call("executions/cancel", { execution_id: executionId });
    context.terminal.out(
      flags.json === true ? `${JSON.stringify(execution)}\n` : `${executionId} is ${execution.status}\n`,
    );
    return exitCodes.held;
  });
