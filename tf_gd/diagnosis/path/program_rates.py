"""The learning rates that a program may have meant: what it calls so, and the numbers in the source of its update."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import Pair, statements_of
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_check import with_float32
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramRecord
from tf_gd.diagnosis.path.statements import Statement, Statements, calls
from tf_gd.diagnosis.path.step_factors import Rate, shares
from tf_gd.points.arrays import Floats

OPTIMIZERS = ("GradientDescentOptimizer", "SGD", "GradientDescent", "MomentumOptimizer")
KERAS_DEFAULT = 0.01  # the rate of `SGD()` and of optimizer="sgd"
MOST_RATES = 12
CHANGING = 1e-3  # relative; the factor of a single step is not better known than that near the best line


def rates(record: ProgramRecord, statements: Statements, pair: Pair, lines: Sequence[int]) -> list[Rate]:
    """Return the rates, the likeliest first: those with a name, then the numbers in their order in the source."""
    named = [*_named(record, pair), *_of_optimizers(statements)]
    update = _with_copied(statements_of(lines, statements), statements)
    used = [*_constants_of_update(record, update, pair), *_numbers_in(update)]
    plain = [*used, *_numbers_near(statements, lines)]
    ordered = [Rate(value, in_update=value in used) for value in dict.fromkeys(named) if _is_rate(value)]
    ordered += [
        Rate(value, named=False, in_update=value in used)
        for value in dict.fromkeys(plain)
        if _is_rate(value) and value not in named
    ]
    return with_float32(ordered[:MOST_RATES])


def _is_rate(value: float) -> bool:
    return bool(np.isfinite(value) and value > 0)


def _named(record: ProgramRecord, pair: Pair) -> Iterator[float]:
    """Yield the constants that the program calls a learning rate; those of the update's own scope first."""
    rate_series = [series for series in record.series if series.width == 1 and names.is_rate(series.last_name)]
    for own in (True, False):
        for series in rate_series:
            same = series.scope == pair.m.scope
            if same == own and series.place not in (pair.m.place, pair.c.place):
                if series.is_constant:
                    yield float(series.values[0])
                elif (value := _value_throughout(series, pair)) is not None:
                    yield value


def _value_throughout(series: NumberSeries, pair: Pair) -> float | None:
    """Return the value of a series that does not change while m and c are trained; None where it does."""
    for sampling in pair.samplings[:1]:
        first, last = np.searchsorted(series.clocks, sampling.clocks[[1, -1]], side="left")
        if first == last > 0:
            return float(series.values[first - 1])
    return None


def changing_loss(record: ProgramRecord, pair: Pair, sampling: Sampling, factors: Floats, n: int) -> str | None:
    """Return the loss under which a rate that the program changes is the rate of every step; None for none."""
    told = np.flatnonzero(np.isfinite(factors[: len(sampling.clocks) - 1]))
    for series in record.series:
        if series.width != 1 or series.is_constant or not names.is_rate(series.last_name):
            continue
        at = np.searchsorted(series.clocks, sampling.clocks[told + 1], side="left") - 1
        with np.errstate(all="ignore"):
            ratio = factors[told] / series.values[np.maximum(at, 0)]
        for loss, share in shares(n).items():
            if (np.abs(ratio - share) <= CHANGING * share).all():
                return loss
    return None


def _of_optimizers(statements: Statements) -> Iterator[float]:
    """Yield the number that an optimizer is made with."""
    for node in ast.walk(statements.tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        keyword = [one.value for one in node.keywords if one.arg in ("learning_rate", "lr")]
        for argument in (*(node.args[:1] if name in OPTIMIZERS else ()), *keyword):
            if isinstance(argument, ast.Constant) and isinstance(argument.value, int | float):
                yield float(argument.value)
        plain = name == "SGD" and not node.args and not keyword
        if plain or any(one.arg == "optimizer" and _is_sgd(one.value) for one in node.keywords):
            yield KERAS_DEFAULT


def _is_sgd(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and str(node.value).lower() == "sgd"


def _numbers_near(statements: Statements, lines: Sequence[int]) -> Iterator[float]:
    """Yield the numbers of the statements where the names of the update get their values."""
    update = statements_of(lines, statements)
    yield from _numbers_in({id(one): one for one in _sources(update, statements) if one not in update}.values())


def _numbers_in(statements: Iterable[Statement]) -> Iterator[float]:
    for statement in statements:
        for node in statement.nodes:
            yield from _numbers(node)


def _with_copied(update: list[Statement], statements: Statements) -> list[Statement]:
    """Return the statements of an update, and those that compute what it only copies, or takes from a function."""
    copies = [one for one in update if all(isinstance(node, ast.Assign) and _is_copy(node.value) for node in one.nodes)]
    computed = [*_sources(copies, statements, near=False), *_returns(update, statements)]
    return [*update, *(one for one in computed if one not in update)]


def _returns(update: Sequence[Statement], statements: Statements) -> Iterator[Statement]:
    """Yield the `return` statements of the functions that an update calls."""
    for function in statements.functions.values():
        if any(calls(node, function.name) for statement in update for node in statement.nodes):
            yield from (statements.by_line[one.lineno] for one in ast.walk(function) if isinstance(one, ast.Return))


def _is_copy(value: ast.expr) -> bool:
    return all(isinstance(one, ast.Name) for one in (value.elts if isinstance(value, ast.Tuple) else [value]))


def _constants_of_update(record: ProgramRecord, update: Sequence[Statement], pair: Pair) -> Iterator[float]:
    """Yield the constants that the update mentions by a name, whatever it is."""
    used = {one.id for statement in update for node in statement.nodes
            for one in ast.walk(node) if isinstance(one, ast.Name)}  # fmt: skip
    for series in record.series:
        broken = set(series.dtypes) <= {"int", "int64"} or not series.is_constant
        if series.width == 1 and series.place in used and not broken and series.scope in ("", pair.m.scope):
            yield float(series.values[0])


def _sources(update: Sequence[Statement], statements: Statements, near: bool = True) -> Iterator[Statement]:
    """Yield the statements that give the update's names their values; with `near` all in the same loop as well."""
    used = {one.id for statement in update for node in statement.nodes for one in ast.walk(node)
            if isinstance(one, ast.Name)}  # fmt: skip
    blocks = {statement.block for statement in update}
    around = [statement for statement in statements.all if statement.block in blocks]
    for statement in (*around, *(statements.all if near else ())):
        if any(place[0][1] in used for place in statement.places):
            yield statement
    yield from around if near else ()


def _numbers(node: ast.AST) -> Iterator[float]:
    """Yield the numbers of an expression in their order, without indices."""
    if isinstance(node, ast.Subscript):
        yield from _numbers(node.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield float(node.value)
    elif isinstance(node, ast.For | ast.While | ast.If | ast.With):
        return
    else:
        for child in ast.iter_child_nodes(node):
            yield from _numbers(child)
