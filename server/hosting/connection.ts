import type { Method, MethodInput, MethodResult } from "../../schemas/contract.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";

/** A runtime that a surface talks to: one of this process, or of another process that owns the state. */
export interface Connection {
  /** Errors: those of the method. */
  call<M extends Method>(method: M, params: MethodInput<M>): Promise<MethodResult<M>>;
  subscribe(listener: (event: RuntimeEvent) => void): () => void;
  /** Whether another process owns the runtime. Its keys, addresses and settings apply then. */
  readonly isAttached: boolean;
  /** Rejects if the runtime goes away; never resolves. */
  lost: Promise<never>;
  /** Ends a runtime that this process started. Leaves any other runtime running. */
  close(): Promise<void>;
}
