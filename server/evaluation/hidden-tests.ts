import { randomUUID } from "node:crypto";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { TestReport } from "../../schemas/tests.ts";
import { createPool } from "../instances/pool/create-pool.ts";
import { createDrivers } from "../instances/create-drivers.ts";
import type { Pool } from "../instances/pool.ts";
import { poolSettings } from "../instances/settings.ts";
import { newAgent } from "../models/agent.ts";
import { openStore } from "../store/open.ts";
import type { EvaluationEnvironment } from "./environment.ts";

export interface HiddenTests {
  /** Absolute path: the project as the run handed it back. The hidden tests are copied into it. */
  workspace: string;
  /** Absolute path of the folder they stand in. */
  folder: string;
  /** Those that are run, as paths in it; null: everything the project's tests are found by. */
  files: string[] | null;
  command: string | null;
  /** Absolute path for what the instance needs. */
  scratch: string;
}

/** A worker that runs tests has nothing to ask. */
const answerNothing = () =>
  Promise.reject(fail("instance_refused", { reason: "it asked for more than to run tests" }));

/** Calls `use` with a pool of instances on a state of its own, and ends both. */
const withPool = async <Result>(
  { settings, worker, log }: EvaluationEnvironment,
  { workspace, scratch }: HiddenTests,
  use: (pool: Pool, tenantId: string) => Promise<Result>,
): Promise<Result> => {
  const store = await openStore({
    folder: join(scratch, "state"),
    durability: "os",
    retention: settings.retention,
    warn: (problem) => {
      log("warn", problem);
    },
  });
  const pool = createPool({
    store,
    workspace,
    drivers: createDrivers(worker, settings, store.folder),
    copiesFolder: join(scratch, "copies"),
    settings: poolSettings(settings),
    emit: () => undefined,
    log,
  });
  try {
    return await use(pool, store.tenantId);
  } finally {
    await pool.close();
    await store.close();
  }
};

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
  return withPool(environment, tests, async (pool, tenant_id) => {
    const agent_type = "QualityControl" as const;
    const named = { tenant_id, name: "Evaluation", agent_type, provider: settings.provider };
    const instance = await pool.claim({
      agent: newAgent(named, new Date().toISOString()),
      task_id: randomUUID(),
      workspace: tests.workspace,
      runtime: options.runtime ?? settings.runtime,
      image: options.image ?? settings.image,
      priority: 0,
      requests: {
        "model/generate": answerNothing,
        "tool/finished": answerNothing,
        "tool/call": answerNothing,
        "findings/report": answerNothing,
      },
      notifications: { toolStarted: () => undefined },
      signal,
    });
    try {
      await instance.call("workspace/prepare", { overlays: [], changes: [] }, signal);
      const { files, command } = tests;
      const timeout_seconds = settings.test_timeout_seconds;
      const request = { files, name: null, coverage: false, command, timeout_seconds };
      return await instance.call("tests/run", request, signal);
    } finally {
      await instance.release();
    }
  });
};
