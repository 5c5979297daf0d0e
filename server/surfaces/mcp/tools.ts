import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { fail } from "../../../schemas/errors.ts";
import type { RunEvent } from "../../../schemas/events.ts";
import { FindingStatus, provenFirst } from "../../../schemas/findings.ts";
import { Count, Uuid, WorkspacePath } from "../../../schemas/primitives.ts";
import { type RunOptions, RunStatus } from "../../../schemas/run.ts";
import { commandOrigin } from "../../../schemas/run-origin.ts";
import { readTraceContext } from "../../../schemas/trace.ts";
import type { Connection } from "../../hosting/connection.ts";
import { followRun } from "../../hosting/follow-run.ts";
import { progressOf } from "./progress.ts";
import { asText, reporting } from "./results.ts";
import { reportOf } from "./run-report.ts";

/** The data for the tools of one server. */
interface McpSession {
  connection: Connection;
  /** Options of every run, from the command line: provider, limits, runtime. */
  runOptions: Partial<RunOptions>;
}
/** Opens the session when the first tool needs it. */
export type OpenSession = () => Promise<McpSession>;

const taskId = Uuid.describe("The task id that run_team returned");
const byTask = z.object({ task_id: taskId });
const readOnly = { readOnlyHint: true, openWorldHint: false } as const;
const asJson = (value: unknown) => asText(JSON.stringify(value, null, 2));

const reportOn = async (connection: Connection, task_id: string): Promise<string> => {
  const details = await connection.call("runs/get", { task_id });
  const hasChanges = details.run.change_set_id !== null;
  return reportOf(details, hasChanges ? await connection.call("changes/get", { task_id }) : null);
};

/** Runs of teams: start, follow, read, cancel. */
export const addRunTools = (server: McpServer, open: OpenSession): void => {
  server.registerTool(
    "run_team",
    {
      title: "Run an agent team",
      description:
        "Runs a CODITECT team and waits for its end. tdd: failing tests, then code that passes them, " +
        "then reviews. bug-fix: a failing test for a bug report, then the fix. review: findings in a " +
        "file. The runtime proves each step with gates. The workspace does not change until you call " +
        "apply_changes. A run takes minutes; progress notifications name the current stage.",
      inputSchema: z.object({
        team: z
          .string()
          .min(1)
          .describe("tdd, bug-fix, architecture, review, security, or a team of the workspace"),
        file: WorkspacePath.optional().describe("The file it is about, relative to the workspace"),
        task: z.string().default("").describe("What to do, or the bug report"),
        max_cost_usd: z.number().nonnegative().optional().describe("Stop before the run costs more"),
      }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    },
    ({ team, file, task, max_cost_usd }, { mcpReq }) =>
      reporting(async () => {
        const { connection: runtime, runOptions } = await open();
        const { _meta, signal } = mcpReq;
        const tell = progressOf(mcpReq);
        const onEvent = (event: RunEvent): Promise<void> | undefined => {
          const line = lineOf(event);
          return line === null ? undefined : tell(line);
        };
        const limits = max_cost_usd === undefined ? {} : { limits: limitedTo(max_cost_usd) };
        // The field in which MCP clients name the trace of a call.
        const trace = readTraceContext(_meta?.traceparent, _meta?.tracestate);
        const options = { ...runOptions, ...limits, started_by: commandOrigin("tools/call run_team", trace) };
        const start = () =>
          runtime.call("teams/execute", { team_id: team, task, file: file ?? null, data: null, options });
        const { task_id } = await followRun({ connection: runtime, start, onEvent, signal });
        return asText(await reportOn(runtime, task_id));
      }),
  );
  server.registerTool(
    "get_run",
    {
      title: "Get a run",
      description: "Returns the status of a run, the proof of each gate, and the changed files.",
      inputSchema: byTask,
      annotations: readOnly,
    },
    ({ task_id }) => reporting(async () => asText(await reportOn((await open()).connection, task_id))),
  );
  server.registerTool(
    "list_runs",
    {
      title: "List runs",
      description: "Lists the runs of this workspace, newest first.",
      inputSchema: z.object({
        status: RunStatus.optional(),
        limit: Count.min(1).max(100).default(20),
      }),
      annotations: readOnly,
    },
    ({ status, limit }) =>
      reporting(async () => {
        const { items } = await (
          await open()
        ).connection.call("runs/list", { limit, ...(status && { status }) });
        return asJson(
          items.map(({ task, run }) => ({
            task_id: run.task_id,
            team: task.workflow,
            file: task.file,
            task: task.description,
            status: run.status,
            created_at: run.created_at,
          })),
        );
      }),
  );
  server.registerTool(
    "cancel_run",
    {
      title: "Cancel a run",
      description: "Cancels a run. Its instances end; what was done so far is kept.",
      inputSchema: byTask,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true },
    },
    ({ task_id }) =>
      reporting(async () => {
        const { status } = await (await open()).connection.call("runs/cancel", { task_id });
        return asText(`The run is ${status}.`);
      }),
  );
};

/** The results of a run: changes and findings. */
export const addResultTools = (server: McpServer, open: OpenSession): void => {
  server.registerTool(
    "get_changes",
    {
      title: "Get the changes of a run",
      description: "Returns the whole unified diff of a run.",
      inputSchema: byTask,
      annotations: readOnly,
    },
    ({ task_id }) =>
      reporting(async () => asText((await (await open()).connection.call("changes/get", { task_id })).diff)),
  );
  server.registerTool(
    "apply_changes",
    {
      title: "Apply the changes of a run",
      description:
        "Writes the change set of a run into the workspace and merges it with edits made since. " +
        "A file that conflicts with them is not written.",
      inputSchema: byTask.extend({
        paths: z.array(WorkspacePath).optional().describe("Only these files"),
      }),
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
    },
    ({ task_id, paths }) =>
      reporting(async () => {
        const { connection: runtime } = await open();
        const { run } = await runtime.call("runs/get", { task_id });
        if (run.status !== "Succeeded")
          throw fail("usage", {
            problem: `The run is ${run.status}; only a run that succeeded is applied here.`,
          });
        const { files } = await runtime.call("changes/apply", { task_id, paths: paths ?? null });
        return asText(files.map(({ path, result }) => `${path}: ${result}`).join("\n"));
      }),
  );
  server.registerTool(
    "list_findings",
    {
      title: "List findings",
      description:
        "Lists what reviewing agents reported, with place, severity and explanation. Those that a failing test proves come first.",
      inputSchema: z.object({
        task_id: taskId.optional(),
        path: WorkspacePath.optional(),
        status: FindingStatus.default("Open"),
      }),
      annotations: readOnly,
    },
    ({ task_id, path, status }) =>
      reporting(async () => {
        const filter = { status, ...(task_id && { task_id }), ...(path && { path }) };
        const { items } = await (await open()).connection.call("findings/list", filter);
        return asJson(provenFirst(items));
      }),
  );
};

const limitedTo = (dollars: number): RunOptions["limits"] => ({
  tokens_per_execution: null,
  tokens_per_run: null,
  tokens_per_day: null,
  cost_per_execution: null,
  cost_per_run: dollars,
  cost_per_day: null,
});

/** A line of progress for an event that is interesting for a person. Null for other events. */
const lineOf = (event: RunEvent): string | null => {
  switch (event.type) {
    case "stage.started":
      return `${event.stage}: round ${event.round}`;
    case "tool.started":
      return `${event.tool} ${event.subject}`.trim();
    case "gate.proved":
      return `${event.stage}: ${event.proof.gate} ${event.proof.held ? "passed" : "failed"}: ${event.proof.reason}`;
    default:
      return null;
  }
};
