"""What is read off the graph of a loss, to explain a mistake with: facts as text, and numbers from inside of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tf_gd.diagnosis.model.graph_copy import rounding_movement
from tf_gd.diagnosis.model.loss_calls import Tensor, flat_gradient, outputs_of
from tf_gd.diagnosis.model.loss_terms import loss_terms, written
from tf_gd.diagnosis.model.model_problem import ModelProblem, Vector
from tf_gd.loading import load_tensorflow

if TYPE_CHECKING:
    from tf_gd.diagnosis.model.loss_graph import LossGraph

ACTIVATIONS = {
    *("Tanh", "Sigmoid", "Relu", "Relu6", "Elu", "Selu", "Softplus", "Softsign", "LeakyRelu", "Exp", "Erf", "Erfc"),
    *("Maximum", "Minimum", "Sin", "Cos", "Atan", "SelectV2", "Abs", "Log1p", "Sqrt", "Rsqrt", "Softmax"),
    "IdentityN",  # the end of a function with a gradient of its own, as tf.nn.silu
}
_ARITHMETIC = {"Neg", "Mul", "AddV2", "Add", "Sub", "RealDiv", "Square", "Pow", "Reciprocal", "Inv", "Identity"}
_GATHERS = {"GatherV2", "Gather", "ResourceGather"}
_ADDITIONS = {"AddV2", "Add", "BiasAdd", "Sub"}
_MOST_TERMS, _MOST_STEPS = 12, 12

# term: its share of the gradient. activation: a step's z and a, and what flows back to each. back: what flows back to
# z, carried on to the parameters. use: the gradient of what a parameter went into, and for a gather the indices.
# rounding: how far the gradient may move when every operation rounds otherwise. output: a layer's outputs.
Inside = Literal["term", "activation", "back", "use", "rounding", "output"]


@dataclass(frozen=True)
class Use:
    """Where a parameter goes in: it is added (`sign` 1 or -1), or rows are gathered from it (`sign` 0)."""

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
    """

    known: bool = False
    divisors: tuple[int, ...] = ()
    terms: tuple[str, ...] = ()
    activations: tuple[tuple[str, str], ...] = ()
    uses: tuple[Use, ...] = ()


class GraphReading:
    """The facts of one graph, and its callables for numbers inside, each made once."""

    def __init__(self, graph: "LossGraph") -> None:
        self._graph, self._tf = graph, load_tensorflow()
        self._names = {id(tensor): name for name, tensor in graph.inputs.items()}
        self._made: dict[tuple[str, int], Callable[..., list[Vector]]] = {}

    @cached_property
    def facts(self) -> Facts:
        """What is known."""
        steps = [(written(self._tf, end, self._names), end.op.type) for _, end in self._steps]
        divisors = dict.fromkeys(n for operation in self._graph.on_path for n in _divisors(operation))
        terms = [written(self._tf, term, self._names) for term, _ in self._terms]
        return Facts(True, tuple(divisors), tuple(terms), tuple(steps), tuple(use for use, _ in self._uses))

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Vector | None = None) -> list[Vector]:
        """Return the numbers at a problem; nothing where they are not known."""
        if (what, place) not in self._made:
            makers: dict[str, Callable[[int], Callable[..., list[Vector]]]] = {
                "term": self._term,
                "activation": self._activation,
                "back": self._back,
                "use": self._use,
                "rounding": lambda _: lambda at: [rounding_movement(self._graph, at)],
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
        return _steps(self._graph)[:_MOST_STEPS]

    @cached_property
    def _uses(self) -> list[tuple[Use, Any]]:
        names = {id(self._graph.inputs[name]): name for name in self._graph.problem.params}
        found = []
        for operation in self._graph.on_path:
            for place, source in enumerate(map(_source, operation.inputs)):
                if id(source) in names and operation.type in _GATHERS | _ADDITIONS:
                    subtracted = operation.type == "Sub" and place == 1
                    sign = 0 if operation.type in _GATHERS else -1 if subtracted else 1
                    found.append((Use(names[id(source)], sign), operation))
        return found

    def _term(self, place: int) -> Callable[..., list[Vector]]:
        return self._evaluating(self._terms[place][1])

    def _activation(self, place: int) -> Callable[..., list[Vector]]:
        start, end = self._steps[place]
        to_a = self._gradient(self._graph.output, end)
        to_z = None if to_a is None else self._gradient(end, start, to_a)
        return self._evaluating(start, end, to_z, to_a)

    def _back(self, place: int) -> Callable[..., list[Vector]]:
        back = self._graph.pullback(self._steps[place][0])
        return lambda problem, upstream: [back(problem, upstream)]

    def _use(self, place: int) -> Callable[..., list[Vector]]:
        use, operation = self._uses[place]
        flow = self._gradient(self._graph.output, operation.outputs[0])
        return self._evaluating(flow, *([operation.inputs[1]] if use.sign == 0 else []))

    def _gradient(self, value: Tensor, tensor: Tensor, upstream: Tensor = None) -> Tensor:
        with self._graph.graph.as_default():
            found = self._tf.gradients(value, tensor, grad_ys=upstream)[0]
            return None if found is None else self._tf.convert_to_tensor(found)

    def _evaluating(self, *tensors: Tensor) -> Callable[[ModelProblem], list[Vector]]:
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


def _steps(graph: "LossGraph") -> list[tuple[Tensor, Tensor]]:
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
        holds[id(output)] = operation.type in ACTIVATIONS or any(holds.get(id(each), False) for each in dependent)
        if operation.type in ACTIVATIONS and len(dependent) == 1 and dependent[0] is not start:
            found.append((dependent[0], output))
        if holds[id(output)]:
            found.append((start, output))
    return found


def _elementwise(operation: Any, output: Tensor, start: Tensor) -> bool:
    known = operation.type in ACTIVATIONS or operation.type in _ARITHMETIC
    same = output.shape.is_fully_defined() and output.shape == start.shape and output.dtype == start.dtype
    return bool(known and same)


def _source(tensor: Tensor) -> Tensor:
    """Return the tensor before operations that only pass it on."""
    while tensor.op.type in ("Identity", "Cast"):
        tensor = tensor.op.inputs[0]
    return tensor
