import assert from "node:assert/strict";
import fc from "fast-check";
import type { Alert, AlertCause } from "../../../schemas/alerts.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { AlertBook } from "../../../server/alerts/alert-book.ts";
import { memoryStore } from "../../support/memory-store.ts";

const cause = (subject: string): AlertCause => ({
  alert: "provider_errors",
  severity: "warning",
  subject,
  message: `${subject} fails`,
});
const subjects = ["Claude", "Gemini", "Ollama"];

/** What can happen to a book: causes come and go, somebody acknowledges, the day ends. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("causes" as const), present: fc.subarray(subjects) }),
  fc.record({ kind: fc.constant("acknowledge" as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant("midnight" as const) }),
);

/** A book over causes and a clock that the test sets. */
const openBook = () => {
  const store = memoryStore();
  const events: Extract<RuntimeEvent, { type: "alert.changed" }>[] = [];
  const delivered: Alert[] = [];
  const world = { present: [] as readonly string[], minutes: 0 };
  const book = new AlertBook({
    store,
    causes: () => world.present.map(cause),
    deliver: (alert) => {
      delivered.push(alert);
      return Promise.resolve();
    },
    emit: (event) => {
      if (event.type === "alert.changed") events.push(event);
    },
    now: () => new Date(Date.UTC(2026, 0, 31) + world.minutes * 60_000).toISOString(),
    log: () => undefined,
  });
  return { book, store, events, delivered, world };
};

describe("alerts", () => {
  it("are raised once a day for each cause, open while it is there, and acknowledged for the day", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { book, store, events, delivered, world } = openBook();
        for (const each of steps) {
          world.minutes += 1;
          if (each.kind === "causes") world.present = each.present;
          else if (each.kind === "midnight") world.minutes += 24 * 60;
          else {
            const alerts = store.all("alerts");
            const alert = alerts[each.index % Math.max(1, alerts.length)];
            if (alert !== undefined) await book.acknowledge(alert, "user:cli");
          }
          await book.check();

          const open = store.all("alerts", { open: true });
          assert.deepEqual(open.map(({ subject }) => subject).sort(), [...world.present].sort());
          for (const alert of store.all("alerts")) {
            assert.equal(alert.status === "Cleared", alert.cleared_at !== null);
            assert.ok(alert.status !== "Acknowledged" || alert.acknowledged_at !== null);
            // Who has acknowledged is not alarmed again.
            assert.ok(alert.status !== "Raised" || alert.acknowledged_at === null);
            assert.ok((alert.cleared_at ?? alert.raised_at) >= alert.raised_at);
          }
        }
        const days = store.all("alerts").map(({ day, subject }) => `${day} ${subject}`);
        assert.equal(new Set(days).size, days.length, "one alert for a cause and a day");
        assert.equal(events.filter(({ first }) => first).length, days.length, "each is first once");
        assert.deepEqual(
          events.map(({ alert }) => alert),
          delivered,
        );
        for (const { alert_id } of store.all("alerts")) {
          const last = events.findLast(({ alert }) => alert.alert_id === alert_id);
          assert.deepEqual(last?.alert, store.get("alerts", alert_id), "the last event is what is stored");
        }
      }),
    ));

  it("change nothing where nothing has changed", async () => {
    const { book, events, world } = openBook();
    world.present = ["Claude"];
    await book.check();
    await book.check();
    assert.equal(events.length, 1);
  });

  it("are looked for a last time when the book is closed", async () => {
    const { book, store, world } = openBook();
    world.present = ["Claude"];
    await book.close();
    assert.equal(store.all("alerts", { open: true }).length, 1);
  });
});
