import { once } from "node:events";
import { resolve } from "node:path";
import { z } from "zod";
import { AgentType } from "../../../../schemas/agent.ts";
import { CoditectError } from "../../../../schemas/errors.ts";
import type { AgentExecution } from "../../../../schemas/execution.ts";
import { ExecutionStatus, Rating } from "../../../../schemas/execution.ts";
import { exitCodes } from "../session/exit.ts";
import type { Connection } from "../../../hosting/connection.ts";
import { plural } from "../display/format.ts";
import { parseFlagsAs } from "../session/options.ts";
import { writeOutputLines } from "../session/output-file.ts";
import { type RecordFlags, withConnection } from "./records.ts";
import type { CommandContext } from "../display/terminal.ts";

/** `coditect rate ID up|down`: rates an execution. With a task ID, rates all last executions of its run. */
export const rate = (
  id: string,
  given: string,
  flags: RecordFlags & { note?: string },
  { terminal, ...context }: CommandContext,
): Promise<number> => {
  const verdict = Rating.shape.verdict.parse(given);
  return withConnection(flags, { terminal, ...context }, async (connection) => {
    const rated = await rateEither(connection, id, { verdict, note: flags.note ?? null });
    terminal.out(
      flags.json === true
        ? rated.map((execution) => `${JSON.stringify(execution)}\n`).join("")
        : `${plural(rated.length, "execution")} rated ${verdict}\n`,
    );
    return exitCodes.held;
  });
};

type Rated = Pick<Rating, "verdict" | "note">;

const rateEither = async (connection: Connection, id: string, rated: Rated) => {
  try {
    return [await connection.call("executions/rate", { execution_id: id, ...rated })];
  } catch (error) {
    if (!(error instanceof CoditectError) || error.code !== "not_found") throw error;
  }
  const { executions } = await connection.call("runs/rate", { task_id: id, ...rated });
  return executions.filter(({ metadata }) => metadata.rating !== null);
};

const ExportFlags = z.object({
  output: z.string().optional(),
  since: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional(),
  workflow: z.string().optional(),
  agent: AgentType.optional(),
  status: ExecutionStatus.optional(),
  rating: Rating.shape.verdict.optional(),
  task: z.uuid().optional(),
});
type ExportFlags = z.infer<typeof ExportFlags>;

type Listed = Omit<AgentExecution, "input">;

const passes = (execution: Listed, { since, agent, rating }: ExportFlags): boolean =>
  (agent === undefined || execution.metadata.agent_type === agent) &&
  (rating === undefined || execution.metadata.rating?.verdict === rating) &&
  (since === undefined || Date.parse(execution.created_at) >= Date.parse(since));

/** The requested executions, newest first, one page at a time. */
async function* listed(connection: Connection, flags: ExportFlags): AsyncGenerator<Listed> {
  let cursor: string | null = null;
  do {
    const page: { items: Listed[]; next_cursor: string | null } = await connection.call("executions/list", {
      cursor,
      task_id: flags.task,
      status: flags.status,
    });
    for (const execution of page.items) if (passes(execution, flags)) yield execution;
    // They are sorted newest first, so all executions after one that is too old are also too old.
    const last = page.items.at(-1);
    const isPast = flags.since !== undefined && last !== undefined && !passes(last, { since: flags.since });
    cursor = isPast ? null : page.next_cursor;
  } while (cursor !== null);
}

async function* exportedLines(connection: Connection, flags: ExportFlags): AsyncGenerator<string> {
  for await (const { execution_id } of listed(connection, flags)) {
    const line = await connection.call("executions/export", { execution_id });
    if (flags.workflow === undefined || line.workflow === flags.workflow) yield `${JSON.stringify(line)}\n`;
  }
}

/**
 * `coditect export`: one line per execution (`ExportedExecution`), newest first. Only one is in memory at a
 * time.
 */
export const exportExecutions = (
  flags: RecordFlags & { output?: string },
  context: CommandContext,
): Promise<number> => {
  const wanted = parseFlagsAs(ExportFlags, flags);
  return withConnection(flags, context, async (connection) => {
    const { terminal, currentFolder } = context;
    const lines = exportedLines(connection, wanted);
    if (wanted.output === undefined) {
      for await (const line of lines) if (!terminal.stdout.write(line)) await once(terminal.stdout, "drain");
      return exitCodes.held;
    }
    let count = 0;
    const counted = async function* () {
      for await (const line of lines) {
        count += 1;
        yield line;
      }
    };
    await writeOutputLines(resolve(currentFolder, wanted.output), counted());
    terminal.err(`${plural(count, "execution")} exported\n`);
    return exitCodes.held;
  });
};
