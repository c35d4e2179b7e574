"""Where in a program's source a finding stands: read from its syntax, never run."""

import ast
from collections.abc import Iterator

from tf_gd.diagnosis.line.argument_names import field_role, role_of
from tf_gd.diagnosis.program_source import ProgramSource

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _tree(source: ProgramSource) -> ast.Module:
    """Return a program's syntax; an empty one where Python cannot read it."""
    try:
        return ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def functions(source: ProgramSource) -> dict[str, Function]:
    """Return a program's functions, `name`, `Class.method` or `factory.inner`; a lambda with a name as a function."""
    definitions: dict[str, Function] = {}
    for node in ast.walk(_tree(source)):
        if isinstance(node, Function):
            definitions.setdefault(node.name, node)
        if isinstance(node, Function | ast.ClassDef):
            definitions |= {f"{node.name}.{one.name}": one for one in node.body if isinstance(one, Function)}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            body = ast.copy_location(ast.Return(node.value.body), node.value.body)
            named = ast.FunctionDef("", node.value.args, [body], [])
            definitions |= {one.id: ast.copy_location(named, node) for one in node.targets if isinstance(one, ast.Name)}
    return definitions


def called_as(source: ProgramSource, name: str) -> str:
    """Return the name by which a program calls a function: a method's own, where nothing else in it is called so."""
    own = name.rpartition(".")[2]
    called_so = {id(node) for key, node in functions(source).items() if key.rpartition(".")[2] == own}
    return own if len(called_so) == 1 else name


def called_in(source: ProgramSource) -> set[str]:
    """Return the names that a program calls, at its top level or anywhere in it."""
    return calls(_tree(source))


def calls(node: ast.AST) -> set[str]:
    """Return the names of functions and methods that are called in a piece of a program."""
    called = [one.func for one in ast.walk(node) if isinstance(one, ast.Call)]
    return {
        one.id if isinstance(one, ast.Name) else one.attr for one in called if isinstance(one, ast.Name | ast.Attribute)
    }


def computes(function: Function, known: dict[str, Function]) -> set[str]:
    """Return the names that a function calls, itself or through others of the program."""
    called, waiting = set(), calls(function)
    while waiting:
        name = waiting.pop()
        if name not in called:
            called.add(name)
            waiting |= calls(known[name]) if name in known else set()
    return called


def run_by(source: ProgramSource) -> set[str]:
    """Return the names that run when the program runs: those called at its top level, and by what these call."""
    tree, known = _tree(source), functions(source)
    top = [node for node in tree.body if not isinstance(node, Function | ast.ClassDef)]
    waiting = [name for node in top for name in calls(node)]
    run: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in run:
            run.add(name)
            waiting += [other for key in known if key.rpartition(".")[2] == name for other in calls(known[key])]
    return run


def numbers_in(source: ProgramSource, name: str) -> list[float]:
    """Return the numbers above 0 that stand in a function, in their order."""
    nodes = ast.walk(functions(source)[name]) if name in functions(source) else ()
    numbers = [(one.lineno, one.col_offset, one.value) for one in nodes if isinstance(one, ast.Constant)]
    return [
        float(value)
        for *_, value in sorted(numbers, key=lambda one: one[:2])
        if isinstance(value, float | int) and value > 0
    ]


def moves_in_a_loop(function: Function) -> bool:
    """Return whether a function moves both m and c, or a theta, in a loop: it holds the descent itself."""
    loops = [node for node in ast.walk(function) if isinstance(node, ast.For | ast.While)]
    roles = {role_of(name) for loop in loops for node in ast.walk(loop) for name in _written(node)}
    parts = {role_of(name) for loop in loops for node in ast.walk(loop) for name in _written(node, of_elements=True)}
    return {"m", "c"} <= roles or "theta" in roles or bool({"m", "theta"} & parts)


def _written(node: ast.AST, of_elements: bool = False) -> list[str]:
    """Return the names, or attributes of `self`, that a statement gives values; or elements of which get them."""
    if not isinstance(node, ast.Assign | ast.AugAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    parts = [part for one in targets for part in (one.elts if isinstance(one, ast.Tuple | ast.List) else [one])]
    if of_elements:
        parts = [one.value for one in parts if isinstance(one, ast.Subscript)]
    return [
        one.id if isinstance(one, ast.Name) else one.attr for one in parts if isinstance(one, ast.Name | ast.Attribute)
    ]


def returns_derivatives(function: Function) -> bool:
    """Return whether the names of two results say derivatives: `return dw, db`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            names = [one.id for one in node.value.elts if isinstance(one, ast.Name) and not role_of(one.id)]
            if {field_role(name) for name in names} >= {"m", "c"}:
                return True
    return False


def returned_intercept_first(source: ProgramSource, name: str) -> int | None:
    """Return the line of a function's `return db, dw`, where nothing takes its results: their names say the order."""
    function = functions(source).get(name)
    if function is None or name.rpartition(".")[2] in called_in(source):
        return None
    returned = [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    orders = [
        [field_role(one.id) for one in node.value.elts if isinstance(one, ast.Name) and not role_of(one.id)]
        for node in returned
        if isinstance(node.value, ast.Tuple)
    ]
    return returned[0].lineno if returned and orders == [["c", "m"]] * len(returned) else None


def intercept_first(source: ProgramSource, name: str) -> int | None:
    """Return the line that unpacks a function's two results, where its first moves c and its second m everywhere."""
    nodes = list(ast.walk(_tree(source)))
    lines = []
    for node in nodes:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        function, target = node.value.func, node.targets[0]
        if not (isinstance(function, ast.Name) and function.id == name and isinstance(target, ast.Tuple)):
            continue
        results = [one.id for one in target.elts if isinstance(one, ast.Name)]
        if len(results) != 2 or [_moved_by(nodes, one) for one in results] != [{"c"}, {"m"}]:
            return None
        lines.append(node.lineno)
    return lines[0] if lines else None


def _moved_by(nodes: list[ast.AST], result: str) -> set[str]:
    """Return the roles, "m" or "c", of the names that statements move by a result: `b -= rate * db`."""
    moved = set()
    for node in nodes:
        if not isinstance(node, ast.AugAssign | ast.Assign):
            continue
        target: ast.expr = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
        read = _names(node.value)
        itself = isinstance(target, ast.Name) and (isinstance(node, ast.AugAssign) or target.id in read)
        if isinstance(target, ast.Name) and itself and result in read:
            moved.add(field_role(target.id))
    return moved


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def line_of_result(function: Function, which: int) -> int:
    """Return the line where a function's first or second result is worked out, or else returned.

    Args:
        function: a function.
        which: 0 for the result of m, 1 for that of c, in the order in which they are returned.
    """
    returned = [node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    if not returned:
        return _left_in_object(function, which) or function.lineno
    value = returned[-1].value
    value = value.body if isinstance(value, ast.Lambda) else value
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == 2:
        part = value.elts[which]
        return _worked_out(function, part) or part.lineno
    return _worked_out(function, value) or returned[-1].lineno if value is not None else function.lineno


def _left_in_object(function: Function, which: int) -> int | None:
    """Return the line that leaves a derivative, or else a parameter, in `self` or the module; else None."""
    moved = [(node, name) for node in ast.walk(function) for name in _written(node) if field_role(name) == "mc"[which]]
    derivatives = [node for node, name in moved if not role_of(name)] or [node for node, _ in moved]
    return derivatives[-1].lineno if derivatives else None  # type: ignore[attr-defined]


def _worked_out(function: Function, value: ast.expr) -> int | None:
    """Return the line where a name, or the sum in an expression such as dm / n, gets its value; else None."""
    if isinstance(value, ast.Name):
        return _assigned(function, value.id)
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    sums = [line for name in names for line, is_sum in _assignments(function, name) if is_sum]
    return sums[-1] if sums else None


def _assigned(function: Function, name: str) -> int | None:
    """Return the line of the last statement that gives a name its value; an addition in a loop before a division."""
    lines = [line for line, is_sum in _assignments(function, name) if is_sum]
    lines = lines or [line for line, _ in _assignments(function, name)]
    return lines[-1] if lines else None


def _assignments(function: Function, name: str) -> Iterator[tuple[int, bool]]:
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign) and _is(node.target, name):
            yield node.lineno, isinstance(node.op, ast.Add | ast.Sub)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                if any(_is(part, name) for part in parts):
                    yield node.lineno, False


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
