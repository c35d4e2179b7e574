"""Which line of somebody's program a finding is about."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

from tf_gd.diagnosis.path.candidates import Pair, statements_of
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.places import called_name, mentioned, place_of, text_of
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramRecord
from tf_gd.diagnosis.path.source_links import (
    Link,
    element_of,
    index_of,
    is_computed,
    is_step,
    position,
    unpacks,
)
from tf_gd.diagnosis.path.statements import Statement, Statements

UPDATE_OF_C = ("sequential-m-first", "intercept-moved-twice", "only-m", "returns-the-change")
UPDATE = (
    "sequential-c-first", "only-c", "rate-missing", "rate-applied-twice", "rate-divided-by-n", "ascent",
    "step-from-the-other-parameter", "step-from-the-start", "swapped-return", "integer-parameters", "sign-turns",
    "shuffled-apart", "momentum", "weight-decay", "adaptive-rate", "unchanged", "unlisted", "steps-change",
    "updated-too-early",
)  # fmt: skip
IN_RESIDUAL = (
    "missing-intercept", "missing-target", "target-added", "intercept-subtracted", "x-and-y-swapped", "broadcast",
    "residual-without-sign", "index-instead-of-c", "intercept-counted-once", "gradient-at-the-start",
    "stale-residual",
)  # fmt: skip
OLD_LINE = ("gradient-at-the-start", "stale-residual")  # the caller says of which line the residuals are
IN_HEAD_OF_LOOP = ("first-point-dropped", "last-point-dropped")
MOST_HOPS = 6


class SourceLines:
    """Finds lines: those that write m and c, and those where their gradient is computed."""

    def __init__(self, record: ProgramRecord, statements: Statements, pair: Pair, sampling: Sampling) -> None:
        self.record, self.statements, self.pair, self.sampling = record, statements, pair, sampling

    def of(self, name: str, alone: str = "") -> int | None:
        """Return the line that a mistake is about; None where there is none."""
        if name in UPDATE_OF_C:
            return self._in_called("c") or self._uncopied("c") or self.update("c", last=True)
        if name == "rate-divided-by-n" and (line := self._division()):
            return line
        if name in UPDATE:
            which = alone or "m"
            return self._in_called(which) or self._uncopied(which) or self.update(which)
        if name == "gradient-not-reset" and (line := self._growing()):
            return line
        if name == "stale-residual" and (line := self._outside_of_loop()):
            return line
        which = alone or ("c" if name in ("sign-of-c", "x-in-both") else "m")
        if (line := self._unlike_the_other(name, which)) is not None:
            return line
        chain = self._chain(which)
        if not chain:
            return self.update("m")
        if name in IN_RESIDUAL:
            return [link for link in chain if not link.is_return or name not in OLD_LINE][-1].statement.first
        return self._line_of_term(name, chain, self._chain("c" if which == "m" else "m"))

    def _unlike_the_other(self, name: str, which: str) -> int | None:
        """Return the line that adds where that of the other parameter subtracts, or lacks a division that it has."""
        own, other = (self._chain(one) for one in (which, "c" if which == "m" else "m"))
        if name.startswith("sign-of") and own and other:
            adds, subtracts = own[0], other[0]
            if adds.statement is not subtracts.statement and adds.has(ast.Add) and subtracts.has(ast.Sub):
                return adds.statement.first
        if name == "sum-instead-of-mean" and not any(link.has(ast.Div) for link in own):
            divided = next((position for position, link in enumerate(other[: len(own)]) if link.has(ast.Div)), None)
            return None if divided is None else own[divided].statement.first
        return None

    def takes_absolute_values(self) -> bool:
        """Return whether a statement on the way to the derivatives calls `abs`."""
        nodes = (one for link in self._chain("m") for node in link.statement.nodes for one in ast.walk(node))
        return any(called_name(one) in ("abs", "fabs", "absolute") for one in nodes)

    def _division(self) -> int | None:
        """Return the line, nearest to the update, that divides by something other than a number."""
        for link in self._chain("m"):
            for node in (one for top in link.statement.nodes for one in ast.walk(top)):
                if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
                    divisor = node.right if isinstance(node, ast.BinOp) else node.value
                    if not isinstance(divisor, ast.Constant):
                        return link.statement.first
        return None

    def _uncopied(self, which: str) -> int | None:
        """Return the line that computes what the update only copies, as c = new_c does; None where it computes."""
        chain = self._chain(which)
        if len(chain) < 2 or any(isinstance(node, ast.AugAssign) for node in chain[0].statement.nodes):
            return None  # w -= step computes
        is_copy = chain[0].value is not None and place_of(chain[0].value) is not None
        return chain[1].statement.first if is_copy and not chain[1].is_return else None

    def _in_called(self, which: str) -> int | None:
        """Return the line in a function of the program that computes the new m or c, where an update only calls it."""
        updates = self._updates(which)
        value = Link(updates[0], None).value if updates else None
        function = self._functions.get(called_name(value)) if value is not None else None
        returned = [one for one in ast.walk(function) if isinstance(one, ast.Return)] if function else []
        if function is None or not returned or returned[-1].value is None:
            return None
        result = element_of(returned[-1].value, position(updates[0], self._series(which)))
        if not isinstance(result, ast.Name):
            return None
        return max(
            (
                one.first
                for one in self.statements.all
                if function.lineno < one.first < returned[-1].lineno and is_computed(one)
                and any(text_of(place) == result.id for place in one.places)
            ),
            default=None,
        )  # fmt: skip

    def update(self, which: str, last: bool = False) -> int | None:
        """Return the line of a step that writes m or c; that of the other one where it has none of its own."""
        statements = self._updates(which)
        return (statements[-1] if last else statements[0]).first if statements else None

    def _updates(self, which: str) -> list[Statement]:
        series = self._series(which)
        lines = [line for line in self.sampling.lines if line in set(series.lines.tolist())]
        return statements_of(lines or self.sampling.lines, self.statements)

    def _series(self, which: str) -> NumberSeries:
        return self.pair.m if which == "m" else self.pair.c

    def _line_of_term(self, name: str, chain: Sequence[Link], other: Sequence[Link]) -> int:
        """Return the line where a derivative is added up: the last that the other derivative does not share."""
        shared = {id(link.statement) for link in other}
        own = [link for link in chain[1:] if id(link.statement) not in shared]
        together = [link for link in chain[1:-1] if not link.is_return and not unpacks(link.statement)]
        if name == "swapped" and len(chain) > 1 and unpacks(chain[1].statement):
            return chain[1].statement.first
        if name == "first-point-only":
            own = [link for link in chain if link.is_return and link.statement.block[0] == "loop"] or own
        link = own[-1] if own else together[0] if together else chain[0]
        kind, head = link.statement.block
        return head if name in IN_HEAD_OF_LOOP and kind == "loop" and link is not chain[0] else link.statement.first

    def _chain(self, which: str) -> list[Link]:
        """Return the way from the update of a parameter back to its residuals."""
        updates = self._updates(which)
        if not updates:
            return []
        series = self._series(which)
        chain = [Link(updates[0], position(updates[0], series))]
        for _ in range(MOST_HOPS):
            source = self._source(chain[-1], is_update=len(chain) == 1)
            if source is None or any(source.statement is link.statement for link in chain):
                break
            chain.append(source)
        return chain

    def _source(self, link: Link, is_update: bool) -> Link | None:
        """Return the statement that gave the derivative in this one its value."""
        value = link.value
        if value is None:
            return None
        called = next((one for one in ast.walk(value) if called_name(one) in self._functions), None)
        if called is not None:
            returned = [one for one in ast.walk(self._functions[called_name(called)]) if isinstance(one, ast.Return)]
            return_statement = (
                self.statements.by_line.get(returned[-1].lineno) if returned and returned[-1].value else None
            )
            return None if return_statement is None else Link(return_statement, link.element)
        places = [text_of(place) for place in mentioned(value)][::-1]
        if not (is_update or link.is_return or is_step(value)) and any(self._is_parameter(text) for text in places):
            return None  # the residuals are computed here
        places = [text_of(place) for node in link.statement.nodes if isinstance(node, ast.AugAssign)
                  and (place := place_of(node.target))] + places  # fmt: skip
        for text in places:
            if link.is_return or place_of(value) or not self._is_parameter(text):
                source = self._assignment(text, link.statement)
                if source is not None and (self._depends(source) or isinstance(source.value, ast.BinOp)):
                    return source
        return None

    def _depends(self, link: Link, hops: int = 3, anywhere: bool = False) -> bool:
        """Return whether a statement computes something from m or c, itself or by those above it."""
        value = link.value
        if value is None:
            return False
        texts = [text_of(place) for place in mentioned(value)]
        if any(map(self._is_parameter, texts)) or any(called_name(one) in self._functions for one in ast.walk(value)):
            return True
        sources = (self._assignment(text, link.statement, anywhere) for text in texts) if hops else ()
        return any(source is not None and self._depends(source, hops - 1, anywhere) for source in sources)

    def _assignment(self, text: str, before: Statement, anywhere: bool = False) -> Link | None:
        """Return the last statement above that computes a name from others, in the same function if in one at all."""
        start, stop = self._function_of(before)
        assignments = [
            (one, target)
            for one in self.statements.all
            if start <= one.first < (before.first if before.first != one.first else 0) and one.first <= stop
            and (anywhere or one.block[0] != "module") and is_computed(one)
            for target in one.places if text_of(target) in (text, text.split("[")[0])
        ]  # fmt: skip
        return (
            Link(assignments[-1][0], index_of(assignments[-1][0], text_of(assignments[-1][1]))) if assignments else None
        )

    def _function_of(self, statement: Statement) -> tuple[int, int]:
        """Return the first and the last line of the innermost function around a statement."""
        around = [
            (one.lineno, one.end_lineno or one.lineno)
            for one in self.statements.functions.values()
            if one.lineno < statement.first <= (one.end_lineno or one.lineno)
        ]
        return max(around, default=(0, 10**9))

    def _is_parameter(self, text: str) -> bool:
        return text in self._parameters or text.split("[")[0] in self._parameters

    @cached_property
    def _parameters(self) -> set[str]:
        """What the program calls m and c, in any of its functions: places that hold the states of the descent."""
        names: set[str] = set()
        for column, own in enumerate((self.pair.m, self.pair.c)):
            names |= {own.place, own.name}
            known = set(self.sampling.states[:, column].tolist())
            for series in self.record.series:
                values = dict.fromkeys(series.values[:40].tolist())
                if len(values) > 2 and set(list(values)[:5]) <= known:
                    names |= {series.place, series.name}
        return names - {""}

    @cached_property
    def _functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        return {one.name: one for one in self.statements.functions.values()}

    def _outside_of_loop(self) -> int | None:
        """Return the line above the loop that computes what the update in the loop uses."""
        update = self.statements.by_line.get(self.update("m") or 0)
        if update is None or update.block[0] != "loop":
            return None
        texts = {text_of(place) for node in update.nodes for place in mentioned(node)}
        inner = {text_of(place) for one in self.statements.all if one.block == update.block for place in one.places}
        line_numbers = [
            one.first
            for one in self.statements.all
            if one.first < update.block[1] and is_computed(one)
            and any(text_of(place) in texts - inner for place in one.places)
            and self._depends(Link(one, None), anywhere=True)
        ]  # fmt: skip
        return line_numbers[-1] if line_numbers else None

    def _growing(self) -> int | None:
        """Return the line that adds to the sums."""
        for one in self.statements.all:
            for node in one.nodes:
                adds = isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub)
                if adds and one.block[0] == "loop":
                    return one.first
        return None
