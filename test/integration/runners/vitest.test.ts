import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TestProbe } from "../../../schemas/tests.ts";
import { makeProject, outline, type Project } from "./project.ts";

const tests = `
import { describe, expect, it } from "vitest";
import { add } from "./add.ts";
describe("add", () => {
  it("adds", () => { expect(add(1, 2)).toBe(3); });
  it("adds (a+b)", () => { expect(add(2, 2)).toBe(5); });
  it.skip("is left out", () => {});
});
`;

describe("vitest", () => {
  let project: Project;
  before(async () => {
    project = await makeProject({
      "package.json": '{ "type": "module", "scripts": { "test": "vitest --watch --reporter verbose src" } }',
      "src/add.ts":
        "export const add = (a: number, b: number) => a + b;\nexport const unused = () => {\n  return 1;\n};\n",
      "src/add.test.ts": tests,
      "lib/other.test.ts": 'import { it } from "vitest";\nit("is not of the script\'s folder", () => {});\n',
    });
  });
  after(() => project.remove());

  it("reports every test of the script's folder, without watching", async () => {
    const report = await project.test();
    assert.equal(report.runner, "vitest");
    assert.equal(report.outcome, "failed");
    assert.deepEqual(report.counts, { passed: 1, failed: 1, skipped: 1 });
    assert.deepEqual(outline(report), [
      "src/add.test.ts > add > adds (a+b): failed",
      "src/add.test.ts > add > adds: passed",
      "src/add.test.ts > add > is left out: skipped",
    ]);
    const message = report.tests.find(({ status }) => status === "failed")?.message ?? "";
    assert.match(message, /expected 4 to be 5/);
    assert.match(message, /src\/add\.test\.ts:6/);
    assert.doesNotMatch(message, /node_modules|Prüfstück/);
  });

  it("runs only the tests of a name, across suites", async () => {
    const report = await project.test({ files: ["src/add.test.ts"], name: "add > adds (a+b)" });
    assert.deepEqual(outline(report), ["src/add.test.ts > add > adds (a+b): failed"]);
  });

  it("tests types without writing into the folder of vitest, which instances can only read", async () => {
    const types = await makeProject({
      "package.json": '{ "type": "module", "scripts": { "test": "vitest --typecheck" } }',
      "tsconfig.json": '{ "compilerOptions": { "strict": true, "module": "nodenext" } }',
      "src/add.ts": "export const add = (a: number, b: number) => a + b;\n",
      "src/add.test-d.ts":
        'import { expectTypeOf, it } from "vitest";\nimport { add } from "./add.js";\nit("adds numbers", () => { expectTypeOf(add).returns.toEqualTypeOf<number>(); });\n',
    });
    const file = resolve(import.meta.dirname, "../../../node_modules/vitest/dist/tsconfig.tmp.tsbuildinfo");
    const writtenAt = (): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const before = writtenAt();
    try {
      const report = await types.test({ probe: TestProbe.parse({}) });
      assert.deepEqual(
        [...outline(report), report.exit_code],
        ["src/add.test-d.ts > src/add.test-d.ts > adds numbers: passed", 0],
      );
      assert.equal(writtenAt(), before);
    } finally {
      await types.remove();
    }
  });

  it("tells files that cannot be loaded apart from failing tests", async () => {
    await project.write({
      "src/broken.test.ts": 'import "./nowhere.ts";\nimport { it } from "vitest";\nit("x", () => {});\n',
    });
    const report = await project.test({ files: ["src/broken.test.ts"] });
    assert.equal(report.outcome, "load_error");
    assert.equal(report.load_errors[0]?.file, "src/broken.test.ts");
    assert.match(report.load_errors[0].message, /nowhere\.ts/);
  });

  it("does not write snapshots", async () => {
    await project.write({
      "src/snap.test.ts":
        'import { expect, it } from "vitest";\nit("x", () => { expect({ a: 1 }).toMatchSnapshot(); });\n',
    });
    const report = await project.test({ files: ["src/snap.test.ts"] });
    assert.equal(report.outcome, "failed");
    assert.ok(!existsSync(join(project.root, "src/__snapshots__")));
  });

  it("says that nothing ran when there is no such test", async () => {
    const report = await project.test({ files: ["src/add.test.ts"], name: "no such name" });
    assert.equal(report.outcome, "no_tests");
    assert.equal((await project.test({ files: ["src/none.test.ts"] })).outcome, "no_tests");
  });

  it("reads coverage, also of failing tests and under the project's own threshold", async () => {
    await project.write({
      "src/plain.test.ts":
        'import { expect, it } from "vitest";\nimport { add } from "./add.ts";\nit("adds", () => { expect(add(1, 2)).toBe(3); });\n',
      "vitest.config.ts":
        'import { defineConfig } from "vitest/config";\nexport default defineConfig({ test: { coverage: { thresholds: { 100: true } } } });\n',
    });
    const { coverage } = await project.test({ files: ["src/add.test.ts"], coverage: true });
    assert.deepEqual(coverage?.files["src/add.ts"], { covered: 2, total: 3 });
    const passing = await project.test({ files: ["src/plain.test.ts"], coverage: true });
    assert.equal(passing.outcome, "passed");
  });

  it("asks for no coverage where the project has nothing to measure it", async () => {
    const bare = await makeProject({
      "package.json": '{ "type": "module", "scripts": { "test": "vitest run" } }',
      "a.test.js": 'import { it } from "vitest";\nit("x", () => {});\n',
    });
    try {
      await rm(join(bare.root, "node_modules"));
      await mkdir(join(bare.root, "node_modules"));
      const vitest = resolve(import.meta.dirname, "../../../node_modules/vitest");
      await symlink(vitest, join(bare.root, "node_modules/vitest"));
      await symlink(join(vitest, "../.bin"), join(bare.root, "node_modules/.bin"));
      const report = await bare.test({ coverage: true });
      assert.deepEqual([report.outcome, report.counts.passed, report.coverage], ["passed", 1, null]);
    } finally {
      await bare.remove();
    }
  });

  it("does not call a run passed with errors outside of its tests", async () => {
    await project.write({
      "src/stray.test.ts":
        'import { it } from "vitest";\nit("x", () => { void Promise.reject(new Error("stray")); });\n',
    });
    const report = await project.test({ files: ["src/stray.test.ts"] });
    assert.equal(report.outcome, "failed");
    assert.match(report.output, /stray/);
  });

  it("refuses the runner's assertions, and doubts those of the project", async () => {
    await project.write({
      "src/refused.test.ts": `import { expect, it, vi } from "vitest";
expect.extend({ toBeOdd: (value: number) => ({ pass: value % 2 === 1, message: () => "even" }) });
it("is refused", () => { expect(1).toBe(1); });
it("is doubted", () => { expect(1).toBeOdd(); });
it("passes", () => {});
it("matches parts", () => { expect({ a: 1 }).toMatchObject({}); });
it("has seen a call", () => { const call = vi.fn(); call(1); expect(call).toHaveBeenCalledWith(1); });
it("settles", () => expect(Promise.resolve([])).resolves.toMatchObject([]));
`,
    });
    const probe = TestProbe.parse({ refuse_assertions: true });
    const report = await project.test({ files: ["src/refused.test.ts"], probe });
    assert.deepEqual(
      report.tests.map(({ name, status, failure }) => [name, failure ?? status]),
      [
        ["is refused", "refused"],
        ["is doubted", "doubted"],
        ["passes", "passed"],
        ["matches parts", "refused"],
        ["has seen a call", "refused"],
        ["settles", "refused"],
      ],
    );
  });
});
