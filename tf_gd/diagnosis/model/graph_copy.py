"""How far TensorFlow's gradient may be off: a copy of its graph in which every operation rounds otherwise."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.finite_differences import SINGLE, UNITS
from tf_gd.diagnosis.model.loss_calls import Tensor
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.own_gradients import has_single_constant
from tf_gd.diagnosis.model.tolerance import QUARTILE
from tf_gd.diagnosis.model.traced_loss import TracedLoss
from tf_gd.loading import load_tensorflow
from tf_gd.points.arrays import Floats

Change = Callable[[Any, list[Tensor]], list[Tensor]]

_TRIALS = 16
_SEVERAL_ROUNDINGS = 16.0  # another formula for the same number rounds a few times more, or elsewhere
_WIDE = 8.0  # units of noise: a single one leaves many numbers as they are, as those just under 1
# These choose, copy or move numbers, and round nothing; a maximum must stay equal to one of its inputs.
_EXACT = {
    *("Max", "Min", "Maximum", "Minimum", "MaxPool", "Relu", "Abs", "Neg", "Sign", "Identity", "IdentityN", "Reshape"),
    *("Transpose", "ExpandDims", "Squeeze", "Pack", "Unpack", "ConcatV2", "Slice", "StridedSlice", "GatherV2", "Tile"),
    *("Select", "SelectV2", "Pad", "BroadcastTo", "Fill", "ZerosLike", "OnesLike", "StopGradient", "ReverseV2"),
}


def copy(operations: Iterable[Any], change: Change) -> dict[int, Tensor]:
    """Copy operations in their own graph and return each copied tensor by the `id` of the original.

    Args:
        operations: in the order they were made.
        change: takes an operation and its copied outputs, and returns other outputs.
    """
    copies: dict[int, Tensor] = {}
    for operation in list(operations):
        if operation.type in ("Placeholder", "Const"):
            continue
        copied = operation.graph.create_op(
            operation.type,
            [copies.get(id(source), source) for source in operation.inputs],
            [output.dtype for output in operation.outputs],
            attrs=dict(operation.node_def.attr),
            op_def=operation.op_def,
        )
        changed = change(operation, list(copied.outputs))
        copies |= {id(before): after for before, after in zip(operation.outputs, changed, strict=True)}
    return copies


def rounding_movement(graph: TracedLoss) -> Callable[[ModelProblem], Floats]:
    """Return a function: how far TensorFlow's gradient may move when every operation rounds otherwise, shape [size].

    Moving the inputs does not show this where an operation has lost them: 1 - s of a saturated sigmoid s has an
    error of one unit in the last place of 1, however small it is.

    References:
        D. Parker, Monte Carlo arithmetic, UCLA, 1997.
    """
    varying, noise = {id(tensor) for tensor in graph.inputs.values()}, _Noise()

    def rounded(operation: Any, outputs: list[Tensor]) -> list[Tensor]:
        if not any(id(source) in varying for source in operation.inputs) and not has_single_constant(operation):
            return outputs  # an exponent y - 1 of a power, for one, is exact
        varying.update(id(output) for output in operation.outputs)
        return [noise.on(operation, index, output) for index, output in enumerate(outputs)]

    with graph.graph.as_default():
        tensor = copy(graph.graph.get_operations(), rounded)[id(graph.gradient_tensor)]
    gradient = graph.callable(tensor, noise.placeholders)

    def movement(problem: ModelProblem) -> Floats:
        unmoved_gradient = graph.gradient(problem)
        moves = [
            np.nan_to_num(abs(np.asarray(gradient(problem, *drawn)) - unmoved_gradient), posinf=0.0)
            for drawn in noise.draws()
        ]
        middle = np.sort(moves, axis=0)[_TRIALS // 4] / QUARTILE
        return np.asarray(_SEVERAL_ROUNDINGS / _WIDE * middle, np.float64)

    return movement


class _Noise:
    """Random roundings of the results of operations, fed from outside: drawing them inside costs many operations."""

    def __init__(self) -> None:
        self.placeholders: list[Tensor] = []
        self._sizes: list[tuple[float, float]] = []  # where it is centred, and its unit

    def on(self, operation: Any, index: int, output: Tensor) -> Tensor:
        """Return an operation's output with the noise of its unit."""
        unit = rounding_unit(operation, output)
        if not unit or not output.shape.is_fully_defined():
            return output
        self.placeholders.append(load_tensorflow().compat.v1.placeholder(output.dtype, output.shape))
        added = "CrossEntropy" in operation.type and index == 1  # p - y: rounded like p, which is 1 at most
        self._sizes.append((0.0 if added else 1.0, unit))
        return output + self.placeholders[-1] if added else output * self.placeholders[-1]

    def draws(self) -> Iterator[list[Floats]]:
        """Yield values for the placeholders."""
        rng = np.random.default_rng(1)
        for _ in range(_TRIALS):
            yield [
                np.asarray(middle + _WIDE * rng.uniform(-unit, unit, one.shape.as_list()), one.dtype.as_numpy_dtype)
                for one, (middle, unit) in zip(self.placeholders, self._sizes, strict=True)
            ]


def rounding_unit(operation: Any, output: Tensor) -> float:
    """Return the relative error of an operation's result; 0 where it is no floating number."""
    unit = 0.0 if operation.type in _EXACT else UNITS.get(output.dtype.name, 0.0)
    return max(unit, SINGLE) if unit and has_single_constant(operation) else unit
