import assert from "node:assert/strict";
import { environmentOf, readTenant } from "../../../../server/surfaces/cli/session/tenants.ts";
import { expiryOf } from "../../../../server/surfaces/cli/commands/tokens.ts";
import { throwsWith } from "../../../support/rejects.ts";

describe("the environment of a tenant", () => {
  const environment = {
    PATH: "/bin",
    ANTHROPIC_API_KEY: "of the server",
    OLLAMA_HOST: "server:1",
    GITHUB_TOKEN: "t",
    CODITECT_TENANT_A__ANTHROPIC_API_KEY: "of a",
    CODITECT_TENANT_A_B__ANTHROPIC_API_KEY: "of a-b",
  };

  it("has its own keys and none of the server or of another tenant", () => {
    assert.deepEqual(environmentOf("a", environment), { PATH: "/bin", ANTHROPIC_API_KEY: "of a" });
    assert.deepEqual(environmentOf("a-b", environment), { PATH: "/bin", ANTHROPIC_API_KEY: "of a-b" });
    assert.deepEqual(environmentOf("c", environment), { PATH: "/bin" });
  });
});

describe("--tenant", () => {
  it("is a name and a folder that is there", () => {
    assert.deepEqual(readTenant("acme=/", "/tmp"), { name: "acme", workspace: "/" });
    for (const text of ["acme", "=x", "A=/", "a--b=/", "a=/no/such/folder", "a b=/"])
      throwsWith(() => readTenant(text, "/"), "usage");
  });
});

describe("--expires", () => {
  it("is a time from now, a day, or never", () => {
    assert.equal(expiryOf("12h", 0), "1970-01-01T12:00:00.000Z");
    assert.equal(expiryOf("2w", 0), "1970-01-15T00:00:00.000Z");
    assert.equal(expiryOf("2026-01-31", 0), "2026-01-31T00:00:00.000Z");
    assert.equal(expiryOf("never", 0), null);
    for (const text of ["", "0d", "90", "1y", "2026-02-31"]) assert.equal(expiryOf(text, 0), undefined, text);
  });
});
