import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { call, finish, reader } from "../../support/one-round.ts";

const text = "An answer that is long enough to come in more pieces than only one or two of them.";

describe("tokens of attempts that gave no answer", () => {
  let server: ModelServer;
  let workspace: string;
  before(async () => {
    workspace = await mkdtemp(join(tmpdir(), "coditect-project-"));
    await writeFile(join(workspace, "a.js"), "export const a = 1;\n");
    const readAll = call("read_file", { path: "a.js" });
    server = await startModelServer({
      Reviewer: [
        { text, cutAfter: 3, usage: { input: 1000 } },
        { ...readAll, usage: { input: 1000, output: 10 } },
        { text, stallAfter: 3, usage: { input: 2000 } },
        { ...finish, usage: { input: 2000, output: 20 } },
      ],
    });
  });
  after(async () => {
    await server.close();
    await rm(workspace, { recursive: true, force: true });
  });
  const start = (): Promise<TestRuntime> =>
    startRuntime({ workspace, settings: { provider: server.claude(), endpoints: { Claude: server.url } } });

  it("are used by the execution and its run like all others, also after a restart", async () => {
    const first = await start();
    const team = await first.call("teams/create", reader);
    const request = { team_id: team.team_id, task: "Read it" };
    const { task_id } = await first.call("teams/execute", request);
    // The second turn stalls there: what it took by then is paid for when the runtime ends.
    await first.event("model.text", ({ turn }) => turn === 2);
    await first.close();

    const second = await start();
    await second.call("runs/resume", { task_id });
    const { status, usage } = await second.event("run.finished");
    const today = await second.call("usage/today", {});
    const [execution] = second.runtime.store.all("executions", { task_id });
    const entries = await second.runtime.store.transcripts.read(execution?.execution_id ?? "");
    await second.close();

    assert.equal(status, "Succeeded");
    assert.equal(entries.filter(({ type }) => type === "spent").length, 2);
    assert.deepEqual([usage.input_tokens, usage.api_calls], [6000, 4]);
    assert.equal(usage.input_tokens + usage.output_tokens, today.tokens);
    assert.equal(execution?.resource_usage.input_tokens, usage.input_tokens);
    assert.equal(Math.round((usage.cost ?? 0) * 100_000_000), today.cost_microcents);
  });
});
