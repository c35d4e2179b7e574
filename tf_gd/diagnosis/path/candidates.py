"""Which numbers of a program may be m and c, which arrays x and y: names and form put them in an order."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations

import numpy as np

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.loop_rounds import Sampling, samplings
from tf_gd.diagnosis.path.places import place_of, text_of
from tf_gd.diagnosis.path.program_record import READ, NumberSeries, ProgramArray, ProgramRecord
from tf_gd.diagnosis.path.statements import Statement, Statements, calls
from tf_gd.points.arrays import Floats

MOST_PAIRS, MOST_POINTS = 60, 40
MOST_SAMPLINGS = 6
OFTEN_WRITTEN = 3  # times: what is written again and again, and stays as it is, may be meant to move
USED = 3.0  # what a score gains where the source uses two numbers as m and c of a line
MOST_SNAPSHOTS = 3  # an array that changes more often is computed in every step


@dataclass(frozen=True, eq=False)
class Pair:
    """Two series that may be m and c, and the states that they make; without an intercept c is 0 throughout."""

    m: NumberSeries
    c: NumberSeries
    score: float
    intercept: bool = True
    added: bool = False  # whether the source adds c to a product of m
    descent: int = 0  # of those that a program makes with these numbers, one after the other from fresh starts

    @cached_property
    def samplings(self) -> list[Sampling]:
        """The ways of cutting them into steps."""
        return list(samplings(self.m, self.c, self.descent))[:MOST_SAMPLINGS]


@dataclass(frozen=True, eq=False)
class CandidateVector:
    """A column of numbers that may be x or y."""

    name: str
    stem: str
    values: Floats
    dtype: str
    clock: int
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class PointsCandidate:
    """Two vectors of one length that may be x and y."""

    x: CandidateVector
    y: CandidateVector
    score: float


def pairs(record: ProgramRecord, statements: Statements) -> list[Pair]:
    """Return the series that may be m and c, the likeliest first."""
    known = [one for one in record.series if may_be_parameter(one) and not _is_index(one, statements)]
    candidates = []
    for m, c in permutations(known, 2):
        if m.scope != c.scope or m.width > 2 or c.width > 2:
            continue
        if m.place != c.place and len(m.values) != len(c.values) and _is_other_constant(m, c, statements):
            continue
        if m.is_constant and c.is_constant and min(len(m.values), len(c.values)) < OFTEN_WRITTEN:
            continue
        if (m.width == 2 or c.width == 2) and m.place != c.place:
            continue
        added, reversed_ = _is_added(m, c, statements), _is_added(c, m, statements)
        moved = max(writes_itself(series, statements) for series in (m, c)) > 0  # else a copy of those that are
        named = _score_by_names(m, c, statements)
        if (score := named + USED * ((added and moved) - reversed_)) > -3:
            candidates.append(Pair(m, c, score, added=added and named >= 0))
    candidates.sort(key=lambda pair: -pair.score)
    return candidates[:MOST_PAIRS]


def may_be_parameter(series: NumberSeries) -> bool:
    """Return whether a series is a number, or one of two, and does not merely count."""
    if series.width > 2 or series.scope == READ or not np.isfinite(series.values[0]):
        return False
    with np.errstate(all="ignore"):
        changes = np.diff(series.values)
    whole = set(series.dtypes) <= {"int", "int64", "int32"}
    counts = whole and len(changes) > 1 and changes[0] != 0 and bool((changes[:-1] == changes[0]).all())
    return not counts


def _is_index(series: NumberSeries, statements: Statements) -> bool:
    """Return whether a whole number says which element is meant somewhere in the source."""
    return set(series.dtypes) <= {"int", "int64", "int32"} and series.place in statements.indices


def _is_other_constant(m: NumberSeries, c: NumberSeries, statements: Statements) -> bool:
    """Return whether one of two is a constant that is neither called nor used as m and c are."""
    named = (names.slope_score(m.last_name) >= 2, names.intercept_score(c.last_name) >= 2)
    constants = (m.is_constant and not named[0]) or (c.is_constant and not named[1])
    return constants and not _is_added(m, c, statements)


def _is_added(m: NumberSeries, c: NumberSeries, statements: Statements) -> bool:
    """Return whether the source adds c to a product of m."""
    return any(statements.forms.adds(one, other) for one in (m.name, m.place) for other in (c.name, c.place))


def _score_by_names(m: NumberSeries, c: NumberSeries, statements: Statements) -> float:
    if m.place == c.place:  # two elements of one array
        base = 2.5 * bool(names.PAIRS.match(m.last_name)) - 3.0 * bool(names.NOT_PARAMETERS.match(m.last_name))
        base -= 0.7 * bool(names.COPIES.search(m.last_name))
        return base + 2 * writes_itself(m, statements) - 0.1 * (m.element == 0)
    score = names.slope_score(m.last_name) + names.intercept_score(c.last_name)
    for series in (m, c):
        score += writes_itself(series, statements) - 1.5 * series.is_constant
    return score


def writes_itself(series: NumberSeries, statements: Statements) -> float:
    """Return 1 where a statement computes the series from itself, as an update does; 0.5 for an addition; else 0."""
    strength = 0.0
    for line in dict.fromkeys(series.lines.tolist()):
        statement = statements.by_line.get(int(line))
        if statement is not None:
            strength = max(strength, *(_updates(node, series) for node in statement.nodes), 0.0)
    return strength


def _updates(node: ast.AST, series: NumberSeries) -> float:
    if isinstance(node, ast.AugAssign):
        return 1.0 if isinstance(node.op, ast.Sub) else 0.5
    if isinstance(node, ast.Expr):  # a call: an assignment to a variable of TensorFlow, or a method that does it all
        appended = isinstance(node.value, ast.Call) and series.place.split("[")[0] in set(_texts(node.value.args))
        return 1.0 if series.scope == "TensorFlow" or appended else 0.2
    value = getattr(node, "value", None)
    if not isinstance(node, ast.Assign) or value is None:
        return 0.0
    return 1.0 if {series.place, series.name, series.place.split("[")[0]} & set(_texts([value])) else 0.0


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    """Yield every place that some expressions mention, and every part of it."""
    for one in (inner for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.expr)):
        if place := place_of(one):
            yield text_of(place)


def trained_numbers(record: ProgramRecord, statements: Statements) -> list[str]:
    """Return the names of the numbers that a program computes from themselves, as an update does."""
    trained_names = [
        series.name
        for series in record.series
        if not series.is_constant
        and not set(series.dtypes) <= {"int", "int32", "int64"}
        and not names.NOT_PARAMETERS.match(series.last_name)
        and not names.is_rate(series.last_name)
        and writes_itself(series, statements) == 1
    ]
    return list(dict.fromkeys(trained_names))


def vectors(record: ProgramRecord) -> list[CandidateVector]:
    """Return every column of numbers of the program that stays as it is, and is not one number again and again."""
    snapshots: dict[tuple[str, str], list[ProgramArray]] = {}
    for table in record.tables:
        snapshots.setdefault((table.scope, table.name), []).append(table)
    columns: list[CandidateVector] = []
    for tables in snapshots.values():
        if len(tables) > MOST_SNAPSHOTS:
            continue
        for table in tables:
            columns += _columns(table)
    same: dict[bytes, list[CandidateVector]] = {}
    for vector in columns:
        flat = np.ptp(vector.values) == 0 and vector.values[0] in (0, 1)  # a column of ones, or what is not filled yet
        if np.isfinite(vector.values).all() and not flat:
            same.setdefault(vector.values.tobytes(), []).append(vector)
    return [replace(first, aliases=tuple(one.name for one in others)) for first, *others in same.values()]


def _columns(table: ProgramArray) -> list[CandidateVector]:
    """Return the columns of a table, or its rows where it lies on its side."""
    values = table.values
    stem = _stem(table.name.partition("[")[0] if table.scope == READ else table.name)
    if values.ndim == 1:
        return [CandidateVector(table.name, stem, values, table.dtype, table.clock)]
    if 1 in values.shape:
        return [CandidateVector(table.name, stem, values.ravel(), table.dtype, table.clock)]
    columns: list[tuple[str, Floats]] = []
    if values.shape[1] <= values.shape[0]:
        columns += [(f"{table.name}[:, {index}]", values[:, index]) for index in range(values.shape[1])]
    if values.shape[0] <= values.shape[1]:
        columns += [(f"{table.name}[{index}]", values[index]) for index in range(values.shape[0])]
    return [CandidateVector(name, stem, np.ascontiguousarray(one), table.dtype, table.clock) for name, one in columns]


def _stem(name: str) -> str:
    words = "".join(char.lower() if char.isalnum() or char == "_" else " " for char in name).split()
    return next((word for word in reversed(words) if not word.isdigit()), name)


def point_candidates(candidates: Sequence[CandidateVector]) -> list[PointsCandidate]:
    """Return the vectors that may be x and y, the likeliest first."""
    pairs_ = []
    for x, y in (*permutations(candidates, 2), *_twins(candidates)):
        if x.values.size != y.values.size or x.values.size < 2 or np.ptp(x.values) == 0:
            continue
        score = names.x_score(x.stem) + names.y_score(y.stem) + 0.3 * (x.clock <= y.clock)
        if x.name.split("[")[0] == y.name.split("[")[0]:
            score += 1.5 + 0.2 * (x.name < y.name)
        pairs_.append(PointsCandidate(x, y, score))
    pairs_.sort(key=lambda pair: -pair.score)
    return pairs_[:MOST_POINTS]


def _twins(candidates: Sequence[CandidateVector]) -> Iterator[tuple[CandidateVector, CandidateVector]]:
    """Yield x and y where both hold the same numbers: y = x."""
    for vector in candidates:
        known = [replace(vector, name=name, stem=_stem(name)) for name in (vector.name, *vector.aliases)]
        xs = [one for one in known if names.x_score(one.stem) > 0]
        ys = [one for one in known if names.y_score(one.stem) > 0]
        yield from zip(xs[:1], ys[:1], strict=False)


def statements_of(lines: Iterable[int], statements: Statements) -> list[Statement]:
    """Return the statements on these lines; for the head of a function, those that call it, its own first."""
    matching_statements: list[Statement] = []
    for line in lines:
        if line in statements.by_line:
            matching_statements.append(statements.by_line[line])
        elif line in statements.functions:
            matching_statements += _callers(statements.functions[line], statements)
    return matching_statements


def _callers(function: ast.FunctionDef | ast.AsyncFunctionDef, statements: Statements) -> list[Statement]:
    callers = [one for one in statements.all if any(calls(node, function.name) for node in one.nodes)]
    inside = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    return sorted(callers, key=lambda one: one.first not in inside)
