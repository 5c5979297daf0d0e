import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { AccessToken, StoredToken } from "../../schemas/access.ts";
import { fail } from "../../schemas/errors.ts";
import type { Timestamp } from "../../schemas/primitives.ts";
import type { Store } from "../store/store.ts";

const SECRET_BYTES = 32;
const PRESENTED = /^coditect_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([\w-]{43})$/;

/** What a caller showed: which token it claims to be, and the secret that has to prove it. */
export interface PresentedToken {
  tokenId: string;
  secret: string;
}

/** Reads `coditect_<id>_<secret>`; null: it is not one of our tokens. */
export const readToken = (text: string): PresentedToken | null => {
  const [, ...parts] = PRESENTED.exec(text) ?? [];
  const secret = parts.pop();
  return secret === undefined ? null : { tokenId: parts.join("-"), secret };
};

const writeToken = (tokenId: string, secret: string): string =>
  `coditect_${tokenId.replaceAll("-", "")}_${secret}`;

// The secret is 256 random bits: a slow hash would protect nothing that a fast one does not.
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");

const withoutHash = ({ hash, ...token }: StoredToken): AccessToken => token;

export type TokenCheck =
  /** No token of this tenant, or a wrong secret. */
  { result: "unknown" } | { result: "expired" | "revoked" | "valid"; token: AccessToken };

/** The tokens of one tenant. */
export class TokenBook {
  readonly #store: Store;
  readonly #now: () => Timestamp;

  constructor(store: Store, now: () => Timestamp) {
    this.#store = store;
    this.#now = now;
  }

  /** Makes a token. Its secret is in the answer and nowhere else. Error: `invalid_params`. */
  async create({
    user,
    role,
    expires_at,
  }: Pick<AccessToken, "user" | "role" | "expires_at">): Promise<{ token: AccessToken; secret: string }> {
    const created_at = this.#now();
    if (expires_at !== null && expires_at <= created_at)
      throw fail("invalid_params", { what: "The token", problems: "expires_at: is in the past" });
    const secret = randomBytes(SECRET_BYTES).toString("base64url");
    const token: AccessToken = {
      token_id: randomUUID(),
      tenant_id: this.#store.tenantId,
      user,
      role,
      created_at,
      expires_at,
      revoked_at: null,
    };
    await this.#put({ ...token, hash: hashOf(secret) });
    return { token, secret: writeToken(token.token_id, secret) };
  }

  list(): AccessToken[] {
    return this.#store.all("tokens").map(withoutHash);
  }

  /** Revoking a token that was revoked before changes nothing. Error: `not_found`. */
  async revoke(tokenId: string): Promise<AccessToken> {
    const token = this.#store.get("tokens", tokenId);
    if (token === null) throw fail("not_found", { kind: "token", id: tokenId });
    if (token.revoked_at !== null) return withoutHash(token);
    const revoked = { ...token, revoked_at: this.#now() };
    await this.#put(revoked);
    return withoutHash(revoked);
  }

  /** What a token that was shown is worth now. */
  check({ tokenId, secret }: PresentedToken): TokenCheck {
    const token = this.#store.get("tokens", tokenId);
    if (token === null) return { result: "unknown" };
    if (!timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(token.hash))) return { result: "unknown" };
    const known = withoutHash(token);
    if (token.revoked_at !== null) return { result: "revoked", token: known };
    if (token.expires_at !== null && token.expires_at <= this.#now())
      return { result: "expired", token: known };
    return { result: "valid", token: known };
  }

  #put(token: StoredToken): Promise<void> {
    return this.#store.commit((transaction) => {
      transaction.put("tokens", token);
    });
  }
}
