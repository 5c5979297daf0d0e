import assert from "node:assert/strict";
import fc from "fast-check";
import type { RuntimeType } from "../../../schemas/agent.ts";
import { fail } from "../../../schemas/errors.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import { withMemoryPool } from "./memory-pool.ts";
import type { MemoryPool } from "./memory-pool.ts";

const hybrid: RuntimeType[] = ["Local", "Kubernetes"];
const runtimeOf = (instance: ClaimedInstance) => instance.record().metadata.runtime_type;

/** The Coder, who needs this much memory. */
const needing = (memory_mb: number, { agent }: MemoryPool) => {
  const coder = agent("Coder");
  return { ...coder, settings: { ...coder.settings, memory_mb } };
};

describe("an ordered choice of runtimes", () => {
  it("uses this machine first, and the cluster when the machine has no place left", () =>
    withMemoryPool({ maximum: 8, maximum_here: 2 }, async ({ claim }) => {
      const claims = await Promise.all([1, 2, 3, 4].map(() => claim("Coder", { runtime: hybrid })));
      const where = claims.map(runtimeOf).toSorted();
      assert.deepEqual(where, ["Kubernetes", "Kubernetes", "Local", "Local"]);
    }));

  it("comes back to this machine as soon as there is a place", () =>
    withMemoryPool({ maximum: 8, maximum_here: 1 }, async ({ claim }) => {
      const here = await claim("Coder", { runtime: hybrid });
      const there = await claim("Coder", { runtime: hybrid });
      await here.release();
      await there.release();
      const next = await claim("Coder", { runtime: hybrid });
      assert.equal(next.record().instance_id, here.record().instance_id);
    }));

  it("ends an idle instance of this machine before it goes elsewhere", () =>
    withMemoryPool({ maximum: 8, maximum_here: 1 }, async ({ claim }) => {
      await (await claim("Reviewer", { runtime: hybrid })).release();
      assert.equal(runtimeOf(await claim("Coder", { runtime: hybrid })), "Local");
    }));

  it("does not end an idle instance in the cluster for a place on this machine", () =>
    withMemoryPool({ maximum: 8, maximum_here: 1 }, async ({ claim, pool }) => {
      const here = await claim("Coder", { runtime: hybrid });
      const idle = await claim("Reviewer", { runtime: hybrid });
      await idle.release();
      const waits = claim("another Coder", { runtime: "Local" });
      assert.equal(pool.queued(), 1);
      assert.equal(idle.record().state, "Idle");
      await here.release();
      assert.equal(runtimeOf(await waits), "Local");
    }));

  it("goes to the cluster for more memory than this machine has left", () =>
    withMemoryPool({ machine_memory_mb: 6000 }, async (made) => {
      const agent = needing(4000, made);
      const first = await made.claim("Coder", { agent, runtime: hybrid });
      const second = await made.claim("Coder", { agent, runtime: hybrid });
      assert.deepEqual([first, second].map(runtimeOf), ["Local", "Kubernetes"]);
      assert.equal(made.driver.specs[0]?.limits.memory_mb, 4000);
      assert.equal(made.cluster.specs[0]?.limits.memory_mb, 4000);
      const small = await made.claim("Reviewer", { runtime: hybrid });
      assert.equal(runtimeOf(small), "Local");
    }));

  it("goes on with the next runtime when one cannot be reached, and says so", async () => {
    const notices: RuntimeEvent[] = [];
    const keep = (event: RuntimeEvent): void => {
      if (event.type === "notice") notices.push(event);
    };
    await withMemoryPool(
      {},
      async ({ claim, cluster }) => {
        cluster.fault = fail("cluster_unavailable", { reason: "no answer", hint: "" });
        assert.equal(runtimeOf(await claim("Coder", { runtime: ["Kubernetes", "Local"] })), "Local");
        await assert.rejects(claim("Coder", { runtime: "Kubernetes" }), { code: "cluster_unavailable" });
      },
      keep,
    );
    assert.equal(notices.length, 1);
    const [notice] = notices;
    assert.ok(notice?.type === "notice" && notice.code === "fallback");
    assert.match(notice.message, /no answer.*on this machine/);
  });

  it("says what a start waited for, and goes on with the next runtime", () =>
    withMemoryPool(
      { start_ms: { Local: 5000, Docker: 5000, Kubernetes: 20, CloudRun: 5000 } },
      async ({ claim, cluster }) => {
        cluster.waitsFor = "no node can take its pod: 3 Insufficient memory";
        assert.equal(runtimeOf(await claim("Coder", { runtime: ["Kubernetes", "Local"] })), "Local");
        await assert.rejects(claim("Coder", { runtime: "Kubernetes" }), {
          code: "instance_late",
          message: "The instance did not start in 0.02 s: no node can take its pod: 3 Insufficient memory.",
        });
      },
    ));

  it("never leaves this machine where the workspace stays on it", () =>
    withMemoryPool({ local_only: true, maximum_here: 1 }, async ({ claim, cluster, pool, agent }) => {
      const byHand = pool.create(agent("Coder"), "Kubernetes", "user:test");
      await assert.rejects(byHand, { code: "runtime_not_allowed" });
      const first = await claim("Coder", { runtime: ["Kubernetes", "Local"] });
      const waits = claim("Coder", { runtime: hybrid });
      await assert.rejects(claim("Coder", { runtime: "Kubernetes" }), {
        code: "runtime_not_allowed",
        message: /Kubernetes/,
      });
      await first.release();
      assert.equal(runtimeOf(await waits), "Local");
      assert.deepEqual(cluster.specs, []);
    }));

  it("refuses what waits for another machine when the workspace is pinned to this one", async () => {
    const settings = { local_only: false, maximum: 1 };
    await withMemoryPool(settings, async ({ claim, settings: live }) => {
      const working = await claim("Coder", { runtime: "Kubernetes" });
      const waits = claim("Reviewer", { runtime: "Kubernetes" });
      live.local_only = true;
      await working.release();
      await assert.rejects(waits, { code: "runtime_not_allowed" });
    });
  });

  it("keeps the caps of this machine and of all, whatever is claimed and released", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ who: fc.constantFrom("Coder", "Reviewer"), gb: fc.integer({ min: 0, max: 3 }) }),
          {
            maxLength: 12,
          },
        ),
        fc.integer({ min: 1, max: 3 }),
        (asks, here) =>
          withMemoryPool(
            { maximum: 5, maximum_here: here, machine_memory_mb: 4000 },
            async (made) => {
              const served = asks.map(async ({ who, gb }) => {
                const agent = made.agent(who);
                const memory_mb = gb === 0 ? null : gb * 1000;
                const claimed = await made.claim(who, {
                  agent: { ...agent, settings: { ...agent.settings, memory_mb } },
                  runtime: hybrid,
                });
                await claimed.release();
              });
              await Promise.all(served);
            },
            (_event, { driver, cluster }) => {
              assert.ok(driver.running.size <= here, "more than this machine may have");
              assert.ok(driver.running.size + cluster.running.size <= 5, "more than there may be");
              const promised = driver.specs
                .filter(
                  ({ instance_id, limits }) =>
                    driver.running.has(instance_id) && limits.memory_mb % 1000 === 0,
                )
                .reduce((sum, { limits }) => sum + limits.memory_mb, 0);
              assert.ok(promised <= 4000, "more memory than there is");
            },
          ),
      ),
      { numRuns: 30 },
    ));
});
