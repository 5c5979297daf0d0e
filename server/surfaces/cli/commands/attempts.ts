import { attemptedStages, rankingTable } from "../display/attempts.ts";
import { exitCodes } from "../session/exit.ts";
import type { CommandContext } from "../display/terminal.ts";
import { type RecordFlags, withConnection } from "./records.ts";

/** `coditect changes attempts`: the attempts at each stage by rank. With `--json`, one per line. */
export const listAttempts = (
  taskId: string,
  flags: RecordFlags,
  { terminal, ...context }: CommandContext,
): Promise<number> =>
  withConnection(flags, { terminal, ...context }, async (connection) => {
    const { run } = await connection.call("runs/get", { task_id: taskId });
    const stages = attemptedStages(run.stages);
    if (flags.json === true)
      for (const { name, attempts } of stages)
        for (const attempt of attempts) terminal.out(`${JSON.stringify({ stage: name, ...attempt })}\n`);
    else if (stages.length === 0) terminal.out("No stage of this run was attempted several times.\n");
    else
      for (const { name, attempts } of stages)
        terminal.out(`${terminal.style("bold", name)}\n${rankingTable(attempts, terminal)}`);
    return exitCodes.held;
  });
