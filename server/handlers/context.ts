import type { Method, MethodParams, MethodResult, Role } from "../../schemas/contract.ts";
import type { RuntimeEvent } from "../../schemas/events.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Changes } from "../changes/changes.ts";
import type { ModelGateway } from "../gateway/gateway.ts";
import type { Pool } from "../instances/pool.ts";
import type { Store } from "../store/store.ts";
import type { Runs } from "../teams/runs.ts";

/** Who calls: what they may do, and the surface for the audit trail (`cli`, `editor`, `rest`). */
export interface Caller {
  role: Role;
  surface: string;
}

/** One handler per row of the contract, called with parsed params. */
export type Handlers = {
  [M in Method]: (
    params: MethodParams<M>,
    caller: Caller,
    signal: AbortSignal,
  ) => MethodResult<M> | Promise<MethodResult<M>>;
};

type Group = Method extends `${infer Name}/${string}` ? Name : never;
/** The handlers of some groups: `HandlersOf<"agents">` are those of `agents/…`. */
export type HandlersOf<Name extends Group> = Pick<Handlers, Extract<Method, `${Name}/${string}`>>;

/** The parts of a runtime that handlers work with. */
export interface HandlerContext {
  store: Store;
  pool: Pool;
  gateway: ModelGateway;
  runs: Runs;
  changes: Changes;
  emit: (event: RuntimeEvent) => void;
  now: () => Timestamp;
  /** Of this product, for `runtime/status`. */
  version: string;
  /** Where instances run when neither call nor agent says so. */
  defaultRuntime: "Local" | "Docker";
}

/** Who an audit trail names for this call. */
export const actorOf = (caller: Caller): string => `user:${caller.surface}`;
