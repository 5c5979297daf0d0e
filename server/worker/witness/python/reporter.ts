/** The hooks of pytest: they tell each test, and choose which tests run. */
export const pythonReporter = String.raw`
class Reporter:
    def __init__(self, config):
        self.root = str(config.rootpath)
        self.durations = {}
        self.told = set()
        self.failed_once = set()

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
            self.failed_once.add(report.nodeid)
            return  # "rerun": the outcome of the last try counts.
        status = report.outcome
        # A test that is expected to fail and passes all the same is no evidence.
        if hasattr(report, "wasxfail") and status == "passed":
            status = "skipped"
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
        if report.nodeid in self.failed_once and status == "passed" and _path_of(file) in _SUSPECTS:
            accuse((_path_of(file), None), TRIED_AGAIN + _dumps(name))
        message = str(report.longrepr)[-20000:] if status == "failed" else None
        if report.when == "teardown":
            name += " (teardown)"
        event = dict(type="test", file=file, name=name, status=status, duration_ms=duration, message=message)
        if status == "failed":
            event["failure"] = getattr(report, "coditect_failure", "error")
        tell(**event)

    def pytest_sessionfinish(self, session, exitstatus):
        _check(None)
        if int(exitstatus) != 3:
            tell(type="end")
        _over.append(True)

def pytest_addoption(parser):
    try:
        import pytest_cov
    except ImportError:
        # Without pytest-cov its options are known and do nothing.
        for option in ("--cov", "--cov-report", "--cov-fail-under"):
            parser.addoption(option, action="append", nargs="?")

import pytest as _pytest_module

@_pytest_module.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_makereport(item, call):
    # pytest puts an error of its own in the place of another runner's.
    trace = None if call.excinfo is None else call.excinfo.tb
    outcome = yield
    # What the call showed is what counts: a hook of the project that turns a failure into a pass is told of.
    report = outcome.get_result()
    raised = call.excinfo is not None
    if raised and (report.outcome == "skipped" or hasattr(report, "wasxfail")):
        # Whether a test is passed over is for tests to say.
        raiser = _raiser(trace)
        if raiser is not None:
            accuse(raiser, "skips the test that calls it")
    if raised:
        report.coditect_failure = failure_of(call.excinfo)
        if report.outcome == "passed" and not hasattr(report, "wasxfail"):
            accuse(None, f"turns the failure of {item.nodeid} into a pass")
            report.outcome = "failed"

def pytest_keyboard_interrupt(excinfo):
    raiser = _raiser(excinfo.tb)
    if raiser is not None:
        accuse(raiser, f"ends the tests ({excinfo.typename})")

# The test that runs, as what it reaches is told of: its file and name; no file: each test may matter to it.
_ANY_TEST = ("", None)
_running = [_ANY_TEST]

def _place_of_item(item, whole_file=False):
    file, *names = item.nodeid.split("::")
    return os.path.join(str(item.config.rootpath), file), None if whole_file else " > ".join(names)

def _within(place):
    _running.append(place)
    yield
    _running.pop()

@_pytest_module.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    yield from _within(_place_of_item(item))

@_pytest_module.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    # Other tests find what a fixture of theirs computed for the first of them.
    if fixturedef.scope == "function":
        yield
    else:
        item = getattr(request, "_pyfuncitem", None)
        is_shared = fixturedef.scope in ("session", "package") or item is None
        yield from _within(_ANY_TEST if is_shared else _place_of_item(item, True))

@_pytest_module.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    yield from _within(_ANY_TEST)

def _leave_out(config, items):
    only = set(SETTINGS["only"])
    def is_asked(item):
        file, name = _place_of_item(item)
        return _path_of(file) in only or f"{_path_of(file)} > {name}" in only
    left_out = [item for item in items if not is_asked(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if is_asked(item)]

def pytest_collection_modifyitems(config, items):
    if SETTINGS["only"] is not None:
        _leave_out(config, items)
    seed = SETTINGS["seed"]
    if seed is not None:
        random.Random(seed).shuffle(items)

def pytest_configure(config):
    run_all(config)
    # Processes of pytest-xdist report through the one that started them.
    if not hasattr(config, "workerinput"):
        tell(type="begin")
        config.pluginmanager.register(Reporter(config), "coditect-reporter")
    if _SUSPECTS:
        sys.argv[:] = [os.path.join(SETTINGS["root"], "main.py")]
        sys.orig_argv[:] = [sys.executable, *sys.argv]
    _mark_raises()
    _watch_runner()
    if SETTINGS["refuse_assertions"]:
        # Each test fails, and pytest would parse its whole file again for each failure.
        config.option.tbstyle = "no"
        _refuse_asserts()
        _RUNNER_PARTS.clear()
        _watch_runner()
    _install_watch()

`;
