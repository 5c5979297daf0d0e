import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import type { AgentConfig } from "../../../schemas/agent.ts";
import type { Store } from "../../../server/store/store.ts";
import { agent, faultyFiles, makeFolder, openMortal } from "./support.ts";

const statuses = ["Available", "Busy", "Error"] as const;
const ids = Array.from({ length: 3 }, (_, n) => `00000000-0000-4000-8000-00000000000${n}`);
/** Commits that put, change and remove; every third one removes. */
const commits = Array.from({ length: 14 }, (_, n): { put: AgentConfig[]; remove: string[] } => ({
  put: [agent({ agent_id: ids[n % 3] ?? "", status: statuses[(n * 7) % 3] ?? "Busy", name: `${n}` })],
  remove: n % 3 === 2 ? [ids[(n + 1) % 3] ?? ""] : [],
}));

const after = (count: number): AgentConfig[] => {
  const agents = new Map<string, AgentConfig>();
  for (const { put, remove } of commits.slice(0, count)) {
    for (const each of put) agents.set(each.agent_id, each);
    for (const id of remove) agents.delete(id);
  }
  return [...agents.values()].reverse();
};

const commit = (store: Store, number: number): Promise<void> =>
  store.commit((transaction) => {
    for (const each of commits[number]?.put ?? []) transaction.put("agents", each);
    for (const id of commits[number]?.remove ?? []) transaction.remove("agents", id);
  });

/** The store shows exactly these agents, and its indexes belong to them. */
const isState = (store: Store, agents: readonly AgentConfig[]): boolean => {
  try {
    assert.deepEqual(store.all("agents"), agents);
    for (const status of statuses)
      assert.deepEqual(
        store.all("agents", { status }),
        agents.filter((each) => each.status === status),
      );
    return true;
  } catch {
    return false;
  }
};

interface Fault {
  from: number;
  code: string;
  times: number;
}

/**
 * Runs the commits, with a closing in between, until one is refused; returns how many were
 * acknowledged.
 */
const runUntilFailure = async (folder: string, { from, code, times }: Fault) => {
  let acknowledged = 0;
  const faults = faultyFiles();
  faults.failFrom(from, code, times);
  for (const half of [commits.slice(0, 7), commits.slice(7)]) {
    const opened = await openMortal(folder, { foldAt: 3000, durability: "fsync" }, faults).catch(() => null);
    if (opened === null) break;
    const { store, kill } = opened;
    const end = acknowledged + half.length;
    const refusal = await (async () => {
      for (; acknowledged < end; acknowledged += 1) await commit(store, acknowledged);
    })().catch((error: unknown) => error);
    if (refusal !== undefined) {
      assert.ok(isState(store, after(acknowledged)), "what was not acknowledged is still shown");
      assert.notEqual(store.readOnlyReason, null);
      await assert.rejects(commit(store, acknowledged), { code: "state_read_only" });
    } else await store.close().catch(() => undefined);
    await kill();
    if (refusal !== undefined) break;
  }
  return { acknowledged, operations: faults.count() };
};

describe("a disk that fails", () => {
  for (const [how, code, times] of [
    ["EIO from any file operation on", "EIO", Infinity],
    ["ENOSPC from any file operation on", "ENOSPC", Infinity],
    ["EIO in any one file operation", "EIO", 1],
  ] as const)
    it(`with ${how} loses nothing that was acknowledged`, async () => {
      let operations = Infinity;
      for (let from = 1; from <= operations + 1; from += 1) {
        const folder = await makeFolder();
        const run = await runUntilFailure(folder, { from, code, times });
        if (from === 1) {
          const whole = await makeFolder();
          ({ operations } = await runUntilFailure(whole, { from: Infinity, code, times }));
          await rm(whole, { recursive: true });
        }
        const { store } = await openMortal(folder);
        assert.ok(
          isState(store, after(run.acknowledged)) || isState(store, after(run.acknowledged + 1)),
          `failing from operation ${from}, ${run.acknowledged} commits were acknowledged`,
        );
        await store.close();
        await rm(folder, { recursive: true });
      }
    });

  it("under many commits of one moment takes back all that was not acknowledged, and nothing else", async () => {
    const many = Array.from({ length: 300 }, (_, n) => agent({ name: `${n}`.padEnd(2000, "n") }));
    const runMany = async (folder: string, from: number) => {
      const faults = faultyFiles();
      const { store, kill } = await openMortal(folder, { durability: "fsync" }, faults);
      const opened = faults.count();
      faults.failFrom(opened + from, "EIO");
      const commits = many.map((each) =>
        store.commit((transaction) => {
          transaction.put("agents", each);
        }),
      );
      const writes = faults.count() - opened;
      const results = await Promise.allSettled(commits);
      const acknowledged = results.filter(({ status }) => status === "fulfilled").length;
      assert.ok(isState(store, many.slice(0, acknowledged).reverse()), `${acknowledged} were acknowledged`);
      await kill();
      return { acknowledged, writes };
    };
    for (const [from, acknowledgedSome] of [
      [1, false],
      [2, true],
    ] as const) {
      const folder = await makeFolder();
      const { acknowledged, writes } = await runMany(folder, from);
      assert.equal(writes, 1, "the first write begins before all have committed");
      assert.equal(acknowledged > 0, acknowledgedSome);
      assert.ok(acknowledged < many.length);
      const { store } = await openMortal(folder);
      assert.ok(isState(store, many.slice(0, acknowledged).reverse()));
      await store.close();
      await rm(folder, { recursive: true });
    }
  });
});
