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
 * Which tests are run, and how it differs from an ordinary run; `name`: only tests called so;
 * `deadline_seconds`: where less than the ordinary deadline is enough.
 */
export interface TestsWanted extends Pick<WorkerParams<"tests/run">, "files" | "coverage"> {
  name?: string;
  deadline_seconds?: number;
  probe?: TestProbe;
}

/** A private copy in which gates are proven: any state of the workspace, and the project's tests. */
export interface ProvingGround {
  /** Makes the copy equal to the workspace with these changes, and nothing else. */
  prepare(changes: readonly FileChange[]): Promise<void>;
  runTests(request: TestsWanted): Promise<TestReport>;
  /**
   * Asks the user once whether tests may read a file that may hold secrets. Returns true if the next
   * `prepare` adds it. Absent: there is no user to ask.
   */
  openFile?(path: string, command: string): Promise<boolean>;
}

/** What the runtime concludes from a finished loop: the proofs and the output that rests on them. */
export interface Conclusion {
  gates: GateProof[];
  output: ExecutionOutput;
  change_set_id: string | null;
  /** Why the work is refused although the agent came to an end: a gate, or it gave up. */
  refused: CoditectError | null;
  /** How the work was measured for the ranking; undefined: it is not one of several attempts. */
  attempt: ExecutionAttempt | undefined;
}

/** A loop that came to its end, and what the work is judged by. */
export interface FinishedLoop {
  loop: LoopResult;
  /** What the agent changed, from the user's workspace. */
  changes: readonly FileChange[];
  ground: ProvingGround;
  /** As it runs. */
  execution: AgentExecution;
  entries: readonly TranscriptEntry[];
}

/** The parts of the runtime that executions are run with. */
export interface ExecutionParts {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  tools: Pick<Tools, "call" | "exposure">;
  hooks: Pick<Hooks, "has" | "run">;
  permissions: Pick<Permissions, "ask" | "opened">;
  questions: Pick<ServerQuestions, "ask">;
  ledger: Pick<Ledger, "recall" | "settle">;
  /** What runs in instances becomes part of these; null: telemetry is off. */
  traces: Traces | null;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** The workspace as the agent finds it. */
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
  /** Who works, and who pays for it. */
  charge: Charge;
  start: StartingState;
  claim: Pick<ClaimRequest, "workspace" | "runtime" | "image" | "priority" | "onQueued">;
  /** Whether the agent may ask the user for programs and hosts that no list allows, and its servers questions. */
  asksUser: boolean;
  test_timeout_seconds: number;
  /**
   * Sees, before a model is asked, whether the work can be judged at all; rejects if not. Null: there
   * is nothing to see. It may leave the copy in any state.
   */
  preflight: ((ground: ProvingGround) => Promise<void>) | null;
  /** Tests that failed before the run, as far as that is measured by now. */
  knownFailures: () => readonly string[];
  /** Its reason may be a {@link Stop}: `interrupted` leaves the execution as it is. */
  signal: AbortSignal;
  /** Proves the gates on the instance that did the work, and makes the output. */
  conclude(finished: FinishedLoop): Promise<Conclusion>;
}
