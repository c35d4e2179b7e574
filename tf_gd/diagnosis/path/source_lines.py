"""Which line of somebody's program a finding is about."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tf_gd.diagnosis.path.candidates import Pair, statements_of
from tf_gd.diagnosis.path.samplings import Sampling
from tf_gd.diagnosis.path.statements import Place, Statement, Statements, place_of, text_of

UPDATE_OF_C = ("sequential-m-first", "intercept-moved-twice", "only-m", "returns-the-change")
UPDATE = (
    *("sequential-c-first", "only-c", "rate-missing", "rate-applied-twice", "rate-divided-by-n", "ascent"),
    *("step-from-the-other-parameter", "step-from-the-start", "swapped-return", "integer-parameters", "sign-turns"),
    *("momentum", "weight-decay", "adaptive-rate", "unchanged", "unlisted", "steps-change"),
)
MOST_HOPS = 4


class SourceLines:
    """Finds lines: those that write m and c, and those where their gradient is computed."""

    def __init__(self, statements: Statements, pair: Pair, sampling: Sampling) -> None:
        self.statements, self.pair, self.sampling = statements, pair, sampling

    def of(self, name: str, alone: str = "") -> int | None:
        """Return the line that a mistake is about; None where there is none."""
        if name in UPDATE_OF_C:
            return self.update("c", last=True)
        if name in UPDATE:
            return self.update("m")
        if name == "stale-residual":
            return self._outside_of_loop() or self.gradient("m")
        if name == "gradient-not-reset":
            return self._growing() or self.gradient("m")
        which = alone or ("c" if name in ("sign-of-c", "x-in-both") else "m")
        return self.gradient(which)

    def update(self, which: str, last: bool = False) -> int | None:
        """Return the line of a step that writes m or c; that of the other one where it has none of its own."""
        series = self.pair.m if which == "m" else self.pair.c
        lines = [line for line in self.sampling.lines if line in set(series.lines.tolist())]
        found = [one.first for one in statements_of(lines or self.sampling.lines, self.statements)]
        return (found[-1] if last else found[0]) if found else None

    def gradient(self, which: str) -> int | None:
        """Return the line where the derivative with respect to m, or c, is computed; else that of the update."""
        update = self.update(which)
        statement = self.statements.by_line.get(update or 0)
        found = update
        position = 0 if which == "m" else 1
        for _ in range(MOST_HOPS):
            source = self._source(statement, position)
            if source is None:
                break
            statement, found = source, source.first
        return found

    def _source(self, statement: Statement | None, position: int) -> Statement | None:
        """Return the statement that gave the derivative in this one its value."""
        if statement is None:
            return None
        value = _value(statement, position)
        if value is None:
            return None
        called = _called(value)
        if called in self._functions:
            returned = [one for one in ast.walk(self._functions[called]) if isinstance(one, ast.Return) and one.value]
            return self.statements.by_line.get(returned[-1].lineno) if returned else None
        own = {self.pair.m.place, self.pair.c.place, self.pair.m.name, self.pair.c.name}
        for place in reversed(list(_mentioned(value))):
            text = text_of(place)
            if text in own or text.split("[")[0] in own:
                continue
            source = self._assignment(text, statement)
            if source is not None and source is not statement:
                return source
        return None

    def _assignment(self, text: str, before: Statement) -> Statement | None:
        """Return the last statement above that computes a name from others."""
        found = [
            one
            for one in self.statements.all
            if one.first < before.first and any(text_of(place) == text for place in one.places)
            and one.block[0] != "module" and _is_computed(one)
        ]  # fmt: skip
        return found[-1] if found else None

    @property
    def _functions(self) -> dict[str, ast.FunctionDef]:
        return {one.name: one for one in ast.walk(self.statements.tree) if isinstance(one, ast.FunctionDef)}

    def _outside_of_loop(self) -> int | None:
        """Return the line above the loop that computes what the update in the loop uses."""
        update = self.statements.by_line.get(self.update("m") or 0)
        if update is None or update.block[0] != "loop":
            return None
        texts = {text_of(place) for node in update.nodes for place in _mentioned(node)}
        inner = {text_of(place) for one in self.statements.all if one.block == update.block for place in one.places}
        found = [
            one.first
            for one in self.statements.all
            if one.first < update.block[1] and _is_computed(one)
            and any(text_of(place) in texts - inner for place in one.places)
        ]  # fmt: skip
        return found[-1] if found else None

    def _growing(self) -> int | None:
        """Return the line that adds to the sums."""
        for one in self.statements.all:
            for node in one.nodes:
                if (
                    isinstance(node, ast.AugAssign)
                    and isinstance(node.op, ast.Add | ast.Sub)
                    and one.block[0] == "loop"
                ):
                    return one.first
        return None


def _is_computed(statement: Statement) -> bool:
    return any(
        not isinstance(getattr(node, "value", None), ast.Constant) and isinstance(node, ast.Assign | ast.AugAssign)
        for node in statement.nodes
    )


def _value(statement: Statement, position: int) -> ast.expr | None:
    """Return the expression that m, or c, gets in a statement."""
    for node in statement.nodes:
        value = getattr(node, "value", None)
        if isinstance(value, ast.Tuple) and position < len(value.elts):
            return value.elts[position]
        if isinstance(value, ast.expr):
            return value
    return None


def _called(value: ast.expr) -> str:
    if isinstance(value, ast.Call):
        return str(getattr(value.func, "attr", getattr(value.func, "id", "")))
    return ""


def _mentioned(node: ast.AST) -> Iterator[Place]:
    place = place_of(node) if isinstance(node, ast.expr) else None
    if place is not None:
        yield place
        return
    for child in ast.iter_child_nodes(node):
        yield from _mentioned(child)
