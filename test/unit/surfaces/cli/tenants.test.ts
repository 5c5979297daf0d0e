import assert from "node:assert/strict";
import { credentialStore } from "../../../../server/surfaces/cli/session/secrets.ts";
import { environmentOf, readTenant, tenantOptions } from "../../../../server/surfaces/cli/session/tenants.ts";
import { expiryOf } from "../../../../server/surfaces/cli/commands/tokens.ts";
import { throwsWith } from "../../../support/rejects.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

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

describe("the stored keys of a tenant of a server", function () {
  this.timeout(30_000);
  const user = ownUserFolder();
  before(() => user.use());
  after(() => user.restore());

  it("are its own, and neither those of the server's user nor of another tenant", async () => {
    const environment = {
      XDG_CONFIG_HOME: user.folder(),
      CODITECT_PASSPHRASE: "of the server",
      CODITECT_TENANT_A__CODITECT_PASSPHRASE: "of a",
      CODITECT_TENANT_B__CODITECT_PASSPHRASE: "of b",
    };
    const optionsOf = (name: string) => tenantOptions({ name, workspace: "/" }, {}, environment);
    const found = async ({ credentials, secrets }: ReturnType<typeof optionsOf>) => [
      await credentials.keys("Claude", null),
      await credentials.keys("Claude", "secret:own"),
      await secrets?.text("secret:github"),
    ];
    const server = credentialStore(environment);
    for (const name of ["claude", "own"]) await server.set(name, "key-of-the-server");
    await server.setText("secret:github", "token-of-the-server");
    assert.deepEqual(await found(optionsOf("a")), [[], [], null]);
    await optionsOf("a").vault?.set("claude", "key-of-a");
    await optionsOf("a").vault?.setText("secret:github", "token-of-a");
    assert.deepEqual(await found(optionsOf("a")), [["key-of-a"], [], "token-of-a"]);
    assert.deepEqual(await found(optionsOf("b")), [[], [], null]);
    assert.deepEqual(await server.keys("Claude", null), ["key-of-the-server"]);
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
