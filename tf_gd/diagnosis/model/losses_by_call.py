"""Losses that are called anew each time: in eager TensorFlow, or in NumPy."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.complex_step import ActivationCall, calls_in, complex_step
from tf_gd.diagnosis.model.finite_differences import DOUBLE, UNITS
from tf_gd.diagnosis.model.graph_facts import Facts, Inside
from tf_gd.diagnosis.model.loss_calls import Loss, bad_loss, call_loss, outputs_of, require_finite
from tf_gd.diagnosis.model.loss_graph import LossGraph
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.numpy_reading import NumpyReading, means_over
from tf_gd.diagnosis.model.own_gradients import OWN_GRADIENTS, has_own_gradient, operations_noted
from tf_gd.diagnosis.model.traced_loss import operations_of
from tf_gd.errors import plain
from tf_gd.loading import load_tensorflow
from tf_gd.points.arrays import Floats


class _WithoutGraph:
    loss: Loss
    facts, has_single_constants = Facts(), False

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return a layer's outputs; nothing else, for there is no graph."""
        return outputs_of(self.loss, problem) if what == "output" else []

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""
        raise NotImplementedError

    def values(self, problems: Iterable[ModelProblem]) -> list[float]:
        """Return the loss at several problems."""
        return [self.value(problem) for problem in problems]

    def close(self) -> None:
        """Nothing is held."""


class EagerLoss(_WithoutGraph):
    """A loss that TensorFlow runs operation by operation, as the caller's own program does.

    What is inside is read off a graph of it, made only when it is asked for, where it can be made at all.
    """

    differentiates = True

    def __init__(self, loss: Loss, problem: ModelProblem) -> None:
        self.loss, self.problem, self._tf = loss, problem, load_tensorflow()
        self.unit = max(UNITS[array.dtype.name] for array in problem.params.values())
        with operations_noted() as self._noted:
            self._first = self._value_and_gradient(problem)
        self.unit = max(self.unit, *(UNITS.get(dtype, 0.0) for _, dtype in self._noted), 0.0)
        require_finite(*self._first, problem)
        if float(self._scalar(self._tensors(problem))) != self._first[0]:
            raise bad_loss("be the same at each call. It draws random numbers: pass them as data.")

    @property
    def facts(self) -> Facts:  # type: ignore[override]
        """What is read off a graph of it."""
        return Facts() if self._traced is None else self._traced.facts

    @cached_property
    def own_gradients(self) -> bool:
        """Whether a function in it may bring a gradient of its own; True where no graph of it can be made.

        Eagerly, `tf.custom_gradient` shows as an Identity; only where there is one, a graph of the loss is made.
        """
        if self._noted and not {kind for kind, _ in self._noted} & {"Identity", *OWN_GRADIENTS}:
            return False
        with contextlib.suppress(Exception):
            return any(map(has_own_gradient, operations_of(self.loss, self.problem)))
        return True

    @property
    def has_single_constants(self) -> bool:  # type: ignore[override]
        """Whether TensorFlow itself put constants in float32 into a computation in float64."""
        return self._traced is not None and self._traced.has_single_constants

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return numbers from inside of a graph of it."""
        if what == "output" or self._traced is None:
            return super().inside(what, place, problem, upstream)
        return self._traced.inside(what, place, problem, upstream)

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""
        return self._first[0] if problem is self.problem else float(self._scalar(self._tensors(problem)))

    def gradient(self, problem: ModelProblem) -> Floats:
        """Return TensorFlow's gradient, the parameters one after another, shape [size]."""
        return self._first[1] if problem is self.problem else self._value_and_gradient(problem)[1]

    def elsewhere(self, problem: ModelProblem) -> "EagerLoss":
        """Return the same loss for data of other shapes."""
        return EagerLoss(self.loss, problem)

    def close(self) -> None:
        """Give back what its graph holds."""
        if "_traced" in self.__dict__ and self._traced is not None:
            self._traced.close()

    @cached_property
    def _traced(self) -> LossGraph | None:
        with contextlib.suppress(Exception):  # it may be one that runs eagerly only
            return LossGraph(self.loss, self.problem)
        return None

    def _value_and_gradient(self, problem: ModelProblem) -> tuple[float, Floats]:
        tensors = self._tensors(problem)
        params = [tensors[name] for name in problem.params]
        with self._tf.GradientTape() as tape:
            tape.watch(params)
            value = self._scalar(tensors)
        parts = tape.gradient(value, params)
        if all(part is None for part in parts):
            raise bad_loss("depend on a parameter. TensorFlow finds no path from any of them to the loss.")
        flat = [
            np.zeros(param.shape.num_elements())
            if part is None
            else np.asarray(self._tf.convert_to_tensor(part), np.float64).ravel()
            for part, param in zip(parts, params, strict=True)
        ]
        return float(value), np.concatenate(flat)

    def _tensors(self, problem: ModelProblem) -> dict[str, Any]:
        return {
            name: self._tf.convert_to_tensor(value) if isinstance(value, np.ndarray) else value
            for name, value in (problem.params | problem.data).items()
        }

    def _scalar(self, tensors: dict[str, Any]) -> Any:
        returned = call_loss(self.loss, self.problem.built(tensors))
        if not self._tf.is_tensor(returned):
            raise bad_loss(f"return one real number. Got {plain(returned)}.")
        if returned.shape.num_elements() != 1 or not returned.dtype.is_floating:
            raise bad_loss(
                f"return one real number. Got {returned.dtype.name} of shape {returned.shape}. "
                "Try `tf.reduce_sum` or `tf.reduce_mean`."
            )
        return self._tf.reshape(returned, [])


class NumpyLoss(_WithoutGraph):
    """A loss in NumPy or plain Python: nothing but its values is known."""

    differentiates = own_gradients = False

    def __init__(self, loss: Loss, problem: ModelProblem) -> None:
        self.loss, self.problem, self.unit = loss, problem, DOUBLE
        value = self.value(problem)
        if not np.isfinite(value):
            raise bad_loss(f"be finite. It is {value}. Try other parameters.")
        if self.value(problem) != value:
            raise bad_loss("be the same at each call. It draws random numbers: pass them, or their seed, as data.")
        self.unit = self._measured_unit()

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""
        with np.errstate(all="ignore"):
            returned = call_loss(self.loss, problem.arguments())
        array = np.asarray(None) if type(returned).__module__.startswith("tensorflow") else _array(returned)
        if array.size != 1 or array.dtype.kind not in "fiu":
            raise bad_loss(f"return one real number. Got {plain(returned)}. Try `np.sum` or `np.mean`.")
        return float(array.reshape(()))

    def gradient(self, problem: ModelProblem) -> Floats:
        """Return NaN: nobody differentiates this loss but the caller."""
        return np.full(problem.size, np.nan)

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return a layer's outputs, a slope by a complex step, or what is read off its values."""
        if what == "slope" and upstream is not None:
            return [np.array([complex_step(self.loss, problem, upstream)])]
        if what == "changed" and upstream is not None:
            which = self._calls[place // 10], place % 10
            return [np.array([complex_step(self.loss, problem, upstream, which)])]
        inside = super().inside if what == "output" else self._reading.inside
        return inside(what, place, problem, upstream)

    @property
    def facts(self) -> Facts:  # type: ignore[override]
        """What is read off its values."""
        calls = tuple((call.text, call.kind) for call in self._calls)
        return replace(self._reading.facts, calls=calls, divisors=self._divisors)

    @cached_property
    def _calls(self) -> list[ActivationCall]:
        return calls_in(self.loss, self.problem)

    @cached_property
    def _divisors(self) -> tuple[int, ...]:
        return tuple(means_over(self.value, self.problem))

    @cached_property
    def _reading(self) -> NumpyReading:
        return NumpyReading(self.loss, self.problem)

    def elsewhere(self, problem: ModelProblem) -> "NumpyLoss":
        """Return the same loss for data of other shapes."""
        return NumpyLoss(self.loss, problem)

    def _measured_unit(self) -> float:
        """Return float32's unit where the loss ignores changes that float64 would show.

        A loss that casts to float32 takes few values near a point, however fine the changes.
        """
        dtypes = {value.dtype.name for value in self.problem.params.values()}
        stated = max(UNITS[dtype] for dtype in dtypes)
        rng = np.random.default_rng(2)  # lengths drawn too: what cancels moves no loss
        direction = (
            self.problem.scales * rng.choice([-1, 1], self.problem.size) * rng.uniform(0.5, 1, self.problem.size)
        )
        for unit in (UNITS["float32"], UNITS["float16"]):
            steps = unit / 64 * np.arange(8)
            values = {self.value(self.problem.at(self.problem.vector + step * direction)) for step in steps}
            if unit > stated and len(values) <= 3:
                stated = unit
        return stated


def _array(value: Any) -> Any:
    try:
        return np.asarray(value)
    except Exception:
        return np.asarray(None)
