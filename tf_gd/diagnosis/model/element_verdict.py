"""Up to three values for one number, and which of them is right.

The loss itself decides: its slope by differences. TensorFlow's derivative is known to more digits: where the loss
confirms it, the hand-derived value is compared with it, down to rounding.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tf_gd.diagnosis.model.beside_kinks import Side
from tf_gd.diagnosis.model.finite_differences import SEVERAL, Slope


class ElementVerdict(Enum):
    """What the values for one element add up to."""

    RIGHT = "all agree"
    WRONG = "the hand-derived value differs"
    KINK = "the loss has a kink here, and the hand-derived value is one of its slopes"
    TENSORFLOW_DIFFERS = "the hand-derived value is the slope of the loss, TensorFlow's is not"
    NEITHER = "neither the hand-derived value nor TensorFlow's is the slope of the loss"
    UNKNOWN = "the hand-derived value and TensorFlow's differ, and the loss does not tell which is right"

    @property
    def accepts(self) -> bool:
        """Whether the hand-derived value passes."""
        return self in (ElementVerdict.RIGHT, ElementVerdict.KINK, ElementVerdict.TENSORFLOW_DIFFERS)

    @property
    def rejects(self) -> bool:
        """Whether the hand-derived value is wrong."""
        return self in (ElementVerdict.WRONG, ElementVerdict.NEITHER)


@dataclass(frozen=True)
class Element:
    """One element of one parameter: each value for it, and which is right.

    Attributes:
        label: such as `w[0, 2]`.
        by_hand, tensorflow: their derivatives; `tensorflow` is NaN for a loss that it does not differentiate.
        slope: the loss's own; None where it was not asked.
        tolerance: how far two correct evaluations may lie apart.
        confirmed: whether the loss confirms TensorFlow's gradient as a whole.
        side: what the hand-derived value is where the gradient jumps beside the point; None where it does not.
        side_by_hand: whether that is known from the hand-derived gradient beside the point only.
        in_its_direction: whether it does so along a direction of this parameter, or of all, without a kink: then a
            slope at one element that contradicts both values is a slope over a kink nearby, or of a rough loss.
    """

    label: str
    by_hand: float
    tensorflow: float
    slope: Slope | None
    tolerance: float
    confirmed: bool = True
    in_its_direction: bool = False
    side: Side | None = None
    side_by_hand: bool = False

    @property
    def difference(self) -> float:
        """By hand minus TensorFlow, or minus the slope of the loss where TensorFlow gives none; NaN without either."""
        if np.isnan(self.tensorflow):
            return self.by_hand - self.slope.value if self.slope is not None else np.nan
        return self.by_hand - self.tensorflow

    @property
    def bound(self) -> float:
        """How far the difference may be from 0."""
        if np.isnan(self.tensorflow) and self.slope is not None:
            return SEVERAL * self.slope.error + self.tolerance
        return self.tolerance

    @property
    def agrees(self) -> bool:
        """Whether by hand and TensorFlow are the same to within rounding."""
        return not np.isnan(self.tensorflow) and abs(self.difference) <= self.tolerance

    @property
    def verdict(self) -> ElementVerdict:
        """Which value is right."""
        if self.side is Side.SUBGRADIENT:
            return ElementVerdict.UNKNOWN if self.side_by_hand and self._by_slope.rejects else ElementVerdict.KINK
        if self.side is not None and not self.agrees:
            return ElementVerdict.WRONG if self.side is Side.OUTSIDE else ElementVerdict.UNKNOWN
        return self._by_slope

    @property
    def _by_slope(self) -> ElementVerdict:
        if self.slope is None or not np.isfinite(self.slope.error):
            return self._without_slope()
        hand = self.slope.admits(self.by_hand, self._bound_at_slope)
        if np.isnan(self.tensorflow):
            return (ElementVerdict.KINK if self.at_kink else ElementVerdict.RIGHT) if hand else ElementVerdict.WRONG
        tensorflow = self.slope.admits(self.tensorflow, self._bound_at_slope)
        if self.at_kink and not (self.agrees and self.in_its_direction and not hand):
            return ElementVerdict.KINK if hand else ElementVerdict.WRONG if tensorflow else ElementVerdict.NEITHER
        if self.agrees:
            return ElementVerdict.RIGHT if hand or tensorflow or self.in_its_direction else ElementVerdict.NEITHER
        if hand and tensorflow:
            return self._without_slope()
        if hand:
            return ElementVerdict.TENSORFLOW_DIFFERS
        return ElementVerdict.WRONG if tensorflow else ElementVerdict.NEITHER

    @property
    def at_kink(self) -> bool:
        """Whether the loss has a kink here."""
        return self.slope is not None and self.slope.kink is not None

    @property
    def truth(self) -> float:
        """The value to compare with: TensorFlow's, except where the loss contradicts it."""
        if self.slope is None or not np.isfinite(self.slope.error):
            return self.by_hand if np.isnan(self.tensorflow) else self.tensorflow
        if np.isnan(self.tensorflow) or self.verdict in (ElementVerdict.TENSORFLOW_DIFFERS, ElementVerdict.NEITHER):
            return self.slope.value
        return self.tensorflow

    def _without_slope(self) -> ElementVerdict:
        if self.agrees or np.isnan(self.tensorflow):
            return ElementVerdict.RIGHT
        return ElementVerdict.WRONG if self.confirmed else ElementVerdict.UNKNOWN

    @property
    def _bound_at_slope(self) -> float:
        """The tolerance; at a kink, where moving the inputs may step over it, no more than a millionth."""
        assert self.slope is not None
        if not self.at_kink:
            return self.tolerance
        return min(self.tolerance, 1e-6 * max(abs(self.slope.left), abs(self.slope.right)))
