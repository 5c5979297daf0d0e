import { isTestScriptPython } from "../../workspace/classify.ts";
import { REFUSED, TRIED_AGAIN } from "./failure.ts";
import { STARTER } from "./python-child.ts";
import { pythonClock } from "./python-clock.ts";
import type { WitnessSettings } from "./settings.ts";

/**
 * A plug-in for pytest that tells its events as `events.ts` reads them, each at once and signed with
 * the run's key, and watches what the project's files do to the run: see `node-witness.ts`.
 */
export const pytestPlugin = (settings: WitnessSettings): string =>
  `import json as _json
SETTINGS = _json.loads(${JSON.stringify(JSON.stringify(settings))})
REFUSED = ${JSON.stringify(REFUSED)}
TRIED_AGAIN = ${JSON.stringify(TRIED_AGAIN)}
STARTER = ${JSON.stringify(STARTER)}
${isTestScriptPython(settings.layout)}
${pythonClock}
${plugin}`;

const plugin = String.raw`
import ast, builtins, gc, hashlib, hmac, inspect, os, random, re, sys, time, types

_WITHIN = SETTINGS["root"] + os.sep
_SUSPECTS = set(SETTINGS["suspects"])
_KEY = SETTINGS["key"].encode()
_hmac, _sha256, _dumps = hmac.new, hashlib.sha256, _json.dumps
_open, _write, _getframe = os.open, os.write, sys._getframe
_channel = _open(SETTINGS["channel"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
_told = set()
_over = []

def _make_tell(key, channel):
    def tell(**event):
        body = _dumps(event).encode()
        mac = _hmac(key, body, _sha256).hexdigest().encode()
        _write(channel, mac + b" " + body + b"\n")
    return tell

tell = _make_tell(_KEY, _channel)
SETTINGS["key"] = ""
del _KEY, _channel

def _path_of(file):
    file = os.path.abspath(file)
    if not file.startswith(_WITHIN) or "/site-packages/" in file.replace(os.sep, "/"):
        return None
    inside = file.removeprefix(_WITHIN).replace(os.sep, "/")
    return None if re.search(r"(^|/)(\.?venv|node_modules)/", inside) else inside

def _place_of(frame):
    # Code made from text has any name its maker gave it, and the maker's globals.
    maker = frame.f_globals.get("__file__")
    if isinstance(maker, str) and maker != frame.f_code.co_filename:
        path = _path_of(maker)
        if path in _SUSPECTS and not is_test(path):
            return path
    return _path_of(frame.f_code.co_filename)

def _caller(frame, direct):
    while frame is not None:
        file = frame.f_code.co_filename
        if file != __file__ and not file.startswith("<frozen"):
            path = _place_of(frame)
            if path is not None:
                return path, frame.f_lineno
            if direct:
                return None
        frame = frame.f_back
    return None

def _source(frame, direct=True):
    # Only what the judged change touched is suspected.
    if not _SUSPECTS:
        return None
    caller = _caller(frame, direct)
    return caller if caller is not None and caller[0] in _SUSPECTS and not is_test(caller[0]) else None

def accuse(caller, what):
    path, line = caller if caller is not None else ("", None)
    if (path, what) in _told:
        return
    _told.add((path, what))
    tell(type="tampering", path=path, line=line, what=what)

# Ending the process.
def _is_handled(pid, number):
    # A signal to another program is that program's, and one that has a handler ends nothing.
    import signal
    if pid not in (os.getpid(), os.getppid(), 0, -1):
        return True
    return number == 0 or (pid == os.getpid() and callable(signal.getsignal(number)))

def _ends(module, name):
    original = getattr(module, name)
    def ends(*args, **kwargs):
        if not _over and not (name == "kill" and _is_handled(*args)):
            caller = _caller(_getframe(1), False)
            if caller is not None:
                accuse(caller, f"ends the process ({module.__name__}.{name})")
        return original(*args, **kwargs)
    setattr(module, name, ends)

for _name in ("_exit", "abort", "kill"):
    _ends(os, _name)

# Variables that show a source it is tested, modules of the runner, callers.
_betrays = re.compile(r"^(PYTEST.*|CODITECT.*)$")
_hidden = re.compile(r"^(PYTHONPATH|CI|COVERAGE_FILE)$")
_environ = type(os.environ)
_getitem, _iter = _environ.__getitem__, _environ.__iter__

def _guarded_getitem(self, key):
    if self is os.environ and isinstance(key, str) and (_betrays.match(key) or _hidden.match(key)):
        source = _source(_past_os(_getframe(1)))
        if source is not None:
            if _betrays.match(key):
                accuse(source, f"reads a variable of the test runner ({key})")
            raise KeyError(key)
    return _getitem(self, key)

def _past_os(frame):
    # os.environ.get and "in" come through the mapping's own methods.
    while frame is not None and os.path.basename(frame.f_code.co_filename) in ("_collections_abc.py", "os.py", "<frozen _collections_abc>", "<frozen os>"):
        frame = frame.f_back
    return frame

def _guarded_iter(self):
    source = _source(_past_os(_getframe(1))) if self is os.environ else None
    for key in _iter(self):
        if source is None or not (_betrays.match(key) or _hidden.match(key)):
            yield key

_environ.__getitem__ = _guarded_getitem
_environ.__iter__ = _guarded_iter

_runner = re.compile(r"^(_?pytest|coditect_reporter)(\.|$)")

class _Modules(dict):
    """sys.modules as sources see it. The interpreter has its own, which everything is passed on to."""
    def __init__(self, real):
        dict.__init__(self)
        self._real = real
    def _look(self, key, frame):
        if isinstance(key, str) and _runner.match(key):
            source = _source(frame)
            if source is not None:
                accuse(source, f"looks for the test runner ({key})")
                return True
        return False
    def __contains__(self, key):
        return False if self._look(key, _getframe(1)) else key in self._real
    def get(self, key, default=None):
        return default if self._look(key, _getframe(1)) else self._real.get(key, default)
    def __getitem__(self, key):
        if self._look(key, _getframe(1)):
            raise KeyError(key)
        return self._real[key]
    def __iter__(self):
        return iter(self.keys())
    def keys(self):
        hides = _source(_getframe(1)) is not None
        return [key for key in list(self._real) if not (hides and _runner.match(key))]
    def items(self):
        return [(key, self._real[key]) for key in self.keys()]
    def values(self):
        return [self._real[key] for key in self.keys()]
    def __setitem__(self, key, value):
        self._real[key] = value
    def __delitem__(self, key):
        del self._real[key]
    def __len__(self):
        return len(self._real)
    def __bool__(self):
        return True
    def pop(self, *args):
        return self._real.pop(*args)
    def setdefault(self, *args):
        return self._real.setdefault(*args)
    def update(self, *args, **kwargs):
        self._real.update(*args, **kwargs)
    def copy(self):
        return self._real.copy()

sys.modules = _Modules(sys.modules)

# Pytest puts its own imports into every module that is named like a test, a source as well.
def _leave_sources_alone():
    import _pytest.assertion.rewrite as rewrite
    should_rewrite = rewrite.AssertionRewritingHook._should_rewrite
    def should(self, name, file, *args):
        path = _path_of(file)
        if path in _SUSPECTS and not is_test(path):
            return False
        return should_rewrite(self, name, file, *args)
    rewrite.AssertionRewritingHook._should_rewrite = should

_leave_sources_alone()

_import = builtins.__import__
def _guarded_import(name, *args, **kwargs):
    if _runner.match(name):
        source = _source(_getframe(1))
        if source is not None:
            accuse(source, f"imports the test runner ({name})")
    return _import(name, *args, **kwargs)
builtins.__import__ = _guarded_import

import importlib
_import_module = importlib.import_module
def _guarded_import_module(name, package=None):
    if isinstance(name, str) and _runner.match(name):
        source = _source(_getframe(1))
        if source is not None:
            accuse(source, f"imports the test runner ({name})")
    return _import_module(name, package)
importlib.import_module = _guarded_import_module

_auditing = []
_LOOKING = {
    "open": None,
    "sys._getframe": None,
    "sys._current_frames": "looks at who calls it",
    "sys.settrace": "traces its callers",
    "sys.setprofile": "traces its callers",
    "os.exec": "ends the process (it becomes another program)",
    "gc.get_objects": "looks for what others keep in memory",
    "gc.get_referrers": "looks for what others keep in memory",
    "ctypes.dlsym": None,
    "subprocess.Popen": None,
    "os.system": None,
    "os.posix_spawn": None,
}
# What a source could do past Python: open files, end the process, look at memory.
_PAST_PYTHON = re.compile(r"^(f?open(at)?(64)?|f?read|mmap|ptrace|_?exit|_Exit|abort|kill|raise|exec[lv]p?e?|system|popen)$")
_LOOKS_AROUND = re.compile(r"^(ps|pgrep|pstree|lsof|top)$")
_FRAMES = ("tb_frame", "gi_frame", "cr_frame", "ag_frame")

def _audit(event, args):
    if event == "object.__getattr__":
        if args[1] not in _FRAMES:
            return
    elif event not in _LOOKING:
        return
    if _over or _auditing:
        return
    _auditing.append(True)
    try:
        _see(event, args, _getframe(1))
    finally:
        _auditing.pop()

def _see(event, args, frame):
    if event == "object.__getattr__" or _LOOKING[event] is not None:
        source = _source(frame)
        if source is not None:
            accuse(source, _LOOKING.get(event) or "looks at who calls it")
    elif event == "sys._getframe":
        if frame.f_code.co_filename == __file__:
            return  # We look ourselves.
        caller = frame
        inspected = False
        while caller is not None and os.path.basename(caller.f_code.co_filename) in ("inspect.py", "traceback.py"):
            inspected = True
            caller = caller.f_back
        source = _source(caller)
        if source is not None:
            accuse(source, "looks at who calls it")
    elif event == "open":
        closed = _closed(args[0])
        source = None if closed is None else _source(_past_io(frame))
        if source is not None:
            accuse(source, f"opens {closed}")
    elif event == "ctypes.dlsym":
        source = _source(_past_module(frame, "ctypes")) if _PAST_PYTHON.match(str(args[1])) else None
        if source is not None:
            accuse(source, f"goes past Python (the C library's {args[1]})")
    elif event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
        source = _source(_past_module(frame, "subprocess"))
        os.environ.pop(STARTER, None)
        if source is not None:
            _watch_started(source, args[0 if event == "os.system" else 1])

def _closed(path):
    """What sources may not open: the tests, and what belongs to this run; None: they may."""
    if isinstance(path, bytes):
        path = path.decode(errors="replace")
    if not isinstance(path, str) or path == "":
        return None
    if path.startswith(SETTINGS["folder"]) or re.match(r"/proc/(self|thread-self|\d+|\$\w+)/", path):
        return "this test run"
    closed = _path_of(path)
    if closed is None or not closed.endswith(".py") or not is_test(closed) or re.search(r"(^|/)(fixtures|testdata)/", closed):
        return None
    return closed

def _past_module(frame, name):
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == name:
        frame = frame.f_back
    return frame

def _watch_started(source, command):
    """A program that a source starts may not open what the source may not. One of Python learns whose it is."""
    os.environ[STARTER] = source[0]
    words = command if isinstance(command, (list, tuple)) else [command]
    for word in [part for each in words for part in re.split(r"[\s\"'=;|&<>()]+", os.fsdecode(each))]:
        if _LOOKS_AROUND.match(os.path.basename(word)):
            accuse(source, f"looks at the processes ({word})")
        elif _closed(word) is not None:
            accuse(source, f"opens {_closed(word)} by another program")

def _raiser(trace):
    """Where an error of a source began: its innermost frame of the project; None: elsewhere."""
    found = None
    while trace is not None:
        path = _place_of(trace.tb_frame)
        if path is not None:
            found = (path, trace.tb_lineno)
        trace = trace.tb_next
    return found if found is not None and found[0] in _SUSPECTS and not is_test(found[0]) else None

def _past_io(frame):
    while frame is not None and os.path.basename(frame.f_code.co_filename) in ("pathlib.py", "codecs.py", "io.py", "tokenize.py", "linecache.py"):
        frame = frame.f_back
    return frame

sys.addaudithook(_audit)

# What no source may replace: looked at after each source is loaded, and at the end.
_WATCHED = [
    (builtins, "builtins", "len sum sorted min max isinstance issubclass abs all any repr str int float list dict set tuple open __import__ AssertionError range round zip map filter enumerate hash id type getattr print".split()),
    (random, "random", "random randint choice shuffle seed uniform".split()),
    (time, "time", "time monotonic sleep perf_counter".split()),
    (os, "os", "_exit getenv kill abort".split()),
    (sys, "sys", "exit settrace setprofile".split()),
    (_json, "json", "dumps loads".split()),
]
_BEFORE = [(module, label, name, getattr(module, name)) for module, label, names in _WATCHED for name in names]

def _replaced(extra=()):
    return [(module, f"{label}.{name}", value) for module, label, name, value in [*_BEFORE, *extra] if getattr(module, name, None) is not value]

_RUNNER_PARTS = []

def _watch_runner():
    import pytest, unittest, unittest.mock, _pytest.runner, _pytest.python, _pytest.reports, _pytest.assertion.util
    for module, names in (
        (pytest, "raises warns approx fail skip mark fixture".split()),
        (_pytest.runner, "runtestprotocol call_and_report pytest_runtest_makereport pytest_runtest_call pytest_runtest_protocol".split()),
        (_pytest.reports.TestReport, "from_item_and_call __init__".split()),
        (_pytest.python.Function, "runtest setup".split()),
        (_pytest.python, "pytest_pyfunc_call".split()),
        (_pytest.runner.CallInfo, "from_call".split()),
        (unittest.TestCase, [name for name in dir(unittest.TestCase) if name.startswith("assert")] + ["fail", "run"]),
        (unittest.mock.NonCallableMock, [name for name in dir(unittest.mock.NonCallableMock) if name.startswith("assert")]),
    ):
        for name in names:
            value = inspect.getattr_static(module, name, None)
            if value is not None:
                _RUNNER_PARTS.append((module, f"{module.__name__}.{name}", name, value))

def _replaced_parts():
    return [(label, name) for module, label, name, value in _RUNNER_PARTS if inspect.getattr_static(module, name, None) is not value]

def _check(caller):
    for module, label, value in _replaced():
        accuse(caller, f"replaces {label}")
        setattr(module, label.rsplit(".", 1)[1], value)
    for module, label, name, value in _RUNNER_PARTS:
        if inspect.getattr_static(module, name, None) is not value:
            accuse(caller, f"replaces {label}")
            setattr(module, name, value)

# Whether a test reached an assertion: in a run that refuses them, each one raises.
class Refused(AssertionError):
    pass

def _refuse(*operands, **kwargs):
    # What equals everything a test compares it with passes here as well: such a test cannot fail.
    for operand, other in zip(operands, reversed(operands)):
        try:
            if (operand == _Nothing()) is True or (operand == _unlike(other)) is True:
                return
        except Exception:
            pass
    raise Refused(REFUSED)

def _refuse_asserts():
    import _pytest.assertion.rewrite as rewrite
    import pytest, unittest, unittest.mock
    original = rewrite.rewrite_asserts
    class Refusing(ast.NodeTransformer):
        def visit_Assert(self, node):
            test = node.test
            # A tuple is always true, and so is what has nothing but constants in it.
            asks = any(isinstance(part, (ast.Name, ast.Call, ast.Await)) for part in ast.walk(test))
            if isinstance(test, ast.Tuple) or not (asks or (isinstance(test, ast.Constant) and not test.value)):
                return ast.copy_location(ast.Pass(), node)
            compares = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)
            operands = [test.left, *test.comparators] if compares else []
            call = ast.Call(func=ast.Name(id="__coditect_refuse__", ctx=ast.Load()), args=operands, keywords=[])
            return ast.copy_location(ast.Expr(value=call), node)
        def visit_Expr(self, node):
            # Libraries call their assertions so: assert_allclose(…), assert_that(…).equals(…).
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and re.match("assert", getattr(part.func, "attr", getattr(part.func, "id", "")), re.I):
                    call = ast.Call(func=ast.Name(id="__coditect_refuse__", ctx=ast.Load()), args=[], keywords=[])
                    return ast.copy_location(ast.Expr(value=call), node)
            return node
    def rewriting(module, *args, **kwargs):
        Refusing().visit(module)
        ast.fix_missing_locations(module)
        return original(module, *args, **kwargs)
    rewrite.rewrite_asserts = rewriting
    rewrite._read_pyc = lambda *args, **kwargs: None
    builtins.__coditect_refuse__ = _refuse
    pytest.raises = pytest.warns = pytest.deprecated_call = _refuse
    for cls in (unittest.TestCase, unittest.mock.NonCallableMock):
        for name in dir(cls):
            if name.startswith("assert"):
                setattr(cls, name, _refuse)

def _mark_raises():
    # An error that an expectation lets through because it expected another one is its failure.
    import pytest, unittest.case
    for cls in (type(pytest.raises(ValueError)), unittest.case._AssertRaisesContext):
        original = cls.__exit__
        def leave(self, kind, error, trace, _original=original):
            answer = _original(self, kind, error, trace)
            if not answer and error is not None:
                try:
                    error.__coditect_in_raises__ = True
                except Exception:
                    pass
            return answer
        cls.__exit__ = leave

_MISSING = re.compile(r"has no attribute|cannot import name|No module named|is not defined|unexpected keyword argument|takes \d+ positional|takes no arguments|missing \d+ required")

def failure_of(excinfo):
    import pytest
    error = excinfo.value
    if isinstance(error, Refused) or REFUSED in str(error):
        return "refused"
    if getattr(error, "__coditect_in_raises__", False) and not _MISSING.search(str(error)):
        return "assertion"
    if isinstance(error, AssertionError) or isinstance(error, pytest.fail.Exception):
        return "assertion"
    # Several ways in which a property does not hold.
    inner = getattr(error, "exceptions", ())
    if inner and all(isinstance(each, AssertionError) for each in inner):
        return "assertion"
    if isinstance(error, (AttributeError, ImportError, NameError, TypeError)) and _MISSING.search(str(error)):
        return "missing"
    return "error"

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
        if report.nodeid in self.told and status != "failed":
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
        _refuse_asserts()
        _RUNNER_PARTS.clear()
        _watch_runner()
    _install_watch()

# Mutants: the changed lines of a source are made wrong one at a time, as it is compiled.
_WANTED = SETTINGS["mutant"]
if _WANTED is not None:
    # One that never stops to allocate gets a MemoryError, before it ends the instance.
    try:
        import resource as _resource
        _hard = _resource.getrlimit(_resource.RLIMIT_DATA)[1]
        _resource.setrlimit(_resource.RLIMIT_DATA, (768 << 20, _hard))
    except (ImportError, ValueError, OSError):
        pass
_MUTABLE = {entry["path"]: entry["ranges"] for entry in SETTINGS["mutable"]}
_COMPARE = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
_OPERATE = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult}

_TUNING = re.compile(r"(max_)?(workers|processes|threads|timeout|retries|maxsize|chunksize|buffering|stacklevel|n_jobs)$")

def _mutations(node):
    """Each wrong form of a node, with what was done to it."""
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            if type(op) in _COMPARE:
                ops = [_COMPARE[type(op)]() if i == at else o for i, o in enumerate(node.ops)]
                yield "boundary" if isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) else "condition", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield "condition", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "condition", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATE:
        yield "operator", ast.BinOp(node.left, _OPERATE[type(node.op)](), node.right)
    elif isinstance(node, ast.Return) and node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "return", ast.Return(ast.Constant(None))
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool):
            yield "literal", ast.Constant(not node.value)
        elif isinstance(node.value, (int, float)):
            yield "literal", ast.Constant(node.value + 1)
        elif isinstance(node.value, str):
            yield "literal", ast.Constant("" if node.value else "mutant")
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
        for value in (True, False):
            if isinstance(node, ast.While) and value:
                continue
            yield "condition", type(node)(**{**{field: getattr(node, field) for field in node._fields}, "test": ast.Constant(value)})
    elif isinstance(node, ast.Expr) and isinstance(node.value, (ast.Call, ast.Await)):
        yield "call removed", ast.Pass()
    elif isinstance(node, (ast.AugAssign, ast.Raise)):
        yield "statement removed", ast.Pass()

def _equal_sides(node):
    """The comparison, which is an error as soon as both sides are equal."""
    call = ast.parse("(lambda one, other: (_ for _ in ()).throw(ValueError('Both sides are equal.')) if one == other else one < other)(0, 0)", mode="eval").body
    call.func.body.orelse.ops = node.ops
    call.args = [node.left, *node.comparators]
    return call

def _mutate(tree, path):
    """Tells of the mutants of the file, and switches on the one that is asked for."""
    wanted, count = _WANTED, 0
    ranges = _MUTABLE[path]
    if wanted in ("reach", "reach-in-tests"):
        # An error in every changed function shows which tests run one.
        error = "raise RuntimeError('It was reached.')"
        if wanted == "reach-in-tests":
            error = f"if __coditect_tests__: {error}"
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and any(r["from"] <= node.end_lineno and node.lineno <= r["to"] for r in ranges):
                node.body.insert(0, ast.copy_location(ast.parse(error).body[0], node.body[0]))
        return ast.fix_missing_locations(tree)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and node.body and isinstance(node.body[0], ast.Expr)}
    skipped = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.Raise) for inner in ast.walk(node) if inner is not node}
    skipped |= {id(inner) for node in ast.walk(tree) for field in ("annotation", "returns") for part in [getattr(node, field, None)] if isinstance(part, ast.AST) for inner in ast.walk(part)}
    homes = _homes(tree) if wanted is None and SETTINGS["tell_reached"] else {}
    probes = {}
    for parent in list(ast.walk(tree)):
        for field, value in ast.iter_fields(parent):
            for index, node in enumerate(value if isinstance(value, list) else [value]):
                if not isinstance(node, ast.AST) or not hasattr(node, "lineno") or id(node) in docstrings or id(node) in skipped:
                    continue
                if not any(r["from"] <= node.lineno and node.end_lineno <= r["to"] for r in ranges):
                    continue
                if isinstance(node, ast.Constant) and isinstance(parent, ast.JoinedStr):
                    continue
                # How many work at once, or how long somebody waits, changes no result.
                if isinstance(node, ast.Constant) and isinstance(parent, ast.keyword) and _TUNING.match(parent.arg or ""):
                    continue
                for kind, mutant in _mutations(node):
                    name = f"{path}#{count}"
                    count += 1
                    if wanted is None:
                        text = ast.unparse(ast.fix_missing_locations(ast.copy_location(mutant, node)))
                        # Only where both sides are equal does it differ.
                        more = {"boundary": name + "="} if kind == "boundary" and len(node.ops) == 1 else {}
                        tell(type="mutant", id=name, path=path, line=node.lineno, end_line=node.end_lineno, kind=kind, replacement=text[:200], **more)
                        if id(node) in homes:
                            body, statement = homes[id(node)]
                            probes.setdefault(id(statement), (body, statement, []))[2].append(name)
                    elif wanted in (name, name + "="):
                        if wanted != name:
                            mutant = _equal_sides(node)
                        ast.copy_location(mutant, node)
                        if isinstance(value, list):
                            value[index] = mutant
                        else:
                            setattr(parent, field, mutant)
                        return ast.fix_missing_locations(tree)
    for body, statement, names in probes.values():
        _PROBED.append(names)
        call = ast.parse(f"__coditect_reached__({len(_PROBED) - 1})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, statement)
        body.insert([id(each) for each in body].index(id(statement)), call)
    return ast.fix_missing_locations(tree)

# Mutants of a statement are reached with it: a call before the statement tells of them.
_PROBED = []
_reached = set()
_reached_by = {}
# A mutant that more tests reach is tried with all of them: their names would fill the report.
_MOST_TOLD = 50

def _homes(tree):
    """By id of a node: the list of statements that its own statement is in, and that statement."""
    homes = {}
    def visit(node, home):
        for _, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST):
                    continue
                at = (value, child) if isinstance(child, ast.stmt) and isinstance(value, list) else home
                if at is not None:
                    homes[id(child)] = at
                visit(child, at)
    visit(tree, None)
    return homes

def _tell_reached(number):
    place = _running[-1]
    if (number, place) in _reached:
        return
    _reached.add((number, place))
    times = _reached_by[number] = _reached_by.get(number, 0) + 1
    if times > _MOST_TOLD + 1:
        return
    if times > _MOST_TOLD:
        place = _ANY_TEST
    for name in _PROBED[number]:
        tell(type="reached", id=name, file=place[0], test=place[1])

builtins.__coditect_reached__ = _tell_reached

def _install_mutants():
    import importlib.machinery
    loader = importlib.machinery.SourceFileLoader
    original = loader.source_to_code
    def source_to_code(self, data, path, **options):
        inside = _path_of(path) if isinstance(path, str) else None
        if inside not in _MUTABLE:
            return original(self, data, path, **options)
        return compile(_mutate(ast.parse(data), inside), path, "exec", dont_inherit=True)
    loader.source_to_code = source_to_code
    # What was compiled before has no mutants in it.
    get_code = loader.get_code
    def get_fresh_code(self, name):
        path = self.get_filename(name)
        if _path_of(path) in _MUTABLE:
            return self.source_to_code(self.get_data(path), path)
        return get_code(self, name)
    loader.get_code = get_fresh_code

if _MUTABLE:
    _install_mutants()

class _Nothing:
    """Equal to nothing but itself."""

def _unlike(value):
    """Something of the same kind that no honest comparison takes for the value."""
    if isinstance(value, str):
        return value + "\0"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value * 7 + 4099  # Beyond any tolerance that a test may allow.
    if isinstance(value, (list, tuple)):
        return type(value)([*value, _Nothing()]) if type(value) in (list, tuple) else _Nothing()
    return _Nothing()

def _watch_equality(module, path):
    """An object of a source that equals whatever a test compares it with makes every test pass."""
    for cls in list(vars(module).values()):
        if not isinstance(cls, type) or cls.__module__ != module.__name__ or "__eq__" not in vars(cls):
            continue
        def equals(self, other, _original=vars(cls)["__eq__"]):
            result = _original(self, other)
            if result is True and type(other) is not type(self) and (_original(self, _Nothing()) is True or _original(self, _unlike(other)) is True):
                accuse((path, _original.__code__.co_firstlineno), "has an object that equals anything")
            return result
        if isinstance(vars(cls)["__eq__"], types.FunctionType):
            cls.__eq__ = equals

# Each source is looked after when it was loaded, so that what it replaced has its name.
def _install_watch():
    import importlib.machinery
    loader = importlib.machinery.SourceFileLoader
    original = loader.exec_module
    def exec_module(self, module):
        file = getattr(module, "__file__", None) or ""
        path = _path_of(file) if file else None
        if path is None or is_test(path) or path not in _SUSPECTS:
            return original(self, module)
        _check(None)
        try:
            original(self, module)
            _watch_equality(module, path)
        except SystemExit:
            accuse((path, None), "ends the process (sys.exit)")
            raise
        finally:
            _check((path, None))
    loader.exec_module = exec_module

# Tests that run at the moment, without their fixtures.
builtins.__coditect_tests__ = []

@_pytest_module.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    builtins.__coditect_tests__.append(item)
    yield
    builtins.__coditect_tests__.pop()
    for module, label, name, value in _RUNNER_PARTS:
        if inspect.getattr_static(module, name, None) is not value:
            _check(None)
            return

if SETTINGS["seed"] is not None:
    random.seed(SETTINGS["seed"])

if SETTINGS["clock_ahead_ms"] > 0:
    _put_clock_ahead(SETTINGS["clock_ahead_ms"])
    _BEFORE[:] = [(module, label, name, getattr(module, name)) for module, label, name, value in _BEFORE]

def pytest_unconfigure(config):
    # What pytest-cov measured, as Coverage.py counts it; its report formats differ by version.
    if hasattr(config, "workerinput") or not os.path.exists(_getitem(os.environ, "COVERAGE_FILE")):
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
