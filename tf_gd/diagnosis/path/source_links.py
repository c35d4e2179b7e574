"""The statements on the way from an update back to the residuals: what each computes, and from what."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from tf_gd.diagnosis.path.places import called_name, place_of, text_of
from tf_gd.diagnosis.path.program_record import NumberSeries
from tf_gd.diagnosis.path.statements import Statement


@dataclass(frozen=True)
class Link:
    """A statement on the way from the update back to the residuals, and which element of its value is meant."""

    statement: Statement
    element: int | None

    @property
    def value(self) -> ast.expr | None:
        """The expression that the parameter, or what it is computed from, gets here."""
        for node in self.statement.nodes:
            value = getattr(node, "value", None)
            if isinstance(value, ast.expr):
                return element_of(value, self.element)
        return None

    def has(self, operator: type[ast.operator]) -> bool:
        """Return whether the statement adds, subtracts or divides: by the operator before its "=", or in its value."""
        sign = next((node.op for node in self.statement.nodes if isinstance(node, ast.AugAssign)), None)
        if sign is not None and operator in (ast.Add, ast.Sub):
            return isinstance(sign, operator)
        if operator is ast.Div:
            nodes = [one for node in self.statement.nodes for one in ast.walk(node)]
            return any(isinstance(getattr(one, "op", None), ast.Div) for one in nodes)
        return isinstance(self.value, ast.BinOp) and isinstance(self.value.op, operator)

    @property
    def is_return(self) -> bool:
        """Whether a function ends here."""
        return any(isinstance(node, ast.Return) for node in self.statement.nodes)


def is_computed(statement: Statement) -> bool:
    """Return whether a statement assigns more than a constant."""
    return any(
        not isinstance(getattr(node, "value", None), ast.Constant) and isinstance(node, ast.Assign | ast.AugAssign)
        for node in statement.nodes
    )


def is_step(value: ast.expr) -> bool:
    """Return whether an expression is old - rate * derivative, or only a name."""
    plain = isinstance(value, ast.Name | ast.Attribute | ast.Subscript)
    return plain or (
        isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub | ast.Add) and place_of(value.left) is not None
    )


def element_of(value: ast.expr, element: int | None) -> ast.expr:
    """Return one element of a tuple, a list or an array of them; the whole where it is none."""
    inner = value.args[0] if isinstance(value, ast.Call) and value.args and called_name(value) == "array" else value
    if element is not None and isinstance(inner, ast.Tuple | ast.List) and element < len(inner.elts):
        return inner.elts[element]
    return value


def position(statement: Statement, series: NumberSeries) -> int | None:
    """Return which element of a statement's value a series gets; None where it gets the whole."""
    element_index = index_of(statement, series.place)
    return element_index if element_index is not None else series.element if series.width == 2 else None


def index_of(statement: Statement, text: str) -> int | None:
    """Return at which position of a tuple a statement puts a value into a place; None where it is no tuple."""
    for node in statement.nodes:
        for target in getattr(node, "targets", ()):
            if isinstance(target, ast.Tuple | ast.List):
                texts = [text_of(place) if (place := place_of(one)) else "" for one in target.elts]
                return texts.index(text) if text in texts else None
    return None


def unpacks(statement: Statement) -> bool:
    """Return whether a statement takes apart what a call gives."""
    targets = [
        target
        for node in statement.nodes
        if isinstance(getattr(node, "value", None), ast.Call)
        for target in getattr(node, "targets", ())
    ]
    return any(isinstance(target, ast.Tuple | ast.List) for target in targets)
