"""Mistakes in the derivative of an activation: missing, taken twice, at the wrong argument, or of another function.

A step of the loss from z to a = f(z), element by element, passes the gradient on as dz = f'(z) da. With some other D
in the place of f'(z), the gradient of the parameters before it changes by what flows back from (D - f'(z)) da.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, Mistake
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.loss_graph import LossGraph, Tensor
from tf_gd.diagnosis.model.loss_terms import written
from tf_gd.diagnosis.model.model_problem import Vector
from tf_gd.loading import load_tensorflow

_ACTIVATIONS = {
    *("Tanh", "Sigmoid", "Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign", "LeakyRelu", "Exp", "Erf", "Erfc"),
    *("Maximum", "Minimum", "Sin", "Cos", "Atan", "SelectV2", "Abs", "Log1p", "Sqrt", "Rsqrt", "Softmax"),
}
_ARITHMETIC = {"Neg", "Mul", "AddV2", "Add", "Sub", "RealDiv", "Square", "Pow", "Reciprocal", "Inv", "Identity"}
_MOST_STEPS = 12


@dataclass(frozen=True)
class Values:
    """A step's numbers: its input z, its output a, what flows back to each."""

    z: Vector
    a: Vector
    to_z: Vector
    to_a: Vector


Formula = Callable[[Values], Vector]


class Step:
    """A part of the loss that works element by element: from a layer's sum z to its activation a."""

    def __init__(self, graph: LossGraph, start: Tensor, end: Tensor) -> None:
        tf = load_tensorflow()
        self.start, self.end = start, end
        with graph.graph.as_default():
            to_a = tf.gradients(graph.output, end)[0]
            to_z = None if to_a is None else tf.gradients(end, start, grad_ys=to_a)[0]
        self.known = to_z is not None  # not inside of a function with a gradient of its own
        if self.known:
            self._values = [graph.callable(tensor) for tensor in (start, end, to_z, to_a)]
            self._back = graph.pullback(start)

    def pattern(self, formula: Formula) -> Callable[[Compared], Vector]:
        """Return the gradient as it comes out where `formula` gives what flows back to z."""

        def gradient(view: Compared) -> Vector:
            values = Values(*(np.asarray(value(view.problem), np.float64) for value in self._values))
            with np.errstate(all="ignore"):
                return view.truth + self._back(view.problem, formula(values) - values.to_z)

        return gradient


def activation_derivatives(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """One activation whose derivative is missing, squared, at the wrong argument, or another's."""
    graph = views[0].loss
    if not isinstance(graph, LossGraph):
        return
    labels = {id(tensor): name for name, tensor in graph.inputs.items()}
    for start, end in steps(graph)[:_MOST_STEPS]:
        step = Step(graph, start, end)
        if not step.known:
            continue
        formula = written(load_tensorflow(), end, labels)
        where = f"In the gradient of {listed(names)}, the derivative of {formula}"
        for name, sentence, flow in _flows(end.op.type):
            yield Mistake(name, f"{where} {sentence}", step.pattern(flow), 4.0)


def _flows(kind: str) -> Iterator[tuple[str, str, Formula]]:
    """Return what people take for the derivative of a step, and what then flows back."""
    yield "missing-activation-derivative", "is missing: multiply by it.", lambda v: v.to_a
    if kind == "Softmax":
        yield (
            "softmax-diagonal-only",
            "is only its diagonal, p (1 - p): each output depends on every input, so subtract p sum(p dp), too.",
            lambda v: v.a * (1 - v.a) * v.to_a,
        )
        return
    yield "extra-activation-derivative", "is taken twice: multiply by it once.", lambda v: v.to_z * v.to_z / v.to_a
    for name, formula, derivative in _FORMULAS:
        yield (
            name,
            f"is taken to be {formula}, where z is the input of the activation and a its output.",
            _with(derivative),
        )


def _with(derivative: Callable[[Any, Any], Any]) -> Formula:
    return lambda v: np.asarray(derivative(v.z, v.a) * v.to_a)


def _sigmoid(u: Vector) -> Vector:
    return np.asarray(1 / (1 + np.exp(-u)))


_ARGUMENT, _OTHER = "wrong-activation-argument", "wrong-activation-derivative"
_FORMULAS: tuple[tuple[str, str, Callable[[Any, Any], Any]], ...] = (
    (_ARGUMENT, "1 - z^2", lambda z, a: 1 - z * z),
    (_ARGUMENT, "z (1 - z)", lambda z, a: z * (1 - z)),
    (_ARGUMENT, "that of tanh at a", lambda z, a: 1 - np.tanh(a) ** 2),
    (_ARGUMENT, "that of the sigmoid at a", lambda z, a: _sigmoid(a) * (1 - _sigmoid(a))),
    (_OTHER, "1 - a^2", lambda z, a: 1 - a * a),
    (_OTHER, "a (1 - a)", lambda z, a: a * (1 - a)),
    (_OTHER, "1 - a", lambda z, a: 1 - a),
    (_OTHER, "a", lambda z, a: a),
    (_OTHER, "the step function of z", lambda z, a: (z > 0).astype(float)),
    (_OTHER, "the sigmoid of z", lambda z, a: _sigmoid(z)),
)


def steps(graph: LossGraph) -> list[tuple[Tensor, Tensor]]:
    """Return the parts of the loss that work element by element and hold an activation: input and output."""
    roots: dict[int, Tensor] = {id(param): param for param in graph.params}
    holds: dict[int, bool] = {}
    found: list[tuple[Tensor, Tensor]] = []
    for operation in graph.on_path:
        dependent = [source for source in operation.inputs if id(source) in roots]
        output = operation.outputs[0]
        starts = {id(roots[id(source)]): roots[id(source)] for source in dependent}
        start = next(iter(starts.values()))
        if operation.type == "Softmax":
            found.append((dependent[0], output))
        if len(starts) > 1 or not _elementwise(operation, output, start) or operation.type == "Softmax":
            roots |= {id(each): each for each in operation.outputs}
            continue
        roots[id(output)] = start
        holds[id(output)] = operation.type in _ACTIVATIONS or any(holds.get(id(each), False) for each in dependent)
        if operation.type in _ACTIVATIONS and len(dependent) == 1 and dependent[0] is not start:
            found.append((dependent[0], output))
        if holds[id(output)]:
            found.append((start, output))
    return found


def _elementwise(operation: Any, output: Tensor, start: Tensor) -> bool:
    known = operation.type in _ACTIVATIONS or operation.type in _ARITHMETIC
    same = output.shape.is_fully_defined() and output.shape == start.shape and output.dtype == start.dtype
    return bool(known and same)
