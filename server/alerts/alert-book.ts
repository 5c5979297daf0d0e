import type { Alert, AlertCause } from "../../schemas/alerts.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import { acknowledgeAlert, clearAlert, isWorse, keepAlert, raiseAlert } from "../models/alert.ts";
import type { Log } from "../platform/log.ts";
import { namedUuid } from "../platform/named-uuid.ts";
import type { Store } from "../store/store.ts";

export interface AlertBookParts {
  store: Store;
  /** What is wrong on a day, at the moment. */
  causes: (day: string) => readonly AlertCause[];
  /** Delivers a change to the webhook; never rejects. */
  deliver: (alert: Alert) => Promise<void>;
  emit: (event: RuntimeEvent) => void;
  now: () => Timestamp;
  log: Log;
}

/** What may change a cause; the rest of the events says nothing new. */
const telling: ReadonlySet<RuntimeEvent["type"]> = new Set([
  "execution.changed",
  "instance.changed",
  "model.usage",
  "tool.called",
  "run.finished",
  "configuration.changed",
]);

/** A burst of events is looked at once. */
const PAUSE_MS = 1000;
const DAY_MS = 86_400_000;
/** A receiver that does not answer must not keep a command from its end. */
const LAST_DELIVERY_MS = 2000;

/**
 * The alerts of a workspace. An alert is raised once a day for each cause, kept while the cause is
 * there, and cleared when it is gone; each change is stored, sent as an event, and delivered.
 */
export class AlertBook {
  readonly #parts: AlertBookParts;
  readonly #deliveries = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  /** Fires at the end of the day, so that open alerts are cleared without waiting for an event. */
  #dayEnd: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(parts: AlertBookParts) {
    this.#parts = parts;
  }

  /** Looks for causes soon if the event can have changed one. */
  follow(event: RuntimeEvent): void {
    if (telling.has(event.type)) this.lookSoon();
  }

  /** Looks for causes soon, because something that affects them has changed. */
  lookSoon(): void {
    if (this.#timer !== null || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.check().catch(this.#report);
    }, PAUSE_MS).unref();
  }

  /** Updates the alerts from their causes; resolves when that is durable. */
  async check(): Promise<void> {
    const { store, now, causes } = this.#parts;
    if (store.readOnlyReason !== null) return;
    const at = now();
    const day = at.slice(0, 10);
    const present = new Map(causes(day).map((cause) => [idOf(store.tenantId, day, cause), cause]));
    const changed: Alert[] = [];
    for (const alert of store.all("alerts", { open: true }))
      if (!present.has(alert.alert_id)) changed.push(clearAlert(alert, at));
    for (const [alert_id, cause] of present) {
      const known = store.get("alerts", alert_id);
      const { tenantId: tenant_id } = store;
      const next =
        known === null ? raiseAlert(cause, { alert_id, tenant_id, day }, at) : keepAlert(known, cause);
      if (next !== known) changed.push(next);
    }
    this.#followDay(at, present.size > 0);
    await this.#put(changed, at);
  }

  #followDay(at: Timestamp, hasOpen: boolean): void {
    if (this.#dayEnd !== null) clearTimeout(this.#dayEnd);
    this.#dayEnd = null;
    if (!hasOpen || this.#isClosed) return;
    this.#dayEnd = setTimeout(
      () => {
        this.check().catch(this.#report);
      },
      DAY_MS - (Date.parse(at) % DAY_MS),
    ).unref();
  }

  /** Acknowledges it. `alert` is the stored one. */
  async acknowledge(alert: Alert, actor: string): Promise<Alert> {
    const at = this.#parts.now();
    const acknowledged = acknowledgeAlert(alert, actor, at);
    if (acknowledged !== alert) await this.#put([acknowledged], at);
    return acknowledged;
  }

  /** Looks a last time, and waits a moment for what is being delivered. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of [this.#timer, this.#dayEnd]) if (timer !== null) clearTimeout(timer);
    await this.check().catch(this.#report);
    const deadline = Promise.withResolvers<undefined>();
    const timer = setTimeout(deadline.resolve, LAST_DELIVERY_MS, undefined);
    await Promise.race([Promise.all(this.#deliveries), deadline.promise]);
    clearTimeout(timer);
  }

  readonly #report = (error: unknown): void => {
    this.#parts.log("warn", "could not check for alerts", { error: String(error) });
  };

  async #put(changed: readonly Alert[], at: Timestamp): Promise<void> {
    if (changed.length === 0) return;
    const { store, emit, deliver } = this.#parts;
    const isFirst = new Map(
      changed.map(({ alert_id, severity }) => {
        const known = store.get("alerts", alert_id);
        return [alert_id, known === null || isWorse(severity, known)];
      }),
    );
    await store.commit((transaction) => {
      for (const alert of changed) transaction.put("alerts", alert);
    });
    for (const alert of changed) {
      emit({ type: "alert.changed", at, alert, first: isFirst.get(alert.alert_id) === true });
      const delivery = deliver(alert).finally(() => this.#deliveries.delete(delivery));
      this.#deliveries.add(delivery);
    }
  }
}

/** The same cause on the same day gives the same alert. Alerts of different workspaces are different. */
const idOf = (tenantId: string, day: string, { alert, subject }: AlertCause): string =>
  namedUuid(`alert ${tenantId} ${day} ${alert} ${subject}`);
