import assert from "node:assert/strict";
import fc from "fast-check";
import type { Alert, AlertCause } from "../../../schemas/alerts.ts";
import type { RuntimeEvent } from "../../../schemas/events.ts";
import { AlertBook } from "../../../server/alerts/alert-book.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { TENANT } from "../../support/records.ts";

const cause = (subject: string, isCritical: boolean): AlertCause => ({
  alert: "provider_errors",
  severity: isCritical ? "critical" : "warning",
  subject,
  message: `${subject} fails${isCritical ? ", and nothing goes on" : ""}`,
});
const subjects = ["Claude", "Gemini", "Ollama"];

/** What can happen to a book: causes come and go, somebody acknowledges, the day ends. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("causes" as const), present: fc.subarray(subjects) }),
  fc.record({ kind: fc.constant("acknowledge" as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant("midnight" as const) }),
);

/** A book over causes and a clock that the test sets. */
const openBook = (tenantId: string = TENANT) => {
  const store = memoryStore(tenantId);
  const world = { present: [] as readonly string[], critical: false, minutes: 0 };
  const cleared = Promise.withResolvers<Alert>();
  const start = () => {
    const events: Extract<RuntimeEvent, { type: "alert.changed" }>[] = [];
    const delivered: Alert[] = [];
    const book = new AlertBook({
      store,
      causes: () => world.present.map((subject) => cause(subject, world.critical)),
      deliver: (alert) => {
        delivered.push(alert);
        return Promise.resolve();
      },
      emit: (event) => {
        if (event.type !== "alert.changed") return;
        events.push(event);
        if (event.alert.status === "Cleared") cleared.resolve(event.alert);
      },
      now: () => new Date(Date.UTC(2026, 0, 31) + world.minutes * 60_000).toISOString(),
      log: () => undefined,
    });
    return { book, events, delivered };
  };
  return { ...start(), store, world, cleared: cleared.promise, restart: start };
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

  it("are raised again when they become critical, but not when they become less severe", async () => {
    const { book, store, events, delivered, world } = openBook();
    world.present = ["Claude"];
    await book.check();
    const [warned] = store.all("alerts");
    assert.ok(warned);
    await book.acknowledge(warned, "user:cli");
    world.critical = true;
    await book.check();
    await book.check();
    const [critical] = store.all("alerts");
    assert.deepEqual([critical?.status, critical?.severity], ["Raised", "critical"]);
    assert.equal(critical?.message, "Claude fails, and nothing goes on");
    assert.deepEqual([events.length, events.at(-1)?.first, delivered.length], [3, true, 3]);
    await book.acknowledge(critical, "user:cli");
    world.critical = false;
    await book.check();
    const [mild] = store.all("alerts");
    assert.deepEqual([mild?.status, mild?.severity], ["Acknowledged", "warning"]);
    assert.equal(events.at(-1)?.first, false);
  });

  it("of two workspaces are separate", async () => {
    const ids = [];
    for (const tenant_id of ["00000000-0000-4000-8000-00000000000a", TENANT]) {
      const { book, store, world } = openBook(tenant_id);
      world.present = ["Claude"];
      await book.check();
      ids.push(...store.all("alerts").map(({ alert_id }) => alert_id));
    }
    assert.equal(new Set(ids).size, 2);
  });

  it("are cleared at the end of their day without an event", async () => {
    const { book, world, cleared } = openBook();
    world.present = ["Claude"];
    world.minutes = 24 * 60 - 0.001;
    await book.check();
    world.present = [];
    world.minutes += 1;
    assert.equal((await cleared).cleared_at, "2026-02-01T00:00:59.940Z");
    await book.close();
  });

  it("stay the same after a restart of their runtime, and are not raised again", async () => {
    const { book, store, world, restart } = openBook();
    world.present = ["Claude"];
    await book.check();
    const before = store.all("alerts");
    await book.close();
    const { book: next, events } = restart();
    await next.check();
    assert.deepEqual([store.all("alerts"), events], [before, []]);
  });

  it("are looked for a last time when the book is closed", async () => {
    const { book, store, world } = openBook();
    world.present = ["Claude"];
    await book.close();
    assert.equal(store.all("alerts", { open: true }).length, 1);
  });
});
