import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOnPath } from "../../../server/worker/runners/package.ts";
import { skipUnlessNull } from "../../support/skip.ts";
import { makeProject, outline, type Project } from "./project.ts";

const cases = `import unittest
from shop.cart import add

class Add(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(add(1, 2), 3)
    def test_each(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertEqual(number, 0)
    @unittest.skip("later")
    def test_left_out(self):
        pass

class Prepared(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise RuntimeError("not prepared")
    def test_never(self):
        pass
`;

/** Python's own test cases on a machine without pytest. */
describe("unittest", function () {
  const python = programOnPath("python3");
  skipUnlessNull(this, python === null ? "python3 is not installed" : null);
  const path = process.env.PATH;
  let programs: string;
  let project: Project;
  before(async () => {
    programs = await mkdtemp(join(tmpdir(), "python-"));
    // The program itself: a version manager's would look for its own programs on PATH.
    const itself = spawnSync(python ?? "", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" });
    await symlink(itself.stdout.trim(), join(programs, "python3"));
    process.env.PATH = programs;
    project = await makeProject({
      "setup.py": "",
      "shop/__init__.py": "",
      "shop/cart.py": "def add(a, b):\n    return a\n",
      "tests/test_cart.py": cases,
      "tests/unit/test_more.py":
        "import unittest\nclass More(unittest.TestCase):\n    def test_more(self):\n        pass\n",
    });
  });
  after(async () => {
    process.env.PATH = path;
    await project.remove();
    await rm(programs, { recursive: true });
  });

  const ofFile = [
    "tests/test_cart.py > Add > test_adds: failed",
    "tests/test_cart.py > Add > test_each (number=1): failed",
    "tests/test_cart.py > Add > test_left_out: skipped",
  ];

  it("reports every test, and what fails before a test begins", async () => {
    const report = await project.test();
    assert.equal(report.runner, "unittest");
    assert.deepEqual(outline(report), [...ofFile, "tests/unit/test_more.py > More > test_more: passed"]);
    assert.match(report.errors[0]?.name ?? "", /setUpClass .*Prepared/);
    assert.match(report.tests.find(({ name }) => name.includes("adds"))?.message ?? "", /1 != 3/);
  });

  it("runs the tests of one file, and those of a name", async () => {
    assert.deepEqual(outline(await project.test({ files: ["tests/test_cart.py"] })), ofFile);
    const named = await project.test({ files: ["tests/test_cart.py"], name: "Add > test_adds" });
    assert.deepEqual(outline(named), ofFile.slice(0, 1));
  });

  it("tells a file that cannot be loaded apart from failing tests", async () => {
    await project.write({ "tests/test_cart.py": "import nowhere\n" });
    const report = await project.test({ files: ["tests/test_cart.py"] });
    assert.deepEqual([report.outcome, report.load_errors[0]?.file], ["load_error", "tests/test_cart.py"]);
  });
});
