import assert from "node:assert/strict";
import { SharedPlaces } from "../../../server/instances/pool/shared-places.ts";
import { type AgentName, type MemoryPool, withMemoryPool } from "./memory-pool.ts";

type Work = (pools: readonly [MemoryPool, MemoryPool]) => Promise<void>;

const settings = { maximum: 8, maximum_here: 8, sizes: { other: { minimum: 0, target: 0, maximum: 8 } } };

/** Two pools of one tenant. Fails if they ever have more instances than the tenant may have. */
const withTwoPools = async (all: number, here: number, work: Work): Promise<void> => {
  const places = new SharedPlaces({ all: () => all, here: () => here });
  const pools: MemoryPool[] = [];
  let most = 0;
  const count = (): void => {
    most = Math.max(
      most,
      pools.reduce((sum, { driver, cluster }) => sum + driver.running.size + cluster.running.size, 0),
    );
  };
  await withMemoryPool(
    { ...settings, places },
    (a) =>
      withMemoryPool(
        { ...settings, places },
        async (b) => {
          pools.push(a, b);
          await work([a, b]);
        },
        count,
      ),
    count,
  );
  assert.ok(most > 0 && most <= all, `${most} instances`);
};

describe("pools that share places", () => {
  it("have no more instances together than their tenant may have", () =>
    withTwoPools(2, 8, async ([a, b]) => {
      const first = await a.claim("Coder");
      const second = await b.claim("Coder");
      const third = b.claim("Reviewer");
      const fourth = a.claim("Reviewer");
      assert.deepEqual([a.pool.queued(), b.pool.queued()], [1, 1]);
      await assert.rejects(a.pool.create(a.agent("Reviewer"), "Local", "user:test"), { code: "pool_full" });
      await first.release();
      await second.release();
      for (const claimed of await Promise.all([third, fourth])) await claimed.release();
    }));

  it("end an idle instance of another pool for a claim, and tell its record why", () =>
    withTwoPools(1, 8, async ([a, b]) => {
      const first = await a.claim("Coder");
      await first.release();
      const second = await b.claim("Reviewer");
      const [last] = a.store.all("lifecycle", { instance_id: first.record().instance_id });
      assert.equal(first.record().state, "Terminated");
      assert.match(last?.cause ?? "", /its place is needed for Reviewer/);
      await second.release();
    }));

  it("serve the pool with the fewest instances first", () =>
    withTwoPools(3, 8, async ([a, b]) => {
      const held = await Promise.all(
        (["Coder", "another Coder", "Reviewer"] as const).map((name) => a.claim(name)),
      );
      const served: string[] = [];
      const claim = (pool: MemoryPool, name: AgentName, whose: string) =>
        pool.claim(name).then((claimed) => {
          served.push(whose);
          return claimed;
        });
      const waiting = [claim(a, "Coder", "a"), claim(b, "Coder", "b")];
      await held[1]?.release();
      await waiting[1];
      assert.deepEqual(served, ["b"]);
      await held[0]?.release();
      for (const claimed of await Promise.all(waiting)) await claimed.release();
      await held[2]?.release();
    }));

  it("count instances on this machine together, too", () =>
    withTwoPools(8, 1, async ([a, b]) => {
      const here = await a.claim("Coder");
      const elsewhere = await b.claim("Coder", { runtime: ["Local", "Kubernetes"] });
      assert.equal(elsewhere.record().metadata.runtime_type, "Kubernetes");
      await here.release();
      await elsewhere.release();
    }));

  it("leave their places to the others when they close", () =>
    withTwoPools(1, 8, async ([a, b]) => {
      await a.claim("Coder");
      const waiting = b.claim("Coder");
      await a.pool.close();
      await (await waiting).release();
    }));
});
