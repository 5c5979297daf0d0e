import assert from "node:assert/strict";
import { provenFirst } from "../../../schemas/findings.ts";
import { rehearsalProvider } from "../../../server/rehearsal/built-in.ts";
import { RehearsalScript } from "../../../server/rehearsal/script.ts";
import { startRehearsal, type RehearsalServer } from "../../../server/rehearsal/server.ts";
import { startRuntime, type TestRuntime } from "../../harness.ts";
import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

const code = "export const discount = (price) => (price > 100 ? price * 0.9 : price);";

const test = (name: string, check: string) => ({
  path: `test/${name}.test.js`,
  content: [
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    'import { discount } from "../src/price.js";',
    `it("${name}", () => ${check});`,
    "",
  ].join("\n"),
});

const finding = (title: string, more: object) => ({
  path: "src/price.js",
  start_line: 1,
  end_line: 1,
  severity: "Medium",
  category: title,
  title,
  explanation: "",
  confidence: 0.9,
  ...more,
});

const refuses = "assert.throws(() => discount(-1), RangeError)";
const mending = code.replace("(price > 100", "(price < 0 ? refuse() : price > 100");

const reported = [
  finding("argued", {}),
  finding("wrong", { reproduction: test("wrong", "assert.equal(discount(200), 180)") }),
  finding("broken", { reproduction: test("broken", "discont(200)") }),
  finding("real", { reproduction: test("real", refuses) }),
  finding("mended", {
    reproduction: test("mended", refuses),
    fix: {
      old_text: code,
      new_text: `const refuse = () => { throw new RangeError("a price is positive"); };\n${mending}`,
    },
  }),
  finding("not-mended", {
    reproduction: test("not-mended", refuses),
    fix: { old_text: "0.9", new_text: "0.8" },
  }),
];

const call = (tool: string, args: object) => ({ tool_calls: [{ tool, arguments: args }] });
const script = RehearsalScript.parse(
  JSON.parse(
    JSON.stringify({
      task: "Review the price.",
      file: "src/price.js",
      agents: {
        Reviewer: [
          call("report_findings", {
            findings: [finding("hidden", { reproduction: { path: "src/price.js", content: "0" } })],
          }),
          call("report_findings", { findings: reported }),
          call("finish", { summary: "Done.", confidence: 1, completeness: 1 }),
        ],
        Security: [call("finish", { summary: "Done.", confidence: 1, completeness: 1 })],
      },
    }),
  ),
);

describe("findings with a reproduction", () => {
  let model: RehearsalServer;
  let sources: TestWorkspace;
  let project: TestRuntime;

  before(async () => {
    sources = await testWorkspace({
      "package.json": '{ "type": "module", "scripts": { "test": "node --test" } }',
      "src/price.js": `${code}\n`,
    });
    model = await startRehearsal([script]);
    project = await startRuntime({
      project: sources.root,
      settings: { provider: rehearsalProvider(model) },
    });
  });
  after(async () => {
    await project.close();
    await model.close();
    await sources.remove();
  });

  it("are proven by the runtime, and say why where they are not", async () => {
    const { task, file } = script;
    const finished = await project.run("review", { task, file });
    assert.equal(finished.status, "Succeeded", finished.error?.message);
    assert.deepEqual(
      Object.fromEntries(finished.findings.map(({ title, proof }) => [title, proof?.reason ?? null])),
      {
        argued: null,
        wrong: "Its test passes.",
        broken: "Its test fails by an error of its own, and not by an assertion.",
        real: "Its test fails on the changed code.",
        mended: "Its test fails on the changed code and passes with the fix.",
        "not-mended": "Its test fails with the proposed fix as well.",
      },
    );
    const shown = provenFirst(finished.findings);
    assert.deepEqual(
      shown
        .slice(0, 2)
        .map(({ title }) => title)
        .sort(),
      ["mended", "real"],
    );
    assert.deepEqual(finished.changes, []);
  });
});
