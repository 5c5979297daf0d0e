import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Alert } from "../../schemas/alerts.ts";
import { CoditectError } from "../../schemas/errors.ts";
import type { Settings } from "../../schemas/settings.ts";
import type { Log } from "../platform/log.ts";
import type { CheckedFetch } from "../tools/checked-fetch.ts";

export interface WebhookParts {
  /** Absolute path; receivers get the folder's name alone. */
  workspace: string;
  settings: Pick<Settings, "alerts" | "allowed_hosts">;
  log: Log;
}

const DEADLINE_MS = 5000;
const PAUSES_MS = [0, 500, 2000];

/** Whether another try can help: the receiver is overloaded or out of order. */
const isPassing = (status: number): boolean => status === 429 || status >= 500;

/** Sends each change of an alert to the address of the setting `alerts.webhook`. */
export class AlertWebhook {
  readonly #parts: WebhookParts;
  readonly #closing = new AbortController();
  #connection: Promise<CheckedFetch> | null = null;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  /** Never rejects: a receiver that cannot be reached is logged. */
  async deliver(alert: Alert): Promise<void> {
    const url = this.#parts.settings.alerts.webhook;
    if (url === null) return;
    const problem = await this.#send(url, alert);
    if (problem === null) return;
    // Without the address: it may hold a secret.
    const details = { host: new URL(url).host, alert: alert.alert, error: problem };
    this.#parts.log("warn", "an alert could not be sent to the webhook", details);
  }

  /** Gives up what is not delivered yet. */
  async close(): Promise<void> {
    this.#closing.abort();
    await (await this.#connection)?.close();
  }

  /** Why it did not arrive, or null. */
  async #send(url: string, alert: Alert): Promise<string | null> {
    const body = JSON.stringify({ workspace: basename(this.#parts.workspace), alert });
    let problem: string | null = null;
    for (const pause of PAUSES_MS) {
      try {
        await wait(pause, undefined, { ref: false, signal: this.#closing.signal });
        const status = await this.#post(url, body);
        if (status < 300) return null;
        problem = `it answered ${status}`;
        if (!isPassing(status)) return problem;
      } catch (error) {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        problem = cause instanceof Error ? cause.message : String(cause);
        if (cause instanceof CoditectError || this.#closing.signal.aborted) return problem;
      }
    }
    return problem;
  }

  async #post(url: string, body: string): Promise<number> {
    const { fetch } = await this.#connect();
    const headers = { "content-type": "application/json" };
    const signal = AbortSignal.any([AbortSignal.timeout(DEADLINE_MS), this.#closing.signal]);
    const response = await fetch(url, { method: "POST", headers, body, signal });
    await response.body?.cancel();
    return response.status;
  }

  /** Loaded when the first alert is sent: most users have no webhook. */
  #connect(): Promise<CheckedFetch> {
    const { settings } = this.#parts;
    this.#connection ??= import("../tools/checked-fetch.ts").then(({ createCheckedFetch }) =>
      createCheckedFetch(() => settings.allowed_hosts),
    );
    return this.#connection;
  }
}
