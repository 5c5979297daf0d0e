import type { ClaimedInstance } from "../instances/pool.ts";
import type { ProvingGround } from "./execution-request.ts";

/** How the tests of a project are run, whichever of them are wanted. */
export interface TestSettings {
  /** The user's command; null: the project's own runner. */
  command: string | null;
  /** Seconds. */
  timeout: number;
}

/** The tests that a gate wants, run in an instance. */
export const testsIn =
  (
    instance: Pick<ClaimedInstance, "call">,
    { command, timeout }: TestSettings,
    signal: AbortSignal,
  ): ProvingGround["runTests"] =>
  ({ files, coverage, name, probe }) =>
    instance.call(
      "tests/run",
      {
        ...{ files, coverage, command, name: name ?? null },
        ...(probe !== undefined && { probe }),
        timeout_seconds: timeout,
      },
      signal,
    );
