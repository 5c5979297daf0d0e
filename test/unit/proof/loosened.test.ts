import { byNames } from "../../../schemas/test-layout.ts";
import assert from "node:assert/strict";
import type { TestReport } from "../../../schemas/tests.ts";
import { loosened, rewrittenAlone } from "../../../server/proof/loosened.ts";
import { testReport } from "../../support/reports.ts";

const untested = () => Promise.reject(new Error("No test has to run for this."));
const contextOf = (before: Record<string, string>, after: Record<string, string | null>) => ({
  after: new Map(Object.keys(after).map((path) => [path, "hash"])),
  layout: byNames,
  readBase: (path: string) => Promise.resolve(before[path] ?? null),
  readText: (path: string) => Promise.resolve(after[path] ?? null),
  changes: [],
  ground: { prepare: untested, runTests: untested },
  baseline: untested,
});
const told = (before: Record<string, string>, after: Record<string, string | null>): Promise<string[]> =>
  loosened(contextOf(before, after));
const rewritten = (before: Record<string, string>, after: Record<string, string | null>): Promise<string[]> =>
  rewrittenAlone(contextOf(before, after));

const stored = (value: string): string => `// Jest Snapshot v1\n\nexports[\`shouts 1\`] = \`"${value}"\`;\n`;
const snap = "test/__snapshots__/old.test.js.snap";

describe("a change that demands less than before", () => {
  it("is told of a stored snapshot that was rewritten although no code was", async () => {
    assert.deepEqual(await rewritten({ [snap]: stored("a!") }, { [snap]: stored("a?") }), [
      `stored snapshot rewritten: ${snap} > shouts 1`,
    ]);
  });

  it("is not one when the snapshot changes with its test", async () => {
    const change = { [snap]: stored("a?"), "test/old.test.js": "it('shouts more')" };
    assert.deepEqual(await rewritten({ [snap]: stored("a!") }, change), []);
  });

  it("is not one when the code does not build without the piece that the snapshot follows", async () => {
    const files = { "src/a.js": 'const mark = "?";\n', [snap]: stored("a?"), "test/new.test.js": "it()" };
    const context = contextOf({ "src/a.js": 'const mark = "!";\n', [snap]: stored("a!") }, files);
    const content = { encoding: "utf8" as const, data: files["src/a.js"] };
    const change = { path: "src/a.js", before: null, content, executable: false };
    /** Without the piece, every test passes: on what was built before, if the build fails. */
    const whereBuilds = (errors: TestReport["errors"]): Promise<string[]> =>
      rewrittenAlone({
        ...context,
        changes: [change],
        baseline: () => Promise.resolve(testReport({ outcome: "passed" })),
        ground: {
          prepare: () => Promise.resolve(),
          runTests: () => Promise.resolve(testReport({ outcome: "passed", errors })),
        },
      });
    assert.deepEqual(await whereBuilds([{ name: "npm run build failed", message: "" }]), []);
    assert.deepEqual(await whereBuilds([]), [`stored snapshot rewritten: ${snap} > shouts 1`]);
  });

  it("is not one when a snapshot is added", async () => {
    const more = `${stored("a!")}\nexports[\`whispers 1\`] = \`"a"\`;\n`;
    assert.deepEqual(await rewritten({ [snap]: stored("a!") }, { [snap]: more }), []);
  });

  it("is told of each threshold that was lowered or taken away", async () => {
    const before = {
      "jest.config.js": "module.exports = { coverageThreshold: { global: { lines: 90, branches: 80 } } };",
    };
    const after = { "jest.config.js": "module.exports = { coverageThreshold: { global: { lines: 10 } } };" };
    assert.deepEqual(await told(before, after), [
      "coverage threshold lowered: jest.config.js lines 90 → 10",
      "coverage threshold lowered: jest.config.js branches 80 → none",
    ]);
  });

  it("is not one when a threshold is raised", async () => {
    const before = { ".c8rc.json": '{ "check-coverage": true, "lines": 80 }' };
    assert.deepEqual(await told(before, { ".c8rc.json": '{ "check-coverage": true, "lines": 90 }' }), []);
  });
});
