import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
import type { Surface } from "../../../../server/hosting/surface.ts";
import { StartRun } from "../../../../schemas/contract/runs.ts";
import type { RunOrigin } from "../../../../schemas/run.ts";
import { testDispatch, type TestDispatch } from "../../../support/dispatch.ts";
import { anAgent, anInstance, aRun, NOW } from "../../../support/records.ts";
import { bearer, caller, serveTest, TOKEN } from "./support.ts";

const ollama = { Ollama: { model: "m", endpoint: "http://127.0.0.1:1" } };

let at: TestDispatch;
let server: Surface;
beforeEach(async () => {
  at = testDispatch("/workspace", { runs: { start: () => Promise.resolve(aRun(randomUUID())) } });
  server = await serveTest(Promise.resolve(at));
});
afterEach(() => server.close());
const call = caller(() => server.url);

/** The list under "API Endpoints" of the documents, word for word. */
const documented = [
  "POST /api/agents",
  "GET /api/agents/{agent_id}",
  "PUT /api/agents/{agent_id}",
  "DELETE /api/agents/{agent_id}",
  "GET /api/agents?type={type}&status={status}",
  "POST /api/agents/{agent_id}/instances",
  "GET /api/agent-instances/{instance_id}",
  "PUT /api/agent-instances/{instance_id}/state",
  "DELETE /api/agent-instances/{instance_id}",
  "GET /api/agent-instances?agent_id={id}&state={state}",
  "GET /api/agent-executions/{execution_id}",
  "GET /api/agent-executions?task_id={id}&status={status}",
  "POST /api/agent-executions/{execution_id}/cancel",
  "POST /api/agent-teams",
  "GET /api/agent-teams/{team_id}",
  "PUT /api/agent-teams/{team_id}/members",
  "POST /api/agent-teams/{team_id}/execute",
];
const values: Record<string, string> = {
  "{type}": "Coder",
  "{status}": "Available",
  "{state}": "Idle",
};
const bodies: Record<string, unknown> = {
  "POST /api/agents": { name: "Ada", agent_type: "Coder", provider: ollama },
  "PUT /api/agent-instances/{instance_id}/state": { state: "Paused" },
  "POST /api/agent-teams": {
    name: "mine",
    members: [{ role: "coder", agent_type: "Coder" }],
    workflow_stages: [{ name: "code", member: "coder", prompt: "{{task}}" }],
  },
  "PUT /api/agent-teams/{team_id}/members": { members: [{ role: "coder", agent_type: "Coder" }] },
};

describe("the documented endpoints", () => {
  for (const endpoint of documented)
    it(endpoint, async () => {
      const [verb = "", address = ""] = endpoint.split(" ");
      const isExecution = address.startsWith("/api/agent-executions?");
      const filled = address.replace(/\{\w+\}/g, (name) =>
        isExecution && name === "{status}" ? "Running" : (values[name] ?? randomUUID()),
      );
      const { status, json } = await call(
        verb,
        filled,
        verb.startsWith("P") ? (bodies[endpoint] ?? {}) : undefined,
      );
      // An id nobody knows is answered by the handler: the address and its values were understood.
      const leadsToRecord = /\/\{\w+\}/.test(address) && !address.endsWith("/execute");
      if (leadsToRecord) assert.deepEqual([status, json.code], [404, "not_found"]);
      else assert.ok(status >= 200 && status < 300, JSON.stringify(json));
    });
});

describe("REST", () => {
  it("has one route for each verb and path", () => {
    assert.equal(new Set(routes.map(({ verb, path }) => `${verb} ${path}`)).size, routes.length);
  });

  it("creates, reads, changes, lists and deletes an agent", async () => {
    const created = await call("POST", "/api/agents", bodies["POST /api/agents"]);
    assert.equal(created.status, 201);
    const path = `/api/agents/${String(created.json.agent_id)}`;
    assert.deepEqual((await call("GET", path)).json, created.json);
    assert.equal((await call("PUT", path, { name: "Bea" })).json.name, "Bea");
    const listed = await call("GET", "/api/agents?type=Coder&status=Available&limit=5");
    assert.equal((listed.json.items as unknown[]).length, 1);
    const removed = await call("DELETE", path);
    assert.deepEqual([removed.status, removed.json], [204, {}]);
    assert.equal((await call("GET", path)).status, 404);
  });

  it("answers 409 as a problem when an agent with active instances is to be deleted", async () => {
    const agent = anAgent();
    await at.store.commit((transaction) => {
      transaction.put("agents", agent);
      transaction.put("instances", anInstance(agent.agent_id));
    });
    const { status, json, headers } = await call("DELETE", `/api/agents/${agent.agent_id}`);
    assert.equal(status, 409);
    assert.equal(headers.get("content-type"), "application/problem+json");
    assert.deepEqual(json, {
      type: "urn:coditect:error:agent_has_active_instances",
      title: "agent has active instances",
      status: 409,
      detail: `Agent ${agent.agent_id} has 1 active instances.`,
      code: "agent_has_active_instances",
      next_step: "Terminate the instances first, then delete the agent.",
      retryable: false,
      data: { id: agent.agent_id, count: 1 },
    });
  });

  it("answers 202 for what goes on afterwards, and takes a team's name", async () => {
    const { status, json } = await call("POST", "/api/agent-teams/tdd/execute", { file: "a b/ü.ts" });
    assert.deepEqual([status, json.status], [202, "Running"]);
    assert.equal(at.passedOn[0]?.[1], "tdd");
  });

  describe("a request that starts a run", () => {
    const trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const path = "/api/agent-teams/tdd/execute";
    /** What the run is said to be started by. */
    const start = async (
      body: object,
      headers: Record<string, string> = {},
    ): Promise<RunOrigin | undefined> => {
      const { status, json } = await call("POST", path, body, headers);
      assert.equal(status, 202, JSON.stringify(json));
      return StartRun.parse(at.passedOn[0]?.[2]).options.started_by;
    };

    it("is what the run was started by, with the trace of its headers", async () => {
      const { at: when, ...started } =
        (await start(
          { task: "Add.", options: { priority: 2 } },
          { traceparent: trace_parent, tracestate: "shop=1" },
        )) ?? assert.fail("nothing started it");
      assert.deepEqual(started, {
        kind: "request",
        name: "POST /api/agent-teams/{team_id}/execute",
        trace: { trace_parent, trace_state: "shop=1" },
      });
      assert.ok(Math.abs(Date.now() - Date.parse(when)) < 60_000);
      assert.equal(StartRun.parse(at.passedOn[0]?.[2]).options.priority, 2);
    });

    it("is part of no trace if its header is malformed", async () => {
      const started = await start({ task: "Add." }, { traceparent: "00-1-2-3" });
      assert.equal(started?.kind, "request");
      assert.equal(started.trace, undefined);
    });

    it("is passed over if it names a command itself, as an attached command line does", async () => {
      const started_by = { kind: "command", name: "coditect run", at: "2026-01-31T12:00:00.000Z" };
      const headers = { traceparent: trace_parent };
      assert.deepEqual(await start({ task: "Add.", options: { started_by } }, headers), started_by);
    });
  });

  for (const [what, verb, path, body, status, code] of [
    ["an unknown address", "GET", "/api/nothing", undefined, 404, "not_found"],
    ["another verb", "PATCH", "/api/agents", undefined, 405, "verb_not_allowed"],
    ["an unknown query parameter", "GET", "/api/agents?kind=Coder", undefined, 400, "invalid_params"],
    ["a wrong value", "GET", "/api/agents?limit=many", undefined, 400, "invalid_params"],
    ["a parameter given twice", "GET", "/api/agents?type=Coder&type=Coder", undefined, 400, "invalid_params"],
    ["a body that is not JSON", "POST", "/api/agents", "{", 400, "invalid_params"],
    ["a body that is no object", "POST", "/api/agents", "[]", 400, "invalid_params"],
    ["broken percent-encoding", "GET", "/api/agents/%zz", undefined, 400, "invalid_params"],
    [
      "another id in the body",
      "PUT",
      `/api/agents/${randomUUID()}`,
      { agent_id: "x" },
      400,
      "invalid_params",
    ],
  ] as const)
    it(`refuses ${what}`, async () => {
      const answer = await call(verb, path, body);
      assert.deepEqual([answer.status, answer.json.code], [status, code]);
    });

  it("refuses a body that does not say it is JSON: a form of a web page cannot", async () => {
    const answer = await call("POST", "/api/agents", "{}", { "content-type": "text/plain" });
    assert.equal(answer.status, 400);
  });

  it("refuses a body beyond its size", async () => {
    const answer = await call("POST", "/api/agents", " ".repeat(17 * 1024 * 1024));
    assert.deepEqual([answer.status, answer.json.code], [413, "body_too_large"]);
  });

  it("answers bytes that are no request with a problem", async () => {
    const client = connect(Number(new URL(server.url).port), "127.0.0.1");
    client.write("hello\r\n\r\n");
    assert.match(
      await text(client),
      /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*not valid HTTP/,
    );
  });

  it("lets nobody in without the token", async () => {
    for (const authorization of ["", "Bearer ", "Bearer wrong", `Basic ${TOKEN}`, TOKEN]) {
      const { status, headers } = await call("GET", "/api/agents", undefined, { authorization });
      assert.deepEqual([status, headers.get("www-authenticate")], [401, "Bearer"]);
    }
  });

  it("answers no other name than this machine's, and no web page, whatever token they have", async () => {
    const statusFor = (headers: Record<string, string>) =>
      new Promise((resolve, reject) => {
        request(`${server.url}/api/agents`, { headers: { ...bearer, ...headers } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    assert.equal(await statusFor({ host: "evil.example:80" }), 403);
    assert.equal(await statusFor({ host: "127.0.0.1.evil.example" }), 403);
    assert.equal(await statusFor({ origin: "http://evil.example" }), 403);
    assert.equal(await statusFor({ host: "localhost:1" }), 200);
  });

  it("streams events as they happen, until the reader leaves", async () => {
    const leave = new AbortController();
    const response = await fetch(`${server.url}/api/events`, { headers: bearer, signal: leave.signal });
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.ok(response.body);
    let seen = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      if (seen === "") at.emit({ type: "configuration.changed", at: NOW });
      seen += chunk;
      if (seen.includes("data:")) break;
    }
    assert.match(seen, /event: configuration\.changed\ndata: \{"type":"configuration\.changed","at":"2026/);
    leave.abort();
  });

  it("stops working for a caller that went away", async () => {
    const started = Promise.withResolvers<AbortSignal>();
    const busy = testDispatch("/workspace", {
      gateway: {
        models: (_, signal) => {
          started.resolve(signal);
          return new Promise(() => undefined);
        },
      },
    });
    const other = await serveTest(Promise.resolve(busy));
    const leave = new AbortController();
    const answer = fetch(`${other.url}/api/models`, { headers: bearer, signal: leave.signal });
    const signal = await started.promise;
    const aborted = new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
    leave.abort();
    await assert.rejects(answer);
    await aborted;
    await other.close();
  });

  it("makes requests wait for the runtime to open", async () => {
    const opening = Promise.withResolvers<TestDispatch>();
    const other = await serveTest(opening.promise);
    const answer = fetch(`${other.url}/api/agents`, { headers: bearer });
    opening.resolve(at);
    assert.equal((await answer).status, 200);
    await other.close();
  });
});
