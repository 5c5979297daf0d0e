import assert from "node:assert/strict";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { testRunners } from "../../../scripts/machine/test-runners.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { makeProject, outline, type Project } from "./project.ts";

interface Runner {
  name: string;
  /** The folder of the test cache that has it. Missing: the one that most are in. */
  folder?: "test-runners-tape-1";
  /** A program it needs besides its packages. */
  program?: string;
  files: Record<string, string>;
  /** A test file, which is written in a way that its runner would take for a pattern where it can. */
  file: string;
  all: string[];
  ofFile: string[];
  /** Part of the name of one test of the file, and that test. */
  part: string;
  ofName: string[];
  message: RegExp;
  /** What the file is then, and how that is reported. */
  broken: string;
  brokenAs: [outcome: string, place: string | undefined];
}

const manifest = (name: string, test: string): string =>
  JSON.stringify({ name: "shop", scripts: { test }, devDependencies: { [name]: "*" } });

const runners: Runner[] = [
  {
    name: "ava",
    files: {
      "package.json": manifest("ava", "ava"),
      "test/add.js":
        "const test = require('ava');\ntest('adds › two', (t) => t.is(1, 3));\ntest.skip('is left out', () => {});\ntest('shouts', (t) => { console.log('not ok 1 - no test'); t.pass(); });\n",
      "test/sub/__tests__/more.js": "const test = require('ava');\ntest('is there', (t) => t.pass());\n",
    },
    file: "test/add.js",
    all: [
      "test/add.js > adds › two: failed",
      "test/add.js > is left out: skipped",
      "test/add.js > shouts: passed",
      "test/sub/__tests__/more.js > is there: passed",
    ],
    ofFile: [
      "test/add.js > adds › two: failed",
      "test/add.js > is left out: skipped",
      "test/add.js > shouts: passed",
    ],
    part: "shouts",
    ofName: ["test/add.js > shouts: passed"],
    message: /AssertionError/,
    broken: "require('nowhere');\n",
    brokenAs: ["load_error", "test/add.js"],
  },
  {
    name: "jasmine",
    files: {
      "package.json": manifest("jasmine", "jasmine --fail-fast"),
      "spec/support/jasmine.json": '{"spec_dir":"spec","spec_files":["**/*.spec.js"]}',
      "spec/[id]/add.spec.js":
        "describe('add', () => {\n  it('adds', () => expect(1).toBe(3));\n  xit('is left out', () => {});\n});\n",
      "spec/more.spec.js": "it('is there', () => expect(1).toBe(1));\n",
    },
    file: "spec/[id]/add.spec.js",
    all: [
      "spec/[id]/add.spec.js > add > adds: failed",
      "spec/[id]/add.spec.js > add > is left out: skipped",
      "spec/more.spec.js > is there: passed",
    ],
    ofFile: [
      "spec/[id]/add.spec.js > add > adds: failed",
      "spec/[id]/add.spec.js > add > is left out: skipped",
    ],
    part: "add > adds",
    ofName: ["spec/[id]/add.spec.js > add > adds: failed"],
    message: /Expected 1 to be 3/,
    broken: "require('nowhere');\n",
    brokenAs: ["load_error", "spec/[id]/add.spec.js"],
  },
  {
    name: "tap",
    files: {
      "package.json": manifest("tap", "tap --disable-coverage"),
      "test/add.js":
        "const t = require('tap');\nt.test('add', (t) => { t.equal(1, 3, 'adds'); t.end(); });\nt.test('is left out', { skip: true }, (t) => t.end());\n",
      "test/more.js": "require('tap').pass('is there');\n",
    },
    file: "test/add.js",
    all: [
      "test/add.js > add: failed",
      "test/add.js > is left out: skipped",
      "test/more.js > is there: passed",
    ],
    ofFile: ["test/add.js > add: failed", "test/add.js > is left out: skipped"],
    part: "add",
    ofName: ["test/add.js > add: failed"],
    message: /compare: ===/,
    broken: "require('nowhere');\n",
    brokenAs: ["load_error", "test/add.js"],
  },
  {
    name: "tape",
    folder: "test-runners-tape-1",
    files: {
      "package.json": manifest("tape", "tape 'test/*.*js' | cat"),
      "test/add.js":
        "const test = require('tape');\ntest('add', (t) => {\n  t.test('adds', (s) => { s.equal(1, 3, 'sum'); s.end(); });\n  t.end();\n});\ntest('is left out', { skip: true }, (t) => t.end());\ntest('throws', () => { undefined.total(); });\ntest('works', async (t) => { t.pass('here'); });\n",
      "test/more.mjs": "import test from 'tape';\ntest('is there', (t) => { t.pass(); t.end(); });\n",
    },
    file: "test/add.js",
    all: [
      "test/add.js > add > adds: failed",
      "test/add.js > is left out: skipped",
      "test/add.js > throws: failed",
      "test/add.js > works: passed",
      "test/more.mjs > is there: passed",
    ],
    ofFile: [
      "test/add.js > add > adds: failed",
      "test/add.js > is left out: skipped",
      "test/add.js > throws: failed",
      "test/add.js > works: passed",
    ],
    part: "works",
    ofName: ["test/add.js > works: passed"],
    message: /^sum\n {2}operator: equal\n {2}expected: 3\n {2}actual: 1\n/,
    broken: "require('nowhere');\n",
    brokenAs: ["load_error", "test/add.js"],
  },
  {
    name: "uvu",
    files: {
      "package.json": manifest("uvu", "uvu test"),
      "test/add.mjs":
        "import { suite, test } from 'uvu';\nimport * as assert from 'uvu/assert';\nconst add = suite('add');\nadd('adds', () => assert.is(1, 3));\nadd.run();\ntest('works', () => {});\ntest.run();\n",
      "test/more.mjs": "import { test } from 'uvu';\ntest('is there', () => {});\ntest.run();\n",
    },
    file: "test/add.mjs",
    all: [
      "test/add.mjs > add > adds: failed",
      "test/add.mjs > works: passed",
      "test/more.mjs > is there: passed",
    ],
    ofFile: ["test/add.mjs > add > adds: failed", "test/add.mjs > works: passed"],
    part: "works",
    ofName: ["test/add.mjs > works: passed"],
    message: /strictly equal/,
    broken: "import 'nowhere';\n",
    brokenAs: ["load_error", "test/add.mjs"],
  },
  {
    name: "karma",
    program: "chromium",
    files: {
      "package.json": manifest("karma", "karma start --browsers Chrome"),
      "karma.conf.js":
        "module.exports = (config) => config.set({ frameworks: ['jasmine'], files: ['src/*.js', 'test/*.js'], browsers: ['Chrome'], plugins: [require('karma-jasmine'), require('karma-chrome-launcher')] });\n",
      "src/add.js": "window.add = (a, b) => a;\n",
      "test/add.spec.js":
        "describe('add', () => {\n  it('adds', () => expect(add(1, 2)).toBe(3));\n  xit('is left out', () => {});\n});\n",
      "test/more.spec.js": "it('is there', () => expect(1).toBe(1));\n",
    },
    file: "test/add.spec.js",
    all: [
      "test/add.spec.js > add > adds: failed",
      "test/add.spec.js > add > is left out: skipped",
      "test/more.spec.js > is there: passed",
    ],
    ofFile: ["test/add.spec.js > add > adds: failed", "test/add.spec.js > add > is left out: skipped"],
    part: "add > adds",
    ofName: ["test/add.spec.js > add > adds: failed"],
    message: /Expected 1 to be 3/,
    broken: "nowhere(;\n",
    brokenAs: ["failed", undefined],
  },
];

for (const {
  name,
  folder,
  program,
  files,
  file,
  all,
  ofFile,
  part,
  ofName,
  message,
  broken,
  brokenAs,
} of runners)
  describe(`tests of ${name}`, function () {
    const modules = testRunners(folder);
    const missing =
      program !== undefined && programOnPath(program) === null ? `${program} is not installed` : null;
    skipUnlessNull(this, modules === null ? "the test runners are not installed in the test cache" : missing);
    let project: Project;
    before(async () => {
      project = await makeProject(files, modules ?? undefined);
    });
    after(() => project.remove());

    it("reports every test of the project's own command", async () => {
      const report = await project.test();
      assert.deepEqual(outline(report), all);
      assert.deepEqual([report.runner, report.outcome, report.command], [name, "failed", ["npm", "test"]]);
      assert.match(report.tests.find(({ status }) => status === "failed")?.message ?? "", message);
    });

    it("runs the tests of one file, and those of a name", async () => {
      assert.deepEqual(outline(await project.test({ files: [file] })), ofFile);
      assert.deepEqual(outline(await project.test({ files: [file], name: part })), ofName);
    });

    it("tells a file that cannot be loaded apart from failing tests", async () => {
      await project.write({ [file]: broken });
      const report = await project.test({ files: [file] });
      assert.deepEqual([report.outcome, report.load_errors[0]?.file, report.counts.failed], [...brokenAs, 0]);
    });
  });
