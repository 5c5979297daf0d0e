import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";
import { connect } from "node:tls";
import { fail } from "../../../../schemas/errors.ts";
import { routes } from "../../../../server/surfaces/rest/routes.ts";
import { type TestTeam, testTeam, testTls } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";

type Answer = Awaited<ReturnType<TestTeam["call"]>>;

const deep = "[".repeat(5000);
/** Bodies that no method takes, as bytes. */
const bodies: Record<string, Buffer> = Object.fromEntries(
  Object.entries({
    "an array": "[]",
    "a text": '"x"',
    "a number": "1",
    null: "null",
    "deep JSON": `{"task":${deep}}`,
    "deep JSON that ends": `{"task":${deep}${"]".repeat(5000)}}`,
    "JSON that does not end": '{"task":"x',
    "a key of JavaScript": '{"__proto__":{"role":"admin"},"constructor":{"prototype":{}}}',
    "a key twice": '{"name":"a","name":{"toString":1}}',
    "a number without end": '{"limit":1e999,"name":1e999,"task":1e999,"verdict":-1e999}',
    "half a character": '{"name":"\\ud800","task":"\\udfff"}',
    NUL: '{"name":"\\u0000","task":"\\u0000"}',
    "a form": "name=a&task=b",
  }).map(([what, body]) => [what, Buffer.from(body)]),
);
const notUtf8 = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
bodies["bytes that are not UTF-8"] = notUtf8;

const segments = ["%00", "..%2f..%2fetc%2fpasswd", "%c0%af", "%ff", "%", "%2e%2e", "a%2fb", "x".repeat(4000)];
const verbs = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"];
const headers: Record<string, string>[] = [
  { range: "bytes=0-0,5-,-1" },
  { "if-match": '"' },
  { "if-match": "*", "if-none-match": "*" },
  { "if-none-match": 'W/"x", , "y"' },
  { "idempotency-key": "" },
  { "idempotency-key": "x".repeat(300) },
  { "content-encoding": "br" },
  { "content-type": "application/json; charset=utf-16" },
  { "content-type": "text/plain" },
  { traceparent: "00-0-0-ff", tracestate: "=".repeat(600) },
  { expect: "nothing" },
];

/** What a call hands on to parts that have no double here. */
const handsOn: ReadonlySet<string> = new Set(["consents/set"]);

describe("hostile requests to the server of a team", function () {
  this.timeout(120_000);
  const user = ownUserFolder();
  let team: TestTeam;
  let token: string;
  const agent = new Agent({ keepAlive: true });
  before(async () => {
    user.use();
    const nothing = () => Promise.reject(fail("unknown_workflow", { name: "it", names: "none" }));
    team = await testTeam({}, { runs: { start: nothing, forecast: nothing, checkModels: nothing } });
    token = await team.tenants[0].token("admin");
  });
  after(async () => {
    agent.destroy();
    await team.close();
    await user.restore();
  });

  const check = ({ status, headers: { "content-type": type }, json, text: said }: Answer, what: string) => {
    assert.ok(status >= 200 && status < 500, `${what}: ${status} ${said}`);
    if (status < 400 || said === "") return;
    assert.equal(type, "application/problem+json", what);
    assert.deepEqual([json.status, typeof json.detail, typeof json.code], [status, "string", "string"], what);
  };
  const fill = (path: string, value = randomUUID() as string) => path.replace(/\{\w+\}/g, value);
  /** `team.call` sends a text, and some bodies are none. */
  const send = (verb: string, path: string, body: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const asked = request(
        {
          ...{ host: "127.0.0.1", port: team.server.port, method: verb, path, ca: testTls.cert, agent },
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "content-length": body.length,
          },
        },
        (response) => {
          text(response).then((said) => {
            const { statusCode: status = 0, headers: received } = response;
            resolve({
              status,
              headers: received,
              text: said,
              json: JSON.parse(said || "{}") as Answer["json"],
            });
          }, reject);
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  const known = routes.filter(({ method }) => !handsOn.has(method));

  for (const { method, verb, path } of known.filter(({ verb }) => verb === "POST" || verb === "PUT"))
    it(`${method}: bodies that it does not take`, async () => {
      for (const [what, body] of Object.entries(bodies)) check(await send(verb, fill(path), body), what);
    });

  it("a body that is not UTF-8 is refused, and not read as other text", async () => {
    const { status, text: said } = await send("POST", "/api/agents", notUtf8);
    assert.equal(status, 400);
    assert.match(said, /it is not UTF-8/);
  });

  for (const { method, verb, path } of known.filter(({ path: each }) => each.includes("{")))
    it(`${method}: addresses that name no record`, async () => {
      const body = verb === "POST" || verb === "PUT" ? { body: {} } : {};
      for (const segment of segments) {
        const answer = await team.call(verb, fill(path, segment), { token, ...body });
        check(answer, segment);
        assert.ok(answer.status >= 400, `${segment}: ${answer.status}`);
      }
    });

  it("every verb at every address", async () => {
    for (const path of new Set(known.map((route) => fill(route.path))))
      for (const verb of verbs) check(await team.call(verb, path, { token }), `${verb} ${path}`);
  });

  it("every header at every address", async () => {
    for (const { verb, path } of known)
      for (const header of headers) {
        const body = verb === "POST" || verb === "PUT" ? { body: {} } : {};
        const answer = await team.call(verb, fill(path), { token, headers: header, ...body });
        check(answer, `${verb} ${path} ${JSON.stringify(header)}`);
      }
  });

  it("the tools over MCP, whatever the body is", async () => {
    for (const [what, body] of Object.entries(bodies)) {
      const { status, text: said } = await send("POST", "/mcp", body);
      assert.ok(status >= 400 && status < 500, `${what}: ${status} ${said}`);
    }
  });

  it("an idempotency key with another body, at every address that takes one", async () => {
    const headersOf = { "idempotency-key": randomUUID() };
    for (const { path } of known.filter(({ verb }) => verb === "POST"))
      for (const body of [{}, { other: 1 }, { other: [2] }])
        check(await team.call("POST", fill(path), { token, headers: headersOf, body }), path);
  });

  it("events after an id that nobody gave out", async () => {
    for (const id of ["", "x", "-1", "1-", `${"9".repeat(400)}-1`, "__proto__", "0x1-0x1"]) {
      const { status, headers: received } = await team.call("HEAD", "/api/events", {
        token,
        headers: { "last-event-id": id },
      });
      assert.deepEqual([status, received["content-type"]], [200, "text/event-stream"], id);
      const asked = request({
        ...{ host: "127.0.0.1", port: team.server.port, path: "/api/events", ca: testTls.cert },
        headers: { authorization: `Bearer ${token}`, "last-event-id": id },
      });
      const first = await new Promise<string>((resolve, reject) => {
        asked.on("error", reject);
        asked.on("response", (response) => {
          let said = "";
          response.on("data", (chunk) => {
            said += String(chunk);
            if (said.includes(": listening\n\n") && (id === "" || said.includes("events.lost")))
              resolve(said);
          });
        });
        asked.end();
      });
      asked.destroy();
      assert.match(first, /: listening/);
    }
  });

  for (const [what, bytes, status] of [
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a header with NUL", "GET / HTTP/1.1\r\nhost: a\r\nx: \0\r\n\r\n", 400],
    ["a header that is too large", `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(40_000)}\r\n\r\n`, 431],
    ["two lengths", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", 400],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
  ] as const)
    it(`${what}: a problem, too`, async () => {
      const socket = connect({ host: "127.0.0.1", port: team.server.port, ca: testTls.cert });
      socket.write(bytes);
      const answer = await text(socket);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answer, /content-type: application\/problem\+json/i);
      const problem = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as Record<string, unknown>;
      assert.deepEqual([problem.status, problem.code], [status, "invalid_params"]);
    });
});
