"""All that is known of a gradient at one problem: by hand, by TensorFlow, and from the loss, with tolerances."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.beside_kinks import Side
from tf_gd.diagnosis.model.element_verdict import Element, ElementVerdict
from tf_gd.diagnosis.model.finite_differences import DOUBLE, Slope
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.loss_slopes import Direction, LossSlopes, along
from tf_gd.diagnosis.model.model_problem import LARGE, Indices, ModelProblem
from tf_gd.diagnosis.model.tolerance import Tolerance, rough_tolerance
from tf_gd.errors import TfGdError
from tf_gd.points.arrays import Floats

MOST_KINKS = 128  # of the elements at kinks, so many, drawn at random, where the loss has no other gradient
_DOUBTFUL, _SHOWN = 2.0**-13, 64.0

Ask = Callable[[ModelProblem], Floats]


@dataclass
class ModelMeasurements:
    """What is known at one problem.

    Attributes:
        ask: the hand-derived gradient.
        hand, tensorflow: shape [size]; `tensorflow` is NaN where it does not differentiate the loss.
        tolerance: how far two correct evaluations may lie apart.
        slopes: the loss's slopes, along `directions` and at single elements, `element_slopes`.
        jumps: where the gradient jumps beside the problem, shape [size]; None where it was not asked there.
        sides: what the hand-derived value is at each element that jumps; `sides_by_hand`: known from itself only.
        widened: whether elements pass only because TensorFlow's own constants are float32.
    """

    loss: LossFunction
    ask: Ask
    hand: Floats
    tensorflow: Floats
    tolerance: Tolerance
    slopes: LossSlopes
    directions: dict[str, Direction] = field(default_factory=dict)
    element_slopes: dict[int, Slope] = field(default_factory=dict)
    jumps: npt.NDArray[np.bool_] | None = None
    sides: dict[int, Side] = field(default_factory=dict)
    sides_by_hand: bool = False
    widened: bool = False

    @property
    def problem(self) -> ModelProblem:
        """Where."""
        return self.slopes.problem

    @cached_property
    def differentiates(self) -> bool:
        """Whether TensorFlow knows the gradient."""
        return self.loss.differentiates

    @cached_property
    def trusted(self) -> bool:
        """Whether TensorFlow knows it by its own rules: no function in the loss brings a gradient of its own."""
        return self.loss.differentiates and not self.loss.own_gradients

    @property
    def believed(self) -> bool:
        """Whether slopes that contradict TensorFlow's gradient say less than it: a coarse loss, with kinks in reach."""
        return self.trusted and self.slopes.unit > DOUBLE

    @property
    def values(self) -> Floats:
        """TensorFlow's gradient, or the hand-derived one where there is none."""
        return self.tensorflow if self.differentiates else self.hand

    @cached_property
    def off(self) -> Floats:
        """How far by hand and TensorFlow differ beyond the tolerance, shape [size]; 0 where they need not agree."""
        if not self.differentiates:
            return np.zeros_like(self.hand)
        off = np.maximum(abs(self.hand - self.tensorflow) - self.tolerance.values, 0.0)
        off[[index for index, side in self.sides.items() if side is Side.SUBGRADIENT]] = 0.0
        return off

    def worst(self) -> Indices:
        """Return the elements that are off, the worst first."""
        at = np.flatnonzero(self.off)
        excess = self.off[at] / np.maximum(self.tolerance.values[at], np.finfo(float).tiny)
        return np.asarray(at[np.argsort(-excess, kind="stable")], np.intp)

    def bound_along(self, vector: Floats) -> float:
        """Return how far two correct slopes may lie apart; by hand alone, roundings add up like a random walk."""
        bound = self.tolerance.values * abs(vector)
        return float(bound.sum() if self.differentiates else np.sqrt((bound**2).sum()))

    @property
    def noticeable(self) -> bool:
        """Whether a sign or a factor of 2 would show in the loss at all."""
        return bool(
            any(one.resolves(self.values) for one in self.directions.values())
            or any(
                slope.resolves(float(self.values[i])) or slope.kink is not None
                for i, slope in self.element_slopes.items()
            )
            or self.sides
        )

    @property
    def confirmed(self) -> bool:
        """Whether the loss confirms TensorFlow's gradient."""
        return any(
            one.resolves(self.values) and one.admits(self.tensorflow) for one in self.directions.values()
        ) or any(
            slope.resolves(float(self.tensorflow[index])) and slope.admits(float(self.tensorflow[index]), 0.0)
            for index, slope in self.element_slopes.items()
        )

    def agrees(self, direction: Direction) -> bool:
        """Whether the loss contradicts none of the gradients along a direction."""
        return direction.admits(self.hand) and direction.admits(self.values)

    def clear(self, direction: Direction) -> bool:
        """Whether nothing along a direction hints at a kink: neither its slopes, nor a tolerance larger than rounding.

        Where numbers tie, moving the inputs by a unit in the last place steps over the kink.
        """
        doubtful = self.problem.size <= LARGE and self.bound_along(direction.vector) > _DOUBTFUL * along(
            abs(self.values), abs(direction.vector)
        )
        return direction.slope.kink is None and self.agrees(direction) and not doubtful

    @cached_property
    def rounding(self) -> Floats:
        """The tolerance by the size of each parameter's gradient alone, here and at params nearby, shape [size]."""
        sizes = abs(self.values)
        with contextlib.suppress(Misbehaved, TfGdError):
            there = self.problem.nearby(0)
            sizes = np.maximum(sizes, 10 * abs(self.loss.gradient(there) if self.differentiates else self.ask(there)))
        least = _SHOWN * self.slopes.noise / self.problem.scales  # less than this the loss does not show
        return np.maximum(least, rough_tolerance(self.problem, sizes, self.slopes.unit).values)

    @property
    def unsettled(self) -> bool:
        """Whether kinks keep the loss from settling the gradient, and nothing else does."""
        if self.trusted:
            return False
        if self.sides_by_hand:
            asked = [self.element(index).verdict for index in self.sides if index in self.element_slopes]
            if len(asked) < min(len(self.sides), MOST_KINKS) or ElementVerdict.UNKNOWN in asked:
                return True
        return any(one.slope.kink is not None for one in self.directions.values())

    def element(self, index: int) -> Element:
        """Return what is known about one element."""
        return Element(
            self.problem.label(index),
            float(self.hand[index]),
            float(self.tensorflow[index]),
            self.element_slopes.get(index),
            float(self.tolerance.values[index]),
            self._confirmed,
            self.believed or not self._confirming.isdisjoint({self.problem.name_of(index), ""}),
            self.sides.get(index),
            self.sides_by_hand,
        )

    @cached_property
    def _confirming(self) -> set[str]:
        """The parameters whose direction confirms TensorFlow's gradient, without a kink; "" for all at once."""
        return {
            one.parameter
            for name, one in self.directions.items()
            if name == one.parameter
            and one.slope.kink is None
            and one.resolves(self.values)
            and one.admits(self.tensorflow)
        }

    @cached_property
    def _confirmed(self) -> bool:
        return self.confirmed

    def renew(self) -> None:
        """Forget what follows from the sides and the directions: they have changed."""
        for name in ("off", "_confirming", "_confirmed"):
            self.__dict__.pop(name, None)

    def ask_at(self, indices: list[int]) -> None:
        """Ask the loss for its slope at these elements."""
        for index in indices:
            self.element_slopes[index] = self.slopes.element(index)
