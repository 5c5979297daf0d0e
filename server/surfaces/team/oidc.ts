import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { Role } from "../../../schemas/contract.ts";
import { fail } from "../../../schemas/errors.ts";
import type { Log } from "../../platform/log.ts";
import type { Admitted, Tenant } from "./tenant.ts";

export interface OidcOptions {
  /** The value of `iss` in tokens. */
  issuer: string;
  /** One of the values of `aud` in tokens. */
  audience: string;
}

/** Accepts callers with tokens of an identity provider. */
export interface IdentityProvider {
  /** Errors: `unauthenticated`, `token_refused`, `identity_provider_failed`. */
  admit(token: string, tenants: readonly Tenant[], from: string): Promise<Admitted>;
}

/** Keys that allow a server to forge tokens (HMAC) are not accepted, and neither is `none`. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const DEADLINE_MS = 5000;

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** The claims of a token about its bearer: an email address or a name, a tenant and roles. */
const Claims = z.object({
  sub: z
    .string()
    .min(1)
    .max(255)
    .regex(/^\P{Cc}*$/u),
  email: z.email().max(255).optional(),
  email_verified: z.boolean().optional(),
  coditect_role: Role,
  /** Optional if the server has one tenant. */
  coditect_tenant: z.string().max(100).optional(),
});

const failed = (reason: string, cause: unknown) => fail("identity_provider_failed", { reason }, { cause });

/** OpenID Connect Discovery 1.0, section 4: the issuer must name itself. */
const discover = async (issuer: string): Promise<JWTVerifyGetKey> => {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(address, {
    redirect: "error",
    signal: AbortSignal.timeout(DEADLINE_MS),
  }).catch((error: unknown) => {
    throw failed("its configuration cannot be fetched", error);
  });
  const found = Discovery.safeParse(await response.json().catch(() => null));
  if (!found.success || found.data.issuer !== issuer)
    throw failed("its configuration names another issuer", found.error ?? null);
  // Otherwise, an attacker on the network path could replace the keys.
  if (issuer.startsWith("https:") && !found.data.jwks_uri.startsWith("https:"))
    throw failed("its configuration names an address without encryption for its keys", null);
  return createRemoteJWKSet(new URL(found.data.jwks_uri), { timeoutDuration: DEADLINE_MS });
};

/** Distinguishes keys that cannot be fetched from a token that matches none of them. */
const reachable =
  (keys: JWTVerifyGetKey): JWTVerifyGetKey =>
  (header, token) =>
    Promise.resolve(keys(header, token)).catch((error: unknown) => {
      const isOfToken =
        error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys;
      throw isOfToken ? error : failed("its keys cannot be fetched", error);
    });

const tenantOf = (tenants: readonly Tenant[], name: string | undefined): Tenant | undefined =>
  name === undefined && tenants.length === 1 ? tenants[0] : tenants.find((tenant) => tenant.name === name);

/** Tokens of an OpenID Connect provider. Its keys are fetched when the first token arrives. */
export const openIdentityProvider = ({ issuer, audience }: OidcOptions, log: Log): IdentityProvider => {
  let keys: Promise<JWTVerifyGetKey> | null = null;

  const verify = async (token: string): Promise<unknown> => {
    keys ??= discover(issuer).catch((error: unknown) => {
      keys = null;
      throw error;
    });
    try {
      const { payload } = await jwtVerify(token, reachable(await keys), {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ["exp"],
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw fail("token_refused", { problem: "has expired" }, { cause: error });
      if (!(error instanceof errors.JOSEError)) throw error;
      log("info", "a token of the identity provider was refused", { reason: error.message });
      throw fail("unauthenticated", {}, { cause: error });
    }
  };

  return {
    admit: async (token, tenants, from) => {
      const claims = Claims.safeParse(await verify(token));
      if (!claims.success) throw fail("token_refused", { problem: "has no valid coditect_role claim" });
      const { sub, email, email_verified, coditect_role: role, coditect_tenant } = claims.data;
      // Anyone can claim an address that is not verified.
      const user = email !== undefined && email_verified === true ? email : sub;
      const tenant = tenantOf(tenants, coditect_tenant);
      if (tenant === undefined)
        throw fail("token_refused", { problem: "does not belong to a tenant of this server" });
      return {
        tenant,
        caller: { role, surface: "rest", remote: { user, tokenId: null, from } },
        owner: `oidc ${sub}`,
      };
    },
  };
};
