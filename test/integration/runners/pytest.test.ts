import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { TestProbe } from "../../../schemas/tests.ts";
import { makeProject, outline, type Project } from "./project.ts";

const tests = `
import pytest
from shop.add import add

class TestAdd:
    def test_adds(self):
        assert add(1, 2) == 3

    @pytest.mark.parametrize("a,b", [(2, 2)])
    def test_adds_wrong(self, a, b):
        assert add(a, b) == 5

@pytest.mark.skip
def test_left_out():
    pass

@pytest.fixture
def closing():
    yield
    raise RuntimeError("cannot close")

def test_closes(closing):
    pass
`;

describe("pytest", () => {
  let project: Project;
  // The system's pytest, with python3-pytest-cov, before whatever a version manager put on PATH.
  const usualPath = process.env.PATH;
  before(async () => {
    process.env.PATH = ["/usr/bin", usualPath].join(delimiter);
    project = await makeProject({
      "pyproject.toml": '[project]\nname = "shop"\n[tool.pytest.ini_options]\naddopts = "-x -q --sw"\n',
      "shop/__init__.py": "",
      "shop/add.py": "def add(a, b):\n    return a + b\n\n\ndef unused():\n    return 1\n",
      "tests/test_add.py": tests,
    });
  });
  after(async () => {
    process.env.PATH = usualPath;
    await project.remove();
  });

  it("reports every test with its class, past the first failure, and leaves nothing behind", async () => {
    const report = await project.test();
    assert.equal(report.runner, "pytest");
    assert.equal(report.outcome, "failed");
    assert.deepEqual(outline(report), [
      "tests/test_add.py > TestAdd > test_adds: passed",
      "tests/test_add.py > TestAdd > test_adds_wrong[2-2]: failed",
      "tests/test_add.py > test_closes (teardown): failed",
      "tests/test_add.py > test_closes: passed",
      "tests/test_add.py > test_left_out: skipped",
    ]);
    const message = report.tests.find(({ name }) => name.includes("wrong"))?.message ?? "";
    assert.match(message, /assert 4 == 5/);
    const left = await readdir(project.root, { recursive: true });
    assert.deepEqual(
      left.filter(
        (name) => /__pycache__|\.pytest_cache|\.coverage/.test(name) && !name.startsWith("node_modules"),
      ),
      [],
    );
  });

  it("runs only the tests of a name", async () => {
    const report = await project.test({
      files: ["tests/test_add.py"],
      name: "TestAdd > test_adds_wrong[2-2]",
    });
    assert.deepEqual(outline(report), ["tests/test_add.py > TestAdd > test_adds_wrong[2-2]: failed"]);
  });

  it("tells files that cannot be loaded apart from failing tests", async () => {
    await project.write({
      "tests/test_broken.py": "from shop.add import nothing\n\ndef test_x():\n    pass\n",
    });
    const report = await project.test({ files: ["tests/test_broken.py", "tests/test_add.py"] });
    assert.equal(report.outcome, "load_error");
    assert.ok(report.counts.passed > 0, "the other file runs");
    assert.equal(report.load_errors[0]?.file, "tests/test_broken.py");
    assert.match(report.load_errors[0].message, /cannot import name 'nothing'/);
  });

  it("says that nothing ran when there is no such test", async () => {
    assert.equal((await project.test({ files: ["tests/test_add.py"], name: "no_such" })).outcome, "no_tests");
  });

  it("reads coverage from pytest-cov", async function () {
    if (spawnSync("/usr/bin/python3", ["-c", "import pytest_cov"]).status !== 0) this.skip();
    const request = { files: ["tests/test_add.py"], name: "TestAdd > test_adds", coverage: true };
    const { coverage } = await project.test(request);
    assert.deepEqual([coverage?.covered, coverage?.total], [3, 4]);
    assert.deepEqual(coverage?.files["shop/add.py"], { covered: 3, total: 4 });
  });

  it("runs without coverage where pytest-cov is missing", async () => {
    const bare = await makeProject({
      "pytest.ini": "[pytest]\naddopts = -p no:pytest_cov\n",
      "pytest_cov.py": "raise ImportError\n",
      "test_x.py": "def test_x():\n    pass\n",
    });
    const report = await bare.test({ coverage: true }).finally(bare.remove);
    assert.deepEqual([report.outcome, report.coverage], ["passed", null], report.output);
  });

  it("moves every clock that tells the date forward, and no other", async () => {
    const probe = TestProbe.parse({
      suspects: ["tests/test_day.py"],
      clock_ahead_ms: 40_000 * 24 * 3600 * 1000,
    });
    const clocks = [
      "datetime.datetime.now().year",
      "datetime.datetime.now(datetime.timezone.utc).year",
      "datetime.datetime.utcnow().year",
      "datetime.datetime.today().year",
      "datetime.date.today().year",
      "time.localtime().tm_year",
      "time.gmtime().tm_year",
      "time.gmtime(time.time()).tm_year",
      "time.gmtime(time.time_ns() // 10**9).tm_year",
      "time.gmtime(time.clock_gettime(time.CLOCK_REALTIME)).tm_year",
      "int(time.strftime('%Y'))",
      "int(time.ctime()[-4:])",
      "int(time.asctime()[-4:])",
      "time.gmtime(Timer().clock()).tm_year",
      "Timer().day().tm_year",
    ];
    await project.write({
      "tests/test_day.py": `import datetime, time, pytest

class Timer:
    clock, day = time.time, time.localtime

@pytest.mark.parametrize("year", [lambda: ${clocks.join(", lambda: ")}])
def test_year(year):
    assert year() > 2130

def test_others():
    assert type(datetime.datetime.now()) is datetime.datetime
    assert time.gmtime(0).tm_year == datetime.datetime.fromtimestamp(86400).year == 1970
    assert time.monotonic() < 86400 * 3650

def test_replaced(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0)
    assert datetime.datetime.now().year == time.localtime().tm_year > 2130
`,
    });
    const report = await project.test({ files: ["tests/test_day.py"], probe });
    assert.deepEqual(report.counts, { passed: clocks.length + 2, failed: 0, skipped: 0 }, report.output);
    assert.equal(report.tampering, undefined);
  });

  it("refuses failures that are written out, but only where they cannot be caught", async () => {
    await project.write({
      "tests/test_written.py": `
import pytest, unittest

def good(value):
    raise ValueError(value)

def test_fails_in_try():
    try:
        good(1)
        raise AssertionError("no error")
    except ValueError:
        pass

def test_fails_past_exception():
    try:
        good(1)
        pytest.fail("no error")
    except Exception:
        pass

def test_fails_in_else():
    try:
        good(1)
    except ValueError:
        pass
    else:
        pytest.fail("no error")

def test_passes_by_exception():
    try:
        good(1)
        raise AssertionError("no error")
    except Exception:
        pass

def test_passes_by_bare_except():
    try:
        good(1)
        pytest.fail("no error")
    except:
        pass

class Queue:
    def fail(self, job):
        pass

def test_passes_by_another_fail():
    queue = Queue()
    if queue:
        queue.fail(1)

class TestOther(unittest.TestCase):
    def test_fails_in_if(self):
        if int("1") != 1:
            self.fail("another number")

    def test_asserts_in_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertEqual(number, int(str(number)))
`,
    });
    const probe = TestProbe.parse({ refuse_assertions: true });
    const report = await project.test({ files: ["tests/test_written.py"], probe });
    assert.ok(
      report.tests.every(({ name, status, failure }) =>
        name.includes("passes")
          ? status === "passed"
          : failure === (name.includes("in_if") ? "doubted" : "refused"),
      ),
      outline(report).join("\n"),
    );
    // A test ends at its first refusal, and nobody reads pytest's account of it.
    assert.deepEqual(report.counts, { passed: 3, failed: 5, skipped: 0 });
    const inSubtests = report.tests.find(({ name }) => name.includes("in_subtests"));
    assert.doesNotMatch(inSubtests?.message ?? "", /for number in/);
  });

  it("stops a test that never ends, and keeps what was told before", async () => {
    await project.write({
      "tests/test_hangs.py": "def test_first():\n    pass\n\ndef test_hangs():\n    while True: pass\n",
    });
    const report = await project.test({ files: ["tests/test_hangs.py"], timeout_seconds: 6 });
    assert.equal(report.outcome, "timed_out");
    assert.deepEqual(outline(report), ["tests/test_hangs.py > test_first: passed"]);
  });

  it("reports a test with subtests once, and failed if one of them fails", async () => {
    // pytest has subtests since version 9. Before, a plug-in reports them, with a class of its own as this one.
    const subtests = await makeProject({
      "pytest.ini": "[pytest]\n",
      "conftest.py": `import contextlib
import pytest


class SubtestReport(pytest.TestReport):
    pass


@pytest.fixture
def subtests(request):
    @contextlib.contextmanager
    def test():
        call = pytest.CallInfo.from_call(lambda: None, "call")
        try:
            yield
        except AssertionError:
            call.excinfo = pytest.ExceptionInfo.from_current()
        report = pytest.TestReport.from_item_and_call(request.node, call)
        report.__class__ = SubtestReport
        request.node.ihook.pytest_runtest_logreport(report=report)

    return test
`,
      "test_numbers.py": `def test_mixed(subtests):
    for number in [1, 2, 3]:
        with subtests():
            assert number != 2


def test_right(subtests):
    for number in [1, 2]:
        with subtests():
            assert number
`,
    });
    try {
      const plain = await subtests.test();
      const watched = await subtests.test({ files: ["test_numbers.py"], probe: TestProbe.parse({}) });
      for (const report of [plain, watched])
        assert.deepEqual(outline(report), [
          "test_numbers.py > test_mixed: failed",
          "test_numbers.py > test_right: passed",
        ]);
    } finally {
      await subtests.remove();
    }
  });

  it("does not blame a source that pytest itself runs on, such as pluggy", async () => {
    const printFolder = "import pluggy, os; print(os.path.dirname(pluggy.__file__))";
    const found = spawnSync("/usr/bin/python3", ["-c", printFolder], { encoding: "utf8" });
    const pluggy = await makeProject({
      "pyproject.toml": '[project]\nname = "pluggy"\n[tool.pytest.ini_options]\n',
      "tests/test_calls.py":
        "import pluggy\n\n\ndef test_is_ours():\n    assert 'src/pluggy' in pluggy.__file__\n",
    });
    try {
      await cp(found.stdout.trim(), join(pluggy.root, "src/pluggy"), { recursive: true });
      const probe = TestProbe.parse({ suspects: ["src/pluggy/_callers.py", "src/pluggy/callers.py"] });
      const report = await pluggy.test({ files: ["tests/test_calls.py"], probe });
      assert.deepEqual(outline(report), ["tests/test_calls.py > test_is_ours: passed"], report.output);
      assert.equal(report.tampering, undefined);
    } finally {
      await pluggy.remove();
    }
  });
});
