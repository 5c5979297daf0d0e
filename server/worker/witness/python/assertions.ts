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

def _refuse_rewritten():
    # Before pytest loads any conftest.py. What it rewrites are its test files; helpers next to them assert as well.
    import _pytest.assertion.rewrite as rewrite
    original = rewrite.rewrite_asserts
    hook = rewrite.AssertionRewritingHook
    should_rewrite = hook._should_rewrite
    def fails(node):
        # raise AssertionError(…), pytest.fail(…), self.fail(…)
        called = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Expr) else None
        func = called.func if isinstance(called, ast.Call) else called
        name = getattr(func, "attr", getattr(func, "id", ""))
        return name == "AssertionError" if isinstance(node, ast.Raise) else isinstance(called, ast.Call) and name == "fail"
    def asks(test):
        return any(isinstance(part, (ast.Name, ast.Call, ast.Await)) for part in ast.walk(test))
    class Refusing(ast.NodeTransformer):
        def __init__(self, name):
            self.name = name
        def refusal(self, *operands):
            return ast.Expr(value=ast.Call(func=ast.Name(id=self.name, ctx=ast.Load()), args=list(operands), keywords=[]))
        def visit_Assert(self, node):
            test = node.test
            # A tuple is always true, and so is what has nothing but constants in it.
            if isinstance(test, ast.Tuple) or not (asks(test) or (isinstance(test, ast.Constant) and not test.value)):
                return ast.copy_location(ast.Pass(), node)
            compares = isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)
            return ast.copy_location(self.refusal(*([test.left, *test.comparators] if compares else [])), node)
        def visit_Expr(self, node):
            # Libraries call their assertions so: assert_allclose(…), assert_that(…).equals(…).
            for part in ast.walk(node):
                if isinstance(part, ast.Call) and re.match("assert", getattr(part.func, "attr", getattr(part.func, "id", "")), re.I):
                    return ast.copy_location(self.refusal(), node)
            return node
        def visit_If(self, node):
            # A comparison that is written out.
            written = asks(node.test) and any(fails(each) for each in [*node.body, *node.orelse])
            self.generic_visit(node)
            return [ast.copy_location(self.refusal(), node), node] if written else node
        def visit_Try(self, node):
            # What fails unless an error is raised.
            written = any(fails(each) for each in [*node.body, *node.orelse])
            self.generic_visit(node)
            return [ast.copy_location(self.refusal(), node), node] if written else node
    def rewriting(module, source, module_path=None, *args, **kwargs):
        is_own = module_path is None or _path_of(module_path) is not None
        Refusing("__coditect_refuse__" if is_own else "__coditect_refuse_tests__").visit(module)
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

`;
