import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { copySample } from "../../../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../../../server/rehearsal/script.ts";
import {
  REHEARSAL_MODEL,
  type RehearsalServer,
  startRehearsal,
} from "../../../../server/rehearsal/server.ts";
import { eventsOf, lastOf, runCommand } from "../../../support/command.ts";

const finish = { tool: "finish", arguments: { summary: "Done.", confidence: 1, completeness: 1 } };
/** Claims to be done at once, every time. */
const lazy = RehearsalScript.parse({ agents: { TestWriter: [{ tool_calls: [finish] }] } });

describe("coditect ends with the exit code of the contract", () => {
  let workspace: string;
  let server: RehearsalServer;
  before(async () => {
    workspace = await copySample();
    server = await startRehearsal([lazy]);
  });
  after(async () => {
    await server.close();
    await rm(workspace, { recursive: true });
  });
  const run = (...args: string[]) => runCommand(args, { folder: workspace });
  const asked = ["run", "tdd", "src/bill.js", "--task", "x"];
  const model = (endpoint: string) => [
    "--provider",
    "ollama",
    "--model",
    REHEARSAL_MODEL,
    "--endpoint",
    endpoint,
  ];

  it("1 when a gate does not hold, with the workspace untouched", async () => {
    const source = await readFile(join(workspace, "src/bill.js"), "utf8");
    const { exit_code, stdout } = await run(...asked, "--apply", "--json", ...model(server.endpoint));
    assert.equal(exit_code, 1);
    assert.equal(lastOf(eventsOf(stdout)).status, "GateFailed");
    assert.equal(await readFile(join(workspace, "src/bill.js"), "utf8"), source);
  });

  for (const [what, args, says] of [
    ["no command", [], /Usage: coditect/],
    ["an unknown command", ["rnu"], /Did you mean run\?/],
    ["an unknown option", ["run", "tdd", "--provder", "claude"], /Did you mean --provider\?/],
    ["an unknown provider", ["run", "tdd", "--provider", "clade"], /Allowed choices are/],
    ["a number that is none", ["run", "tdd", "--max-tokens", "many"], /--max-tokens/],
    [
      "a file that is not there",
      ["run", "tdd", "src/gone.js", "--task", "x"],
      /src\/gone\.js does not exist/,
    ],
    ["a file outside", ["run", "tdd", "/etc/hosts", "--task", "x"], /outside the workspace/],
    ["an unknown team", ["run", "tddd", "src/bill.js"], /no team or workflow named tddd/],
    ["an unknown task", ["changes", "show", "11111111-1111-4111-8111-111111111111"], /There is no/],
    ["a task that is no id", ["resume", "it"], /task_id/],
  ] as const)
    it(`2 for ${what}, said on standard error alone`, async () => {
      const { exit_code, stdout, stderr } = await run(...args);
      assert.equal(exit_code, 2, stderr);
      assert.match(stderr, says);
      assert.equal(stdout, "");
    });

  it("3 when the provider cannot be reached, with what to do", async () => {
    const { exit_code, stderr } = await run(...asked, ...model("http://127.0.0.1:9"));
    assert.equal(exit_code, 3);
    assert.match(stderr, /Cannot reach Ollama at http:\/\/127\.0\.0\.1:9/);
  });

  it("4 when a limit is hit before the first call", async () => {
    const sent = server.requests.length;
    const { exit_code, stdout } = await run(
      ...asked,
      "--max-tokens",
      "10",
      "--json",
      ...model(server.endpoint),
    );
    assert.equal(exit_code, 4);
    assert.equal(lastOf(eventsOf(stdout)).status, "LimitReached");
    assert.equal(server.requests.length, sent);
  });

  it("0 for help and version", async () => {
    assert.equal((await run("--help")).exit_code, 0);
    assert.equal((await run("run", "--help")).exit_code, 0);
    assert.match((await run("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
