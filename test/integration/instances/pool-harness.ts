import { randomUUID } from "node:crypto";
import { mkdtemp, mkdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentConfig, AgentType, RuntimeType } from "../../../schemas/agent.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { Settings } from "../../../schemas/settings.ts";
import type { WorkerParams } from "../../../schemas/worker.ts";
import { InstancePool } from "../../../server/instances/pool/instance-pool.ts";
import type { Driver } from "../../../server/instances/drivers/driver.ts";
import { createLocalDriver } from "../../../server/instances/drivers/local/driver.ts";
import type { LocalDriverOptions } from "../../../server/instances/drivers/local/driver.ts";
import type { ClaimedInstance, ClaimRequest, Pool } from "../../../server/instances/pool.ts";
import { poolSettings } from "../../../server/instances/settings.ts";
import type { PoolSettings } from "../../../server/instances/settings.ts";
import { newAgent } from "../../../server/models/agent.ts";
import { openStore } from "../../../server/store/open.ts";
import type { Store } from "../../../server/store/store.ts";

export const testWorker = {
  command: process.execPath,
  args: [fileURLToPath(new URL("worker.ts", import.meta.url))],
};

/** A pool over real workers in a temporary folder, with everything it tells kept. */
export interface PoolUnderTest {
  readonly pool: Pool;
  store: Store;
  events: RuntimeEvent[];
  logged: string[];
  workspace: string;
  folder: string;
  settings: PoolSettings;
  agent(type?: AgentType): AgentConfig;
  claim(request?: Partial<ClaimRequest>): Promise<ClaimedInstance>;
  /** The first event that passes, from now on. */
  event(passes: (event: RuntimeEvent) => boolean): Promise<RuntimeEvent>;
  /** Ends the pool and starts another over the same store. */
  restart(): Promise<void>;
  /** Ends the pool and removes its folder. */
  close(): Promise<void>;
}

export interface PoolTestOptions {
  settings?: Partial<PoolSettings>;
  driver?: Driver;
  /** In place of the one driver. */
  drivers?: Partial<Record<RuntimeType, Driver>>;
  sandbox?: boolean;
}

export const localDriver = (options: Partial<LocalDriverOptions> = {}): Driver =>
  createLocalDriver({ entry: testWorker, environment: [], unconfined: () => "allow", ...options });

export const startPool = async (options: PoolTestOptions = {}): Promise<PoolUnderTest> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "coditect-pool-")));
  const workspace = join(folder, "work space");
  await mkdir(workspace);
  const store = await openStore({ folder: join(folder, "state") });
  const events: RuntimeEvent[] = [];
  const logged: string[] = [];
  const settings = { ...poolSettings(Settings.parse({})), ...options.settings };
  const driver = options.driver ?? localDriver(options.sandbox === false ? { sandbox: false } : {});
  const listeners = new Set<(event: RuntimeEvent) => void>();
  const open = (): Pool =>
    new InstancePool({
      store,
      workspace,
      drivers: options.drivers ?? { [driver.runtime]: driver },
      copiesFolder: join(folder, "copies"),
      settings,
      emit: (event) => {
        events.push(event);
        for (const listener of listeners) listener(event);
      },
      log: (_level, message) => logged.push(message),
    });
  let pool = open();
  const agents = new Map<AgentType, AgentConfig>();
  const agent = (type: AgentType = "Coder"): AgentConfig => {
    const provider = { Ollama: { model: "none", endpoint: "http://127.0.0.1:1" } };
    const known =
      agents.get(type) ??
      newAgent(
        { tenant_id: store.tenantId, name: `The ${type}`, agent_type: type, provider },
        new Date().toISOString(),
      );
    agents.set(type, known);
    return known;
  };
  return {
    get pool() {
      return pool;
    },
    restart: async () => {
      await pool.close();
      pool = open();
    },
    event: (passes) =>
      new Promise((resolve) => {
        const listener = (event: RuntimeEvent): void => {
          if (!passes(event)) return;
          listeners.delete(listener);
          resolve(event);
        };
        listeners.add(listener);
      }),
    store,
    events,
    logged,
    workspace,
    folder,
    settings,
    agent,
    claim: (request = {}) =>
      pool.claim({
        agent: agent(),
        task_id: randomUUID(),
        workspace,
        runtime: driver.runtime,
        image: null,
        priority: 0,
        signal: new AbortController().signal,
        requests: {
          "model/generate": () =>
            Promise.resolve({
              message: { role: "assistant", content: [{ type: "text", text: "hello" }] },
              stop_reason: "end",
            }),
          "tool/finished": () => Promise.resolve({}),
          "tool/before": () => Promise.resolve({ refused: null }),
          "command/permit": () => Promise.resolve({ refused: null }),
          "tool/call": () => Promise.resolve({ content: "", is_error: false }),
          "findings/report": () => Promise.resolve({ ids: [] }),
        },
        notifications: { toolStarted: () => undefined },
        ...request,
      }),
    close: async () => {
      await pool.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** An execution that makes the test worker behave in the named way. */
export const behaviour = (name: string): WorkerParams<"execution/run"> => ({
  execution_id: randomUUID(),
  agent_type: "Coder",
  tools: [],
  external_tools: [],
  write_access: "none",
  shown: [],
  known_failures: [],
  test_command: name,
  max_turns: 1,
  history: [],
});

/** A shell command to run in the instance's copy. */
export const command = (line: string): WorkerParams<"tests/run"> => ({
  files: null,
  name: null,
  coverage: false,
  command: line,
  timeout_seconds: 30,
});

export const never = new AbortController().signal;
