import { z } from "zod";
import { AgentType } from "./agent.ts";
import { FileChange } from "./changes.ts";
import { ReportedFinding } from "./findings.ts";
import { WriteAccess } from "./gates.ts";
import { GitFiles } from "./git-files.ts";
import { AssistantMessage, StopReason } from "./messages.ts";
import { Count, Json, Milliseconds, Ratio, Uuid, WorkspacePath } from "./primitives.ts";
import { Overlay } from "./run.ts";
import { TestProbe, TestReport } from "./tests.ts";
import { ToolName } from "./tools.ts";
import { SpanId, TraceContext } from "./trace.ts";
import { ToolOutcome } from "./transcript.ts";

/**
 * The protocol between the runtime and an instance's worker: JSON-RPC 2.0 over the worker's
 * standard streams with LSP framing. Both sides parse what they receive with these schemas.
 * A request is cancelled with `$/cancelRequest`.
 */
export const WORKER_PROTOCOL_VERSION = 3;

/** Longest message either side accepts; a longer one ends the connection. */
export const WORKER_MESSAGE_BYTES = 64 * 1024 * 1024;

/** A turn that was answered before a worker died, with the results of its tools that are stored. */
export const FinishedTurn = z.strictObject({
  turn: Count.min(1),
  message: AssistantMessage,
  stop_reason: StopReason,
  outcomes: z.array(ToolOutcome),
  note: z.string().nullable(),
});
export type FinishedTurn = z.infer<typeof FinishedTurn>;

const RunExecution = z.strictObject({
  execution_id: Uuid,
  agent_type: AgentType,
  tools: z.array(ToolName),
  /** Names of tools that the runtime runs. */
  external_tools: z.array(z.string()),
  write_access: WriteAccess,
  test_command: z.string().nullable(),
  /** What of files the agent is given with its task; `last_line` null: the whole file. */
  shown: z.array(z.strictObject({ path: z.string(), last_line: Count.nullable() })),
  /** Tests that failed before the run, each as `file > name`. */
  known_failures: z.array(z.string()),
  max_turns: Count.min(1),
  /** Whether the runtime is asked before each tool; left out: no. */
  asks_before_tools: z.boolean().optional(),
  /** Whether the user can be asked for a program that no list allows; left out: no. */
  asks_for_commands: z.boolean().optional(),
  /** The execution's span: what its tools start becomes part of the trace. Left out: there is no trace. */
  trace: TraceContext.optional(),
  /** What happened before, oldest first; empty for a new execution. The last may be unfinished. */
  history: z.array(FinishedTurn),
});

/** How the agent's loop ended; `summary` and the scores are the agent's own words, not the record. */
export const LoopResult = z.strictObject({
  /**
   * `finished`: it called `finish`; `turn_limit`: max_turns were used; `repeated`: the same call
   * gave the same result too often; `no_tool_calls`: it only talked; `answers_cut`: its answers reached
   * their limit of tokens before they called a tool; `refused`: the model refused to answer.
   */
  outcome: z.enum(["finished", "turn_limit", "repeated", "no_tool_calls", "answers_cut", "refused"]),
  summary: z.string(),
  reasoning: z.string().nullable(),
  confidence: Ratio,
  completeness: Ratio,
  turns: Count,
});
export type LoopResult = z.infer<typeof LoopResult>;

/** What the runtime asks of a worker. */
export const workerMethods = {
  "worker/initialize": {
    params: z.strictObject({
      protocol_version: z.int(),
      instance_id: Uuid,
      /** Folder the private copy is made from; never written. */
      source: z.string(),
      /** Folder of the private copy; the worker owns what is in it. */
      copy: z.string(),
      /** For a code on what the worker notes of the copy, which commands could write, too. */
      copy_key: z.string(),
      /** The repository around the source; `null`: there is none. */
      git: GitFiles.nullable(),
      /** A virtual environment of Python outside of the source; `null`: there is none. */
      python: z.string().nullable(),
      /** Programs that `run_command` may start, in addition to the project's test runner. */
      allowed_commands: z.array(z.string()),
      command_timeout_seconds: Count.min(1),
      /** The report that the test command writes; left out: those of the runners it starts. */
      test_report: z.string().optional(),
      /** Longest output of one command that is kept. */
      output_bytes: Count.min(1024),
    }),
    result: z.strictObject({ agent_version: z.string(), node_version: z.string(), pid: Count }),
  },
  "worker/ping": {
    params: z.strictObject({}),
    result: z.strictObject({ uptime_ms: Milliseconds, memory_mb: Count, cpu_seconds: z.number() }),
  },
  /** Makes the copy equal to source + overlays + changes, and nothing else. */
  "workspace/prepare": {
    params: z.strictObject({
      overlays: z.array(Overlay),
      changes: z.array(FileChange),
      /** Files for tests only. The tools of agents refuse to read them, and no change set contains them. */
      opened: z.array(Overlay).optional(),
    }),
    result: z.strictObject({
      files: Count,
      copied: Count,
      /** Dependency folders that are reached in place instead of copied. */
      linked: z.array(z.string()),
      /** What the copy lacks although tools of the workspace may need it. */
      left_out: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
      duration_ms: Milliseconds,
    }),
  },
  /** What differs from source + overlays. Files the write access does not cover are put back. */
  "workspace/changes": {
    params: z.strictObject({ write_access: WriteAccess }),
    result: z.strictObject({
      changes: z.array(FileChange),
      put_back: z.array(WorkspacePath),
    }),
  },
  "execution/run": { params: RunExecution, result: LoopResult },
  "tests/run": {
    params: z.strictObject({
      /** Only these test files; `null`: the whole suite. */
      files: z.array(WorkspacePath).nullable(),
      name: z.string().nullable(),
      coverage: z.boolean(),
      command: z.string().nullable(),
      timeout_seconds: Count.min(1),
      /** The report that the command writes; left out: those of the runners it starts. */
      report: z.string().optional(),
      /** Left out: an ordinary run. */
      probe: TestProbe.optional(),
      /**
       * Files whose packages are built first if tests read their output, as if the files had changed. Left
       * out: only the files that differ from the workspace.
       */
      touched: z.array(WorkspacePath).optional(),
      /** Builds these packages and runs no test. */
      builds_only: z.literal(true).optional(),
      /** The span of this run, which the tests are part of; left out: there is no trace. */
      trace: TraceContext.optional(),
    }),
    result: TestReport,
  },
} as const;

/** What a worker asks of the runtime; it has no other way out. */
export const runtimeMethods = {
  /**
   * The model's answer of this turn. The runtime keeps the conversation: the answers and tool
   * results it stored, and `note` as a further message of the user.
   */
  "model/generate": {
    params: z.strictObject({ execution_id: Uuid, turn: Count.min(1), note: z.string().nullable() }),
    result: z.strictObject({ message: AssistantMessage, stop_reason: StopReason }),
  },
  /**
   * Checkpoint: answered when the outcome is on disk, and only then the worker calls its next tool.
   * It may ask for the next turn at once; the runtime takes that up when all outcomes are on disk.
   */
  "tool/finished": {
    params: z.strictObject({ execution_id: Uuid, turn: Count.min(1), outcome: ToolOutcome }),
    result: z.strictObject({}),
  },
  /** May this tool be called now? Asked where the workspace has hooks. `refused`: why not; null: it may. */
  "tool/before": {
    params: z.strictObject({
      execution_id: Uuid,
      call_id: z.string(),
      tool: z.string(),
      input: Json,
    }),
    result: z.strictObject({ refused: z.string().nullable() }),
  },
  /** May this program start? Asked for one that no list allows. `refused`: why not; null: it may. */
  "command/permit": {
    params: z.strictObject({ execution_id: Uuid, program: z.string(), command: z.string() }),
    result: z.strictObject({ refused: z.string().nullable() }),
  },
  /** Runs a tool outside of the instance: an HTTP service, an MCP server, a function of the runtime. */
  "tool/call": {
    params: z.strictObject({ execution_id: Uuid, tool: z.string(), input: Json }),
    result: z.strictObject({ content: z.string(), is_error: z.boolean() }),
  },
  "findings/report": {
    params: z.strictObject({
      execution_id: Uuid,
      operation_id: z.string(),
      findings: z.array(ReportedFinding),
    }),
    result: z.strictObject({ ids: z.array(Uuid) }),
  },
} as const;

/** What a worker tells the runtime without waiting. */
export const runtimeNotifications = {
  "tool/started": z.strictObject({
    execution_id: Uuid,
    turn: Count.min(1),
    tool: z.string(),
    /** What it works on, for people: a path, a command. */
    subject: z.string(),
    /** Where the execution is part of a trace: the span that programs of this call are part of. */
    span_id: SpanId.optional(),
  }),
  "worker/log": z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string(),
    data: z.record(z.string(), Json),
  }),
} as const;

export type WorkerMethod = keyof typeof workerMethods;
export type RuntimeMethod = keyof typeof runtimeMethods;
export type WorkerParams<M extends WorkerMethod> = z.infer<(typeof workerMethods)[M]["params"]>;
export type WorkerResult<M extends WorkerMethod> = z.infer<(typeof workerMethods)[M]["result"]>;
export type RuntimeParams<M extends RuntimeMethod> = z.infer<(typeof runtimeMethods)[M]["params"]>;
export type RuntimeResult<M extends RuntimeMethod> = z.infer<(typeof runtimeMethods)[M]["result"]>;
