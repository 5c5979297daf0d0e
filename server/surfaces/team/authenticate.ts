import type { IncomingMessage } from "node:http";
import { fail, type CoditectError } from "../../../schemas/errors.ts";
import { readToken } from "../../access/token-book.ts";
import type { IdentityProvider } from "./oidc.ts";
import type { Admitted, Tenant } from "./tenant.ts";

export const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? "unknown";

const bearerOf = ({ headers }: IncomingMessage): string => {
  const [, token] = /^Bearer ([\x21-\x7e]{1,16384})$/i.exec(headers.authorization ?? "") ?? [];
  if (token === undefined) throw fail("unauthenticated", {});
  return token;
};

/**
 * Only a caller with a token's secret gets the information that it is no longer valid, and the audit log
 * records this.
 */
const refuse = async (tenant: Tenant, refused: Parameters<Tenant["audit"]["record"]>[0], problem: string) => {
  await tenant.audit.record(refused);
  return fail("token_refused", { problem });
};

/**
 * The caller and its tenant. Errors: `unauthenticated` for a missing or forged token, `token_refused` for one
 * that expired or was revoked.
 */
export const authenticate = async (
  request: IncomingMessage,
  method: string,
  tenants: readonly Tenant[],
  provider: IdentityProvider | null,
): Promise<Admitted> => {
  const text = bearerOf(request);
  const presented = readToken(text);
  const from = addressOf(request);
  if (presented === null) {
    if (provider === null) throw fail("unauthenticated", {});
    return provider.admit(text, tenants, from);
  }
  for (const tenant of tenants) {
    const checked = tenant.tokens.check(presented);
    if (checked.result === "unknown") continue;
    const { token_id, user, role } = checked.token;
    const remote = { user, tokenId: token_id, from };
    if (checked.result === "valid")
      return { tenant, caller: { role, surface: "rest", remote }, owner: token_id };
    const problem = checked.result === "expired" ? "has expired" : "was revoked";
    const code: CoditectError["code"] = "token_refused";
    const facts = { user, role: null, token_id, surface: "rest" as const, from, method };
    throw await refuse(tenant, { ...facts, record: {}, result: code }, problem);
  }
  throw fail("unauthenticated", {});
};
