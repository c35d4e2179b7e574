"""The check of a hand-derived gradient: is it right for this model, and if not, which mistake is in it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck, Verdict
from tf_gd.diagnosis.model import hand_gradient as by_hand
from tf_gd.diagnosis.model import model_report as report
from tf_gd.diagnosis.model.arbiter import Arbiter
from tf_gd.diagnosis.model.loss_graph import Loss, LossGraph
from tf_gd.diagnosis.model.model_problem import Problem, Vector
from tf_gd.diagnosis.model.patterns import Comparison, explain
from tf_gd.diagnosis.model.tolerance import SINGLE, Sensitivity, sensitivity
from tf_gd.diagnosis.model.verdict import Element
from tf_gd.errors import InvalidArgumentError, invalid

# The arbiter needs some twenty evaluations of the loss for each element.
MOST_SLOPES = 300


def check_gradient(
    loss: Loss,
    gradient: by_hand.Gradient,
    *,
    params: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> GradientCheck:
    """Check a hand-derived gradient of any model, and name the mistake in it.

    Three witnesses are heard on every element: the hand-derived gradient, TensorFlow's (in a graph of its
    own), and the slope of the loss by central differences, which decides where the other two disagree. All
    compute in float64 where the loss and the gradient allow it, so that a float32 model is not accused of its
    rounding.

    Args:
        loss: called as `loss(**params, **data)` with tensors; returns one real number, from TensorFlow
            operations.
        gradient: called as `gradient(**params, **data)` with NumPy arrays; returns a dict with the names of
            the parameters, or a tuple in their order, or one array where there is one parameter. Each has its
            parameter's shape; positive means that the loss grows with the parameter.
        params: name -> array of any shape, at which the gradient is checked. Best not all zero: there,
            mistakes hide.
        data: name -> array; Python numbers and strings are passed on as they are.

    Returns:
        A `GradientCheck`: `ok`, `diagnosis` [(name, message), ...] with the likeliest first, and the report
        as `str()`, with the tolerance and its reason.

    Raises:
        InvalidArgumentError: params or data are no finite numbers; the loss raises, is not one real number,
            does not depend on the parameters, is not finite, or is random.

    Example:
        >>> import numpy as np, tensorflow as tf
        >>> def loss(w, x, y):
        ...     return tf.reduce_mean(tf.square(tf.linalg.matvec(x, w) - y))
        >>> def gradient(w, x, y):
        ...     return x.T @ (x @ w - y) / len(y)
        >>> x, y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([1.0, 0.0, 2.0])
        >>> check = check_gradient(loss, gradient, params={"w": [0.5, -1.0]}, data={"x": x, "y": y})
        >>> check.ok, [name for name, message in check.diagnosis]
        (False, ['missing-factor-2'])
    """
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise invalid(name, f"a function, called as {name}(**params, **data)", function)
    problem = Problem.of(params, data or {})
    with _graph(loss, problem) as graph:
        try:
            return _check(graph, gradient)
        except Misbehaved as fault:
            finding = (fault.name, fault.message)
            verdict: Verdict = "cannot-tell" if fault.name in NOT_COMPARED else "wrong"
            return GradientCheck(verdict, [finding], report.of_fault(finding))


def _graph(loss: Loss, problem: Problem) -> LossGraph:
    """Return the loss in float64, with whole numbers as such or as floats, or in the dtypes that it insists on."""
    wide = problem.map(lambda value: value.astype(np.float64))
    for attempt in (wide, wide.with_floats_only()):
        with suppress(InvalidArgumentError):
            return LossGraph(loss, attempt)
    return LossGraph(loss, problem)  # where the loss is wrong in itself, this says so


def _check(graph: LossGraph, gradient: by_hand.Gradient) -> GradientCheck:
    """Hear the witnesses, rule on each element, and explain what is wrong."""
    problem, arbiter = graph.problem, Arbiter(graph)
    values, tensorflow = by_hand.ask(gradient, problem), graph.gradient(problem)
    witnesses = [lambda at: by_hand.ask(gradient, at), graph.gradient]
    rounding = sensitivity(witnesses, problem, graph.unit)
    if graph.unit < SINGLE and by_hand.is_single(values) and (abs(values - tensorflow) > rounding.tolerance).any():
        rounding = sensitivity(witnesses, problem, SINGLE)
    elements = _elements(arbiter, values, tensorflow, rounding)
    ok = all(element.ruling.accepts for element in elements)
    mistakes = [] if ok else explain(_comparison(graph, elements))
    remarks = report.remarks(elements)
    text = report.of_check(mistakes, remarks, elements, rounding)
    return GradientCheck("right" if ok else "wrong", mistakes, text, remarks)


def _elements(arbiter: Arbiter, values: Vector, tensorflow: Vector, rounding: Sensitivity) -> list[Element]:
    """Return what the witnesses say on each element; of very many, the arbiter hears the worst."""
    worst_first = np.argsort(rounding.tolerance - abs(values - tensorflow), kind="stable")
    slopes = {index: arbiter.slope(index) for index in worst_first[:MOST_SLOPES].tolist()}
    tolerance = arbiter.tolerance(np.maximum(abs(values), abs(tensorflow)), rounding)
    rows = zip(arbiter.problem.labels, values, tensorflow, tolerance, strict=True)
    return [
        Element(label, float(hand), float(machine), slopes.get(index), float(room))
        for index, (label, hand, machine, room) in enumerate(rows)
    ]


def _comparison(graph: LossGraph, elements: list[Element]) -> Comparison:
    """Return the values beside the right ones; a value that was accepted is right as it is."""
    return Comparison(
        graph.problem,
        np.array([element.by_hand for element in elements]),
        np.array([element.by_hand if element.ruling.accepts else element.truth for element in elements]),
        np.array([element.tolerance for element in elements]),
        graph.terms(graph.problem),
    )
