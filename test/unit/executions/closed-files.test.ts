import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, it } from "mocha";
import type { TestReport } from "../../../schemas/tests.ts";
import { closedFilesInWords, closedTestFiles } from "../../../server/executions/closed-files.ts";
import { testWorkspace } from "../../support/workspace.ts";

describe("environment files that failing tests may need", () => {
  it("are found at the root and in the packages of failing tests, and named with the option that opens them", async () => {
    const secret = "API_KEY=8f1c2a9be07d4453a6c1f0d2b7e94a5c\n";
    const workspace = await testWorkspace({
      ".env.ci": secret,
      "packages/a/.env.test": secret,
      "packages/a/test/cart.test.js": "",
      "packages/b/.env.test": secret,
      "packages/b/test/tax.test.js": "",
    });
    try {
      execFileSync("git", ["init", "-q"], { cwd: workspace.root });
      execFileSync("git", ["add", "-A"], { cwd: workspace.root });
      const test = { name: "adds", duration_ms: 1, message: null };
      const report = (status: "passed" | "failed"): TestReport => ({
        runner: "node:test",
        command: ["node", "--test"],
        outcome: status,
        exit_code: 0,
        counts: { passed: 1, failed: 1, skipped: 0 },
        tests: [
          { ...test, file: "packages/a/test/cart.test.js", status },
          { ...test, file: "packages/b/test/tax.test.js", status: "passed" },
        ],
        ...{ load_errors: [], errors: [], parts: [], coverage: null, duration_ms: 1, output: "" },
      });
      const closed = closedTestFiles(workspace.root, report("failed"), []);
      assert.deepEqual(closed.toSorted(), [".env.ci", "packages/a/.env.test"]);
      assert.deepEqual(closedTestFiles(workspace.root, report("passed"), []), []);
      assert.deepEqual(closedTestFiles(workspace.root, report("failed"), [".env.ci"]), [
        "packages/a/.env.test",
      ]);
      assert.match(
        closedFilesInWords("Tests fail", closed),
        /^Tests fail, and they may need .* use --allow-file \S+ --allow-file \S+\. Or /,
      );
    } finally {
      await workspace.remove();
    }
  });
});
