import { setTimeout as wait } from "node:timers/promises";
import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import { CoditectError, fail } from "../../schemas/errors.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Log } from "../platform/log.ts";
import type { Attached } from "./attach.ts";
import { readEvents, RestClient } from "./rest-client.ts";

export interface TeamConnectionOptions {
  /** `https://coditect.example:8443`. */
  url: string;
  token: string;
  /** UUID of the workspace on the server. */
  workspaceId: string;
  log: Log;
  /** Longest silence of the server, which says every 15 s that it is still there. */
  silenceMs?: number;
}

/** Longest the server may take to answer the first request. */
const FIRST_ANSWER_MS = 15_000;
const SILENCE_MS = 45_000;
/** Pauses between attempts to reach the server again; the last one repeats. */
const PAUSES_MS = [250, 1000, 2000, 5000, 10_000, 30_000];

/** Another attempt cannot succeed: the token or what was asked is wrong, or events were missed for good. */
const final: ReadonlySet<string> = new Set([
  "unauthenticated",
  "token_refused",
  "not_found",
  "too_many_workspaces",
  "runtime_gone",
]);
const isFinal = (error: unknown): boolean => error instanceof CoditectError && final.has(error.code);

const reasonOf = (error: unknown): string => {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
};

/** The token is all that a user of such a server can change. */
const ofTeam = (error: unknown): unknown =>
  error instanceof CoditectError && error.code === "unauthenticated"
    ? fail("token_refused", { problem: "is not one of this server" }, { cause: error })
    : error;

/**
 * A workspace on a team server. A broken connection is made again, and the events in between are
 * delivered then.
 */
export class TeamConnection implements Attached {
  readonly #url: string;
  readonly #log: Log;
  readonly #silenceMs: number;
  readonly #client: RestClient;
  readonly #leaving = new AbortController();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #reachListeners = new Set<(isReached: boolean) => void>();
  #isReached = true;
  readonly lost: Promise<never>;

  private constructor({ url, token, workspaceId, log, silenceMs = SILENCE_MS }: TeamConnectionOptions) {
    this.#url = url;
    this.#log = log;
    this.#silenceMs = silenceMs;
    this.#client = new RestClient({
      url: `${url.replace(/\/+$/, "")}/workspaces/${workspaceId}`,
      token,
      leaving: this.#leaving.signal,
      unreachable: (error) => fail("server_unreachable", { url, reason: reasonOf(error) }, { cause: error }),
      packs: true,
    });
    this.lost = this.#follow();
    this.lost.catch(() => undefined);
  }

  /** Errors: `server_unreachable`, `token_refused`, and those of `runtime/status`. */
  static async open(options: TeamConnectionOptions): Promise<TeamConnection> {
    const connection = new TeamConnection(options);
    try {
      await connection.call("runtime/status", {}, AbortSignal.timeout(FIRST_ANSWER_MS));
      return connection;
    } catch (error) {
      await connection.close();
      const isSilent = error instanceof CoditectError && error.code === "cancelled";
      throw isSilent ? fail("server_unreachable", { url: options.url, reason: "it does not answer" }) : error;
    }
  }

  async call<M extends Method>(
    method: M,
    params: MethodInput<M>,
    signal: AbortSignal,
  ): Promise<MethodResult<M>> {
    try {
      return await this.#client.call(method, params, signal);
    } catch (error) {
      throw ofTeam(error);
    }
  }

  subscribe(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when the server is out of reach, also if it is so already, and when it answers again. */
  onReach(listener: (isReached: boolean) => void): () => void {
    this.#reachListeners.add(listener);
    if (!this.#isReached) listener(false);
    return () => this.#reachListeners.delete(listener);
  }

  #reach(isReached: boolean): void {
    if (isReached === this.#isReached) return;
    this.#isReached = isReached;
    for (const listener of this.#reachListeners) listener(isReached);
  }

  close(): Promise<void> {
    this.#leaving.abort();
    return Promise.resolve();
  }

  /** Tells of events until the token is refused, or events were missed that the server does not know any more. */
  async #follow(): Promise<never> {
    const last: { id: string | null } = { id: null };
    for (let failures = 0; ;) {
      try {
        await this.#listen(last, () => {
          failures = 0;
          this.#reach(true);
        });
      } catch (error) {
        if (this.#leaving.signal.aborted || isFinal(error)) throw ofTeam(error);
        this.#reach(false);
        this.#log("warn", "The connection to the team server broke", {
          url: this.#url,
          reason: reasonOf(error),
        });
      }
      const pause = PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)] ?? 0;
      failures += 1;
      await wait(pause, null, { signal: this.#leaving.signal });
    }
  }

  /** One stream of events, until it breaks, ends, or is silent for too long. */
  async #listen(last: { id: string | null }, alive: () => void): Promise<void> {
    const silent = new AbortController();
    const watch = setTimeout(() => {
      silent.abort(new Error("the server is silent"));
    }, this.#silenceMs);
    watch.unref();
    try {
      const stream = await this.#client.stream(last.id, silent.signal);
      const heard = (): void => {
        alive();
        watch.refresh();
      };
      for await (const { id, event, areLost } of readEvents(stream, heard)) {
        if (areLost) throw fail("runtime_gone", { how: "events of the server were missed" });
        last.id = id ?? last.id;
        if (event !== null) for (const listener of this.#listeners) listener(event);
      }
    } finally {
      clearTimeout(watch);
    }
  }
}
