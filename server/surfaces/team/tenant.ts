import type { RuntimeEvent } from "../../../schemas/events.ts";
import type { AuditLog } from "../../access/audit-log.ts";
import { Replies } from "../../access/replies.ts";
import type { TokenBook } from "../../access/token-book.ts";
import type { Caller } from "../../handlers/handlers.ts";
import type { Dispatch } from "../../runtime/dispatch.ts";
import type { Store } from "../../store/store.ts";
import type { Api } from "../rest/api.ts";
import { Conditions } from "../rest/conditions.ts";
import { EventHistory } from "../rest/event-history.ts";

/** The runtime of one tenant: its own workspace, state, keys, pool and limits. */
export interface TenantRuntime {
  /** As `--tenant` and the claims of an identity provider name it. */
  name: string;
  dispatch: Dispatch;
  subscribe: (listener: (event: RuntimeEvent) => void) => () => void;
  store: Store;
  tokens: TokenBook;
  audit: AuditLog;
}

/** A tenant as the server answers for it. */
export interface Tenant extends TenantRuntime {
  api: Api;
}

/** A caller whose token is valid. */
export interface Admitted {
  tenant: Tenant;
  caller: Caller & { remote: NonNullable<Caller["remote"]> };
  /** Names the caller for rates and idempotency keys. */
  owner: string;
}

export const openTenant = (
  runtime: TenantRuntime,
  { version, bodyLimit, now }: { version: string; bodyLimit: number; now: () => string },
): Tenant => ({
  ...runtime,
  api: {
    dispatch: runtime.dispatch,
    history: new EventHistory(runtime.subscribe),
    conditions: new Conditions(),
    replies: new Replies(runtime.store, now),
    version,
    bodyLimit,
  },
});
