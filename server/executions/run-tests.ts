import type { TestSpan } from "./traces.ts";
import type { ClaimedInstance } from "../instances/pool.ts";
import type { ProvingGround } from "./execution-request.ts";

/** How the tests of a project are run, whichever of them are wanted. */
export interface TestSettings {
  /** The user's command; null: the project's own runner. */
  command: string | null;
  /** Seconds. */
  timeout: number;
  /** Begins the span of a run in a trace. Left out, or null: it is part of none. */
  startSpan?: () => TestSpan | null;
}

/** The tests that a gate wants, run in an instance. */
export const testsIn =
  (
    instance: Pick<ClaimedInstance, "call">,
    { command, timeout, startSpan }: TestSettings,
    signal: AbortSignal,
  ): ProvingGround["runTests"] =>
  async ({ files, coverage, name, probe, touched, builds_only, deadline_seconds }) => {
    const span = startSpan?.() ?? null;
    const request = {
      ...{ files, coverage, command, name: name ?? null },
      ...(probe !== undefined && { probe }),
      ...(touched !== undefined && { touched }),
      ...(builds_only !== undefined && { builds_only }),
      ...(span !== null && { trace: span.trace }),
      timeout_seconds: Math.min(timeout, deadline_seconds ?? timeout),
    };
    const report = await instance.call("tests/run", request, signal).catch((error: unknown) => {
      span?.end(null);
      throw error;
    });
    span?.end(report);
    return report;
  };
