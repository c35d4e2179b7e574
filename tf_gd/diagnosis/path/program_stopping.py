"""Where a program stops, and whether it stops too soon."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tf_gd.diagnosis.path.path_remarks import WholeDescent, distance
from tf_gd.diagnosis.path.places import place_of, text_of
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.path.statements import Statements

LARGEST_TOLERANCE = 0.5
SIZES = ("abs", "fabs", "absolute", "norm", "max", "hypot", "sqrt", "square", "allclose", "isclose", "dot", "sum")


@dataclass(frozen=True)
class Condition:
    """A comparison that ends a descent: it stops when `value` is under `tolerance`."""

    line: int
    text: str
    value: ast.expr
    tolerance: ast.expr

    @property
    def has_size(self) -> bool:
        """Whether the size is taken first, as `abs` does."""
        for node in ast.walk(self.value):
            if isinstance(node, ast.Call) and _name(node) in SIZES:
                return True
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
                return True
        return False


def stopping_remarks(
    record: ProgramRecord, statements: Statements, descent: WholeDescent
) -> list[tuple[str, str, int]]:
    """Return (name, message, line) of each condition that ended the descent too soon."""
    off = distance(descent)
    if off is None or off[0] <= 1:
        return []
    remarks = []
    for condition in conditions(statements.tree):
        value, tolerance = (_evaluate(one, record) for one in (condition.value, condition.tolerance))
        if value is None or tolerance is None or not 0 < tolerance <= LARGEST_TOLERANCE or value >= tolerance:
            continue
        if not condition.has_size and value < -tolerance:
            remarks.append(("stops-without-abs", _without_abs(condition, value), condition.line))
        elif -tolerance <= value:
            remarks.append(("stops-early", _early(condition, tolerance, off), condition.line))
    return remarks[:1]


def _without_abs(condition: Condition, value: float) -> str:
    name = ast.unparse(condition.value)
    return (
        f"The descent stops while {name} is {value:.4g}: a large negative number is also under the tolerance. Compare "
        f"the size, abs({name}), with it."
    )


def _early(condition: Condition, tolerance: float, off: tuple[float, float, float]) -> str:
    return (
        f"The descent stops as soon as {ast.unparse(condition.value)} is under {tolerance:g}, and that is too soon: "
        f"the best line is y = {off[1]:.4g} x + {off[2]:.4g}. Stop at a smaller number, or when the gradient is small."
    )


def conditions(tree: ast.AST) -> Iterator[Condition]:
    """Yield the comparisons that end a loop: `if value < tolerance: break`, `while value > tolerance`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.While):
            yield from _comparisons(node.test, stops=False, line=node.lineno)
        elif isinstance(node, ast.If) and any(isinstance(one, ast.Break | ast.Return) for one in node.body):
            yield from _comparisons(node.test, stops=True, line=node.lineno)


def _comparisons(test: ast.expr, stops: bool, line: int) -> Iterator[Condition]:
    for node in ast.walk(test):
        if stops and isinstance(node, ast.Call) and len(node.args) >= 2 and _name(node) in ("isclose", "allclose"):
            yield from _closeness(node, line)
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        left, right, operator = node.left, node.comparators[0], node.ops[0]
        under = isinstance(operator, ast.Lt | ast.LtE)
        if not under and not isinstance(operator, ast.Gt | ast.GtE):
            continue
        value, tolerance = (left, right) if under == stops else (right, left)
        yield Condition(line, ast.unparse(node), value, tolerance)


def _closeness(call: ast.Call, line: int) -> Iterator[Condition]:
    """Yield the condition of `isclose(a, b, atol=...)`: that abs(a - b) is under the tolerance."""
    tolerance = next((one.value for one in call.keywords if one.arg in ("atol", "abs_tol", "rtol", "rel_tol")), None)
    if tolerance is not None:
        difference = ast.BinOp(call.args[0], ast.Sub(), call.args[1])
        size = ast.Call(ast.Name("abs", ast.Load()), [difference], [])
        yield Condition(line, ast.unparse(call), size, tolerance)


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _at_end(node: ast.Subscript, record: ProgramRecord) -> float | None:
    """Return the last number, or the one before it, of a list that grows, as `losses[-1]` and `losses[-2]` say."""
    place = place_of(node.value)
    if place is None or not isinstance(node.slice, ast.UnaryOp) or not isinstance(node.slice.operand, ast.Constant):
        return None
    back = node.slice.operand.value
    if not isinstance(back, int) or not isinstance(node.slice.op, ast.USub):
        return None
    matching_series = [series for series in record.series if series.name == f"{text_of(place)}[-1]"]
    return (
        float(matching_series[-1].values[-back])
        if matching_series and 0 < back <= len(matching_series[-1].values)
        else None
    )


def _evaluate(node: ast.expr, record: ProgramRecord) -> float | None:
    """Return the last value of an expression of names and numbers; None where it is not known."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.UnaryOp):
        return _at_end(node, record)
    place = place_of(node)
    if place is not None:
        matching_series = [series for series in record.series if series.name == text_of(place)]
        last = matching_series[-1] if matching_series else None
        return None if last is None else float(last.values[-1]) if last.at_end is None else last.at_end
    if isinstance(node, ast.Call) and node.args and len(node.args) == 1:
        inner = _evaluate(node.args[0], record)
        return abs(inner) if inner is not None and _name(node) in ("abs", "fabs", "absolute") else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _evaluate(node.operand, record)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, record), _evaluate(node.right, record)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Mult):
            return left * right
    return None
