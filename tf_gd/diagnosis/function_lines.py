"""Where in a program's source a finding stands: read from its syntax, never run."""

import ast
from collections.abc import Iterator

from tf_gd.diagnosis.line.asking import field_role
from tf_gd.diagnosis.program_source import ProgramSource

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(source: ProgramSource) -> dict[str, Function]:
    """Return the functions of a program's top level, by name; none where Python cannot read it."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {node.name: node for node in tree.body if isinstance(node, Function)}


def called_in(source: ProgramSource) -> set[str]:
    """Return the names that a program calls, at its top level or anywhere in it."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


def calls(function: Function) -> set[str]:
    """Return the names that a function calls."""
    return {
        node.func.id for node in ast.walk(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def intercept_first(source: ProgramSource, name: str) -> int | None:
    """Return the line that unpacks a function's two results, where its first moves c and its second m everywhere."""
    try:
        nodes = list(ast.walk(ast.parse(source.text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
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
        return function.lineno
    value = returned[-1].value
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == 2:
        part = value.elts[which]
        return _worked_out(function, part) or part.lineno
    return _worked_out(function, value) or returned[-1].lineno if value is not None else function.lineno


def _worked_out(function: Function, value: ast.expr) -> int | None:
    """Return the line where a name, or the sum in an expression such as dm / n, gets its value; else None."""
    if isinstance(value, ast.Name):
        return _assigned(function, value.id)
    names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
    sums = [line for name in names for line, is_sum in _assignments(function, name) if is_sum]
    return sums[-1] if sums else None


def result_order(function: Function) -> tuple[str, str]:
    """Return the roles that the names of the two results say, "m", "c" or nothing each."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            names = [part.id if isinstance(part, ast.Name) else "" for part in node.value.elts]
            return field_role(names[0]), field_role(names[1])
    return "", ""


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
