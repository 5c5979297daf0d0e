import type { FileChange } from "../../schemas/changes.ts";
import type { CoditectError } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { AgentExecution, ExecutionAttempt, ExecutionOutput } from "../../schemas/execution.ts";
import type { GateProof } from "../../schemas/gates.ts";
import type { Overlay } from "../../schemas/run.ts";
import type { TestLayout } from "../../schemas/test-layout.ts";
import type { TestProbe, TestReport } from "../../schemas/tests.ts";
import type { TranscriptEntry } from "../../schemas/transcript.ts";
import type { LoopResult, WorkerParams } from "../../schemas/worker.ts";
import type { Charge, ModelGateway } from "../gateway/gateway.ts";
import type { Hooks } from "../hooks/hooks-api.ts";
import type { ClaimRequest, Pool } from "../instances/pool.ts";
import type { Store } from "../store/store.ts";
import type { Traces } from "./traces.ts";
import type { Tools } from "../tools/tools-api.ts";
import type { Permissions } from "./permissions.ts";
import type { ServerQuestions } from "./server-questions.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Which tests run, and how the run differs from an ordinary one. `name`: only tests with this name.
 * `deadline_seconds`: a shorter deadline than the ordinary one.
 */
export interface TestsWanted extends Pick<
  WorkerParams<"tests/run">,
  "files" | "coverage" | "touched" | "builds_only"
> {
  name?: string;
  deadline_seconds?: number;
  probe?: TestProbe;
}

/** A private copy for proving gates: it can have any state of the workspace, and runs the project's tests. */
export interface ProvingGround {
  /** Makes the copy equal to the workspace with these changes. */
  prepare(changes: readonly FileChange[]): Promise<void>;
  runTests(request: TestsWanted): Promise<TestReport>;
  /**
   * Asks the user once whether tests may read a file that may contain secrets. Returns true if the next
   * `prepare` adds the file. Omitted: there is no user to ask.
   */
  openFile?(path: string, command: string): Promise<boolean>;
}

/** The runtime's result for a finished loop: the proofs, and the output that depends on them. */
export interface Conclusion {
  gates: GateProof[];
  output: ExecutionOutput;
  change_set_id: string | null;
  /** The reason why the work is refused although the agent finished: a gate, or the agent gave up. */
  refused: CoditectError | null;
  /** The measurements of the work for the ranking. Undefined: it is not one of several attempts. */
  attempt: ExecutionAttempt | undefined;
}

/** A finished loop, and the input for judging the work. */
export interface FinishedLoop {
  loop: LoopResult;
  /** The agent's changes to the user's workspace. */
  changes: readonly FileChange[];
  ground: ProvingGround;
  /** As it runs. */
  execution: AgentExecution;
  entries: readonly TranscriptEntry[];
}

/** The parts of the runtime that run executions. */
export interface ExecutionParts {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  tools: Pick<Tools, "call" | "exposure">;
  hooks: Pick<Hooks, "has" | "run">;
  permissions: Pick<Permissions, "ask" | "opened">;
  questions: Pick<ServerQuestions, "ask">;
  ledger: Pick<Ledger, "recall" | "settle">;
  /** Spans in instances become part of these traces. Null: telemetry is off. */
  traces: Traces | null;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** The workspace as the agent sees it. */
interface StartingState {
  overlays: readonly Overlay[];
  /** From the user's workspace. */
  changes: readonly FileChange[];
  /** Text of a file as the agent sees it, or null. */
  readText: (path: string) => Promise<string | null>;
  /** Which files of the workspace are tests. */
  layout: () => Promise<TestLayout>;
}

export interface ExecutionRequest {
  parts: ExecutionParts;
  /** Stored, and not finished. */
  execution: AgentExecution;
  /** The agent that works, and the user that pays for it. */
  charge: Charge;
  start: StartingState;
  claim: Pick<ClaimRequest, "workspace" | "runtime" | "image" | "priority" | "onQueued">;
  /**
   * Whether the agent may ask the user for programs and hosts that no list contains, and whether its servers
   * may ask questions.
   */
  asksUser: boolean;
  test_timeout_seconds: number;
  /**
   * Checks before a model call whether the work can be judged at all. Rejects if not. Null: there is nothing
   * to check. The check may leave the copy in any state.
   */
  preflight: ((ground: ProvingGround) => Promise<void>) | null;
  /** Tests that failed before the run, if they were already measured. */
  knownFailures: () => readonly string[];
  /** Its reason may be a {@link Stop}: `interrupted` leaves the execution as it is. */
  signal: AbortSignal;
  /** Proves the gates on the instance that did the work, and creates the output. */
  conclude(finished: FinishedLoop): Promise<Conclusion>;
}
