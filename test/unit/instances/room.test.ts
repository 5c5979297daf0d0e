import assert from "node:assert/strict";
import { withMemoryPool } from "./memory-pool.ts";

const sizes = (minimum: number, maximum: number) => ({ other: { minimum, target: 0, maximum } });

describe("room in a pool that is full", () => {
  it("is made for a claim by ending the spare of another agent, which nobody waits for", () =>
    withMemoryPool({ maximum: 1, sizes: sizes(1, 1) }, async ({ claim, store }) => {
      const first = await claim("Coder");
      await first.release();
      const second = await claim("Reviewer");
      assert.equal(first.record().state, "Terminated");
      const [last] = store.all("lifecycle", { instance_id: first.record().instance_id });
      assert.match(last?.cause ?? "", /its place is needed for Reviewer/);
      await second.release();
    }));

  it("is made where as many of one type run as may, though other types have room", () =>
    withMemoryPool({ maximum: 8, sizes: sizes(0, 1) }, async ({ claim }) => {
      const first = await claim("Coder");
      const reviewer = await claim("Reviewer");
      await first.release();
      await reviewer.release();
      await (await claim("another Coder")).release();
      assert.deepEqual([first.record().state, reviewer.record().state], ["Terminated", "Idle"]);
    }));

  it("is not made for an instance asked for by hand while all work", () =>
    withMemoryPool({ maximum: 1, sizes: sizes(0, 1) }, async ({ claim, pool, agent }) => {
      const working = await claim("Coder");
      await assert.rejects(pool.create(agent("Reviewer"), "Local", "user:test"), { code: "pool_full" });
      await working.release();
      assert.equal((await pool.create(agent("Reviewer"), "Local", "user:test")).state, "Idle");
    }));

  it("is not taken back at once for a spare of the agent that gave way", () =>
    withMemoryPool({ maximum: 8, sizes: sizes(0, 8) }, async ({ claim, store }) => {
      for (let round = 0; round < 3; round += 1) await (await claim("Coder")).release();
      const reviewer = await claim("Reviewer");
      await reviewer.release();
      await (await claim("Reviewer")).release();
      const warmed = store.all("lifecycle").filter(({ cause }) => cause === "warmed ahead of need");
      assert.deepEqual(warmed, []);
    }));
});
