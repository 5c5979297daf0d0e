import type { AgentExecution } from "../../schemas/execution.ts";
import type { TestReport } from "../../schemas/tests.ts";
import type { TraceContext } from "../../schemas/trace.ts";

type Which = Pick<AgentExecution, "task_id" | "execution_id">;

/** A run of the project's tests by the runtime, until its report is there. */
export interface TestSpan {
  /** What the tests' own spans become part of. */
  readonly trace: TraceContext;
  /** `null`: there is no report, because the run was cancelled or its instance is gone. */
  end(report: TestReport | null): void;
}

/** Lets what runs inside an instance become part of its execution's trace. */
export interface Traces {
  /** The execution's span; `null`: it has none. */
  contextOf(execution: Which): TraceContext | null;
  /** Begins a run of tests below the execution's span; `null`: it has none. */
  startTests(execution: Which): TestSpan | null;
}
