import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { contract, type Method, Role } from "../../../../schemas/contract.ts";
import { CoditectError, WireError } from "../../../../schemas/errors.ts";
import { TokenBook } from "../../../../server/access/token-book.ts";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { editorOn } from "../../../support/editor.ts";
import { aTask } from "../../../support/records.ts";
import { type TestTeam, testTeam } from "../../../support/team-server.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";
import { runtimeOf } from "../lsp/support.ts";

const allows = (role: Role, needed: Role): boolean =>
  Role.options.indexOf(role) >= Role.options.indexOf(needed);

describe("who may call what on the server of a team", function () {
  this.timeout(30_000);
  const user = ownUserFolder();
  let team: TestTeam;
  before(async () => {
    user.use();
    team = await testTeam();
  });
  after(async () => {
    await team.close();
    await user.restore();
  });
  const isBody = (verb: string) => verb === "POST" || verb === "PUT";
  const ask = (verb: string, path: string, token: string | null) =>
    team.call(verb, path.replace(/\{\w+\}/g, randomUUID()), { token, ...(isBody(verb) && { body: {} }) });

  for (const { method, verb, path } of routes) {
    const needed = contract[method].role;
    it(`${method}: ${needed} and above, with a token that is valid now`, async () => {
      const [acme] = team.tenants;
      for (const role of Role.options) {
        const { status, json } = await ask(verb, path, await acme.token(role));
        assert.equal(json.code === "not_authorised", !allows(role, needed), `${role}: ${status}`);
        assert.notEqual(status, 401, role);
      }
      const yesteryear = new TokenBook(acme.store, () => "2020-01-01T00:00:00.000Z");
      const expires_at = "2021-01-01T00:00:00.000Z";
      const expired = await yesteryear.create({ user: "late", role: "admin", expires_at });
      const revoked = await acme.tokens.create({ user: "gone", role: "admin", expires_at: null });
      await acme.tokens.revoke(revoked.token.token_id);
      const forged = (await acme.token("admin")).replace(/.{43}$/, "A".repeat(43));
      for (const [what, token] of [
        ["revoked", revoked.secret],
        ["expired", expired.secret],
        ["forged", forged],
        ["none", null],
        ["of nobody", "coditect"],
      ] as const) {
        assert.equal((await ask(verb, path, token)).status, 401, what);
      }
    });
  }

  it("asks for a valid token at every other address, too", async () => {
    const [acme] = team.tenants;
    const forged = (await acme.token("admin")).replace(/.{43}$/, "A".repeat(43));
    for (const [verb, path] of [
      ["GET", "/openapi.json"],
      ["GET", "/metrics"],
      ["GET", "/api/events"],
      ["POST", "/mcp"],
    ] as const) {
      for (const token of [forged, null])
        assert.equal((await ask(verb, path, token)).status, 401, `${verb} ${path}`);
    }
  });

  it("shows a tenant nothing of another one, in lists or by id", async () => {
    const [acme, globex] = team.tenants;
    const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
    const body = { name: "Ada", agent_type: "Coder", provider };
    const created = await team.call("POST", "/api/agents", { token: await acme.token("admin"), body });
    await acme.store.commit((transaction) => {
      transaction.put("tasks", aTask());
    });
    const foreign = await globex.token("admin");
    const path = `/api/agents/${String(created.json.agent_id)}`;
    for (const verb of ["GET", "PUT", "DELETE"]) {
      const { status, json } = await team.call(verb, path, {
        token: foreign,
        ...(verb === "PUT" && { body: { name: "Eve" } }),
      });
      assert.deepEqual([status, json.code], [404, "not_found"], verb);
    }
    assert.deepEqual((await team.call("GET", "/api/agents", { token: foreign })).json.items, []);
    assert.equal((await team.call("GET", path, { token: await acme.token("viewer") })).json.name, "Ada");
    const tokens = await team.call("GET", "/api/tokens", { token: foreign });
    assert.ok(!tokens.text.includes("acme"), tokens.text);
  });
});

describe("who may call what over JSON-RPC", function () {
  this.timeout(30_000);
  let workspace: TestWorkspace;
  let at: TestDispatch;
  before(async () => {
    workspace = await testWorkspace();
    at = testDispatch(workspace.root);
  });
  after(() => workspace.remove());
  const code = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => null,
      (error: unknown) => WireError.parse((error as { data: unknown }).data).code,
    );
  const methods = Object.keys(contract) as Method[];

  for (const method of methods)
    it(`${method}: ${contract[method].role} and above, whatever the surface`, async () => {
      for (const role of Role.options)
        for (const surface of ["lsp", "rest", "mcp", "cli"] as const) {
          const refused = await at
            .dispatch(method as string, {}, { role, surface }, new AbortController().signal)
            .then(
              () => false,
              (error: unknown) => error instanceof CoditectError && error.code === "not_authorised",
            );
          assert.equal(refused, !allows(role, contract[method].role), `${surface} ${role}`);
        }
    });

  for (const trusted of [true, false])
    it(`every method in a workspace that is ${trusted ? "" : "not "}trusted`, async () => {
      const editor = editorOn(workspace.root, () => Promise.resolve(runtimeOf(at)));
      try {
        await editor.initialize({ initializationOptions: { trusted } });
        for (const method of methods) {
          const refusal = await code(editor.connection.sendRequest(`coditect/${method}`, {}));
          assert.notEqual(refusal, "not_authorised", method);
          assert.equal(refusal === "untrusted_workspace", !trusted, `${method}: ${String(refusal)}`);
        }
      } finally {
        await editor.close();
      }
    });
});
