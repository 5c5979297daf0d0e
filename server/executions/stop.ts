import type { CoditectError } from "../../schemas/errors.ts";

/**
 * Why work is stopped from outside. It is the reason of the AbortSignal that stops the work, and is
 * told nowhere else.
 *
 * `interrupted`: the runtime ends before the work does, so it can resume later. `cancelled`: a person
 * cancelled it. `limit`: its time is up; `error` has the reason. `run_ended`: another stage ended the run.
 */
export class Stop extends Error {
  override readonly name = "Stop";
  readonly kind: "interrupted" | "cancelled" | "limit" | "run_ended";
  readonly error: CoditectError | null;

  constructor(kind: Stop["kind"], error: CoditectError | null = null) {
    super(`stopped: ${kind}`);
    this.kind = kind;
    this.error = error;
  }
}

/** Why the signal was aborted; null: it was not, or not by a {@link Stop}. */
export const stopOf = (signal: AbortSignal): Stop | null =>
  signal.reason instanceof Stop ? signal.reason : null;
