import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import { request } from "node:https";
import { json } from "node:stream/consumers";
import { contract, Role } from "../../../../schemas/contract.ts";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
import { UserWorkspaces, workspaceIn } from "../../../../server/surfaces/team/user-workspaces.ts";
import { treeText } from "../../../../server/transfer/tree-text.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import { testTeam, testTls, type TestTeam } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

const objectOf = (text: string) => {
  const bytes = Buffer.from(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { sha256, size: bytes.length, at: 0, data: bytes.toString("base64") };
};

describe("workspaces of users on the server of a team", function () {
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
  const at = (id: string, path: string) => `/workspaces/${id}${path}`;

  for (const { method, verb, path } of routes)
    it(`${method}: ${contract[method].role} and above, in a workspace, too`, async () => {
      const [acme] = team.tenants;
      const body = verb === "POST" || verb === "PUT" ? { body: {} } : {};
      const place = at(randomUUID(), path.replace(/\{\w+\}/g, randomUUID()));
      for (const role of Role.options) {
        const { status, json: answer } = await team.call(verb, place, {
          token: await acme.token(role),
          ...body,
        });
        const isAllowed = Role.options.indexOf(role) >= Role.options.indexOf(contract[method].role);
        assert.equal(answer.code === "not_authorised", !isAllowed, `${role}: ${status}`);
      }
      assert.equal((await team.call(verb, place, body)).status, 401);
    });

  it("takes files, and has a copy of them that nobody else can reach", async () => {
    const [acme, globex] = team.tenants;
    const id = randomUUID();
    const file = objectOf("secret of ada\n");
    const { text, sha256: tree } = treeText([
      { path: "a.txt", sha256: file.sha256, size: file.size, executable: false },
    ]);
    const token = await acme.token("operator");
    const call = (verb: string, path: string, body?: unknown) =>
      team.call(verb, at(id, path), { token, body });
    assert.deepEqual((await call("PUT", "/api/files", { tree })).json.missing, [tree]);
    const sent = await call("POST", "/api/files/objects", { pieces: [objectOf(text)] });
    assert.equal(sent.status, 204, sent.text);
    assert.deepEqual((await call("PUT", "/api/files", { tree })).json.missing, [file.sha256]);
    await call("POST", "/api/files/objects", { pieces: [file] });
    assert.deepEqual((await call("PUT", "/api/files", { tree })).json.missing, []);
    assert.deepEqual((await call("GET", "/api/files")).json, { tree, files: 1 });

    // The same id of another user, and of another tenant, is another workspace.
    for (const other of [await acme.token("admin"), await globex.token("admin")]) {
      const { json: answer } = await team.call("GET", at(id, "/api/files"), { token: other });
      assert.deepEqual(answer, { tree: null, files: 0 });
    }
    assert.equal((await team.call("GET", "/api/files", { token })).json.code, "no_file_transfer");
    const audited = await acme.audit.read(0, 1000);
    const [entry] = audited.filter(({ method, result }) => method === "files/use" && result === "ok");
    assert.equal(entry?.user, "acme-operator");
  });

  it("unpacks gzip, and only up to the limit", async () => {
    const [acme] = team.tenants;
    const token = await acme.token("operator");
    const post = (body: Buffer, encoding: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${token}`,
          "content-encoding": encoding,
          "content-type": "application/json",
        };
        const path = at(randomUUID(), "/api/files/objects");
        const asked = request(
          { host: "127.0.0.1", port: team.server.port, method: "POST", path, ca: testTls.cert, headers },
          (response) => {
            if (response.statusCode === 204) resolve(204);
            else
              json(response).then((answer) => {
                resolve((answer as { code: string }).code);
              }, reject);
          },
        );
        asked.on("error", reject);
        asked.end(body);
      });
    const body = JSON.stringify({ pieces: [objectOf("x")] });
    assert.equal(await post(gzipSync(body), "gzip"), 204);
    assert.equal(await post(gzipSync(" ".repeat(3_000_000)), "gzip"), "body_too_large");
    assert.equal(await post(Buffer.from(body), "gzip"), "invalid_params");
    assert.equal(await post(gzipSync(body).subarray(0, 30), "gzip"), "invalid_params");
    assert.equal(await post(Buffer.from(body), "br"), "invalid_params");
  });

  it("does not change the server for a remote caller", async () => {
    const [acme] = team.tenants;
    const token = await acme.token("admin");
    const set = await team.call("PUT", "/api/settings/runtime", { token, body: { value: "Local" } });
    assert.equal(set.json.code, "server_only");
    const consent = await team.call("PUT", "/api/consents/unconfined", { token, body: { given: true } });
    assert.equal(consent.json.code, "server_only");
    const own = await team.call("PUT", at(randomUUID(), "/api/settings/runtime"), {
      token,
      body: { value: "Local", scope: "workspace" },
    });
    assert.equal(own.json.code, "works_on_copy");
  });
});

describe("which workspaces are open", () => {
  const options = { version: "1.2.3", bodyLimit: 1000, now: () => new Date().toISOString(), idleMs: 1 };
  const workspace = (closed: () => void) => ({
    ...{ dispatch: () => Promise.reject(new Error("is not asked")), subscribe: () => () => undefined },
    store: memoryStore(),
    close: () => {
      closed();
      return Promise.resolve();
    },
  });

  it("opens one once for all who use it, closes it when nobody does, and opens it again", async () => {
    let opened = 0;
    let closed = Promise.withResolvers<undefined>();
    const workspaces = new UserWorkspaces(() => {
      opened += 1;
      return Promise.resolve(
        workspace(() => {
          closed.resolve(undefined);
        }),
      );
    }, options);
    const id = randomUUID();
    const [one, other] = await Promise.all([workspaces.use("ada", id), workspaces.use("ada", id)]);
    assert.equal(one.api, other.api);
    one.release();
    one.release();
    assert.equal((await workspaces.opened()).length, 1);
    other.release();
    await closed.promise;
    closed = Promise.withResolvers<undefined>();
    const again = await workspaces.use("ada", id);
    assert.equal(opened, 2);
    again.release();
    await workspaces.close();
    await closed.promise;
  });

  it("asks again after an opening that failed", async () => {
    let attempts = 0;
    const workspaces = new UserWorkspaces(() => {
      attempts += 1;
      return attempts === 1 ? Promise.reject(new Error("busy")) : Promise.resolve(workspace(() => undefined));
    }, options);
    const id = randomUUID();
    await assert.rejects(workspaces.use("ada", id), /busy/);
    (await workspaces.use("ada", id)).release();
    await workspaces.close();
  });

  it("knows a workspace's address by its UUID alone", () => {
    const id = randomUUID();
    assert.deepEqual(workspaceIn(`/workspaces/${id.toUpperCase()}/api/a`), {
      workspaceId: id,
      rest: "/api/a",
    });
    for (const path of [
      "/workspaces",
      `/workspaces/${id}`,
      "/workspaces/../api/x",
      "/workspaces/x/api",
      "/api/agents",
    ])
      assert.equal(workspaceIn(path), null, path);
  });
});
