/** Python that refuses assertions where the run asks for it, and tells failed assertions from other errors. */
export const pythonAssertions = String.raw`
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

def _doubt():
    # What is written out may be a comparison that never fails.
    raise Refused(DOUBTED)

def _refuse_rewritten():
    # Before pytest loads any conftest.py. What it rewrites are its test files; helpers next to them assert as well.
    import _pytest.assertion.rewrite as rewrite
    original = rewrite.rewrite_asserts
    hook = rewrite.AssertionRewritingHook
    should_rewrite = hook._should_rewrite
    def fails(node):
        # raise AssertionError(…), pytest.fail(…), self.fail(…), fail(…)
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            return getattr(error, "attr", getattr(error, "id", "")) == "AssertionError"
        func = node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if isinstance(func, ast.Attribute):
            return func.attr == "fail" and isinstance(func.value, ast.Name) and func.value.id in ("pytest", "self")
        return isinstance(func, ast.Name) and func.id == "fail"
    def asks(test):
        return any(isinstance(part, (ast.Name, ast.Call, ast.Await)) for part in ast.walk(test))
    class Refusing(ast.NodeTransformer):
        def __init__(self, is_own):
            self.is_own = is_own
        def refusal(self, *operands, name="__coditect_refuse__"):
            name = name if self.is_own else "__coditect_refuse_tests__"
            return ast.Expr(value=ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=list(operands), keywords=[]))
        def refusal_like(self, failing, text=REFUSED):
            # Whoever catches the failure also catches this. What pytest.fail(…) raises is no Exception.
            if not self.is_own or isinstance(failing, ast.Raise):
                return self.refusal(name="__coditect_doubt__" if text == DOUBTED else "__coditect_refuse__")
            func = copy.deepcopy(failing.value.func)
            return ast.Expr(value=ast.Call(func=func, args=[ast.Constant(value=text)], keywords=[]))
        def instead(self, refusal, node):
            # A package goes on after an assertion that does not refuse, and may need what it does.
            return ast.copy_location(refusal, node) if self.is_own else [ast.copy_location(refusal, node), node]
        def visit_Assert(self, node):
            test = node.test
            # A tuple is always true, and so is what has nothing but constants in it.
            if isinstance(test, ast.Tuple) or not (asks(test) or (isinstance(test, ast.Constant) and not test.value)):
                return ast.copy_location(ast.Pass(), node) if self.is_own else node
            compares = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)
            return self.instead(self.refusal(*([test.left, *test.comparators] if compares and self.is_own else [])), node)
        def visit_Expr(self, node):
            # Libraries call their assertions so: assert_allclose(…), assert_that(…).equals(…).
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and re.match("assert", getattr(part.func, "attr", getattr(part.func, "id", "")), re.I):
                    return self.instead(self.refusal(), node)
            return node
        def visit_If(self, node):
            # A comparison that is written out.
            failing = next((each for each in [*node.body, *node.orelse] if fails(each)), None)
            self.generic_visit(node)
            if failing is None or not asks(node.test):
                return node
            return [ast.copy_location(self.refusal_like(failing, DOUBTED), node), node]
        def visit_Try(self, node):
            # What fails unless an error is raised. If the handlers catch the failure, the test cannot fail.
            caught, free = (next(filter(fails, part), None) for part in (node.body, node.orelse))
            self.generic_visit(node)
            if caught is not None:
                node.body.insert(0, ast.copy_location(self.refusal_like(caught), caught))
            return node if free is None else [ast.copy_location(self.refusal_like(free), node), node]
    def rewriting(module, source, module_path=None, *args, **kwargs):
        is_own = module_path is None or _path_of(module_path) is not None
        Refusing(is_own).visit(module)
        ast.fix_missing_locations(module)
        return original(module, source, module_path, *args, **kwargs)
    def refuse_tests(*operands):
        # Packages assert for themselves as well: only a helper that a test calls refuses.
        helper, path = _getframe(1).f_code, _path_of(_getframe(2).f_code.co_filename)
        if path is not None and is_test(path) and re.search("assert|check|expect|verif|ensure|match", helper.co_name, re.I):
            _refuse(*operands)
    def of_tests(self, name, fn, state):
        path = _path_of(fn)
        return (path is not None and is_test(path)) or should_rewrite(self, name, fn, state)
    rewrite.rewrite_asserts = rewriting
    rewrite._read_pyc = lambda *args, **kwargs: None
    hook._early_rewrite_bailout = lambda self, name, state: False
    hook._should_rewrite = of_tests
    builtins.__coditect_refuse__ = _refuse
    builtins.__coditect_doubt__ = _doubt
    builtins.__coditect_refuse_tests__ = refuse_tests

if SETTINGS["refuse_assertions"]:
    _refuse_rewritten()

def _refuse_asserts():
    import pytest, unittest, unittest.mock
    pytest.raises = pytest.warns = pytest.deprecated_call = _refuse
    for cls in (unittest.TestCase, unittest.mock.NonCallableMock):
        for name in dir(cls):
            if name.startswith("assert"):
                setattr(cls, name, _refuse)
    # A test ends at its first refusal. A report of each of thousands of subtests would take minutes.
    unittest.TestCase.subTest = lambda *args, **kwargs: contextlib.nullcontext()
    for name, cls in (("_pytest.subtests", "Subtests"), ("pytest_subtests.plugin", "SubTests")):
        subtests = getattr(sys.modules.get(name), cls, None)
        if subtests is not None:
            subtests.test = unittest.TestCase.subTest

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

_MISSING = re.compile(r"has no attribute|cannot import name|No module named|is not defined|unexpected keyword argument|takes \d+ positional|takes no arguments|missing \d+ required|can't be used in 'await' expression|a coroutine was expected|a coroutine or an awaitable is required|does not support the (asynchronous )?(context manager|iterator) protocol")

def failure_of(excinfo):
    import pytest
    error = excinfo.value
    if DOUBTED in str(error):
        return "doubted"
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
    if isinstance(error, (AttributeError, ImportError, NameError, TypeError, ValueError)) and _MISSING.search(str(error)):
        return "missing"
    return "error"

`;
