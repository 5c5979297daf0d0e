import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createClient } from "@hey-api/openapi-ts";
import { build } from "esbuild";
import { z } from "zod";
import { RuntimeEvent } from "../../../../schemas/events.ts";
import type { Surface } from "../../../../server/hosting/surface.ts";
import { startRuntime, type TestRuntime } from "../../../harness.ts";
import { startModelServer, type ModelServer } from "../../../model-servers.ts";
import { finish, reader } from "../../../support/one-round.ts";
import { bearer, serveTest, TOKEN } from "../../../unit/surfaces/rest/support.ts";

interface Answer {
  data?: unknown;
  error?: unknown;
  response: { status: number };
}
type Operation = (options: Record<string, unknown>) => Promise<Answer>;

const Agent = z.looseObject({ agent_id: z.uuid(), name: z.string(), status: z.string() });
const Instance = z.looseObject({ instance_id: z.uuid(), state: z.string() });
const Team = z.looseObject({ team_id: z.uuid() });
const Started = z.looseObject({ task_id: z.uuid() });
const Problem = z.looseObject({ code: z.string(), status: z.int() });
const listOf = <Item extends z.ZodType>(item: Item) => z.looseObject({ items: z.array(item) });

/** What a program has that was made from the served document alone, by @hey-api/openapi-ts. */
const generate = async (url: string, folder: string): Promise<Record<string, Operation>> => {
  const document: unknown = await (await fetch(`${url}/openapi.json`, { headers: bearer })).json();
  const output = join(folder, "source");
  await createClient({
    // The generator takes any document and checks it itself.
    input: document as Record<string, unknown>,
    output,
    plugins: ["@hey-api/client-fetch", "@hey-api/sdk"],
    logs: { level: "silent" },
  });
  const outfile = join(folder, "client.mjs");
  await build({
    entryPoints: [join(output, "sdk.gen.ts")],
    ...{ outfile, bundle: true, format: "esm", platform: "node", logLevel: "error" },
  });
  // The generator names the operations; a missing one is undefined, and the call of it fails.
  return (await import(pathToFileURL(outfile).href)) as Record<string, Operation>;
};

describe("a client that a public generator made from the OpenAPI document", () => {
  let folder: string;
  let model: ModelServer;
  let project: TestRuntime;
  let server: Surface;
  let client: Record<string, Operation>;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "coditect-client-"));
    model = await startModelServer({ Reviewer: () => finish });
    project = await startRuntime({ settings: { provider: model.ollama() } });
    server = await serveTest(Promise.resolve(project.runtime));
    client = await generate(server.url, folder);
  });
  after(async () => {
    await server.close();
    await project.close();
    await model.close();
    await rm(folder, { recursive: true });
  });

  const ask = async (operation: string, options: Record<string, unknown> = {}): Promise<Answer> => {
    const call = client[operation];
    assert.ok(call, `the client has no ${operation}`);
    return call({ baseUrl: server.url, auth: TOKEN, ...options });
  };
  const done = async <Result extends z.ZodType>(
    result: Result,
    operation: string,
    options: Record<string, unknown> = {},
  ): Promise<z.infer<Result>> => {
    const { data, error, response } = await ask(operation, options);
    assert.ok(response.status < 300, `${operation}: ${JSON.stringify(error)}`);
    return result.parse(data);
  };

  it("lives the life of an agent: created, started, at work in a team, ended, deleted", async () => {
    const body = { name: "Ada", agent_type: "Reviewer", provider: model.ollama() };
    const { agent_id } = await done(Agent, "agentsCreate", { body });
    const path = { agent_id };
    assert.equal((await done(Agent, "agentsGet", { path })).name, "Ada");
    const renamed = await done(Agent, "agentsUpdate", { path, body: { name: "Ada the second" } });
    assert.equal(renamed.name, "Ada the second");
    const listed = await done(listOf(Agent), "agentsList", { query: { type: "Reviewer", limit: 10 } });
    assert.ok(listed.items.some((agent) => agent.agent_id === agent_id));

    const { instance_id } = await done(Instance, "instancesCreate", { path, body: {} });
    await project.event("instance.changed", ({ instance }) => instance.state === "Idle");
    const inPath = { path: { instance_id } };
    const paused = await done(Instance, "instancesSetState", { ...inPath, body: { state: "Paused" } });
    assert.equal(paused.state, "Paused");
    const query = { agent_id, state: "Paused" };
    assert.equal((await done(listOf(Instance), "instancesList", { query })).items.length, 1);

    const refused = await ask("agentsDelete", { path });
    assert.deepEqual(
      [refused.response.status, Problem.parse(refused.error).code],
      [409, "agent_has_active_instances"],
    );

    const { team_id } = await done(Team, "teamsCreate", { body: reader });
    const { stream } = (await ask("events")) as unknown as { stream: AsyncGenerator };
    const ended = (async () => {
      for await (const data of stream) {
        const event = RuntimeEvent.parse(data);
        if (event.type === "run.finished") return event;
      }
      throw new Error("the stream ended");
    })();
    const { task_id } = await done(Started, "teamsExecute", {
      path: { team_id },
      body: { task: "Read." },
    });
    const end = await ended;
    assert.deepEqual([end.task_id, end.status], [task_id, "Succeeded"]);
    const executions = await done(listOf(z.looseObject({ status: z.string() })), "executionsList", {
      query: { task_id },
    });
    assert.deepEqual(
      executions.items.map(({ status }) => status),
      ["Completed"],
    );

    await ask("instancesTerminate", inPath);
    await project.event(
      "instance.changed",
      ({ instance }) => instance.instance_id === instance_id && instance.state === "Terminated",
    );
    assert.equal((await ask("agentsDelete", { path })).response.status, 204);
    const gone = await ask("agentsGet", { path });
    assert.equal(gone.response.status, 404);
    assert.equal(Problem.parse(gone.error).code, "not_found");
  });
});
