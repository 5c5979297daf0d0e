import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "mocha";
import { z } from "zod";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { eventsOf, lastOf, runCommand, type RunningCommand, startCommand } from "../../../support/command.ts";

const Serving = z.object({ url: z.url(), endpoint_file: z.string(), pid: z.int() });

describe("a command beside a runtime that owns the state folder", () => {
  let workspace: string;
  let server: RunningCommand;
  let serving: z.infer<typeof Serving>;
  before(async () => {
    workspace = await copySample();
    server = startCommand(["serve", "--json"], { folder: workspace });
    assert.ok(server.child.stdout);
    const lines = createInterface({ input: server.child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    serving = Serving.parse(JSON.parse(String(value)));
  });
  after(async () => {
    server.child.kill("SIGKILL");
    await rm(workspace, { recursive: true });
  });

  it("runs its team there and sees its events", async () => {
    const args = ["run", "architecture", "src/bill.js", "--task", "x", "--provider", "rehearsal", "--json"];
    const { exit_code, stdout, stderr } = await runCommand(args, { folder: workspace });
    assert.equal(exit_code, 0, stderr);
    const events = eventsOf(stdout);
    assert.equal(lastOf(events).status, "Succeeded");
    assert.ok(events.some((event) => event.type === "tool.called"));
  });

  it("reads and changes its records", async () => {
    const [run] = (await runCommand(["runs", "list", "--json"], { folder: workspace })).stdout.split("\n");
    const { task } = z.object({ task: z.object({ task_id: z.uuid() }) }).parse(JSON.parse(run ?? ""));
    const discarded = await runCommand(["changes", "discard", task.task_id], { folder: workspace });
    assert.match(discarded.stdout, /^\d files? discarded\n$/, discarded.stderr);
  });

  it("gives its errors the exit codes they have everywhere", async () => {
    const args = ["executions", "cancel", "11111111-1111-4111-8111-111111111111"];
    const { exit_code, stderr } = await runCommand(args, { folder: workspace });
    assert.equal(exit_code, 2);
    assert.match(stderr, /There is no execution/);
  });

  it("is told by doctor who that is", async () => {
    const { exit_code, stdout } = await runCommand(["doctor"], { folder: workspace });
    assert.equal(exit_code, 0, stdout);
    assert.ok(stdout.includes(`served by process ${serving.pid}`));
  });

  it("opens the folder itself once the other has been interrupted", async () => {
    server.child.kill("SIGINT");
    assert.equal((await server.result).exit_code, 130);
    const { exit_code, stderr } = await runCommand(["runs", "list"], { folder: workspace });
    assert.equal(exit_code, 0, stderr);
  });
});
