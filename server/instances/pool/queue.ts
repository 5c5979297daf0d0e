import { fail } from "../../../schemas/errors.ts";
import type { ClaimedInstance, ClaimRequest } from "../pool.ts";

/** A waiting claim. */
export interface Waiting {
  task_id: string;
  /** Claims with a higher priority are served first. */
  priority: number;
  /** A number that increases with each claim. */
  arrival: number;
  /** When it started to wait, in milliseconds. */
  since: number;
}

/** Each such period of waiting raises the priority by one, so that no claim waits forever. */
const AGING_MS = 30_000;

/**
 * The order in which waiting claims are served: by priority, then by the number of instances that work for
 * their team run, then by arrival. A claim counts for its run as soon as it has its place, so that two runs
 * alternate even if one of them has more claims.
 */
export const fairOrder = <Entry extends Waiting>(
  waiting: readonly Entry[],
  working: ReadonlyMap<string, number>,
  now: number,
): Entry[] => {
  const urgency = (entry: Entry): number => entry.priority + Math.floor((now - entry.since) / AGING_MS);
  const shares = new Map(working);
  const byArrival = waiting.toSorted((a, b) => a.arrival - b.arrival);
  const placed = byArrival.map((entry) => {
    const share = shares.get(entry.task_id) ?? 0;
    shares.set(entry.task_id, share + 1);
    return { entry, share, urgency: urgency(entry) };
  });
  return placed
    .toSorted((a, b) => b.urgency - a.urgency || a.share - b.share || a.entry.arrival - b.entry.arrival)
    .map(({ entry }) => entry);
};

/** A claim in the queue that is not settled yet. */
export interface WaitingClaim extends Waiting {
  readonly request: ClaimRequest;
  /** Whether it is neither served nor cancelled. */
  isOpen(): boolean;
  resolve(claimed: ClaimedInstance): void;
  reject(error: unknown): void;
}

/** The waiting claims. A claim rejects at once when its signal aborts. */
export interface ClaimQueue {
  /** Errors: `queue_full`, `cancelled`. */
  add(request: ClaimRequest, now: number): Promise<ClaimedInstance>;
  waiting(): readonly WaitingClaim[];
  inOrder(now: number): WaitingClaim[];
  /** Removes a claim that is about to be served. */
  take(entry: WaitingClaim): void;
  putBack(entry: WaitingClaim): void;
  tellPlaces(now: number): void;
  /** Cancels the waiting claims, and those that are being served but have no instance yet. */
  close(): void;
}

export const createClaimQueue = (
  limit: () => number,
  working: () => ReadonlyMap<string, number>,
): ClaimQueue => {
  const waiting = new Set<WaitingClaim>();
  const open = new Set<WaitingClaim>();
  const places = new Map<WaitingClaim, number>();
  let arrivals = 0;

  // Counting goes through all instances, so it is only done if there is more than one claim.
  const inOrder = (now: number): WaitingClaim[] =>
    waiting.size < 2 ? [...waiting] : fairOrder([...waiting], working(), now);
  const tell = (entry: WaitingClaim, place: number): void => {
    if (places.get(entry) === place) return;
    places.set(entry, place);
    entry.request.onQueued?.(place);
  };

  return {
    add: (request, now) => {
      if (request.signal.aborted) return Promise.reject(fail("cancelled", { what: "The claim" }));
      if (waiting.size >= limit()) return Promise.reject(fail("queue_full", { count: waiting.size }));
      const { promise, resolve, reject } = Promise.withResolvers<ClaimedInstance>();
      const leave = (): void => {
        waiting.delete(entry);
        open.delete(entry);
        places.delete(entry);
        request.signal.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        entry.reject(fail("cancelled", { what: "The claim" }));
      };
      const entry: WaitingClaim = {
        request,
        task_id: request.task_id,
        priority: request.priority,
        arrival: arrivals++,
        since: now,
        isOpen: () => open.has(entry),
        resolve: (claimed) => {
          leave();
          resolve(claimed);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      request.signal.addEventListener("abort", onAbort, { once: true });
      waiting.add(entry);
      open.add(entry);
      return promise;
    },
    waiting: () => [...waiting],
    inOrder,
    take: (entry) => {
      waiting.delete(entry);
      if (places.has(entry)) tell(entry, 0);
    },
    putBack: (entry) => {
      waiting.add(entry);
    },
    tellPlaces: (now) => {
      for (const [index, entry] of inOrder(now).entries()) tell(entry, index + 1);
    },
    close: () => {
      for (const entry of open) entry.reject(fail("cancelled", { what: "The claim" }));
    },
  };
};
