import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { Settings } from "../../../schemas/settings.ts";
import { InstancePool } from "../../../server/instances/pool/instance-pool.ts";
import type { SharedPlaces } from "../../../server/instances/pool/shared-places.ts";
import type { ClaimedInstance, ClaimRequest, Pool } from "../../../server/instances/pool.ts";
import { poolSettings } from "../../../server/instances/settings.ts";
import type { PoolSettings } from "../../../server/instances/settings.ts";
import { newAgent } from "../../../server/models/agent.ts";
import { isActive } from "../../../server/models/instance.ts";
import type { Store } from "../../../server/store/store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { memoryDriver } from "./memory-driver.ts";
import type { MemoryDriver } from "./memory-driver.ts";

/** Two agents of one type, and one of another. */
export type AgentName = "Coder" | "another Coder" | "Reviewer";
type Asked = Partial<Pick<ClaimRequest, "task_id" | "priority" | "signal" | "runtime" | "agent">>;

/** A pool over workers in memory. */
export interface MemoryPool {
  pool: Pool;
  store: Store;
  driver: MemoryDriver;
  /** Of instances that are not on this machine. */
  cluster: MemoryDriver;
  /** Those of the pool; what is changed in them holds at once. */
  settings: PoolSettings;
  agent: (name: AgentName) => AgentConfig;
  claim: (name: AgentName, request?: Asked) => Promise<ClaimedInstance>;
  /** Instances that are neither Terminated nor Failed. */
  active: () => number;
}

/**
 * Runs `work` on a pool of its own and looks that nothing is left of it; `onEvent` sees every change,
 * and what it throws fails the whole.
 */
export const withMemoryPool = async (
  { places, ...settings }: Partial<PoolSettings> & { places?: SharedPlaces },
  work: (made: MemoryPool) => Promise<void>,
  onEvent: (event: RuntimeEvent, made: MemoryPool) => void = () => undefined,
): Promise<void> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "coditect-pool-")));
  const store = memoryStore();
  const driver = memoryDriver();
  const cluster = memoryDriver("Kubernetes");
  const live = { ...poolSettings(Settings.parse({})), ...settings };
  const problems: unknown[] = [];
  const pool = new InstancePool({
    store,
    workspace: folder,
    drivers: { Local: driver, Kubernetes: cluster },
    copiesFolder: join(folder, "copies"),
    settings: live,
    ...(places !== undefined && { places }),
    emit: (event) => {
      try {
        onEvent(event, made);
      } catch (error) {
        problems.push(error);
      }
    },
    log: () => undefined,
  });
  const agents = new Map<AgentName, AgentConfig>();
  const agent = (name: AgentName): AgentConfig => {
    const provider = { Ollama: { model: "none", endpoint: "http://127.0.0.1:1" } };
    const agent_type = name === "Reviewer" ? name : "Coder";
    const identity = { tenant_id: store.tenantId, name, agent_type, provider } as const;
    const known = agents.get(name) ?? newAgent(identity, new Date().toISOString());
    agents.set(name, known);
    return known;
  };
  const made: MemoryPool = {
    pool,
    store,
    driver,
    cluster,
    settings: live,
    agent,
    active: () => store.all("instances", { active: true }).length,
    claim: (name, request = {}) =>
      pool.claim({
        agent: agent(name),
        task_id: randomUUID(),
        workspace: folder,
        runtime: "Local",
        image: null,
        priority: 0,
        signal: new AbortController().signal,
        requests: {
          "model/generate": () => Promise.reject(new Error("nothing asks")),
          "tool/finished": () => Promise.resolve({}),
          "tool/before": () => Promise.resolve({ refused: null }),
          "command/permit": () => Promise.resolve({ refused: null }),
          "tool/call": () => Promise.resolve({ content: "", is_error: false }),
          "findings/report": () => Promise.resolve({ ids: [] }),
        },
        notifications: { toolStarted: () => undefined },
        ...request,
      }),
  };
  try {
    await work(made);
    await pool.close();
    assert.deepEqual(problems, []);
    assert.equal(driver.running.size + cluster.running.size, 0, "workers run on");
    assert.deepEqual(store.all("instances").filter(isActive), []);
  } finally {
    await pool.close();
    await rm(folder, { recursive: true, force: true });
  }
};
