import type { AuditLog } from "../../access/audit-log.ts";
import type { TokenBook } from "../../access/token-book.ts";
import type { Caller } from "../../handlers/handlers.ts";
import type { Api } from "../rest/api.ts";
import { type ApiOptions, apiOf, type ServedWorkspace } from "./served.ts";
import { type OpenWorkspace, UserWorkspaces } from "./user-workspaces.ts";

/** The runtime of one tenant: its own workspace, state, keys, pool and limits. */
export interface TenantRuntime extends ServedWorkspace {
  /** The name in `--tenant` and in the claims of an identity provider. */
  name: string;
  tokens: TokenBook;
  audit: AuditLog;
  /** Opens a workspace whose files its user sends. Omitted: there are none. */
  openWorkspace?: OpenWorkspace;
}

/** The server's interface to a tenant. */
export interface Tenant extends TenantRuntime {
  api: Api;
  workspaces: UserWorkspaces;
}

/** A caller whose token is valid. */
export interface Admitted {
  tenant: Tenant;
  caller: Caller & { remote: NonNullable<Caller["remote"]> };
  /** Names the caller for rates and idempotency keys. */
  owner: string;
}

export const openTenant = (runtime: TenantRuntime, options: ApiOptions): Tenant => ({
  ...runtime,
  api: apiOf(runtime, options),
  workspaces: new UserWorkspaces(runtime.openWorkspace ?? null, options),
});
