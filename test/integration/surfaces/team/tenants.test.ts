import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { RuntimeEvent } from "../../../../schemas/events.ts";
import { AuditLog } from "../../../../server/access/audit-log.ts";
import { TokenBook } from "../../../../server/access/token-book.ts";
import { pathFields, routes } from "../../../../server/surfaces/rest/routes.ts";
import { openTeamServer, type TeamServer } from "../../../../server/surfaces/team/server.ts";
import { startRuntime, type TestRuntime } from "../../../harness.ts";
import { startModelServer, type ModelServer } from "../../../model-servers.ts";
import { call, finish, reader } from "../../../support/one-round.ts";
import { callHttps, testTls } from "../../../support/team-server.ts";
import { ownUserFolder } from "../../../support/user-folder.ts";
import { testWorkspace, type TestWorkspace } from "../../../support/workspace.ts";

const now = (): string => new Date().toISOString();
const secretWord = "kumquat";
const reported = call("report_findings", {
  findings: [
    {
      ...{ path: "a.js", start_line: 1, end_line: 1, severity: "High", category: "wrong-result" },
      ...{ title: `The ${secretWord} is wrong`, explanation: secretWord, confidence: 0.9 },
    },
  ],
});

describe("two tenants of a server, each with a real runtime", () => {
  const user = ownUserFolder();
  let model: ModelServer;
  let server: TeamServer;
  let files: TestWorkspace;
  let acme: TestRuntime;
  let globex: TestRuntime;
  /** Of acme, a value for each field that a path of the contract has. */
  let ids: Record<string, string>;
  let tokens: Record<"acme" | "globex", string>;

  const tenantOf = (name: string, { runtime, workspace }: TestRuntime) => ({
    name,
    dispatch: runtime.dispatch,
    subscribe: (listener: (event: RuntimeEvent) => void) => runtime.subscribe(listener),
    store: runtime.store,
    tokens: new TokenBook(runtime.store, now),
    audit: new AuditLog(join(workspace, ".coditect", "state"), now, "os"),
  });

  before(async () => {
    user.use();
    let turn = 0;
    model = await startModelServer({ Reviewer: () => (turn++ === 0 ? reported : finish) });
    const settings = { provider: model.ollama() };
    files = await testWorkspace({ "a.js": "export const a = 1;\n" });
    acme = await startRuntime({ settings, workspace: files.root });
    globex = await startRuntime({ settings });
    const tenants = [tenantOf("acme", acme), tenantOf("globex", globex)] as const;
    server = await openTeamServer({
      ...{ tenants, listen: { host: "127.0.0.1", port: 0 }, tls: testTls, version: "1.2.3", now },
      ...{ log: () => undefined, requestsPerMinute: 1e6, refusalsPerMinute: 1e6, bodyLimit: 1e6 },
    });
    const [own, foreign] = await Promise.all(
      tenants.map(({ tokens: book }) => book.create({ user: "ada", role: "admin", expires_at: null })),
    );
    assert.ok(own && foreign);
    tokens = { acme: own.secret, globex: foreign.secret };

    const team = await acme.call("teams/create", { ...reader, name: `team of ${secretWord}` });
    const end = await acme.run(team.team_id, { task: `Read the ${secretWord}.` });
    assert.equal(end.status, "Succeeded");
    const { executions } = await acme.call("runs/get", { task_id: end.task_id });
    const findings = await acme.call("findings/list", {});
    const agents = await acme.call("agents/list", {});
    ids = {
      team_id: team.team_id,
      task_id: end.task_id,
      execution_id: executions[0]?.execution_id ?? "",
      instance_id: executions[0]?.instance_id ?? "",
      agent_id: agents.items[0]?.agent_id ?? "",
      finding_id: findings.items[0]?.finding_id ?? "",
      token_id: own.token.token_id,
      // Nothing of acme has these now; an unknown one must be refused as well.
      ...{
        alert_id: randomUUID(),
        permission_id: randomUUID(),
        question_id: randomUUID(),
        lesson_id: "0123456789abcdef",
      },
    };
  });
  after(async () => {
    await server.drain(AbortSignal.abort());
    for (const project of [acme, globex]) await project.close();
    await files.remove();
    await model.close();
    await user.restore();
  });

  const ask = (verb: string, path: string, token: string, body?: unknown) =>
    callHttps(server.port, verb, path, { token, ...(body !== undefined && { body }) });
  const fill = (path: string): string =>
    path.replace(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(ids[field] ?? ""));

  const isById = (fields: readonly string[]): boolean => fields.some((field) => field.endsWith("_id"));

  it("has a record of its own for every kind that a path of the contract names", () => {
    for (const field of routes.flatMap(pathFields).filter((name) => name.endsWith("_id")))
      assert.ok(ids[field], `${field}: add a record of acme to this test`);
  });

  // First: the audit log of the other tenant records what it asked for below.
  for (const route of routes.filter(({ verb, path }) => verb === "GET" && !path.includes("{")))
    it(`${route.method}: nothing of another tenant`, async () => {
      const { status, text } = await ask("GET", route.path, tokens.globex);
      // A tenant's own runtime works on its own folder and takes no files. These tenants store no keys.
      const refusals: Partial<Record<string, number>> = { "files/get": 409, "secrets/list": 403 };
      assert.equal(status, refusals[route.method] ?? 200, text);
      assert.ok(!text.includes(secretWord), text);
      for (const id of Object.values(ids)) assert.ok(!text.includes(id), `${route.method} shows ${id}`);
    });

  for (const route of routes.filter((each) => isById(pathFields(each))))
    it(`${route.method}: not found for another tenant`, async () => {
      const takesBody = route.verb === "POST" || route.verb === "PUT";
      const { status, json, text } = await ask(
        route.verb,
        fill(route.path),
        tokens.globex,
        takesBody ? {} : undefined,
      );
      // A body that is not whole is refused before any record is looked for.
      assert.ok([404, 400].includes(status), `${status} ${text}`);
      assert.ok(["not_found", "invalid_params", "unknown_workflow"].includes(String(json.code)), text);
      assert.ok(!text.includes(secretWord), text);
      if (route.verb !== "GET") return;
      assert.equal(status, 404, text);
      if (["alert_id", "permission_id"].some((field) => pathFields(route).includes(field))) return;
      const own = await ask("GET", fill(route.path), tokens.acme);
      // No agent changed a file, so the run has no change set; all else is there.
      assert.equal(own.status, route.method === "changes/get" ? 404 : 200, `${route.method} ${own.text}`);
    });

  it("takes another tenant's ids in queries and bodies for unknown", async () => {
    for (const query of [`task_id=${ids.task_id ?? ""}`, `instance_id=${ids.instance_id ?? ""}`]) {
      const { json } = await ask("GET", `/api/agent-executions?${query}`, tokens.globex);
      assert.deepEqual(json.items, [], query);
    }
    const { json } = await ask("GET", `/api/agent-instances?agent_id=${ids.agent_id ?? ""}`, tokens.globex);
    assert.deepEqual(json.items, []);
    const models = await ask("POST", "/api/models/check", tokens.globex, { team_id: ids.team_id });
    assert.ok(models.status >= 400 && models.status < 500, models.text);
  });
});
