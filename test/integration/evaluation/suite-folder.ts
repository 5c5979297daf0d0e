import { testWorkspace, type TestWorkspace } from "../../support/workspace.ts";

/** Stands in the hidden tests alone. */
export const MARK = "a-mark-no-agent-may-see";

const pack = JSON.stringify({ type: "module", scripts: { test: "node --test" } });

const testOf = (name: string, check: string) =>
  [
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    'import { double } from "../src/double.js";',
    `it("${name}", () => { ${check} });`,
  ].join("\n");

/** One Coder whose work is sent back once if the project's own tests fail. */
const team = {
  name: "coder-alone",
  members: [{ role: "coder", agent_type: "Coder" }],
  workflow_stages: [
    {
      name: "code",
      member: "coder",
      prompt: "{{task}}",
      write_access: "sources",
      gates: ["changed", "clean"],
      on_failure: { back_to: "code", max_rounds: 1 },
    },
  ],
};

const solve = (name: string): Record<string, string> => ({
  [`${name}/task.json`]: JSON.stringify({
    kind: "solve",
    workflow: "coder-alone",
    task: `This is the task ${name}: double() has to double negative numbers too.`,
    file: "src/double.js",
    tests: ["test/hidden.test.js"],
  }),
  [`${name}/project/package.json`]: pack,
  [`${name}/project/.coditect/teams/coder-alone.json`]: JSON.stringify(team),
  [`${name}/project/src/double.js`]: "export const double = (n) => (n > 0 ? 2 * n : 0);\n",
  [`${name}/project/test/double.test.js`]: testOf("two", "assert.equal(double(1), 2)"),
  [`${name}/hidden/test/hidden.test.js`]: testOf(MARK, "assert.equal(double(-1), -2)"),
});

const pair = (name: string): Record<string, string> => ({
  [`${name}/task.json`]: JSON.stringify({
    kind: "review",
    workflow: "security",
    task: `This is the pair ${name}.`,
    file: "src/find.js",
    defect: { path: "src/find.js", start_line: 2, end_line: 2 },
  }),
  [`${name}/buggy/src/find.js`]: "export const find = (db, id) =>\n  db.query('id = ' + id);\n",
  [`${name}/fixed/src/find.js`]: "export const find = (db, id) =>\n  db.query('id = ?', [id]);\n",
});

/** A suite of two tasks to solve and two pairs to review, on the disk. */
export const suiteFolder = (): Promise<TestWorkspace> =>
  testWorkspace({ ...solve("easy"), ...solve("flaky"), ...pair("seen"), ...pair("missed") });
