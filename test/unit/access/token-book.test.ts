import assert from "node:assert/strict";
import { readToken, TokenBook } from "../../../server/access/token-book.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { rejectsWith } from "../../support/rejects.ts";

const at = (day: number): string => `2026-01-${String(day).padStart(2, "0")}T00:00:00.000Z`;

describe("tokens", () => {
  let today = 1;
  const store = memoryStore();
  const book = new TokenBook(store, () => at(today));
  const create = (expires_at: string | null = null) =>
    book.create({ user: "ada", role: "operator", expires_at });
  const check = (secret: string) => {
    const presented = readToken(secret);
    assert.ok(presented !== null);
    return book.check(presented).result;
  };
  beforeEach(() => {
    today = 1;
  });

  it("are valid with their own secret, and are stored without it", async () => {
    const { token, secret } = await create();
    assert.equal(check(secret), "valid");
    const kept = JSON.stringify(store.get("tokens", token.token_id));
    // The secret itself may hold an underscore.
    const bare = secret.split("_").slice(2).join("_");
    assert.ok(bare.length > 20 && !kept.includes(bare), kept);
  });

  it("are unknown with another one's secret", async () => {
    const [one, other] = [await create(), await create()];
    const forged = [...one.secret.split("_").slice(0, 2), other.secret.split("_").slice(2).join("_")].join(
      "_",
    );
    assert.equal(check(forged), "unknown");
  });

  it("expire at their time", async () => {
    const { secret } = await create(at(3));
    today = 2;
    assert.equal(check(secret), "valid");
    today = 3;
    assert.equal(check(secret), "expired");
  });

  it("are revoked once and for all", async () => {
    const { token, secret } = await create();
    today = 2;
    await book.revoke(token.token_id);
    today = 3;
    assert.equal((await book.revoke(token.token_id)).revoked_at, at(2));
    assert.equal(check(secret), "revoked");
  });

  it("cannot be made to expire before they begin", () => rejectsWith(create(at(1)), "invalid_params"));

  it("are read from nothing but their own form", () => {
    for (const text of ["", "coditect_1_2", "coditect_" + "a".repeat(76), "x".repeat(100_000)])
      assert.equal(readToken(text), null);
  });
});
