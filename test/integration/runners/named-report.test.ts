import assert from "node:assert/strict";
import { makeProject, outline, type Project } from "./project.ts";

/** A command that we know nothing of: it prints or writes what it is given, and ends with a code. */
const tool = (write: string, exit = 0): string => `const { mkdirSync, writeFileSync } = require("node:fs");
mkdirSync("out", { recursive: true });
${write}
process.exit(${exit});
`;
const writes = (path: string, text: string): string =>
  `writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(text)});`;

const junit = `<?xml version="1.0"?>
<testsuites><testsuite name="shop">
  <testcase classname="checks.cart.TestCart" name="adds" time="0.01"/>
  <testcase classname="checks.cart.TestCart" name="pays"><failure message="1 != 2">at line 3</failure></testcase>
  <testcase classname="checks.tax" name="rates" file="checks/tax.py"><skipped/></testcase>
</testsuite></testsuites>`;
const tap = `TAP version 13
1..2
ok 1 - adds
not ok 2 - pays
  ---
  message: 1 is not 2
  ...
`;

describe("a report that the user names", () => {
  const open: Project[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((project) => project.remove()));
  });
  const run = async (script: string, report: string, more: Record<string, string> = {}) => {
    const project = await makeProject({
      "tool.cjs": script,
      "checks/cart.py": "",
      "checks/tax.py": "",
      ...more,
    });
    open.push(project);
    return project.test({ command: "node tool.cjs", report });
  };

  it("tells each test of JUnit's XML, with the file of its class", async () => {
    const report = await run(tool(writes("out/a.xml", junit), 1), "out/*.xml");
    assert.deepEqual(outline(report), [
      "checks/cart.py > checks.cart.TestCart > adds: passed",
      "checks/cart.py > checks.cart.TestCart > pays: failed",
      "checks/tax.py > checks.tax > rates: skipped",
    ]);
    assert.deepEqual([report.runner, report.outcome, report.exit_code], ["report", "failed", 1]);
    assert.match(report.tests.find(({ status }) => status === "failed")?.message ?? "", /1 != 2/);
  });

  it("tells each test of TAP that the command prints", async () => {
    const report = await run(tool(`process.stdout.write(${JSON.stringify(tap)});`, 1), "-");
    assert.deepEqual(outline(report), [" > adds: passed", " > pays: failed"]);
  });

  it("never passes a command that fails although its report has no failure", async () => {
    const good = junit.replace(/<failure[^]*<\/failure>/, "");
    const report = await run(tool(writes("out/a.xml", good), 3), "out/a.xml");
    assert.equal(report.outcome, "failed");
    assert.match(report.errors[0]?.name ?? "", /exit code 3/);
  });

  it("does not take the report of an earlier run", async () => {
    const report = await run(tool(""), "out/a.xml", { "out/a.xml": junit });
    assert.deepEqual([report.outcome, report.tests.length], ["crashed", 0]);
    assert.match(report.output, /left no complete report at out\/a\.xml/);
  });

  for (const [what, text] of Object.entries({
    "cut XML": junit.slice(0, 150),
    "cut TAP": "TAP version 13\nok 1 - a\n",
  }))
    it(`is broken off with ${what}`, async () => {
      assert.equal((await run(tool(writes("out/a", text)), "out/a")).outcome, "crashed");
    });
});
