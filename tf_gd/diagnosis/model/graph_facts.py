"""What is read off the graph of a loss, to explain a mistake with: facts as text, and numbers from inside of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from tf_gd.diagnosis.model.graph_copy import rounding_movement
from tf_gd.diagnosis.model.loss_calls import Tensor, flat_gradient, outputs_of
from tf_gd.diagnosis.model.loss_terms import loss_terms, written
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.traced_loss import TracedLoss
from tf_gd.loading import load_tensorflow
from tf_gd.points.arrays import Floats

ACTIVATIONS = {
    *("Tanh", "Sigmoid", "Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign", "LeakyRelu", "Exp", "Erf", "Erfc"),
    *("Maximum", "Minimum", "Sin", "Cos", "Atan", "Select", "SelectV2", "Abs", "Log1p", "Sqrt", "Rsqrt", "Softmax"),
    "IdentityN",  # the end of a function with a gradient of its own, as tf.nn.silu
}
_ARITHMETIC = {
    "Neg",
    "Mul",
    "AddV2",
    "Add",
    "Sub",
    "RealDiv",
    "Square",
    "Pow",
    "Reciprocal",
    "Inv",
    "Identity",
    "ZerosLike",
}
_CROSS_ENTROPIES = {"SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"}
_GATHERS = {"GatherV2", "Gather", "ResourceGather"}
_ADDITIONS = {"AddV2", "Add", "BiasAdd", "Sub"}
_MOST_TERMS, _MOST_STEPS = 12, 24
SUM = "sum"  # the kind of a step from a sum to itself: what flows back to it from everywhere

# term: its share of the gradient. activation: a step's z and a, and what flows back to each. back: what flows back to
# z, carried on to the parameters. use: the gradient of what a parameter went into, and for a gather the indices.
# rounding: how far the gradient may move when every operation rounds otherwise. output: a layer's outputs. slope: of a
# loss in NumPy, that along a direction by a complex step. changed: the same with another derivative in one place.
Inside = Literal["term", "activation", "back", "use", "rounding", "output", "slope", "changed"]


@dataclass(frozen=True)
class Use:
    """Where a parameter goes in: added (`sign` 1 or -1), rows gathered from it (0), or a product x @ w, m x (2)."""

    parameter: str
    sign: int


@dataclass(frozen=True)
class Facts:
    """What is known of a loss from its graph.

    Attributes:
        known: whether it has a graph.
        divisors: the numbers by which it divides: the sizes of its means, and its whole constants.
        terms: how each term is written, where it is a sum of several.
        activations: each part from a layer's sum z to its activation a: how a is written, and its operation's type.
        uses: where parameters are added or gathered from.
        calls: of a loss in NumPy, where it calls an activation, and which.
    """

    known: bool = False
    divisors: tuple[int, ...] = ()
    terms: tuple[str, ...] = ()
    activations: tuple[tuple[str, str], ...] = ()
    uses: tuple[Use, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()


class GraphReading:
    """The facts of one graph, and its callables for numbers inside, each made once."""

    def __init__(self, graph: TracedLoss) -> None:
        self._graph, self._tf = graph, load_tensorflow()
        self._names = {id(tensor): name for name, tensor in graph.inputs.items()}
        self._made: dict[tuple[str, int], Callable[..., list[Floats]]] = {}

    @cached_property
    def facts(self) -> Facts:
        """What is known."""
        kinds = [SUM if end is start else end.op.type for start, end in self._steps]
        steps = [(written(self._tf, end, self._names), kind) for (_, end), kind in zip(self._steps, kinds, strict=True)]
        divisors = dict.fromkeys(n for operation in self._graph.on_path for n in _divisors(operation))
        terms = [written(self._tf, term, self._names) for term, _ in self._terms]
        return Facts(True, tuple(divisors), tuple(terms), tuple(steps), tuple(use for use, *_ in self._uses))

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return the numbers at a problem; nothing where they are not known."""
        if (what, place) not in self._made:
            makers: dict[str, Callable[[int], Callable[..., list[Floats]]]] = {
                "term": self._term,
                "activation": self._activation,
                "back": self._back,
                "use": self._use,
                "rounding": self._rounding,
                "output": lambda _: lambda at: outputs_of(self._graph.loss, at),
            }
            self._made[what, place] = makers[what](place)
        given = () if upstream is None else (upstream,)
        return [np.asarray(value, np.float64) for value in self._made[what, place](problem, *given)]

    @cached_property
    def _terms(self) -> list[tuple[Tensor, Tensor]]:
        """Return each term and its share of the gradient: the gradient with every other term held still."""
        terms = loss_terms(self._graph.output, {id(param) for param in self._graph.params})
        if not 2 <= len(terms) <= _MOST_TERMS:
            return []
        shares = []
        with self._graph.graph.as_default():
            for term in terms:
                others = [other for other in terms if other is not term]
                share = flat_gradient(self._tf, self._graph.output, self._graph.params, others)
                if share is not None and id(term) not in self._names:
                    shares.append((term, share))
        return shares

    @cached_property
    def _steps(self) -> list[tuple[Tensor, Tensor]]:
        params = {id(param) for param in self._graph.params}
        steps = {(id(start), id(end)): (start, end) for start, end in _steps(self._graph) if id(end) not in params}
        return list(steps.values())[:_MOST_STEPS]

    @cached_property
    def _uses(self) -> list[tuple[Use, Any, int]]:
        names = {id(self._graph.inputs[name]): name for name in self._graph.problem.params}
        uses = []
        for operation in self._graph.on_path:
            for place, source in enumerate(map(_source, operation.inputs)):
                sign = _sign(operation, place)
                if id(source) in names and sign is not None:
                    uses.append((Use(names[id(source)], sign), operation, place))
        return uses

    def _term(self, place: int) -> Callable[..., list[Floats]]:
        return self._evaluating(self._terms[place][1])

    def _activation(self, place: int) -> Callable[..., list[Floats]]:
        start, end = self._steps[place]
        to_a = self._gradient(self._graph.output, end)
        to_z = to_a if to_a is None or end is start else self._gradient(end, start, to_a)
        return self._evaluating(start, end, to_z, to_a)

    def _back(self, place: int) -> Callable[..., list[Floats]]:
        back = self._graph.pullback(self._steps[place][0])
        return lambda problem, upstream: [back(problem, upstream)]

    def _use(self, place: int) -> Callable[..., list[Floats]]:
        use, operation, index = self._uses[place]
        flow = self._gradient(self._graph.output, operation.outputs[0])
        other = [operation.inputs[1 - index]] if use.sign in (0, 2) else []  # the indices, or x
        return self._evaluating(flow, *other)

    def _rounding(self, place: int) -> Callable[..., list[Floats]]:
        movement = rounding_movement(self._graph)
        return lambda problem: [movement(problem)]

    def _gradient(self, value: Tensor, tensor: Tensor, upstream: Tensor = None) -> Tensor:
        with self._graph.graph.as_default():
            derivative = self._tf.gradients(value, tensor, grad_ys=upstream)[0]
            return None if derivative is None else self._tf.convert_to_tensor(derivative)

    def _evaluating(self, *tensors: Tensor) -> Callable[[ModelProblem], list[Floats]]:
        """Return a function that evaluates these; it gives nothing where one of them is not known."""
        if any(tensor is None for tensor in tensors):
            return lambda problem: []
        evaluate = self._graph.callable(list(tensors))
        return lambda problem: list(evaluate(problem))


def _divisors(operation: Any) -> Iterator[int]:
    if operation.type == "Mean":
        before, after = (tensor.shape.num_elements() for tensor in (operation.inputs[0], operation.outputs[0]))
        if before and after and before > after:
            yield before // after
    elif operation.type in ("RealDiv", "Mul", "DivNoNan"):
        for source in operation.inputs:
            value = load_tensorflow().get_static_value(source)
            if value is not None and np.size(value) == 1 and float(value):
                number = abs(float(value)) if operation.type != "Mul" else 1 / abs(float(value))
                if number > 2 and abs(number - round(number)) < 1e-6 * number:
                    yield round(number)


def _steps(graph: TracedLoss) -> list[tuple[Tensor, Tensor]]:
    """Return the parts of the loss that work element by element and hold an activation: input and output."""
    roots: dict[int, Tensor] = {id(param): param for param in graph.params}
    holds: dict[int, bool] = {}
    parts: list[tuple[Tensor, Tensor]] = []
    for operation in graph.on_path:
        dependent = [source for source in operation.inputs if id(source) in roots and source.dtype.is_floating]
        if not dependent:
            continue  # a condition
        output = operation.outputs[0]
        starts = {id(roots[id(source)]): roots[id(source)] for source in dependent}
        start = next(iter(starts.values()))
        if operation.type == "Softmax":
            parts.append((dependent[0], output))
        if operation.type in _CROSS_ENTROPIES | ACTIVATIONS | {"Softmax"} or (
            operation.type in ("Sum", "Mean") and start is not dependent[0]
        ):  # an activation's or a cross-entropy's sum, or a prediction, and all that flows back to it
            parts.append((start, start))
        if len(starts) > 1 or not _elementwise(operation, output, start) or operation.type == "Softmax":
            roots |= {id(each): each for each in operation.outputs}
            continue
        roots[id(output)] = start
        holds[id(output)] = operation.type in ACTIVATIONS or any(holds.get(id(each), False) for each in dependent)
        if operation.type in ACTIVATIONS and len(dependent) == 1 and dependent[0] is not start:
            parts.append((dependent[0], output))
        if holds[id(output)]:
            parts.append((start, output))
    return parts


def _elementwise(operation: Any, output: Tensor, start: Tensor) -> bool:
    known = operation.type in ACTIVATIONS or operation.type in _ARITHMETIC
    same = output.shape.is_fully_defined() and output.shape == start.shape and output.dtype == start.dtype
    return bool(known and same)


def _sign(operation: Any, place: int) -> int | None:
    """Return what a use of a parameter is, as `Use` tells; None for any other."""
    if operation.type in _GATHERS:
        return 0
    if operation.type in _ADDITIONS:
        return -1 if operation.type == "Sub" and place == 1 else 1
    if operation.type == "Mul" and operation.inputs[place].shape.rank == 0:
        return 2
    transposed = operation.type == "MatMul" and any(operation.get_attr(f"transpose_{side}") for side in "ab")
    return 2 if operation.type == "MatMul" and place == 1 and not transposed else None


def _source(tensor: Tensor) -> Tensor:
    """Return the tensor before operations that only pass it on."""
    while tensor.op.type in ("Identity", "Cast", "ExpandDims"):
        tensor = tensor.op.inputs[0]
    return tensor
