import assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import type { ClaimedInstance } from "../../../server/instances/pool.ts";
import type { PoolSize } from "../../../server/instances/settings.ts";
import { canTransition } from "../../../server/models/instance.ts";
import type { Store } from "../../../server/store/store.ts";
import { withMemoryPool } from "./memory-pool.ts";
import type { AgentName } from "./memory-pool.ts";

const MINUTE = 60_000;
/** Half a minute of waiting counts as one step of priority. */
const STEP = 30_000;

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
};

/** Lets the pool work until something holds; what never comes to hold fails by the test's time. */
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await nextTurn();
};

const everyTransitionIsLegal = (store: Store): void => {
  for (const { from_state, to_state } of store.all("lifecycle")) {
    if (from_state === null || to_state === null || from_state === to_state) continue;
    assert.ok(canTransition(from_state, to_state), `${from_state} → ${to_state}`);
  }
};

describe("the pool, whatever is asked of it", () => {
  interface Client {
    agent: AgentName;
    task_id: string;
    priority: number;
    /** Turns of the event loop. */
    arrives: number;
    works: number;
    /** Stops waiting after so many; null: waits until it is served. */
    waits: number | null;
    end: "releases" | "crashes" | "is paused";
  }
  const client: fc.Arbitrary<Client> = fc.record({
    agent: fc.constantFrom("Coder", "another Coder", "Reviewer"),
    task_id: fc.constantFrom("a", "b", "c"),
    priority: fc.integer({ min: -2, max: 2 }),
    arrives: fc.nat(8),
    works: fc.nat(4),
    waits: fc.option(fc.nat(6), { freq: 3 }),
    end: fc.constantFrom("releases", "releases", "releases", "crashes", "is paused"),
  });

  it("serves every claim that waits for it, each alone, within its caps, and recycles in time", async () => {
    const settings = fc.record({
      maximum: fc.integer({ min: 1, max: 4 }),
      minimum: fc.nat(1),
      target: fc.nat(2),
      recycle_after: fc.integer({ min: 1, max: 3 }),
    });
    const holds = async (
      clients: readonly Client[],
      { recycle_after, ...size }: PoolSize & { recycle_after: number },
    ): Promise<void> => {
      const { maximum } = size;
      const held = new Set<string>();
      let served = 0;
      await withMemoryPool(
        { maximum, sizes: { other: size }, recycle_after },
        async ({ pool, store, driver, claim }) => {
          const serve = async ({ agent, arrives, waits, works, end, ...request }: Client): Promise<void> => {
            await turns(arrives);
            const giveUp = new AbortController();
            if (waits !== null)
              void turns(waits).then(() => {
                giveUp.abort();
              });
            const claimed = await claim(agent, { ...request, signal: giveUp.signal }).catch(
              (error: unknown) => {
                assert.ok(giveUp.signal.aborted, String(error));
                return null;
              },
            );
            if (claimed === null) return;
            served += 1;
            const { instance_id } = claimed.record();
            assert.ok(!held.has(instance_id), "two work on one instance");
            held.add(instance_id);
            await turns(works);
            if (end === "crashes") driver.crash(instance_id);
            if (end === "is paused") await pool.setState(instance_id, "Paused", "user:test", "asked for");
            held.delete(instance_id);
            await claimed.release();
          };
          await Promise.all(clients.map(serve));
          assert.equal(pool.queued(), 0);
          everyTransitionIsLegal(store);
          const assigned = store.all("lifecycle").filter(({ event_type }) => event_type === "TaskAssigned");
          assert.ok(assigned.length >= served && assigned.length <= clients.length);
          await until(() => store.all("instances").every(({ state }) => state !== "Working"));
          for (const [id, claims] of Map.groupBy(assigned, ({ instance_id }) => instance_id)) {
            assert.ok(claims.length <= recycle_after, `${id} served ${claims.length}`);
          }
        },
        (_event, { active }) => {
          assert.ok(active() <= maximum, `${active()} instances of ${maximum}`);
        },
      );
    };
    await fc.assert(fc.asyncProperty(fc.array(client, { minLength: 1, maxLength: 20 }), settings, holds), {
      numRuns: 60,
      timeout: 5000,
    });
  });

  describe("as time goes by", () => {
    beforeEach(() => {
      mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.parse("2026-01-01") });
    });
    afterEach(() => {
      mock.timers.reset();
    });

    it("grows with the queue to its maximum, and idles down to its spares, never below the minimum", async () => {
      const size = fc
        .record({ minimum: fc.nat(2), target: fc.nat(2), above: fc.integer({ min: 1, max: 3 }) })
        .map(({ minimum, target, above }) => ({
          minimum,
          target,
          maximum: Math.max(minimum, target) + above,
        }));
      const bursts = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 });
      const holds = async (sizes: PoolSize, asked: readonly number[]): Promise<void> => {
        let floor = 0;
        await withMemoryPool(
          { maximum: 20, sizes: { other: sizes }, idle_minutes: 5, recycle_after: 1000 },
          async ({ claim, active, pool, store }) => {
            for (const count of asked) {
              const served: ClaimedInstance[] = [];
              const all = Array.from({ length: count }, () => claim("Coder").then((one) => served.push(one)));
              await until(() => served.length === Math.min(count, sizes.maximum));
              assert.equal(pool.queued(), Math.max(0, count - sizes.maximum));
              for (let next = 0; next < count; next += 1) {
                await until(() => served.length > next);
                await served[next]?.release();
              }
              await Promise.all(all);
              const spares = Math.max(sizes.minimum, sizes.target);
              await until(() => active() >= spares);
              floor = sizes.minimum;
              // The pool looks every half minute, and again half a minute after it has looked.
              const before = Date.now();
              while (Date.now() - before < 7 * MINUTE || active() !== spares) {
                mock.timers.tick(MINUTE / 2);
                await turns(2);
              }
            }
            everyTransitionIsLegal(store);
            floor = 0;
          },
          (_event, { active }) => {
            assert.ok(active() >= floor, `${active()} instances of at least ${floor}`);
            assert.ok(active() <= sizes.maximum, `${active()} instances of at most ${sizes.maximum}`);
          },
        );
      };
      await fc.assert(fc.asyncProperty(size, bursts, holds), { numRuns: 25 });
    });

    it("serves nobody before someone who is more urgent by a step, so that nobody waits forever", async () => {
      const arrival = fc.record({
        priority: fc.integer({ min: 0, max: 4 }),
        task_id: fc.constantFrom("a", "b"),
        seconds: fc.integer({ min: 1, max: 90 }),
      });
      const holds = async (arrivals: readonly { priority: number; task_id: string; seconds: number }[]) => {
        const one = { minimum: 0, target: 0, maximum: 1 };
        await withMemoryPool(
          { maximum: 1, sizes: { other: one }, recycle_after: 1000 },
          async ({ claim, pool }) => {
            const waiting = new Map<number, { priority: number; since: number }>();
            let working = await claim("Coder", { task_id: "first" });
            const urgency = ({ priority, since }: { priority: number; since: number }): number =>
              priority + Math.floor((Date.now() - since) / STEP);
            const next = { promise: Promise.resolve(working), served: -1 };
            const serveNext = async (): Promise<void> => {
              const handed = Promise.withResolvers<null>();
              onServed = () => {
                handed.resolve(null);
              };
              await working.release();
              await handed.promise;
              working = await next.promise;
              const served = waiting.get(next.served);
              waiting.delete(next.served);
              assert.ok(served !== undefined);
              for (const other of waiting.values()) {
                assert.ok(urgency(other) <= urgency(served), "someone more urgent waits on");
              }
            };
            let onServed: () => void = () => undefined;
            for (const [index, { seconds, ...request }] of arrivals.entries()) {
              mock.timers.tick(seconds * 1000);
              waiting.set(index, { priority: request.priority, since: Date.now() });
              const promise = claim("Coder", request);
              void promise.then(() => {
                Object.assign(next, { promise, served: index });
                onServed();
              });
              // More arrive than are served: every second one only makes the queue longer.
              if (index % 2 === 1) await serveNext();
            }
            while (pool.queued() > 0) await serveNext();
            await working.release();
            assert.equal(waiting.size, 0);
          },
        );
      };
      await fc.assert(fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 16 }), holds), {
        numRuns: 40,
      });
    });
  });
});
