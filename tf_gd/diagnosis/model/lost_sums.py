"""Mistakes in a sum of a gradient: over the wrong axis of a bias, or lost where an index occurs again."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, Mistake
from tf_gd.diagnosis.model.loss_graph import LossGraph, Tensor
from tf_gd.diagnosis.model.model_problem import Vector
from tf_gd.loading import load_tensorflow

Upstream = Callable[[Any], Vector]

_GATHERS = {"GatherV2", "Gather", "ResourceGather"}
_ADDITIONS = {"AddV2", "Add", "BiasAdd", "Sub"}


def bias_sums(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """The gradient of a bias, summed over another axis than that of the data, or averaged."""
    graph = views[0].loss
    if not isinstance(graph, LossGraph) or len(names) != 1:
        return
    for operation, place in _uses(graph, names[0], _ADDITIONS):
        shape = graph.problem.params[names[0]].shape
        upstream = _upstream(graph, operation.outputs[0])
        rank = operation.outputs[0].shape.rank
        if upstream is None or not shape or rank is None or rank <= len(shape):
            continue
        sign = -1.0 if operation.type == "Sub" and place == 1 else 1.0
        for axis in range(rank):
            yield Mistake(
                "summed-over-wrong-axis",
                f"The gradient of {names[0]} is summed over axis {axis}: sum over the axes that {names[0]} has not.",
                _replaced(names[0], _sum(upstream, axis, sign)),
            )


def _sum(upstream: Upstream, axis: int, sign: float) -> Callable[[Compared], Vector]:
    return lambda view: np.asarray(sign * upstream(view.problem).sum(axis=axis))


def repeated_indices(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """Rows of a table that are taken more than once, where the last gradient replaces the ones before."""
    graph = views[0].loss
    if not isinstance(graph, LossGraph) or len(names) != 1:
        return
    name = names[0]
    for operation, _ in _uses(graph, name, _GATHERS):
        upstream, indices = _upstream(graph, operation.outputs[0]), graph.callable(operation.inputs[1])
        if upstream is None:
            continue
        for which, order in (("last", slice(None)), ("first", slice(None, None, -1))):
            yield Mistake(
                "assigned-not-added",
                f"In the gradient of {name}, only the {which} use of a row counts: rows are taken more than once, so "
                f"add with np.add.at(d{name}, indices, ...), not d{name}[indices] += ... or = ...",
                _replaced(name, _assignment(name, upstream, indices, order)),
            )


def _assignment(name: str, upstream: Any, indices: Any, order: slice) -> Callable[[Compared], Vector]:
    def value(view: Compared) -> Vector:
        table: Vector = np.zeros(view.problem.params[name].shape)
        rows = np.ravel(indices(view.problem))
        updates = upstream(view.problem).reshape(rows.size, *table.shape[1:])
        for row, update in zip(rows[order], updates[order], strict=True):
            table[row] = update
        return table

    return value


def _uses(graph: LossGraph, name: str, types: set[str]) -> Iterator[tuple[Any, int]]:
    """Return the operations that take a parameter directly, and at which place."""
    param = graph.inputs[name]
    for operation in graph.on_path:
        sources = [_source(source) for source in operation.inputs]
        if operation.type in types and any(source is param for source in sources):
            yield operation, next(place for place, source in enumerate(sources) if source is param)


def _source(tensor: Tensor) -> Tensor:
    """Return the tensor before operations that only pass it on."""
    while tensor.op.type in ("Identity", "Cast"):
        tensor = tensor.op.inputs[0]
    return tensor


def _upstream(graph: LossGraph, tensor: Tensor) -> Upstream | None:
    """Return a function that evaluates the gradient of the loss with respect to a tensor inside."""
    tf = load_tensorflow()
    with graph.graph.as_default():
        gradient = tf.gradients(graph.output, tensor)[0]
    if gradient is None:
        return None
    evaluate = graph.callable(tf.convert_to_tensor(gradient))
    return lambda problem: np.asarray(evaluate(problem), np.float64)


def _replaced(name: str, value: Callable[[Compared], Vector]) -> Callable[[Compared], Vector]:
    """Return a pattern: the right gradient, with one parameter's part replaced where the shapes allow it."""

    def pattern(view: Compared) -> Vector:
        values, part = np.array(view.truth, np.float64), np.ravel(value(view))
        room = view.problem.slices[name]
        values[room] = part if part.size == room.stop - room.start else np.nan
        return values

    return pattern
