import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { randomUUID } from "node:crypto";
import { aRun, NOW } from "../../../support/records.ts";
import { callHttps, type HttpsCall, testTeam, testTls, type TestTeam } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

const provider = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };
const agent = { name: "Ada", agent_type: "Coder", provider };

describe("the server of a team", function () {
  this.timeout(20_000);
  const user = ownUserFolder();
  let team: TestTeam;
  let admin: string;
  before(() => user.use());
  after(() => user.restore());
  const open = async (...options: Parameters<typeof testTeam>): Promise<void> => {
    team = await testTeam(...options);
    admin = await team.tenants[0].token("admin");
  };
  afterEach(() => team.close());
  const call = (verb: string, path: string, given: HttpsCall = {}) =>
    team.call(verb, path, { token: admin, ...given });

  describe("with changes that depend on what a record is", () => {
    beforeEach(() => open());
    const create = async () => {
      const { json } = await call("POST", "/api/agents", { body: agent });
      const path = `/api/agents/${String(json.agent_id)}`;
      const { headers } = await call("GET", path);
      return { path, tag: String(headers.etag) };
    };

    it("sends nothing again that the caller has", async () => {
      const { path, tag } = await create();
      const { status, text } = await call("GET", path, { headers: { "if-none-match": tag } });
      assert.deepEqual([status, text], [304, ""]);
    });

    it("answers HEAD as GET, without the body", async () => {
      const { path, tag } = await create();
      const { status, headers, text } = await call("HEAD", path);
      assert.deepEqual([status, headers.etag, text], [200, tag, ""]);
      for (const [other, expected] of [
        [`/api/agents/${randomUUID()}`, 404],
        ["/api/events", 200],
        ["/healthz", 200],
        ["/api/agents?limit=0", 400],
      ] as const) {
        const answer = await call("HEAD", other);
        assert.deepEqual([answer.status, answer.text], [expected, ""], other);
      }
    });

    it("makes a change to what the caller saw, and refuses the second of two", async () => {
      const { path, tag } = await create();
      const change = (name: string) => call("PUT", path, { body: { name }, headers: { "if-match": tag } });
      const answers = await Promise.all([change("Bea"), change("Cleo")]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 412]);
      const refused = answers.find(({ status }) => status === 412);
      assert.equal(refused?.json.code, "precondition_failed");
    });

    it("deletes only what the caller saw", async () => {
      const { path, tag } = await create();
      await call("PUT", path, { body: { name: "Bea" } });
      assert.equal((await call("DELETE", path, { headers: { "if-match": tag } })).status, 412);
      assert.equal((await call("DELETE", path, { headers: { "if-match": "*" } })).status, 204);
    });
  });

  describe("with an idempotency key", () => {
    beforeEach(() => open());
    const create = (key: string, body: object = agent, token = admin) =>
      call("POST", "/api/agents", { token, body, headers: { "idempotency-key": key } });

    it("does the same request once, also when two come together, and repeats the answer", async () => {
      const answers = [...(await Promise.all([create("a"), create("a")])), await create("a")];
      assert.equal(new Set(answers.map(({ json }) => json.agent_id)).size, 1);
      assert.deepEqual(answers.map(({ headers }) => headers["idempotency-replayed"] ?? "first").sort(), [
        "first",
        "true",
        "true",
      ]);
      assert.equal(team.tenants[0].store.all("agents").length, 1);
    });

    it("refuses the key for another request, and keeps keys of callers apart", async () => {
      await create("a");
      const other = await create("a", { ...agent, name: "Bea" });
      assert.deepEqual([other.status, other.json.code], [422, "idempotency_key_reused"]);
      const { secret } = await team.tenants[0].tokens.create({ user: "b", role: "admin", expires_at: null });
      assert.equal((await create("a", { ...agent, name: "Bea" }, secret)).status, 201);
    });

    it("lets a refused request be corrected", async () => {
      assert.equal((await create("a", { ...agent, agent_type: "Nobody" })).status, 400);
      assert.equal((await create("a")).status, 201);
    });

    it("says so where nobody knows what came of a request that was begun", async () => {
      await create("a");
      const { store } = team.tenants[0];
      const [reply] = store.all("replies");
      assert.ok(reply);
      await store.commit((transaction) => {
        transaction.put("replies", { ...reply, body: null });
      });
      const { status, json } = await create("a");
      assert.deepEqual([status, json.code], [409, "outcome_unknown"]);
    });

    it("goes on when the caller is gone, who then gets the answer", async () => {
      const begun = Promise.withResolvers<undefined>();
      const go = Promise.withResolvers<undefined>();
      await team.close();
      let count = 0;
      const start = async () => {
        count += 1;
        begun.resolve(undefined);
        await go.promise;
        return aRun(randomUUID());
      };
      await open({}, { runs: { start } });
      const agent = new Agent();
      const ask = (given: HttpsCall = {}) =>
        call("POST", "/api/agent-teams/tdd/execute", {
          body: {},
          headers: { "idempotency-key": "a" },
          ...given,
        });
      const lost = assert.rejects(ask({ agent }));
      await begun.promise;
      agent.destroy();
      await lost;
      const again = ask();
      go.resolve(undefined);
      assert.deepEqual([(await again).status, count], [202, 1]);
    });

    it("keeps no answer that is a secret", async () => {
      const headers = { "idempotency-key": "a" };
      const body = { user: "b", role: "viewer" };
      assert.equal((await call("POST", "/api/tokens", { body, headers })).status, 400);
    });
  });

  describe("as a stream of events", () => {
    beforeEach(() => open());
    const read = async (until: string, lastId?: string): Promise<string> => {
      const asked = request({
        ...{ host: "127.0.0.1", port: team.server.port, path: "/api/events", ca: testTls.cert, agent: false },
        headers: {
          authorization: `Bearer ${admin}`,
          ...(lastId !== undefined && { "last-event-id": lastId }),
        },
      });
      asked.end();
      // The type of `once` does not know what a response event brings.
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      let seen = "";
      for await (const chunk of response) {
        if (seen === "") emit();
        seen += String(chunk);
        if (seen.includes(until)) break;
      }
      asked.destroy();
      return seen;
    };
    const emit = () => {
      team.tenants[0].emit({ type: "configuration.changed", at: NOW });
    };
    const idsOf = (text: string): string[] =>
      [...text.matchAll(/^id: (.+)\nevent: /gm)].map(([, id = ""]) => id);

    it("goes on behind the last event that the reader had", async () => {
      const [first = ""] = idsOf(await read("data:"));
      emit();
      emit();
      const [epoch = ""] = first.split("-");
      const seen = await read(`${epoch}-3`, first);
      assert.deepEqual(idsOf(seen).slice(0, 2), [`${epoch}-2`, `${epoch}-3`]);
      assert.ok(!seen.includes("events.lost"), seen);
    });

    it("tells where it begins, so that a reader whose stream breaks before the first event misses none", async () => {
      const [, position = ""] = /^id: (.+)\n: listening\n\n/m.exec(await read("listening")) ?? [];
      const seen = await read("data:", position);
      assert.match(seen, /event: configuration.changed/);
      assert.ok(!seen.includes("events.lost"), seen);
    });

    it("says when what came in between is not kept", async () => {
      const seen = await read("events.lost", "another-process-7");
      assert.ok(seen.includes("event: events.lost"), seen);
    });

    it("holds no event of another tenant", async () => {
      team.tenants[1].emit({ type: "configuration.changed", at: NOW });
      const ids = idsOf(await read("data:"));
      assert.equal(ids.length, 1);
    });
  });

  it("lets a caller make only so many requests, and says when to try again", async () => {
    await open({ requestsPerMinute: 3 });
    const other = await team.tenants[1].token("viewer");
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await call("GET", "/api/agents")).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    const { headers, json } = await call("GET", "/api/agents");
    assert.equal(json.code, "too_many_requests");
    assert.ok(Number(headers["retry-after"]) >= 1);
    assert.equal((await call("GET", "/api/agents", { token: other })).status, 200);
  });

  it("makes an address wait that shows many tokens that are not valid", async () => {
    await open({ refusalsPerMinute: 2 });
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1)
      statuses.push((await call("GET", "/api/agents", { token: "guess" })).status);
    assert.deepEqual(statuses, [401, 401, 429]);
  });

  it("refuses a body beyond its size", async () => {
    await open({ bodyLimit: 1000 });
    const { status, json } = await call("POST", "/api/agents", {
      body: { ...agent, name: "a".repeat(2000) },
    });
    assert.deepEqual([status, json.code], [413, "body_too_large"]);
  });

  it("records who called, from where, and who showed a token that is not valid any more", async () => {
    await open();
    const [acme] = team.tenants;
    const { token, secret } = await acme.tokens.create({ user: "bob", role: "admin", expires_at: null });
    await call("POST", "/api/agents", { token: secret, body: agent });
    await acme.tokens.revoke(token.token_id);
    const { status, json } = await call("GET", "/api/agents", { token: secret });
    assert.deepEqual([status, json.code], [401, "token_refused"]);
    const entries = (await acme.audit.read(0, 10)).map(({ user: name, role, from, method, result }) => ({
      ...{ name, role, from, method, result },
    }));
    assert.deepEqual(entries, [
      { name: "bob", role: "admin", from: "127.0.0.1", method: "agents/create", result: "ok" },
      { name: "bob", role: null, from: "127.0.0.1", method: "agents/list", result: "token_refused" },
    ]);
  });

  it("is ready until it drains; then it takes no new work, answers what it was asked, and ends", async () => {
    const started = Promise.withResolvers<undefined>();
    const go = Promise.withResolvers<undefined>();
    await open(
      {},
      {
        gateway: {
          models: async () => {
            started.resolve(undefined);
            await go.promise;
            return [];
          },
        },
      },
    );
    for (const path of ["/healthz", "/readyz"])
      assert.equal((await call("GET", path, { token: null })).status, 200, path);
    const asked = call("GET", "/api/models");
    await started.promise;
    const [{ store, emit }] = team.tenants;
    const run = { ...aRun(randomUUID()), status: "Running" as const };
    await store.commit((transaction) => {
      transaction.put("runs", run);
    });
    const drained = team.server.drain(AbortSignal.timeout(10_000));
    assert.equal((await call("GET", "/healthz", { token: null })).status, 200);
    const ready = await call("GET", "/readyz", { token: null });
    assert.deepEqual([ready.status, ready.json.code], [503, "draining"]);
    const begun = await call("POST", "/api/agent-teams/tdd/execute", { body: {} });
    assert.deepEqual([begun.status, begun.json.code, begun.headers["retry-after"]], [503, "draining", "5"]);
    await store.commit((transaction) => {
      transaction.put("runs", { ...run, status: "Succeeded" });
    });
    emit({ type: "run.changed", at: NOW, task_id: run.task_id, status: "Succeeded" });
    go.resolve(undefined);
    assert.equal((await asked).status, 200);
    await drained;
    await assert.rejects(callHttps(team.server.port, "GET", "/healthz"), /ECONNREFUSED/);
  });

  it("offers its tools over MCP, with the caller's role", async () => {
    await open();
    const rpc = async (token: string, method: string, params: object) => {
      const { text } = await call("POST", "/mcp", {
        token,
        body: { jsonrpc: "2.0", id: 1, method, params },
        headers: { accept: "application/json, text/event-stream" },
      });
      return text;
    };
    const viewer = await team.tenants[0].token("viewer");
    assert.match(await rpc(viewer, "tools/list", {}), /"run_team"/);
    const listed = await rpc(viewer, "tools/call", { name: "list_runs", arguments: {} });
    assert.ok(!listed.includes("isError"), listed);
    const cancelled = { name: "cancel_run", arguments: { task_id: randomUUID() } };
    assert.match(await rpc(viewer, "tools/call", cancelled), /not_authorised/);
    assert.ok(!(await rpc(admin, "tools/call", cancelled)).includes("not_authorised"));
    assert.equal((await call("GET", "/mcp")).status, 405);
  });
});
