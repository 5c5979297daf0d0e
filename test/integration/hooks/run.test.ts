import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { openConsents } from "../../../server/platform/consents.ts";
import { configurationFiles, configurationHash } from "../../../server/workspace/configuration.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { startModelServer, type ModelServer } from "../../model-servers.ts";
import { answered, call, finish, reader } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

/** Writes down each step that it is told of, and answers as the test wants. */
const hook = `
import { appendFileSync, readFileSync } from "node:fs";
const told = JSON.parse(readFileSync(0, "utf8"));
appendFileSync("steps.jsonl", JSON.stringify(told) + "\\n");
const { hook_event_name: event, tool_input: input } = told;
if (event === "PreToolUse" && input.path === "secret.txt") {
  console.error("secret.txt is not for agents.");
  process.exitCode = 2;
}
if (event === "PostToolUse") console.log(JSON.stringify({ hookSpecificOutput: { additionalContext: "Seen by a hook." } }));
if (event === "SubagentStop" && told.last_assistant_message.includes("lazy"))
  console.log(JSON.stringify({ decision: "block", reason: "Read more of it." }));
`;
const events = ["SessionStart", "SubagentStart", "PreToolUse", "PostToolUse", "SubagentStop", "SessionEnd"];
const entry = { type: "command", command: "node hook.mjs", sandbox: "none", name: "recorder" };

describe("a run with hooks", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let project: TestRuntime;
  let summary: string;

  const stepsTold = (): { hook_event_name: string; tool_name?: string }[] =>
    readFileSync(join(files.root, "steps.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { hook_event_name: string });

  before(async () => {
    model = await startModelServer({
      Reviewer: (request) => {
        const turn = answered(request);
        if (turn === 0) return call("read_file", { path: "open.txt" });
        if (turn === 1) return call("read_file", { path: "secret.txt" });
        return summary === "" ? finish : call("finish", { summary, confidence: 1, completeness: 1 });
      },
    });
    const hooks = Object.fromEntries(events.map((event) => [event, [{ hooks: [entry] }]]));
    files = await testWorkspace({
      "open.txt": "everybody may read this",
      "secret.txt": "the launch code",
      "hook.mjs": hook,
      ".coditect/hooks.json": JSON.stringify({ hooks }),
    });
    project = await startRuntime({ workspace: files.root, settings: { provider: model.ollama() } });
    await project.call("teams/create", reader);
    summary = "";
  });
  after(async () => {
    await project.close();
    await model.close();
    await files.remove();
  });

  it("does not begin before the user has allowed them", async () => {
    await assert.rejects(project.run("reader", { task: "Read." }), {
      code: "hooks_unconfirmed",
      message: /it runs node hook\.mjs/,
    });
    assert.equal(existsSync(join(files.root, "steps.jsonl")), false);
    openConsents(files.root).give({
      name: "configuration",
      of: configurationHash(configurationFiles(files.root)),
      given_by: "test",
      created_at: new Date().toISOString(),
    });
  });

  it("tells them of every step, keeps to their refusals, and gives the agent what they add", async () => {
    const { task_id, status } = await project.run("reader", { task: "Read." });
    assert.equal(status, "Succeeded", project.problems.join("\n"));
    assert.deepEqual(
      stepsTold().map((step) => [step.hook_event_name, step.tool_name ?? ""].join(" ").trim()),
      [
        "SessionStart",
        "SubagentStart",
        ...["read_file", "read_file", "finish"].flatMap((tool) => [
          `PreToolUse ${tool}`,
          `PostToolUse ${tool}`,
        ]),
        "SubagentStop",
        "SessionEnd",
      ],
    );
    const { items } = await project.call("executions/list", { task_id });
    const calls = items[0]?.output?.tool_calls.filter(({ tool }) => tool === "read_file") ?? [];
    assert.deepEqual(
      calls.map(({ success }) => success),
      [true, false],
    );
    const asked = JSON.stringify(model.requests.at(-1)?.body);
    assert.match(asked, /everybody may read this[^"]*Seen by a hook\./);
    assert.match(asked, /The hook recorder refused at PreToolUse: secret\.txt is not for agents\./);
    assert.doesNotMatch(asked, /the launch code/);
  });

  it("fails a stage whose work a hook refuses", async () => {
    summary = "I was lazy.";
    const { status, error } = await project.run("reader", { task: "Read." });
    assert.notEqual(status, "Succeeded");
    assert.match(error?.message ?? "", /The hook recorder refused at SubagentStop: Read more of it\./);
  });
});
