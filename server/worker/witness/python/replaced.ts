/** Python that sees when a source replaces a function of the language, of the runner or of a library of assertions. */
export const pythonReplaced = String.raw`
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

`;
