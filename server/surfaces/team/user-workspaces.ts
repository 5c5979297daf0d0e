import { Uuid } from "../../../schemas/primitives.ts";
import { fail } from "../../../schemas/errors.ts";
import type { Api } from "../rest/api.ts";
import { type ApiOptions, apiOf, type ServedWorkspace } from "./served.ts";
import { isAtWork } from "./work.ts";

/** A runtime over the copy of a user's workspace. */
export interface UserWorkspace extends ServedWorkspace {
  close(): Promise<void>;
}

/** Opens or creates a workspace of a user. Error: `too_many_workspaces`. */
export type OpenWorkspace = (user: string, workspaceId: string) => Promise<UserWorkspace>;

type Opened = UserWorkspace & { api: Api };

interface Entry {
  opening: Promise<Opened>;
  /** Requests and event streams that use it. */
  uses: number;
  /** A timer that runs while nobody uses it. */
  idle: NodeJS.Timeout | null;
}

/** A workspace without users and active runs is closed after this time. */
const IDLE_MS = 5 * 60 * 1000;
const PREFIX = "/workspaces/";

/** `/workspaces/ID/api/agents` → the ID, and the address in that workspace. Null: it names no workspace. */
export const workspaceIn = (pathname: string): { workspaceId: string; rest: string } | null => {
  if (!pathname.startsWith(PREFIX)) return null;
  const [id = "", ...rest] = pathname.slice(PREFIX.length).split("/");
  const workspaceId = Uuid.safeParse(id.toLowerCase());
  if (!workspaceId.success || rest.length === 0) return null;
  return { workspaceId: workspaceId.data, rest: `/${rest.join("/")}` };
};

/** The workspaces of one tenant's users. Each is opened when it is first asked for. */
export class UserWorkspaces {
  readonly #open: OpenWorkspace | null;
  readonly #options: ApiOptions & { idleMs?: number };
  readonly #entries = new Map<string, Entry>();
  /** Workspaces that are closing. Their state folder is not free yet. */
  readonly #closing = new Map<string, Promise<unknown>>();
  #isClosed = false;

  constructor(open: OpenWorkspace | null, options: ApiOptions & { idleMs?: number }) {
    this.#open = open;
    this.#options = options;
  }

  /**
   * The workspace of a user until `release` is called. Other users cannot find it. Errors: `not_found`,
   * `draining`, `too_many_workspaces`.
   */
  async use(user: string, workspaceId: string): Promise<{ api: Api; release: () => void }> {
    if (this.#open === null) throw fail("not_found", { kind: "workspace", id: workspaceId });
    const name = `${workspaceId} ${user}`;
    await this.#closing.get(name);
    if (this.#isClosed) throw fail("draining", { seconds: 5 });
    const entry = this.#entries.get(name) ?? this.#begin(name, this.#open(user, workspaceId));
    entry.uses += 1;
    if (entry.idle !== null) clearTimeout(entry.idle);
    entry.idle = null;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      entry.uses -= 1;
      if (entry.uses === 0) this.#wait(name, entry);
    };
    try {
      const { api } = await entry.opening;
      return { api, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Open workspaces. */
  async opened(): Promise<Opened[]> {
    const settled = await Promise.allSettled([...this.#entries.values()].map(({ opening }) => opening));
    return settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  /** Closes all workspaces and opens no others. Error: the first one. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await this.opened();
    for (const { idle } of this.#entries.values()) if (idle !== null) clearTimeout(idle);
    this.#entries.clear();
    await Promise.all(this.#closing.values());
    for (const { api } of opened) api.history.close();
    const results = await Promise.allSettled(opened.map((each) => each.close()));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  #begin(name: string, opened: Promise<UserWorkspace>): Entry {
    const opening = opened.then((workspace) => ({ ...workspace, api: apiOf(workspace, this.#options) }));
    const entry: Entry = { opening, uses: 0, idle: null };
    this.#entries.set(name, entry);
    // The next request tries again.
    opening.catch(() => {
      this.#forget(name, entry);
    });
    return entry;
  }

  #forget(name: string, entry: Entry): void {
    if (this.#entries.get(name) === entry) this.#entries.delete(name);
  }

  #wait(name: string, entry: Entry): void {
    entry.idle = setTimeout(() => {
      void this.#closeIdle(name, entry);
    }, this.#options.idleMs ?? IDLE_MS);
    entry.idle.unref();
  }

  async #closeIdle(name: string, entry: Entry): Promise<void> {
    const workspace = await entry.opening.catch(() => null);
    if (workspace === null || entry.uses > 0 || this.#entries.get(name) !== entry) return;
    if (isAtWork(workspace)) {
      this.#wait(name, entry);
      return;
    }
    this.#forget(name, entry);
    workspace.api.history.close();
    const closed = workspace
      .close()
      .catch(() => undefined)
      .finally(() => this.#closing.delete(name));
    this.#closing.set(name, closed);
  }
}
