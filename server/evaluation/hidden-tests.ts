import { cp } from "node:fs/promises";
import type { TestReport } from "../../schemas/tests.ts";
import { withTestInstance } from "../proof/test-instance.ts";
import type { EvaluationEnvironment } from "./environment.ts";

export interface HiddenTests {
  /** Absolute path: the project as the run handed it back. The hidden tests are copied into it. */
  workspace: string;
  /** Absolute path of their folder. */
  folder: string;
  /** Those that are run, as paths in it; null: everything the project's tests are found by. */
  files: string[] | null;
  command: string | null;
  /** Absolute path for what the instance needs. */
  scratch: string;
}

/**
 * Runs the hidden tests where agents' commands run: in an instance, on a private copy. What agents
 * wrote is never run on the machine itself.
 */
export const runHiddenTests = async (
  environment: EvaluationEnvironment,
  tests: HiddenTests,
  signal: AbortSignal,
): Promise<TestReport> => {
  const { settings, options } = environment;
  await cp(tests.folder, tests.workspace, { recursive: true });
  const { files, command, workspace, scratch } = tests;
  const { worker, log, notice } = environment;
  const runtime = options.runtime ?? settings.runtime;
  const image = options.image ?? settings.image;
  return withTestInstance(
    { settings, worker, log, notice, workspace, scratch, runtime, image, name: "Evaluation" },
    signal,
    async (instance) => {
      await instance.call("workspace/prepare", { overlays: [], changes: [] }, signal);
      const timeout_seconds = settings.test_timeout_seconds;
      const request = { files, name: null, coverage: false, command, timeout_seconds };
      return await instance.call("tests/run", request, signal);
    },
  );
};
