import assert from "node:assert/strict";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { startRuntime } from "../../harness.ts";
import { startModelServer, type Turn } from "../../model-servers.ts";
import { call, finish, oneRound } from "../../support/one-round.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { testWorkspace } from "../../support/workspace.ts";

const writes = (path: string, content: string): Turn[] => [call("write_file", { path, content }), finish];

interface Shape {
  program: string;
  files: Record<string, string>;
  test: [path: string, content: string];
  source: [path: string, content: string];
}

/**
 * Runners whose tests no witness watches: their gates judge by reports alone. Each runs in an instance. Go's
 * compiler refuses the test until the function is there.
 */
const shapes: Record<string, Shape> = {
  Go: {
    program: "go",
    files: {
      "go.mod": "module shop\n\ngo 1.18\n",
      "add.go": "package shop\n",
      "old_test.go": 'package shop\n\nimport "testing"\n\nfunc TestOld(t *testing.T) {}\n',
    },
    test: [
      "add_test.go",
      'package shop\n\nimport "testing"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 {\n\t\tt.Error("no sum")\n\t}\n}\n',
    ],
    source: ["add.go", "package shop\n\nfunc Add(a, b int) int { return a + b }\n"],
  },
  RSpec: {
    program: "rspec",
    files: {
      ".rspec": "",
      "lib/add.rb": "def add(a, b) = a\n",
      "spec/old_spec.rb": 'RSpec.describe("old") { it("is") { expect(1).to eq 1 } }\n',
    },
    test: [
      "spec/add_spec.rb",
      'require_relative "../lib/add"\nRSpec.describe("add") { it("adds") { expect(add(1, 2)).to eq 3 } }\n',
    ],
    source: ["lib/add.rb", "def add(a, b) = a + b\n"],
  },
  minitest: {
    program: "ruby",
    files: {
      Rakefile: "require 'rake/testtask'\nRake::TestTask.new\n",
      "lib/add.rb": "def add(a, b) = a\n",
      "test/test_old.rb":
        "require 'minitest/autorun'\nclass OldTest < Minitest::Test\n  def test_old = assert(true)\nend\n",
    },
    test: [
      "test/test_add.rb",
      "require 'minitest/autorun'\nrequire_relative '../lib/add'\nclass AddTest < Minitest::Test\n  def test_adds = assert_equal(3, add(1, 2))\nend\n",
    ],
    source: ["lib/add.rb", "def add(a, b) = a + b\n"],
  },
  // Its extensions are configured below /etc.
  PHPUnit: {
    program: "phpunit",
    files: {
      "phpunit.xml":
        '<phpunit><testsuites><testsuite name="all"><directory>tests</directory></testsuite></testsuites></phpunit>',
      "src/add.php": "<?php\nfunction add($a, $b) { return $a; }\n",
      "tests/OldTest.php":
        "<?php\nfinal class OldTest extends PHPUnit\\Framework\\TestCase {\n  public function testOld(): void { $this->assertTrue(true); }\n}\n",
    },
    test: [
      "tests/AddTest.php",
      "<?php\nrequire_once __DIR__ . '/../src/add.php';\nfinal class AddTest extends PHPUnit\\Framework\\TestCase {\n  public function testAdds(): void { $this->assertSame(3, add(1, 2)); }\n}\n",
    ],
    source: ["src/add.php", "<?php\nfunction add($a, $b) { return $a + $b; }\n"],
  },
  // Where rustup installed it, it has to find its toolchain below the user's own home folder.
  Cargo: {
    program: "cargo",
    files: {
      "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
      "src/lib.rs":
        "pub fn add(a: i32, _b: i32) -> i32 { a }\n\n#[test]\nfn adds_nothing() { assert_eq!(add(1, 0), 1); }\n",
    },
    test: ["tests/add.rs", "#[test]\nfn adds() { assert_eq!(shop::add(1, 2), 3); }\n"],
    source: [
      "src/lib.rs",
      "pub fn add(a: i32, b: i32) -> i32 { a + b }\n\n#[test]\nfn adds_nothing() { assert_eq!(add(1, 0), 1); }\n",
    ],
  },
  CTest: {
    program: "ctest",
    files: {
      "CMakeLists.txt":
        "cmake_minimum_required(VERSION 3.10)\nproject(shop C)\nenable_testing()\nfile(GLOB tests tests/*.c)\nforeach(test ${tests})\n  get_filename_component(name ${test} NAME_WE)\n  add_executable(${name} ${test} add.c)\n  add_test(NAME ${name} COMMAND ${name})\nendforeach()\n",
      "add.c": "int add(int a, int b) { return a; }\n",
      "tests/test_old.c": "int main(void) { return 0; }\n",
    },
    test: ["tests/test_add.c", "int add(int, int);\nint main(void) { return add(1, 2) == 3 ? 0 : 1; }\n"],
    source: ["add.c", "int add(int a, int b) { return a + b; }\n"],
  },
};

/** Projects with other names than tests and their folders mostly have. */
const otherNames: Record<string, Shape> = {
  "node:test, by a glob in the script": {
    program: "node",
    files: {
      "package.json": '{"name":"shop","type":"module","scripts":{"test":"node --test \\"unit/**/*.js\\""}}',
      "add.js": "export const add = (a, b) => a;\n",
    },
    test: [
      "unit/add.js",
      'import { test } from "node:test";\nimport assert from "node:assert/strict";\nimport { add } from "../add.js";\ntest("adds", () => assert.equal(add(1, 2), 3));\n',
    ],
    source: ["add.js", "export const add = (a, b) => a + b;\n"],
  },
  "node:test, in folders as frameworks name routes, which call stacks have to be read with": {
    program: "node",
    files: {
      "package.json": '{"name":"shop","type":"module","scripts":{"test":"node --test"}}',
      "app/(shop)/[id]/add.js": "export const add = (a, b) => a;\n",
    },
    test: [
      "app/(shop)/[id]/add.test.js",
      'import { test } from "node:test";\nimport assert from "node:assert/strict";\nimport { add } from "./add.js";\ntest("adds", () => assert.equal(add(1, 2), 3));\n',
    ],
    source: ["app/(shop)/[id]/add.js", "export const add = (a, b) => a + b;\n"],
  },
  "pytest, by python_files, with a helper among the sources that is named like a test": {
    program: "pytest",
    files: {
      "pytest.ini": "[pytest]\npython_files = check_*.py\n",
      "src/test_add.py": "def add(a, b):\n    return a\n",
    },
    test: [
      "checks/check_add.py",
      "from test_add import add\n\ndef test_adds():\n    assert add(1, 2) == 3\n",
    ],
    source: ["src/test_add.py", "def add(a, b):\n    return a + b\n"],
  },
};

const holdsEveryGate = (name: string, { program, files, test, source }: Shape): void => {
  describe(name, function () {
    skipUnlessNull(this, programOnPath(program) === null ? `${program} is not installed` : null);
    it("holds every gate", async () => {
      const workspace = await testWorkspace(files);
      const model = await startModelServer({ TestWriter: writes(...test), Coder: writes(...source) });
      const runtime = await startRuntime({
        workspace: workspace.root,
        settings: { provider: model.ollama() },
      });
      try {
        await runtime.call("teams/create", oneRound);
        const { status, error } = await runtime.run("one round", { task: "Add.", file: source[0] });
        assert.equal(status, "Succeeded", error?.message);
      } finally {
        await runtime.close();
        await model.close();
        await workspace.remove();
      }
    });
  });
};

describe("a team on a project of another shape", () => {
  for (const [name, shape] of Object.entries({ ...shapes, ...otherNames })) holdsEveryGate(name, shape);
});
