"""Mistakes in a sum of a gradient: over the wrong axis of a bias, or lost where an index occurs again."""

from collections.abc import Callable, Iterator

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.graph_facts import SUM
from tf_gd.points.arrays import Floats


def bias_sums(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The gradient of a bias, summed over another axis than that of the data."""
    for place, sign in _uses(views[0], names):
        if sign not in (-1, 1):
            continue
        flow = views[0].inside("use", place)
        rank = flow[0].ndim if flow else 0
        if views[0].problem.params[names[0]].ndim not in range(1, rank):
            continue
        for axis in range(rank):
            yield ModelMistake(
                "summed-over-wrong-axis",
                f"The gradient of {names[0]} is summed over axis {axis}: sum over the axes that {names[0]} has not.",
                _replaced(names[0], _sum(place, axis, sign)),
            )


def _sum(place: int, axis: int, sign: int) -> Callable[[Compared], Floats]:
    return lambda view: np.asarray(sign * view.inside("use", place)[0].sum(axis=axis))


def repeated_indices(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Rows of a table that are taken more than once, where the last gradient replaces the ones before."""
    for place, sign in _uses(views[0], names):
        if sign or not views[0].inside("use", place):
            continue
        for which, order in (("last", slice(None)), ("first", slice(None, None, -1))):
            yield ModelMistake(
                "assigned-not-added",
                f"In the gradient of {names[0]}, only the {which} use of a row counts: rows are taken more than once, "
                f"so add with np.add.at(d{names[0]}, indices, ...), not d{names[0]}[indices] += ... or = ...",
                _replaced(names[0], _assignment(names[0], place, order)),
            )


def _assignment(name: str, place: int, order: slice) -> Callable[[Compared], Floats]:
    def value(view: Compared) -> Floats:
        table: Floats = np.zeros(view.problem.params[name].shape)
        flow, indices = view.inside("use", place)
        rows = indices.astype(np.intp).ravel()
        updates = flow.reshape(rows.size, *table.shape[1:])
        for row, update in zip(rows[order], updates[order], strict=True):
            table[row] = update
        return table

    return value


_ADDED = ("added up", "averaged")


def missing_factors(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Weights of a product x @ w whose gradient is summed without x, or with x before its activation."""
    view = views[0]
    for place, sign in _uses(view, names):
        flow = view.inside("use", place) if sign == 2 else []
        if len(flow) < 2 or flow[1].shape[:1] != flow[0].shape[:1] or not _is_product(view, names[0], *flow):
            continue
        for mean in (False, True):
            yield ModelMistake(
                "missing-x",
                f"The gradient of {names[0]} is what flows back to its product, {_ADDED[mean]} over the rows: the "
                f"factor by which {names[0]} is multiplied is missing.",
                _with_factor(names[0], place, _ones(mean)),
            )
        for at, (formula, kind) in enumerate(view.loss.facts.activations):
            step = view.inside("activation", at) if kind != SUM else []
            if step and step[1].shape == flow[1].shape and np.allclose(step[1], flow[1]):
                yield ModelMistake(
                    "missing-activation",
                    f"The gradient of {names[0]} takes what goes into the activation {formula}, not what comes out.",
                    _with_factor(names[0], place, _before(at)),
                )


def _ones(mean: bool) -> Callable[[Compared, Floats], Floats]:
    return lambda view, x: np.full_like(x, 1 / len(x) if mean else 1.0)


def _before(place: int) -> Callable[[Compared, Floats], Floats]:
    return lambda view, x: view.inside("activation", place)[0]


def _is_product(view: Compared, name: str, flow: Floats, x: Floats) -> bool:
    size = view.problem.params[name].size
    return x.size == flow.size if size == 1 else x.ndim == flow.ndim == 2 and x.shape[1] * flow.shape[1] == size


def _with_factor(name: str, place: int, factor: Callable[[Compared, Floats], Floats]) -> Callable[[Compared], Floats]:
    """Return the right gradient with something else in place of x in this product alone: other terms stay."""

    def pattern(view: Compared) -> Floats:
        flow, x = view.inside("use", place)
        change = factor(view, x) - x
        values, part = np.array(view.truth, np.float64), view.problem.slices[name]
        values[part] += np.sum(change * flow) if part.stop == part.start + 1 else np.ravel(change.T @ flow)
        return values

    return pattern


def _uses(view: Compared, names: list[str]) -> list[tuple[int, int]]:
    """Return where a single parameter goes in: the place in the facts, and the sign."""
    uses = enumerate(view.loss.facts.uses)
    return [(place, use.sign) for place, use in uses if [use.parameter] == names]


def _replaced(name: str, value: Callable[[Compared], Floats]) -> Callable[[Compared], Floats]:
    """Return a pattern: the right gradient, with one parameter's part replaced where the shapes allow it."""

    def pattern(view: Compared) -> Floats:
        values, part = np.array(view.truth, np.float64), np.ravel(value(view))
        elements = view.problem.slices[name]
        values[elements] = part if part.size == elements.stop - elements.start else np.nan
        return values

    return pattern
