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

`;
