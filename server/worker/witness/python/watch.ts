/** Python that looks after each source once it is loaded, after each test, and at the end of the run. */
export const pythonWatch = String.raw`
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

def _unlikes(value):
    yield _Nothing()
    yield _unlike(value)
    if isinstance(value, str) and len(value) > 3:
        half = len(value) // 2
        rest = "\0" * (len(value) - half)
        yield from ("\0" * len(value), value[:half] + rest, rest + value[-half:])
        if value[::-1] != value:
            yield value[::-1]

def _equals_others(equals, value, other):
    for each in _unlikes(other):
        try:
            if equals(value, each) is True:
                return True
        except Exception:
            continue
    return False

def _watch_equality(module, path):
    """An object of a source that equals whatever a test compares it with makes every test pass."""
    for cls in list(vars(module).values()):
        if not isinstance(cls, type) or cls.__module__ != module.__name__ or "__eq__" not in vars(cls):
            continue
        def equals(self, other, _original=vars(cls)["__eq__"]):
            result = _original(self, other)
            if result is True and type(other) is not type(self) and _equals_others(_original, self, other):
                accuse((path, _original.__code__.co_firstlineno), "has an object that equals what is not like it")
            return result
        if isinstance(vars(cls)["__eq__"], types.FunctionType):
            cls.__eq__ = equals

def _watch_membership(module, path):
    """A container of a source that contains anything, and a class that anything is an instance of."""
    for cls in list(vars(module).values()):
        if not isinstance(cls, type) or cls.__module__ != module.__name__:
            continue
        for name, what in (("__contains__", "an object that contains anything"), ("__instancecheck__", "a class that anything is an instance of")):
            original = vars(cls).get(name)
            # An object that is no container may let everything in on purpose.
            if not isinstance(original, types.FunctionType) or not issubclass(cls, (set, frozenset, list, tuple, dict, str, type)):
                continue
            def answers(self, other, _original=original, _what=what):
                result = _original(self, other)
                if result is True and _original(self, _Nothing()) is True:
                    accuse((path, _original.__code__.co_firstlineno), f"has {_what}")
                return result
            setattr(cls, name, answers)

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
            _watch_membership(module, path)
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

def pytest_plugin_registered(plugin):
    # A plug-in decides what passes, however pytest found it. One of the sources does not belong to the tests.
    module = plugin if isinstance(plugin, types.ModuleType) else sys.modules.get(type(plugin).__module__)
    path = _path_of(getattr(module, "__file__", None) or "")
    hooks = any(name.startswith("pytest_") and callable(getattr(plugin, name, None)) for name in dir(plugin))
    if hooks and path in _SUSPECTS and not is_test(path):
        accuse((path, None), "hooks the test runner")

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
