/** Python that makes the mutants of changed lines, and tells which tests reach them. */
export const pythonMutants = String.raw`
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
    # Neither is what an error says to people.
    errors = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and any(re.search("Error$|Exception$|Warning$", ast.unparse(base)) for base in node.bases)]
    skipped |= {id(inner) for error in errors for node in ast.walk(error) if isinstance(node, ast.Expr) and ast.unparse(node).startswith("super().__init__(") for inner in ast.walk(node)}
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
                        # A test that any text satisfies does not notice another one.
                        if isinstance(parent, ast.Return) and isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
                            more["other_text"] = name + "~"
                        tell(type="mutant", id=name, path=path, line=node.lineno, end_line=node.end_lineno, kind=kind, replacement=text[:200], **more)
                        if id(node) in homes:
                            put, home = homes[id(node)]
                            probes.setdefault(id(home), (put, home, []))[2].append(name)
                    elif wanted in (name, name + "=", name + "~"):
                        if wanted == name + "=":
                            mutant = _equal_sides(node)
                        elif wanted == name + "~":
                            mutant = ast.Constant("Another text")
                        ast.copy_location(mutant, node)
                        if isinstance(value, list):
                            value[index] = mutant
                        else:
                            setattr(parent, field, mutant)
                        return ast.fix_missing_locations(tree)
    for put, home, names in probes.values():
        _PROBED.append(names)
        call = ast.parse(f"__coditect_reached__({len(_PROBED) - 1})").body[0]
        for part in ast.walk(call):
            ast.copy_location(part, home)
        put(call)
    return ast.fix_missing_locations(tree)

# Mutants of a statement are reached with it: a call before the statement tells of them. A part of an expression
# that may be left out has a call of its own.
_PROBED = []
_reached = set()
_reached_by = {}
# A mutant that more tests reach is tried with all of them: their names would fill the report.
_MOST_TOLD = 50

def _before_statement(statements, statement):
    """Puts a call before a statement."""
    return lambda call: statements.insert([id(each) for each in statements].index(id(statement)), call)

def _in_expression(parent, field, index, part):
    """Puts a call into an expression: it answers None, and then the part is computed."""
    def put(call):
        value = ast.copy_location(ast.BoolOp(ast.Or(), [call.value, part]), part)
        if index is None:
            setattr(parent, field, value)
        else:
            getattr(parent, field)[index] = value
    return put

def _is_optional(parent, field, index):
    """Whether a part of an expression is not computed each time."""
    if isinstance(parent, ast.IfExp):
        return field in ("body", "orelse")
    return (isinstance(parent, ast.BoolOp) and index > 0) or (isinstance(parent, ast.Lambda) and field == "body")

def _homes(tree):
    """By id of a node: how to put a call where the node is reached, and the statement or part that is there."""
    homes = {}
    def visit(node, home):
        for field, value in ast.iter_fields(node):
            is_list = isinstance(value, list)
            for index, child in enumerate(value if is_list else [value]):
                if not isinstance(child, ast.AST):
                    continue
                at = home
                if isinstance(child, ast.stmt) and is_list:
                    at = (_before_statement(value, child), child)
                elif _is_optional(node, field, index):
                    at = (_in_expression(node, field, index if is_list else None, child), child)
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

`;
