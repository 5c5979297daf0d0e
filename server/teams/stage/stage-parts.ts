import type { AgentConfig } from "../../../schemas/agent.ts";
import type { ChangeSet } from "../../../schemas/changes.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AgentExecution } from "../../../schemas/execution.ts";
import type { Task, TeamRun } from "../../../schemas/run.ts";
import type { Settings } from "../../../schemas/settings.ts";
import type { WorkflowStage } from "../../../schemas/team.ts";
import type { TestReport } from "../../../schemas/tests.ts";
import type { Changes } from "../../changes/changes.ts";
import type { Ledger } from "../../executions/ledger.ts";
import type { Permissions } from "../../executions/permissions.ts";
import type { ServerQuestions } from "../../executions/server-questions.ts";
import type { Traces } from "../../executions/traces.ts";
import type { Feedback } from "../../feedback/feedback.ts";
import type { ModelGateway } from "../../gateway/gateway.ts";
import type { Hooks } from "../../hooks/hooks-api.ts";
import type { Pool } from "../../instances/pool.ts";
import type { Log } from "../../platform/log.ts";
import type { Store } from "../../store/store.ts";
import type { Tools } from "../../tools/tools-api.ts";

/** The parts of the runtime that stages are run with. */
export interface TeamParts {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  tools: Tools;
  hooks: Hooks;
  permissions: Pick<Permissions, "ask" | "opened">;
  questions: Pick<ServerQuestions, "ask">;
  ledger: Pick<Ledger, "recall" | "settle">;
  changes: Changes;
  feedback: Feedback;
  traces: Traces | null;
  settings: Settings;
  /** Absolute path of the workspace folder. */
  workspace: string;
  log: Log;
  emit: (event: RuntimeEvent) => void;
  now: () => string;
}

/** What an agent must do in a round of a stage. */
export interface StageAssignment {
  run: TeamRun;
  task: Task;
  stage: WorkflowStage;
  agent: AgentConfig;
  /** The state that the stage begins with. */
  startsWith: ChangeSet | null;
  /** Its number among several attempts at the round; null if it is the only one. */
  attempt: number | null;
  signal: AbortSignal;
}

/** An assignment with the execution that carries it out. */
export interface StageWork extends StageAssignment {
  /** The stored execution. It is new, or a runtime that has ended left it behind. */
  execution: AgentExecution;
  /** Keeps the report of the whole suite before the run, once for all stages. */
  baseline: {
    read(): TestReport | null;
    /** The report. If it is unknown, it is measured once for all stages that wait for it. */
    once(measure: () => Promise<TestReport>): Promise<TestReport>;
  };
}
