/** Python that hides from sources that they are tested: variables, modules and imports of the runner. */
export const pythonSigns = String.raw`
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

`;
