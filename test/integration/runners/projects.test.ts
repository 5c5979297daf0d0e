import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { toolTable } from "../../../schemas/tools.ts";
import { loadScript, type Turn } from "../../../server/rehearsal/script.ts";
import { runTests } from "../../../server/worker/runners/run-tests.ts";

const fixtures = resolve(import.meta.dirname, "../../fixtures/projects");
const dependencies = resolve(import.meta.dirname, "../../../node_modules");

/** Each fixture project: its runner, and whether its Coder needs a further round to come right. */
const projects: [name: string, runner: string, rounds: number][] = [
  ["vitest-typescript", "vitest", 2],
  ["jest-javascript", "jest", 1],
  ["mocha-esm", "mocha", 3],
  ["node-test", "node:test", 2],
  ["pytest", "pytest", 1],
];

const Rounds = z.array(z.array(z.custom<Turn>()));

/** Does what the turns would have written, as plainly as can be. */
const write = async (workspace: string, turns: readonly Turn[]): Promise<void> => {
  for (const { tool, arguments: given } of turns.flatMap((turn) => turn.tool_calls)) {
    if (tool === "write_file") {
      const { path, content } = toolTable.write_file.arguments.parse(given);
      await writeFile(join(workspace, path), content);
    } else if (tool === "edit_file") {
      const { path, old_text, new_text } = toolTable.edit_file.arguments.parse(given);
      const text = await readFile(join(workspace, path), "utf8");
      assert.equal(text.split(old_text).length, 2, `${path} must hold exactly once: ${old_text}`);
      await writeFile(
        join(workspace, path),
        text.replace(old_text, () => new_text),
      );
    }
  }
};

describe("fixture projects", () => {
  for (const [name, runner, rounds] of projects) {
    it(`${name}: green, then red with the new tests, then green in the Coder's last round`, async () => {
      const workspace = await mkdtemp(join(tmpdir(), "fixture-"));
      try {
        await cp(join(fixtures, name, "project"), workspace, { recursive: true });
        if (name !== "pytest") await symlink(dependencies, join(workspace, "node_modules"));
        const script = await loadScript(join(fixtures, name, "script.json"));
        const agents = z.record(z.string(), Rounds).parse(script.agents);
        const test = async () => {
          const request = { files: null, name: null, coverage: false, command: null, timeout_seconds: 60 };
          return runTests(workspace, request, new AbortController().signal);
        };

        const before = await test();
        assert.deepEqual([before.runner, before.outcome], [runner, "passed"], before.output);
        await write(workspace, agents.TestWriter?.flat() ?? []);
        const red = await test();
        assert.equal(red.outcome, "failed", red.output);
        assert.equal(red.counts.passed >= before.counts.passed, true);

        const coder = agents.Coder ?? [];
        assert.equal(coder.length, rounds);
        for (const [index, turns] of coder.entries()) {
          await write(workspace, turns);
          // The first round of several is wrong: that is what a rehearsal shows.
          const expected = index === 0 && rounds > 1 ? "failed" : "passed";
          const after = await test();
          assert.equal(after.outcome, expected, JSON.stringify(after.tests) + after.output);
        }
      } finally {
        await rm(workspace, { recursive: true, force: true });
      }
    });
  }
});
