"""The layers of a loss in NumPy, of which there is no graph: one or two, and what flows back to each.

Which data and parameters make a sum z = x @ w + b is tried. x moves z just as w does, so the loss's slope along a row
of x gives what flows back to that row of z; x^T times it must be the gradient of w, up to a penalty, a multiple of w.
Where z goes on as f(z) @ v, for an f that people use, what flows back to that product follows, and is tested likewise.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.complex_step import slope_in_data
from tf_gd.diagnosis.model.loss_calls import Loss
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.points.arrays import Floats

_MOST_ASKED = 2000  # elements of z
_SAME = 1e-6
# name -> function of z, derivative of z and a
KNOWN: dict[str, tuple[Callable[[Any], Floats], Callable[[Any, Any], Floats]]] = {
    "Tanh": (np.tanh, lambda z, a: 1 - a * a),
    "Sigmoid": (lambda z: 0.5 * (1 + np.tanh(z / 2)), lambda z, a: a * (1 - a)),
    "Relu": (lambda z: np.maximum(z, 0.0), lambda z, a: (z > 0) * 1.0),
}


@dataclass(frozen=True)
class _Layer:
    """A product of something by the parameter `w`, transposed where it is `turned`; `b` is empty without a bias."""

    w: str
    turned: bool
    b: str = ""

    def matrix(self, problem: ModelProblem) -> Floats:
        matrix = np.asarray(problem.params[self.w], np.float64)
        matrix = matrix if matrix.ndim == 2 else matrix.reshape(-1, 1)
        return matrix.T if self.turned else matrix

    def output(self, inputs: Floats, problem: ModelProblem) -> Floats:
        bias = np.asarray(problem.params[self.b], np.float64).reshape(1, -1) if self.b else 0.0
        return np.asarray(inputs @ self.matrix(problem) + bias)

    def gradients(self, inputs: Floats, flow: Floats) -> Iterator[tuple[str, Floats]]:
        product = inputs.T @ flow
        yield self.w, np.ravel(product.T if self.turned else product)
        if self.b:
            yield self.b, flow.sum(axis=0)


@dataclass
class Numbers:
    """What goes into each layer, comes out of its sum, and flows back to that; and the output of the activation."""

    inputs: list[Floats] = field(default_factory=list)
    sums: list[Floats] = field(default_factory=list)
    flows: list[Floats] = field(default_factory=list)


class NumpyLayers:
    """The layers of one loss in NumPy, and the numbers in them."""

    def __init__(self, loss: Loss, problem: ModelProblem) -> None:
        self._loss, self._problem = loss, problem
        self._x, self._transposed, self._activation = "", False, ""
        self._layers: list[_Layer] = []
        self._penalties: dict[str, float] = {}
        self._made: list[tuple[ModelProblem, Numbers | None]] = []
        if (first := self._found_first()) is not None:
            self._find_second(first)
            self._made = [(problem, self._with_second(problem, first))]

    def numbers(self, problem: ModelProblem) -> Numbers | None:
        for known, numbers in self._made:
            if known is problem:
                return numbers
        flow = self._flow(problem, self._layers[0])
        made = None if flow is None else self._with_second(problem, self._with_first(problem, flow))
        self._made.append((problem, made))
        return made

    def _with_first(self, problem: ModelProblem, flow: Floats) -> Numbers:
        x = self._inputs(problem)
        return Numbers([x], [self._layers[0].output(x, problem)], [flow])

    def _with_second(self, problem: ModelProblem, numbers: Numbers) -> Numbers | None:
        if len(self._layers) < 2:
            return numbers
        function, derivative = KNOWN[self._activation]
        z, second = numbers.sums[0], self._layers[1]
        a = function(z)
        if (flow := self._flow_behind(problem, numbers.flows[0], derivative(z, a), second)) is None:
            return None
        return Numbers([*numbers.inputs, a], [z, second.output(a, problem)], [numbers.flows[0], flow])

    def _inputs(self, problem: ModelProblem) -> Floats:
        x = np.asarray(problem.data[self._x], np.float64)
        x = x if x.ndim == 2 else x.reshape(-1, 1)
        return x.T if self._transposed else x

    def _flow(self, problem: ModelProblem, layer: _Layer) -> Floats | None:
        """Return what flows back to x @ w, from the loss's slopes along x; None where these do not tell it."""
        x, matrix = self._inputs(problem), layer.matrix(problem)
        flow, moves = np.zeros((len(x), matrix.shape[1])), np.linalg.pinv(matrix.T)
        if matrix.shape[0] != x.shape[1] or not 0 < flow.size <= _MOST_ASKED:
            return None
        if not np.allclose(matrix.T @ moves, np.eye(matrix.shape[1]), atol=_SAME):
            return self._flow_by_rows(problem, layer, flow)
        for row, column in np.ndindex(*flow.shape):
            flow[row, column] = self._slope_at_row(problem, row, moves[:, column])
        return flow if np.isfinite(flow).all() else None

    def _slope_at_row(self, problem: ModelProblem, row: int, move: Floats) -> float:
        moves = np.zeros_like(self._inputs(problem))
        moves[row] = move
        shaped = (moves.T if self._transposed else moves).reshape(problem.data[self._x].shape)
        return slope_in_data(self._loss, problem, {self._x: shaped})

    def _flow_by_rows(self, problem: ModelProblem, layer: _Layer, flow: Floats) -> Floats | None:
        """Return the flow from the losses of single rows, where x has too few columns to move each output alone."""
        x, shape = self._inputs(problem), problem.params[layer.w].shape
        if self._transposed:
            return None
        for row, column in np.ndindex(*flow.shape):
            move = np.outer(x[row] / max(x[row] @ x[row], 1e-300), np.eye(flow.shape[1])[column])
            moves = {layer.w: (move.T if layer.turned else move).reshape(shape)}
            with_x, without = (slope_in_data(self._loss, self._row(problem, row, k), moves) for k in (1.0, 0.0))
            flow[row, column] = with_x - without
        if not np.isfinite(flow).all() or not flow.any():
            return None
        row = int(np.argmax(abs(flow).max(axis=1)))
        move = layer.matrix(problem) @ flow[row]
        moved = float(flow[row] @ layer.matrix(problem).T @ move)
        return np.asarray(self._slope_at_row(problem, row, move) / moved * flow) if moved else None

    def _flow_behind(self, problem: ModelProblem, flow: Floats, derivative: Floats, layer: _Layer) -> Floats | None:
        """Return what flows back to f(z) @ v, where `flow` comes back to z; None where it cannot be told.

        What comes back to the units that are off, as ReLU's are, tells nothing: rows with few others are found from
        the slopes of the loss of that row along the bias, which are the flow up to one factor.
        """
        matrix = layer.matrix(problem)
        if matrix.shape[0] != flow.shape[1] or matrix.shape[1] > flow.shape[1]:
            return None
        flow_behind, known = np.zeros((len(flow), matrix.shape[1])), np.zeros(len(flow), bool)
        for row, slopes in enumerate(derivative):
            live = abs(slopes) > _SAME
            flow_behind[row], _, rank, _ = np.linalg.lstsq(
                matrix[live] * slopes[live, None], flow[row, live], rcond=None
            )
            if abs(flow[row] - slopes * (matrix @ flow_behind[row])).max() > _SAME * abs(flow).max():
                return None
            known[row] = rank == matrix.shape[1]
        return flow_behind if known.all() else self._filled(problem, flow_behind, known)

    def _filled(self, problem: ModelProblem, flow: Floats, known: Any) -> Floats | None:
        """Return a flow whose unknown rows are found from the losses of single rows."""
        largest = int(np.argmax(abs(flow).max(axis=1) * known))
        for name, value in problem.params.items():
            if name != self._layers[0].b and known.any() and _is_bias(value, flow.shape[1]):
                first = self._slopes_of_row(problem, largest, name)
                factor = (flow[largest] @ first) / (first @ first) if first.any() else np.nan
                if np.allclose(first * factor, flow[largest], rtol=_SAME):
                    for row in np.flatnonzero(~known).tolist():
                        flow[row] = factor * self._slopes_of_row(problem, row, name)
                    return flow if np.isfinite(flow).all() else None
        return None

    def _slopes_of_row(self, problem: ModelProblem, row: int, name: str) -> Floats:
        one, shape = self._row(problem, row), problem.params[name].shape
        units = np.eye(problem.params[name].size)
        return np.array([slope_in_data(self._loss, one, {name: unit.reshape(shape)}) for unit in units])

    def _row(self, problem: ModelProblem, row: int, times: float = 1.0) -> ModelProblem:
        """Return the problem with one row of the data alone, x multiplied by a number."""
        data = {key: value for key, value in problem.data.items() if np.ndim(value)}
        n = len(problem.data[self._x])
        rows = {key: value[row : row + 1] for key, value in data.items() if len(value) == n}
        return problem.with_data(**rows | {self._x: times * rows[self._x]})

    def _found_first(self) -> Numbers | None:
        """Find the data and the parameters of the first sum."""
        problem = self._problem
        for self._x, value in problem.data.items():
            if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim not in (1, 2):
                continue
            for self._transposed in (False, True)[: value.ndim]:
                for layer in _candidates(problem, self._inputs(problem).shape[1]):
                    flow = self._flow(problem, layer)
                    if flow is not None and self._is_layer(layer, self._inputs(problem), flow):
                        return self._with_first(problem, flow)
        return None

    def _find_second(self, first: Numbers) -> None:
        """Find the activation and the parameters of the second sum."""
        problem, z, flow = self._problem, first.sums[0], first.flows[0]
        for kind, (function, derivative) in KNOWN.items():
            a = function(z)
            for layer in _candidates(problem, z.shape[1]):
                behind = self._flow_behind(problem, flow, derivative(z, a), layer)
                if layer.w != self._layers[0].w and behind is not None and self._is_layer(layer, a, behind):
                    self._activation = kind
                    return

    def _is_layer(self, layer: _Layer, inputs: Floats, flow: Floats) -> bool:
        """Whether the flow gives the loss's slopes in a layer's parameters; if so it is one of the layers."""
        ((name, gradient),) = layer.gradients(inputs, flow)
        if (penalty := self._penalty(name, gradient)) is None:
            return False
        bias = next((name for name in self._biases(layer, flow) if self._penalty(name, flow.sum(axis=0)) == 0), "")
        self._layers.append(_Layer(layer.w, layer.turned, bias))
        if penalty:
            self._penalties[name] = penalty
        return True

    def _biases(self, layer: _Layer, flow: Floats) -> Iterator[str]:
        for name, value in self._problem.params.items():
            if name != layer.w and _is_bias(value, flow.shape[1]):
                yield name

    def _penalty(self, name: str, gradient: Floats) -> float | None:
        """Return by which multiple of the sum of squares the loss's slopes differ from a gradient; None: by more."""
        base_point = np.ravel(np.asarray(self._problem.params[name], np.float64))
        rng = np.random.default_rng(4)
        moves = [
            base_point,
            *(rng.uniform(0.5, 1.5, base_point.size) * rng.choice([-1, 1], base_point.size) for _ in range(2)),
        ]
        shape = self._problem.params[name].shape
        slopes = [slope_in_data(self._loss, self._problem, {name: move.reshape(shape)}) for move in moves]
        rests = [slope - gradient @ move for slope, move in zip(slopes, moves, strict=True)]
        sizes = [_SAME * (abs(gradient) @ abs(move)) for move in moves]
        if all(abs(rest) <= size for rest, size in zip(rests, sizes, strict=True)):
            return 0.0
        factor = rests[0] / (2 * base_point @ base_point) if base_point.any() else np.nan
        fits = (
            abs(r - 2 * factor * base_point @ m) <= s for r, m, s in zip(rests[1:], moves[1:], sizes[1:], strict=True)
        )
        return float(factor) if base_point.size > 1 and all(fits) else None


def _candidates(problem: ModelProblem, width: int) -> Iterator[_Layer]:
    """Yield the parameters by which rows of this width can be multiplied."""
    for name, value in problem.params.items():
        if value.ndim == 2 or (value.ndim == 1 and value.size == width) or value.size == width == 1:
            shape = value.shape if value.ndim == 2 else (width, 1)
            for turned in (False, True):
                if shape[turned] == width:
                    yield _Layer(name, turned)


def _is_bias(value: Any, width: int) -> bool:
    return bool(value.size == width == max(value.shape, default=1))
