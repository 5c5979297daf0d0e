import { join } from "node:path";
import { modulePath } from "./detect-python.ts";
import { eventsFile, readEvents } from "./events.ts";
import { nameSeparator } from "./names.ts";
import type { RunnerAdapter } from "./runner.ts";

/**
 * A function that undoes options of the project that end a run early, such as -x. Tests that do not run could not be
 * compared.
 */
export const runAllPython = `
def run_all(config):
    config.option.maxfail = 0
    config.option.continue_on_collection_errors = True
    config.option.stepwise = config.option.stepwise_skip = False
`;

/** A plug-in for pytest that immediately writes each event for `events.ts`. */
const plugin = `
import json, os, time
${runAllPython}
EVENTS = os.environ.get("CODITECT_TEST_EVENTS")

def begin_part(config):
    """Started by the project's own test command: this process has a report of its own."""
    global EVENTS
    parts = os.environ.get("CODITECT_PARTS")
    if parts is None or "CODITECT_REPORTING" in os.environ:
        return None
    part = os.path.join(parts, "%020d-%d" % (time.perf_counter_ns(), os.getpid()))
    os.makedirs(part)
    EVENTS = os.path.join(part, "events.jsonl")
    os.environ["CODITECT_REPORTING"] = "1"
    args = [str(arg) for arg in config.invocation_params.args]
    with open(os.path.join(part, "part.json"), "w", encoding="utf-8") as file:
        json.dump({"runner": "pytest", "folder": os.getcwd(), "args": args}, file)
    return part

def tell(**event):
    with open(EVENTS, "a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\\n")

class Reporter:
    def __init__(self, config, part):
        self.part = part
        self.root = str(config.rootpath)
        self.durations = {}
        self.told = set()

    def place(self, nodeid):
        file, *names = nodeid.split("::")
        return os.path.join(self.root, file), " > ".join(names)

    def pytest_collectreport(self, report):
        if report.failed:
            tell(type="load_error", file=self.place(report.nodeid)[0], message=str(report.longrepr)[:20000])

    def pytest_runtest_logreport(self, report):
        duration = self.durations.get(report.nodeid, 0) + report.duration * 1000
        self.durations[report.nodeid] = duration
        if report.outcome not in ("passed", "failed", "skipped"):
            return  # "rerun": the outcome of the last try counts.
        status = report.outcome
        if report.outcome == "passed" and report.when != "call":
            return
        # Each subtest has a report with the name of its test. One that passed does not say whether the test passes.
        is_subtest = type(report).__name__.lower() == "subtestreport"
        if is_subtest and status != "failed":
            return
        if report.nodeid in self.told and (status != "failed" or report.when == "call"):
            return
        self.told.add(report.nodeid)
        file, name = self.place(report.nodeid)
        message = str(report.longrepr)[-20000:] if status == "failed" else None
        if report.when == "teardown":
            name += " (teardown)"
        tell(type="test", file=file, name=name, status=status, duration_ms=duration, message=message)

    def pytest_sessionfinish(self, session, exitstatus):
        if int(exitstatus) != 3:
            tell(type="end")
        if self.part is not None:
            with open(os.path.join(self.part, "exit"), "w", encoding="utf-8") as file:
                file.write(str(int(exitstatus)))

def pytest_addoption(parser):
    try:
        import pytest_cov
    except ImportError:
        # Without pytest-cov its options are known and do nothing.
        for option in ("--cov", "--cov-report", "--cov-fail-under"):
            parser.addoption(option, action="append", nargs="?")

def pytest_configure(config):
    run_all(config)
    # Processes of pytest-xdist report through the one that started them.
    if not hasattr(config, "workerinput"):
        part = begin_part(config)
        tell(type="begin")
        config.pluginmanager.register(Reporter(config, part), "coditect-reporter")

def pytest_unconfigure(config):
    # What pytest-cov measured, as Coverage.py counts it; its report formats differ by version.
    if hasattr(config, "workerinput") or not os.path.exists(os.environ.get("COVERAGE_FILE", "")):
        return
    import coverage
    measured = coverage.Coverage()
    measured.load()
    files = {}
    for path in measured.get_data().measured_files():
        try:
            _, statements, _, missing, _ = measured.analysis2(path)
        except coverage.CoverageException:
            continue
        files[path] = {"covered": len(statements) - len(missing), "total": len(statements)}
    tell(type="coverage", files=files)
`;

/** The words of a name, because `-k` takes an expression of words. */
const wordsOf = (name: string): string =>
  (
    name
      .split(nameSeparator)
      .join(" ")
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  )
    .filter((word) => !/^(and|or|not)$/.test(word))
    .join(" and ");

/**
 * The argument for a file. pytest takes the text after a bracket for the parameters of a test. For a path with one, it
 * gets the folder above, and the report leaves out tests that were not requested.
 */
const argumentFor = (file: string): string =>
  file.includes("[") ? file.slice(0, file.indexOf("[")).replace(/[^/]*$/, "") || "." : file;

export const pytest: RunnerAdapter = {
  files: { "coditect_reporter.py": plugin },
  launch: (job) =>
    Promise.resolve({
      command: [
        job.program ?? "pytest",
        "-p",
        "coditect_reporter",
        // The project's own options may need the cache. An empty one makes --lf and --ff harmless.
        "-o",
        `cache_dir=${join(job.reportFolder, "cache")}`,
        "--color=no",
        ...(job.coverage ? ["--cov=.", "--cov-report="] : []),
        // The project's threshold is for the whole suite. There, it counts unless we measure the coverage.
        ...(job.coverage || job.files !== null || job.name !== null ? ["--cov-fail-under=0"] : []),
        ...(job.name === null ? [] : ["-k", wordsOf(job.name)]),
        ...new Set(job.files?.map(argumentFor)),
      ],
      env: {
        CODITECT_TEST_EVENTS: eventsFile(job),
        PYTHONPATH: modulePath(job.folder, job.reportFolder),
        PYTHONDONTWRITEBYTECODE: "1",
        PYTHONUTF8: "1",
        COVERAGE_FILE: join(job.reportFolder, ".coverage"),
      },
    }),
  read: readEvents,
};
