import type { ChangedFile } from "../../../../schemas/changes.ts";
import { CoditectError } from "../../../../schemas/errors.ts";
import { durationSeconds, totalTokens } from "../../../models/execution.ts";
import { exitCodes } from "../session/exit.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { durationText } from "../../../../schemas/duration.ts";
import { formatCost, formatCount } from "../display/format.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import { alignColumns } from "../display/summary.ts";
import type { CommandContext } from "../display/terminal.ts";

/** The result of a run, for a comparison with another one. */
interface Compared {
  task_id: string;
  status: string;
  models: string[];
  /** `implement 2`: a stage and its rounds. */
  stages: string[];
  calls: number;
  tokens: number;
  /** Dollars. Null: unknown. */
  cost: number | null;
  /** The working time of agents in seconds. */
  seconds: number;
  findings: number;
  files: ChangedFile[];
}

const filesOf = async (connection: Connection, task_id: string): Promise<ChangedFile[]> => {
  try {
    return (await connection.call("changes/get", { task_id })).change_set.files;
  } catch (error) {
    if (error instanceof CoditectError && error.code === "not_found") return [];
    throw error;
  }
};

const comparedOf = async (connection: Connection, task_id: string): Promise<Compared> => {
  const { run, executions } = await connection.call("runs/get", { task_id });
  const { usage } = run;
  const findings = await connection.call("findings/list", { task_id, status: "Open", limit: 500 });
  return {
    task_id,
    status: run.status,
    models: [...new Set(executions.flatMap(({ metadata }) => metadata.answered_by))],
    stages: run.stages.filter(({ round }) => round > 0).map(({ name, round }) => `${name} ${round}`),
    calls: usage.api_calls,
    tokens: totalTokens(usage),
    cost: usage.cost,
    seconds: executions.reduce((sum, execution) => sum + (durationSeconds(execution) ?? 0), 0),
    findings: findings.items.length,
    files: await filesOf(connection, task_id),
  };
};

/** Files that differ between the runs. */
const differing = (runs: readonly Compared[]): string[] => {
  const paths = new Set(runs.flatMap(({ files }) => files.map(({ path }) => path)));
  const after = (run: Compared, path: string) => {
    const file = run.files.find((candidate) => candidate.path === path);
    return file === undefined ? "unchanged" : file.after;
  };
  return [...paths].filter((path) => new Set(runs.map((run) => after(run, path))).size > 1).sort();
};

/** `coditect runs compare`: two runs side by side, such as one and its retry with another model. */
export const compareRuns = (
  taskIds: readonly string[],
  flags: RecordFlags,
  { terminal, ...context }: CommandContext,
): Promise<number> =>
  withConnection(flags, { terminal, ...context }, async (connection) => {
    const runs: Compared[] = [];
    for (const taskId of taskIds) runs.push(await comparedOf(connection, taskId));
    const different = differing(runs);
    if (flags.json === true) {
      terminal.out(`${JSON.stringify({ runs, differing: different })}\n`);
      return exitCodes.held;
    }
    const row = (name: string, cell: (run: Compared) => string) => [name, ...runs.map(cell)];
    const lines = alignColumns([
      row("run", ({ task_id }) => task_id),
      row("status", ({ status }) => status),
      row("models", ({ models }) => models.join(", ")),
      row("rounds", ({ stages }) => stages.join(", ")),
      row("model calls", ({ calls }) => String(calls)),
      row("tokens", ({ tokens }) => formatCount(tokens)),
      row("cost", ({ cost }) => formatCost(cost)),
      row("time", ({ seconds }) => durationText(seconds * 1000)),
      row("open findings", ({ findings }) => String(findings)),
      row("changed files", ({ files }) => String(files.length)),
    ]);
    const end = different.length === 0 ? "Both left the same files." : `Different: ${different.join(", ")}`;
    terminal.out(`${lines.join("\n")}\n${end}\n`);
    return exitCodes.held;
  });
