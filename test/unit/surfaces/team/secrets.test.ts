import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type TestTeam, testTeam } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

const value = "ghp_a-value-that-nobody-may-read-again";

describe("the stored keys of a tenant", function () {
  this.timeout(30_000);
  const user = ownUserFolder();
  let team: TestTeam;
  before(async () => {
    user.use();
    team = await testTeam({}, { hasVault: true });
  });
  after(async () => {
    await team.close();
    await user.restore();
  });

  it("are stored by its administrators, and no answer, log or file shows a value", async () => {
    const [acme] = team.tenants;
    const token = await acme.token("admin");
    const ask = (verb: string, path: string, body?: unknown) =>
      team.call(verb, path, { token, ...(body !== undefined && { body }) });
    assert.equal((await ask("PUT", "/api/secrets/secret:github", { value })).status, 204);
    assert.equal((await ask("PUT", "/api/secrets/claude", { value: `  ${value}\n` })).status, 204);
    const listed = await ask("GET", "/api/secrets");
    const items = listed.json.items as { name: string; keys: { ending: string }[] }[];
    assert.deepEqual(
      items.map(({ name, keys }) => [name, keys.map(({ ending }) => ending)]),
      [
        ["secret:github", ["gain"]],
        ["claude", ["gain"]],
      ],
    );
    const [entry] = (await acme.audit.read(0, 100)).filter(({ method }) => method === "secrets/set");
    assert.deepEqual([entry?.user, entry?.record.name, entry?.result], ["acme-admin", "secret:github", "ok"]);
    const shown = [listed.text, JSON.stringify(await acme.audit.read(0, 100)), JSON.stringify(acme.log)];
    for (const text of [...shown, await readFile(acme.keysFile, "utf8")]) assert.ok(!text.includes(value));
  });

  it("are unknown to every other tenant, which has its own", async () => {
    const [, globex] = team.tenants;
    const token = await globex.token("admin");
    assert.deepEqual((await team.call("GET", "/api/secrets", { token })).json.items, []);
    assert.equal((await team.call("DELETE", "/api/secrets/claude", { token })).json.code, "not_found");
    const own = { token, body: { value: "key-of-globex" } };
    assert.equal((await team.call("PUT", "/api/secrets/claude", own)).status, 204);
    assert.equal((await team.call("DELETE", "/api/secrets/claude", { token })).status, 204);
    const [acme] = team.tenants;
    const left = await team.call("GET", "/api/secrets", { token: await acme.token("admin") });
    assert.match(left.text, /"name":"claude"/);
  });

  it("have the names that agents and tools can use, and a value", async () => {
    const [acme] = team.tenants;
    const token = await acme.token("admin");
    const put = async (name: string, given: unknown) =>
      (await team.call("PUT", `/api/secrets/${encodeURIComponent(name)}`, { token, body: { value: given } }))
        .json.code;
    for (const name of ["mcp:https://example.com/", "__proto__", "a/b", "A", "secret:", "secret:A"])
      assert.equal(await put(name, "x"), "invalid_params", name);
    for (const given of [" ", '""', "two words", "line\nline"])
      assert.equal(await put("claude", given), "credential_malformed", JSON.stringify(given));
    for (const given of ["", 1, null, undefined, "x".repeat(70_000)])
      assert.equal(await put("secret:x", given), "invalid_params");
    assert.equal((await team.call("GET", "/api/secrets", { token })).status, 200);
  });

  it("cannot be changed where they are those of the server's user", async () => {
    const single = await testTeam();
    const token = await single.tenants[0].token("admin");
    for (const [verb, path, body] of [
      ["GET", "/api/secrets", undefined],
      ["PUT", "/api/secrets/claude", { value: "x" }],
      ["DELETE", "/api/secrets/claude", undefined],
    ] as const)
      assert.equal((await single.call(verb, path, { token, body })).json.code, "server_only", verb);
    await single.close();
  });
});
