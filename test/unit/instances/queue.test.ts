import assert from "node:assert/strict";
import fc from "fast-check";
import { CoditectError } from "../../../schemas/errors.ts";
import type { ClaimRequest } from "../../../server/instances/pool.ts";
import { createClaimQueue, fairOrder } from "../../../server/instances/pool/queue.ts";
import type { Waiting } from "../../../server/instances/pool/queue.ts";

const NOW = 1_000_000;
const none = new Map<string, number>();
const entry = (task: string, arrival: number, priority = 0, since = NOW): Waiting => ({
  task_id: task,
  priority,
  arrival,
  since,
});
const order = (waiting: Waiting[], working: ReadonlyMap<string, number> = none): number[] =>
  fairOrder(waiting, working, NOW).map(({ arrival }) => arrival);

const waitingLists = fc
  .array(
    fc.record({
      task_id: fc.constantFrom("a", "b", "c"),
      priority: fc.integer({ min: -3, max: 3 }),
      waited: fc.integer({ min: 0, max: 200_000 }),
    }),
    { maxLength: 20 },
  )
  .map((list) =>
    list.map(({ task_id, priority, waited }, arrival) => entry(task_id, arrival, priority, NOW - waited)),
  );

describe("the fair queue", () => {
  it("serves a higher priority first", () => {
    assert.deepEqual(order([entry("a", 0), entry("b", 1, 5), entry("c", 2, -5)]), [1, 0, 2]);
  });

  it("lets two runs alternate, however many claims one of them brings", () => {
    const waiting = [entry("a", 0), entry("a", 1), entry("a", 2), entry("b", 3), entry("b", 4)];
    assert.deepEqual(order(waiting), [0, 3, 1, 4, 2]);
  });

  it("prefers the run that has fewer instances at work", () => {
    assert.deepEqual(order([entry("a", 0), entry("b", 1)], new Map([["a", 2]])), [1, 0]);
  });

  it("lets nothing wait forever: half a minute counts as one step of priority", () => {
    assert.deepEqual(order([entry("a", 1, 2), entry("b", 0, 0, NOW - 90_000)]), [0, 1]);
  });

  it("keeps every claim exactly once", () => {
    fc.assert(
      fc.property(waitingLists, (waiting) => {
        assert.deepEqual(
          order(waiting).toSorted((a, b) => a - b),
          waiting.map(({ arrival }) => arrival),
        );
      }),
    );
  });

  it("keeps the order of arrival within a run and priority", () => {
    fc.assert(
      fc.property(waitingLists, (waiting) => {
        const alike = waiting
          .filter(({ task_id }) => task_id === "a")
          .map((one) => ({ ...one, priority: 0, since: NOW }));
        const sorted = order(alike);
        assert.deepEqual(
          sorted,
          sorted.toSorted((a, b) => a - b),
        );
      }),
    );
  });
});

describe("the claims that wait", () => {
  const LIMIT = 5;
  type Step =
    { kind: "add"; task: string; priority: number } | { kind: "serve" } | { kind: "cancel"; which: number };
  const steps = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant("add" as const),
        task: fc.constantFrom("a", "b"),
        priority: fc.integer({ min: -2, max: 2 }),
      }),
      fc.record({ kind: fc.constant("serve" as const) }),
      fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(10) }),
    ),
    { maxLength: 40 },
  );

  /** A claim as the queue sees it: nothing else of the request is looked at before it is served. */
  const claimOf = (task: string, priority: number) => {
    const controller = new AbortController();
    const told: number[] = [];
    const onQueued = (place: number): void => void told.push(place);
    const request = {
      task_id: task,
      priority,
      signal: controller.signal,
      onQueued,
    } as unknown as ClaimRequest;
    return { controller, told, request };
  };

  it("know their place at every moment, end once, and are never more than may wait", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list: Step[]) => {
        const queue = createClaimQueue(
          () => LIMIT,
          () => none,
        );
        const waiting: ReturnType<typeof claimOf>[] = [];
        const ends: Promise<void>[] = [];
        const expect = (promise: Promise<unknown>, code: string): void => {
          ends.push(
            assert.rejects(promise, (error) => error instanceof CoditectError && error.code === code),
          );
        };
        for (const step of list) {
          if (step.kind === "add") {
            const claim = claimOf(step.task, step.priority);
            const isFull = waiting.length >= LIMIT;
            expect(queue.add(claim.request, NOW), isFull ? "queue_full" : "cancelled");
            if (!isFull) waiting.push(claim);
          } else if (step.kind === "cancel" && waiting.length > 0) {
            const [gone] = waiting.splice(step.which % waiting.length, 1);
            gone?.controller.abort();
          } else if (step.kind === "serve") {
            const next = queue.inOrder(NOW)[0];
            if (next === undefined) continue;
            queue.take(next);
            const at = waiting.findIndex(({ request }) => request === next.request);
            const [served] = waiting.splice(at, 1);
            if ((served?.told.length ?? 0) > 0) assert.equal(served?.told.at(-1), 0);
          }
          queue.tellPlaces(NOW);
          const order = queue.inOrder(NOW).map(({ request }) => request);
          assert.equal(order.length, waiting.length);
          for (const { request, told } of waiting) assert.equal(told.at(-1), order.indexOf(request) + 1);
        }
        // Also those that were being served: nobody waits for an answer that never comes.
        queue.close();
        await Promise.all(ends);
      }),
    );
  });
});
