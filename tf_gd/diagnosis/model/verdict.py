"""Three witnesses to one number, and who is right.

The loss itself is the arbiter: its slope by central differences. TensorFlow's derivative is the finer ruler:
where it agrees with the arbiter, the hand-derived value is measured against it, down to rounding.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tf_gd.diagnosis.model.finite_differences import Slope

# An estimated error is no bound: only a distance of several estimates counts as a contradiction.
SEVERAL = 8.0


class Ruling(Enum):
    """What three witnesses to one element add up to."""

    RIGHT = "all three agree"
    WRONG = "the hand-derived value differs"
    KINK = "the loss has a kink here, and the hand-derived value is one of its slopes"
    TENSORFLOW_DIFFERS = "the hand-derived value is the slope of the loss, TensorFlow's is not"
    NEITHER = "neither the hand-derived value nor TensorFlow's is the slope of the loss"

    @property
    def accepts(self) -> bool:
        """Whether the hand-derived value passes."""
        return self in (Ruling.RIGHT, Ruling.KINK, Ruling.TENSORFLOW_DIFFERS)


@dataclass(frozen=True)
class Element:
    """One element of one parameter: what each witness says, and the ruling.

    Attributes:
        label: such as `w[0, 2]`.
        by_hand, tensorflow: their derivatives.
        slope: the arbiter's; None where it was not asked.
        tolerance: how far two correct evaluations may lie apart.
    """

    label: str
    by_hand: float
    tensorflow: float
    slope: Slope | None
    tolerance: float

    @property
    def difference(self) -> float:
        """By hand minus TensorFlow."""
        return self.by_hand - self.tensorflow

    @property
    def agrees(self) -> bool:
        """Whether by hand and TensorFlow are the same to within rounding."""
        return abs(self.difference) <= self.tolerance

    @property
    def ruling(self) -> Ruling:
        """Who is right."""
        if self.slope is None or not np.isfinite(self.slope.error):
            return Ruling.RIGHT if self.agrees else Ruling.WRONG
        hand, tensorflow = (self._is_slope(value) for value in (self.by_hand, self.tensorflow))
        if self.agrees and (hand or tensorflow):
            return Ruling.RIGHT
        if self.slope.kink is not None and self._is_between(self.by_hand):
            return Ruling.KINK
        if tensorflow:
            return Ruling.WRONG
        return Ruling.TENSORFLOW_DIFFERS if hand else self._wrong_at_a_kink_or_neither()

    @property
    def truth(self) -> float:
        """The value to compare with: TensorFlow's, except where its own loss contradicts it."""
        differs = self.ruling in (Ruling.TENSORFLOW_DIFFERS, Ruling.NEITHER)
        return self.slope.value if differs and self.slope is not None else self.tensorflow

    def _wrong_at_a_kink_or_neither(self) -> Ruling:
        at_a_kink = self.slope is not None and self.slope.kink is not None
        return Ruling.WRONG if at_a_kink else Ruling.NEITHER

    def _is_slope(self, value: float) -> bool:
        assert self.slope is not None
        return abs(value - self.slope.value) <= SEVERAL * self.slope.error + self.tolerance

    def _is_between(self, value: float) -> bool:
        """Whether `value` is a subgradient: between the two slopes, give or take 1/8 of the gap.

        One-sided slopes are off by half a step times the curvature; that the loss bends like |h| at this
        step, and not like h^2, means that this is the smaller part.
        """
        assert self.slope is not None
        low, high = sorted((self.slope.left, self.slope.right))
        room = (high - low) / 8
        return low - room <= value <= high + room
