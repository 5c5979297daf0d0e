import assert from "node:assert/strict";
import type { TestReport } from "../../../schemas/tests.ts";
import { testRunners } from "../../../scripts/machine/test-runners.ts";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { makeProject, outline, type Project } from "./project.ts";
import { skipUnlessNull } from "../../support/skip.ts";

interface Language {
  name: string;
  /** A program it cannot do without; left out: it is among the packages of {@link testRunners}. */
  program?: string;
  runner: string;
  files: Record<string, string>;
  /** A file of tests, and what of the whole it has. */
  file: string;
  all: string[];
  ofFile: string[];
  message: RegExp;
  /** Why each failing test failed, in the order of `all`; none: the runner does not tell. */
  failures?: string[];
  /** Changes after which the test file cannot be loaded or built; none: the runner tells no such thing. */
  broken?: Record<string, string>;
}

const languages: Language[] = [
  {
    name: "Go",
    program: "go",
    runner: "go",
    files: {
      "go.mod": "module shop\n\ngo 1.18\n",
      "add.go": "package shop\n\nfunc Add(a, b int) int { return a }\n",
      "add_test.go":
        'package shop\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tt.Run("one and two", func(t *testing.T) {\n\t\tif Add(1, 2) != 3 {\n\t\t\tt.Errorf("got %d", Add(1, 2))\n\t\t}\n\t})\n}\n\nfunc TestLeftOut(t *testing.T) { t.Skip("later") }\n',
      "more/more_test.go": 'package more\n\nimport "testing"\n\nfunc TestMore(t *testing.T) {}\n',
    },
    file: "add_test.go",
    all: [
      "add_test.go > TestAdd > one_and_two: failed",
      "add_test.go > TestLeftOut: skipped",
      "more/more_test.go > TestMore: passed",
    ],
    ofFile: ["add_test.go > TestAdd > one_and_two: failed", "add_test.go > TestLeftOut: skipped"],
    message: /got 1/,
    broken: {
      "add_test.go": 'package shop\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) { Nowhere() }\n',
    },
  },
  {
    name: "Rust",
    program: "cargo",
    runner: "cargo",
    files: {
      "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs": "pub mod cart;\n",
      "src/cart.rs":
        "pub fn add(a: i32, _b: i32) -> i32 { a }\n#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds_nothing() { assert_eq!(super::add(1, 0), 1); }\n    #[test]\n    #[ignore]\n    fn left_out() {}\n}\n",
      "tests/outer.rs": "#[test]\nfn adds() { assert_eq!(shop::cart::add(1, 2), 3); }\n",
    },
    file: "tests/outer.rs",
    all: [
      "src/cart.rs > cart > tests > adds_nothing: passed",
      "src/cart.rs > cart > tests > left_out: skipped",
      "tests/outer.rs > adds: failed",
    ],
    ofFile: ["tests/outer.rs > adds: failed"],
    message: /left: 1\s+right: 3/,
    broken: { "tests/outer.rs": "#[test]\nfn adds() { shop::nowhere(); }\n" },
  },
  {
    name: "PHP",
    program: "phpunit",
    runner: "phpunit",
    files: {
      "phpunit.xml":
        '<phpunit><testsuites><testsuite name="all"><directory>tests</directory></testsuite></testsuites></phpunit>',
      "tests/AddTest.php":
        "<?php\nuse PHPUnit\\Framework\\TestCase;\nfinal class AddTest extends TestCase {\n  public function testAdds(): void { $this->assertSame(3, 1); }\n  public function testLeftOut(): void { $this->markTestSkipped('later'); }\n  public function testThrows(): void { throw new RuntimeException('boom'); }\n  public function testUses(): void { total(1); }\n}\n",
      "tests/MoreTest.php":
        "<?php\nuse PHPUnit\\Framework\\TestCase;\nfinal class MoreTest extends TestCase {\n  public function testMore(): void { $this->assertTrue(true); }\n}\n",
    },
    file: "tests/AddTest.php",
    all: [
      "tests/AddTest.php > AddTest > testAdds: failed",
      "tests/AddTest.php > AddTest > testLeftOut: skipped",
      "tests/AddTest.php > AddTest > testThrows: failed",
      "tests/AddTest.php > AddTest > testUses: failed",
      "tests/MoreTest.php > MoreTest > testMore: passed",
    ],
    ofFile: [
      "tests/AddTest.php > AddTest > testAdds: failed",
      "tests/AddTest.php > AddTest > testLeftOut: skipped",
      "tests/AddTest.php > AddTest > testThrows: failed",
      "tests/AddTest.php > AddTest > testUses: failed",
    ],
    message: /1 is identical to 3/,
    failures: ["assertion", "error", "missing"],
  },
  {
    name: "C",
    program: "ctest",
    runner: "ctest",
    files: {
      "CMakeLists.txt":
        "cmake_minimum_required(VERSION 3.13)\nproject(shop C)\nenable_testing()\nadd_executable(good good.c)\nadd_executable(bad bad.c)\nadd_test(NAME multiplies COMMAND good)\nadd_test(NAME adds COMMAND bad)\nadd_test(NAME gone COMMAND nowhere)\n",
      "good.c": "int main(void) { return 0; }\n",
      "bad.c": '#include <stdio.h>\nint main(void) { puts("got 1"); return 1; }\n',
    },
    // CTest does not say which file a test is of: all of them run.
    file: "bad.c",
    all: [" > adds: failed", " > gone: failed", " > multiplies: passed"],
    ofFile: [" > adds: failed", " > gone: failed", " > multiplies: passed"],
    message: /got 1/,
    broken: { "bad.c": "int main(void) { return nowhere; }\n" },
  },
  {
    name: "Bun",
    runner: "bun",
    files: {
      "package.json": '{"scripts":{"test":"bun test"}}',
      "add.test.ts":
        "import { describe, expect, test } from 'bun:test';\ndescribe('add', () => {\n  test('adds', () => expect(1).toBe(3));\n  test.skip('is left out', () => {});\n});\n",
      "more.test.ts": "import { test } from 'bun:test';\ntest('is there', () => {});\n",
    },
    file: "add.test.ts",
    all: [
      "add.test.ts > add > adds: failed",
      "add.test.ts > add > is left out: skipped",
      "more.test.ts > is there: passed",
    ],
    ofFile: ["add.test.ts > add > adds: failed", "add.test.ts > add > is left out: skipped"],
    message: /Expected: 3/,
    broken: { "add.test.ts": "import 'nowhere';\n" },
  },
  {
    name: "Deno",
    runner: "deno",
    files: {
      "deno.json": '{ "tasks": { "test": "deno test --allow-env" } }',
      "add_test.ts":
        "Deno.test('adds', () => { if (Deno.env.get('PATH') !== '') throw new Error('got 1'); });\nDeno.test({ name: 'is left out', ignore: true, fn() {} });\n",
      "more_test.ts": "Deno.test('is there', () => {});\n",
    },
    file: "add_test.ts",
    all: [
      "add_test.ts > adds: failed",
      "add_test.ts > is left out: skipped",
      "more_test.ts > is there: passed",
    ],
    ofFile: ["add_test.ts > adds: failed", "add_test.ts > is left out: skipped"],
    message: /got 1/,
    broken: { "add_test.ts": "import './nowhere.ts';\n" },
  },
  {
    name: "RSpec",
    program: "rspec",
    runner: "rspec",
    files: {
      ".rspec": "--fail-fast\n",
      "spec/add_spec.rb":
        'RSpec.describe "add" do\n  it("adds") { expect(1).to eq 3 }\n  xit("is left out") { }\n  it("throws") { raise "boom" }\n  it("uses") { total(1) }\nend\n',
      "spec/more_spec.rb": 'RSpec.describe "more" do\n  it("is there") { }\nend\n',
    },
    file: "spec/add_spec.rb",
    all: [
      "spec/add_spec.rb > add adds: failed",
      "spec/add_spec.rb > add is left out: skipped",
      "spec/add_spec.rb > add throws: failed",
      "spec/add_spec.rb > add uses: failed",
      "spec/more_spec.rb > more is there: passed",
    ],
    ofFile: [
      "spec/add_spec.rb > add adds: failed",
      "spec/add_spec.rb > add is left out: skipped",
      "spec/add_spec.rb > add throws: failed",
      "spec/add_spec.rb > add uses: failed",
    ],
    message: /expected: 3\s+got: 1/,
    failures: ["assertion", "error", "missing"],
    broken: { "spec/add_spec.rb": 'require "nowhere"\n' },
  },
  {
    name: "minitest",
    program: "ruby",
    runner: "minitest",
    files: {
      Rakefile: "",
      "test/add_test.rb":
        "class AddTest < Minitest::Test\n  def test_adds; assert_equal 3, 1; end\n  def test_left_out; skip; end\n  def test_throws; raise 'boom'; end\n  def test_uses; total(1); end\nend\n",
      "test/test_more.rb": "class MoreTest < Minitest::Test\n  def test_more; end\nend\n",
    },
    file: "test/add_test.rb",
    all: [
      "test/add_test.rb > AddTest > test_adds: failed",
      "test/add_test.rb > AddTest > test_left_out: skipped",
      "test/add_test.rb > AddTest > test_throws: failed",
      "test/add_test.rb > AddTest > test_uses: failed",
      "test/test_more.rb > MoreTest > test_more: passed",
    ],
    ofFile: [
      "test/add_test.rb > AddTest > test_adds: failed",
      "test/add_test.rb > AddTest > test_left_out: skipped",
      "test/add_test.rb > AddTest > test_throws: failed",
      "test/add_test.rb > AddTest > test_uses: failed",
    ],
    message: /Expected: 3\s+Actual: 1/,
    failures: ["assertion", "error", "missing"],
    broken: { "test/add_test.rb": 'require "nowhere"\n' },
  },
];

/** Why each failing test failed, in the order of {@link outline}. */
const failuresOf = ({ tests }: TestReport): (string | undefined)[] =>
  tests
    .filter(({ status }) => status === "failed")
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ failure }) => failure);

const missingOf = (program: string | undefined): string | null => {
  if (program === undefined) return testRunners() === null ? "the test runners are not installed" : null;
  return programOnPath(program) === null ? `${program} is not installed` : null;
};

for (const { name, program, runner, files, file, all, ofFile, message, failures, broken } of languages)
  describe(`tests in another language: ${name}`, function () {
    skipUnlessNull(this, missingOf(program));
    let project: Project;
    before(async () => {
      project = await makeProject(files, program === undefined ? (testRunners() ?? undefined) : undefined);
    });
    after(() => project.remove());

    it("reports every test of the project", async () => {
      const report = await project.test();
      assert.deepEqual([report.runner, report.outcome], [runner, "failed"]);
      assert.deepEqual(outline(report), all);
      assert.match(report.tests.map((test) => test.message ?? "").join("\n"), message);
      if (failures !== undefined) assert.deepEqual(failuresOf(report), failures);
    });

    it("runs the tests of one file", async () => {
      assert.deepEqual(outline(await project.test({ files: [file] })), ofFile);
    });

    if (broken !== undefined)
      it("tells a file that cannot be loaded apart from failing tests", async () => {
        await project.write(broken);
        const report = await project.test({ files: [file] });
        assert.deepEqual([report.outcome, report.load_errors[0]?.file], ["load_error", file]);
        assert.notEqual(report.output.trim(), "");
      });
  });
