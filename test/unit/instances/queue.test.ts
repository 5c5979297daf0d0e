import assert from "node:assert/strict";
import fc from "fast-check";
import { fairOrder } from "../../../server/instances/queue.ts";
import type { Waiting } from "../../../server/instances/queue.ts";

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
