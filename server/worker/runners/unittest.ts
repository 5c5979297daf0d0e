import { join } from "node:path";
import { modulePath } from "./detect-python.ts";
import { eventsFile, readEvents } from "./events.ts";
import type { RunnerAdapter } from "./runner.ts";

/**
 * Runs the test cases of Python's own `unittest` and writes events for `events.ts`. The arguments are test files;
 * without arguments, it runs all of the folder. A file is imported by the name that results from its path, as with
 * `python -m unittest`.
 */
const program = `
import importlib, json, os, re, sys, time, traceback, unittest

EVENTS = os.environ["CODITECT_TEST_EVENTS"]
ONLY = os.environ.get("CODITECT_TEST_NAME")
IGNORED = {"node_modules", "venv", "env", "build", "dist", "__pycache__", "site-packages"}

def tell(**event):
    with open(EVENTS, "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\\n")

def test_files():
    for folder, folders, files in os.walk("."):
        folders[:] = sorted(name for name in folders if name not in IGNORED and not name.startswith("."))
        for name in sorted(files):
            if re.fullmatch(r"test.*\\.py|.*_tests?\\.py", name):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8", errors="replace") as file:
                    if "unittest" in file.read():
                        yield os.path.relpath(path)

def load(path):
    """The module of a file: by its dotted name, or beside its own folder where that is no name."""
    parts = os.path.splitext(path)[0].split(os.sep)
    if all(part.isidentifier() for part in parts):
        return importlib.import_module(".".join(parts))
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    return importlib.import_module(parts[-1])

def cases(suite):
    for each in suite:
        if isinstance(each, unittest.TestSuite):
            yield from cases(each)
        else:
            yield each

def failure_of(error):
    """Why a test failed: by an assertion, by a name that is not there yet, or by another error."""
    if isinstance(error, AssertionError):
        return "assertion"
    absent = r"has no attribute|cannot import name|No module named|is not defined|unexpected keyword argument|takes \\d+ positional|takes no arguments|missing \\d+ required"
    named = isinstance(error, (AttributeError, ImportError, NameError, TypeError))
    return "missing" if named and re.search(absent, str(error)) else "error"

class Result(unittest.TestResult):
    def __init__(self, file):
        super().__init__()
        self.file = file
        self.began = 0

    def name(self, test):
        case = getattr(test, "test_case", test)
        method = getattr(case, "_testMethodName", None)
        if method is None:
            return None
        own = type(case).__qualname__ + " > " + method
        return own + " " + test._subDescription() if case is not test else own

    def report(self, test, status, message=None, failure=None):
        name = self.name(test)
        if name is None:
            if status == "failed":
                tell(type="error", name="Error outside of the tests: " + str(test), message=message)
            return
        spent = (time.perf_counter() - self.began) * 1000
        why = {} if failure is None else {"failure": failure}
        tell(type="test", file=self.file, name=name, status=status, duration_ms=spent, message=message, **why)

    def text(self, error):
        return "".join(traceback.format_exception(*error))[-20000:]

    def startTest(self, test):
        super().startTest(test)
        self.began = time.perf_counter()

    def addSuccess(self, test):
        self.report(test, "passed")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.report(test, "failed", self.text(error), failure_of(error[1]))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failures.append((subtest, ""))
            self.report(subtest, "failed", self.text(error), failure_of(error[1]))

    def addSkip(self, test, reason):
        self.report(test, "skipped")

    def addExpectedFailure(self, test, error):
        self.report(test, "passed")

    def addUnexpectedSuccess(self, test):
        self.failures.append((test, ""))
        self.report(test, "failed", "The test was expected to fail, and passed.", "assertion")

def main():
    sys.path.insert(0, os.getcwd())
    tell(type="begin")
    failed = False
    for path in sys.argv[1:] or test_files():
        try:
            loaded = unittest.defaultTestLoader.loadTestsFromModule(load(path))
        except unittest.SkipTest:
            continue
        except BaseException:
            failed = True
            tell(type="load_error", file=path, message=traceback.format_exc()[-20000:])
            continue
        chosen = [
            case for case in cases(loaded)
            if ONLY is None or ONLY in type(case).__qualname__ + " > " + getattr(case, "_testMethodName", "")
        ]
        result = Result(path)
        unittest.TestSuite(chosen).run(result)
        failed = failed or not result.wasSuccessful()
    tell(type="end")
    sys.exit(1 if failed else 0)

main()
`;

/** Python's own runner, which is used if pytest is not installed. */
export const unittest: RunnerAdapter = {
  files: { "coditect_unittest.py": program },
  launch: (job) =>
    Promise.resolve({
      command: [
        job.program ?? "python3",
        join(job.reportFolder, "coditect_unittest.py"),
        ...(job.files ?? []),
      ],
      env: {
        CODITECT_TEST_EVENTS: eventsFile(job),
        ...(job.name === null ? {} : { CODITECT_TEST_NAME: job.name }),
        PYTHONPATH: modulePath(job.folder),
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUTF8: "1",
      },
    }),
  read: readEvents,
};
