import type { RuntimeChoice } from "../../schemas/agent.ts";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { fail } from "../../schemas/errors.ts";
import type { Settings } from "../../schemas/settings.ts";
import { createDrivers } from "../instances/create-drivers.ts";
import type { ClaimedInstance, Pool } from "../instances/pool.ts";
import { InstancePool } from "../instances/pool/instance-pool.ts";
import { poolSettings } from "../instances/settings.ts";
import { newAgent } from "../models/agent.ts";
import type { WorkerEntry } from "../platform/installation.ts";
import type { Log } from "../platform/log.ts";
import { openStore } from "../store/open.ts";

export interface TestInstanceOptions {
  settings: Settings;
  worker: WorkerEntry;
  log: Log;
  /** Called with what the user must know about where the tests run, such as that there is no sandbox. */
  notice: (message: string) => void;
  /** Absolute path of the source of the instance's private copy. */
  workspace: string;
  /** Absolute path for the files of the instance. */
  scratch: string;
  runtime: RuntimeChoice;
  image: string | null;
  /** The name of the instance. */
  name: string;
}

/** A worker that runs tests has no questions. */
const answerNothing = () =>
  Promise.reject(fail("instance_refused", { reason: "it asked for more than to run tests" }));

/** Calls `use` with a pool of instances that has its own state, and ends both. */
const withPool = async <Result>(
  { settings, worker, log, notice, workspace, scratch }: TestInstanceOptions,
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
  const pool = new InstancePool({
    store,
    workspace,
    drivers: createDrivers(worker, settings, store.folder, log),
    copiesFolder: join(scratch, "copies"),
    settings: poolSettings(settings),
    emit: (event) => {
      if (event.type === "notice") notice(event.message);
    },
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
 * Calls `use` with an instance that only runs tests, with the runtime of agents' commands and a private copy.
 * Untrusted code never runs directly on this machine.
 */
export const withTestInstance = <Result>(
  options: TestInstanceOptions,
  signal: AbortSignal,
  use: (instance: ClaimedInstance) => Promise<Result>,
): Promise<Result> =>
  withPool(options, async (pool, tenant_id) => {
    const named = {
      tenant_id,
      name: options.name,
      agent_type: "QualityControl" as const,
      provider: options.settings.provider,
    };
    const instance = await pool.claim({
      agent: newAgent(named, new Date().toISOString()),
      task_id: randomUUID(),
      workspace: options.workspace,
      runtime: options.runtime,
      image: options.image,
      priority: 0,
      requests: {
        "model/generate": answerNothing,
        "tool/finished": answerNothing,
        "tool/before": answerNothing,
        "command/permit": answerNothing,
        "tool/call": answerNothing,
        "findings/report": answerNothing,
      },
      notifications: { toolStarted: () => undefined },
      signal,
    });
    try {
      return await use(instance);
    } finally {
      await instance.release();
    }
  });
