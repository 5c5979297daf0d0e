import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ExportedExecution } from "../../../schemas/export.ts";
import { startModelServer, type JournalEntry, type ModelServer } from "../../model-servers.ts";
import { runCommand } from "../../support/command.ts";
import { answered, call, finish } from "../../support/one-round.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

/** Put together here, so that no scanner takes the test for a leak. */
const planted = { key: `sk-ant-${"p1Q2".repeat(10)}`, variable: `plain-${"words-".repeat(4)}only` };

const report = call("report_findings", {
  findings: [
    {
      path: "src/config.js",
      start_line: 1,
      end_line: 1,
      severity: "High",
      category: "hard-coded-secret",
      title: `The key ${planted.key} stands in the source`,
      explanation: "Anyone who reads the code has it.",
      confidence: 0.5,
    },
  ],
});
const turns = [call("read_file", { path: "src/config.js" }), report, finish];

describe("coditect rate, findings dismiss and export", () => {
  let model: ModelServer;
  let files: TestWorkspace;
  let stdout: string;
  const coditect = async (...args: string[]) => {
    const result = await runCommand([...args, "--workspace", files.root], {
      environment: { BILLING_TOKEN: planted.variable },
    });
    assert.equal(result.exit_code, 0, result.stderr);
    return result.stdout;
  };
  const lines = (text: string) =>
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => ExportedExecution.parse(JSON.parse(line)));

  before(async () => {
    model = await startModelServer({ Security: (entry: JournalEntry) => turns[answered(entry)] ?? finish });
    const source = `export const key = "${planted.key}";\n// ${planted.variable}\n`;
    files = await testWorkspace({ "src/config.js": source });
    const asked = ["--provider", "ollama", "--model", "scripted", "--endpoint", model.url];
    await coditect("run", "security", "src/config.js", "--lines", "1-2", ...asked);
    const [finding] = (await coditect("findings", "list", "--json")).split("\n");
    const { finding_id, task_id } = JSON.parse(finding ?? "") as { finding_id: string; task_id: string };
    await coditect("findings", "dismiss", finding_id, "--reason", "a key of the test server");
    await coditect("rate", task_id, "down", "--note", "it should have looked at the tests");
    stdout = await coditect("export");
  });
  after(async () => {
    await model.close();
    await files.remove();
  });

  it("writes what was asked and answered, measured and thought of it, one execution per line", () => {
    const [line, ...more] = lines(stdout);
    assert.ok(line !== undefined && more.length === 0);
    assert.match(line.system, /^Agent: Security/);
    assert.match(JSON.stringify(line.messages[0]), /Look at lines 1 to 2 of src\/config\.js/);
    assert.deepEqual(
      line.messages.map(({ role }) => role),
      ["user", "assistant", "user", "assistant", "user", "assistant", "user"],
    );
    assert.ok(line.tools.some(({ name }) => name === "report_findings"));
    assert.equal(line.outcome.status, "Completed");
    assert.ok(line.usage.input_tokens > 0);
    assert.equal(line.feedback.rating?.verdict, "down");
    assert.deepEqual(
      line.feedback.findings.map(({ status, dismissed_reason }) => [status, dismissed_reason]),
      [["Dismissed", "a key of the test server"]],
    );
  });

  it("leaves no secret in it: not by its form, not of the environment", async () => {
    const transcript = await readFile(
      join(files.root, ".coditect/state/transcripts", `${lines(stdout)[0]?.execution_id ?? ""}.jsonl`),
      "utf8",
    );
    for (const secret of Object.values(planted)) {
      assert.ok(transcript.includes(secret), "the agent read it");
      assert.ok(!stdout.includes(secret), "it is not exported");
    }
    assert.match(stdout, /export const key = \\\\"\[redacted\]\\\\"|export const key = \\"\[redacted\]\\"/);
  });

  it("exports what passes the filters alone, into a file", async () => {
    const output = join(files.root, "out.jsonl");
    const count = async (...filters: string[]) => {
      await coditect("export", "--output", output, ...filters);
      return lines(await readFile(output, "utf8")).length;
    };
    assert.equal(await count("--rating", "down", "--agent", "Security", "--workflow", "security"), 1);
    assert.equal(await count("--rating", "up"), 0);
    assert.equal(await count("--since", "2999-01-01"), 0);
  });
});
