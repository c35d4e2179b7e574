"""The slope of the loss itself: central and one-sided differences, extrapolated, with an honest error.

    D(h) = (f(p + h) - f(p - h)) / 2h = f'(p) + h^2 f'''(p)/6 + h^4 ...

Rounding in f costs `noise / h`, truncation costs h^2: no single h is good for both. So h runs down a ladder,
a quarter each time; Richardson's extrapolation removes the powers of h one by one, and the entry with the
smallest estimated error is taken. Three to five steps are enough where the loss is smooth; the others are taken where
these disagree, or where the two one-sided slopes differ.

References:
    C. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2), 1982.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.points.arrays import Floats
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

RATIO = 4.0
# One unit in the last place, relative to a number over a power of two.
UNITS = {name: 2 * unit for name, unit in UNIT_ROUNDOFFS.items()}
DOUBLE, SINGLE = UNITS["float64"], UNITS["float32"]
ACCURACY = 2.0**-34  # the relative error that is good enough to stop at these
NARROWER = 2  # widest steps that are left out where no kink is looked for: fewer steps are enough then
COUNTS = (2, 3, 5)  # steps that are enough where the loss is smooth; two, where no kink is looked for
_OVER_A_KINK = 3  # pairs of steps at which second differences shrink as over a kink: it is within them

# An estimated error is no bound: only a distance of several estimates counts as a contradiction.
SEVERAL = 8.0


@dataclass(frozen=True)
class Slope:
    """A derivative from differences.

    Attributes:
        value: the slope.
        error: how far it may be off; infinite where the loss is not finite around the point.
        left, right: the one-sided slopes at a kink, else the slope itself.
        kink: how near the point the kink lies, or None where there is none.
    """

    value: float
    error: float
    left: float
    right: float
    kink: float | None = None

    def over(self, length: float) -> "Slope":
        """Return the slope per unit, for a direction of this length."""
        kink = None if self.kink is None else self.kink * length
        return Slope(self.value / length, self.error / length, self.left / length, self.right / length, kink)

    def admits(self, value: float, tolerance: float) -> bool:
        """Whether this value is the slope, or at a kink one between the two one-sided slopes."""
        bound = SEVERAL * self.error + tolerance
        return min(self.left, self.right) - bound <= value <= max(self.left, self.right) + bound

    def resolves(self, value: float) -> bool:
        """Whether a sign or a factor of 2 in a slope of this size would show."""
        return bool(np.isfinite(self.error) and 4 * SEVERAL * self.error < abs(value))


UNKNOWN = Slope(np.nan, np.inf, np.nan, np.nan)


def ladder(unit: float) -> Floats:
    """Return the steps, widest first, for values of the loss that are known to this relative unit."""
    if unit <= DOUBLE:
        return 2.0 ** -np.arange(6.0, 38.0, 2.0)
    if unit <= SINGLE:
        return 2.0 ** -np.arange(2.0, 16.0, 2.0)
    return 2.0 ** -np.arange(0.0, 6.0, 2.0)


def slope(
    f: Callable[[list[float]], list[float]],
    noise: float,
    unit: float = DOUBLE,
    accuracy: float = ACCURACY,
    kinks: bool = True,
) -> Slope:
    """Return the derivative of `f` at 0.

    Args:
        f: returns the loss after each of some steps along a direction, whose natural scale is 1.
        noise: how far `f(0)` may be off through rounding.
        unit: the relative size of one rounding in `f`.
        kinks: whether to look for a kink; over very many parameters there is always one somewhere near.
        accuracy: the relative error that is good enough to stop at the first steps.
    """
    (loss_at_zero,), steps = f([0.0]), ladder(unit)[0 if kinks or unit > SINGLE else NARROWER :]
    above: list[float] = []
    below: list[float] = []
    for count in (*(few for few in COUNTS[kinks:] if few < steps.size), steps.size):
        new = steps[len(above) : count].tolist()
        losses = f([*new, *(-h for h in new)])
        above += losses[: len(new)]
        below += losses[len(new) :]
        values = _LadderValues(loss_at_zero, np.array(above), np.array(below), steps[:count], noise, unit)
        if values.few:
            continue
        central, kink = values.central(), values.kink() if kinks else None
        settled = central[1] <= max(accuracy * abs(central[0]), 4 * noise / steps[count - 1])
        if settled and not (kinks and (kink or values.apart)):
            break
    if values.few:
        return UNKNOWN
    if kink:
        return values.at_kink(kink)
    return values.beside_kink() if kinks and count == steps.size else Slope(*central, central[0], central[0])


class _LadderValues:
    """The loss at the steps of a ladder on both sides of a point."""

    def __init__(
        self, loss_at_zero: float, above: Floats, below: Floats, steps: Floats, noise: float, unit: float
    ) -> None:
        finite = np.isfinite(above) & np.isfinite(below) & np.isfinite(loss_at_zero)
        self.few = finite.sum() < 2
        self._here, self._steps = loss_at_zero, steps[finite]
        self._above, self._below = above[finite], below[finite]
        # the loss may be far larger a step away than at the point, and its rounding with it
        self._noise = np.maximum(noise, unit * np.maximum(abs(self._above), abs(self._below)))

    def central(self, among: slice = slice(None)) -> tuple[float, float]:
        """Return the slope and its error, from all steps or some of them."""
        differences, rounding = (self._above - self._below) / (2 * self._steps), self._noise / self._steps
        return extrapolate(differences[among], rounding[among])

    def sides(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return the slope on the left and on the right, each with its error."""
        rounding = 2 * self._noise / self._steps
        left = extrapolate((self._here - self._below) / self._steps, rounding, power=1)
        right = extrapolate((self._above - self._here) / self._steps, rounding, power=1)
        return left, right

    @property
    def apart(self) -> bool:
        """Whether the two one-sided slopes seem to differ."""
        left, right = self.sides()
        return abs(left[0] - right[0]) > 2 * (left[1] + right[1])

    def kink(self) -> float | None:
        """Return the narrowest step that shows a kink, or None where the loss is smooth.

        The second difference |f(p + h) - 2 f(p) + f(p - h)| shrinks 4-fold from step to step at a kink, 16-fold or
        more where the loss is smooth; 8 lies between the two.
        """
        second, floor = self._second_differences, 8 * self._noise
        visible_steps = np.flatnonzero(second > floor)
        if (
            visible_steps.size == 0
            or (narrow := int(visible_steps[-1])) == 0
            or second[narrow - 1] >= 8 * second[narrow]
        ):
            return None
        expected = second[narrow] * self._steps / self._steps[narrow]
        if (expected[narrow + 1 :] > 2 * floor[narrow + 1 :]).any():
            return None  # nearer than this kink the loss is smooth
        return float(self._steps[narrow])

    @property
    def _second_differences(self) -> Floats:
        return np.asarray(abs((self._above - self._here) - (self._here - self._below)))

    def beside_kink(self) -> Slope:
        """Return the slope from the steps that are nearer than a kink.

        Over a kink very near, the central differences of the wide steps agree with one another on the mean of its two
        sides. Where the steps nearer than it cannot tell the sides apart, it counts as a kink here.
        """
        second, (left, right), central = self._second_differences, self.sides(), self.central()
        above_noise = second > 8 * self._noise
        over = np.flatnonzero(above_noise[:-1] & above_noise[1:] & (second[:-1] < 8 * second[1:]))
        if over.size < _OVER_A_KINK:
            return Slope(*central, central[0], central[0])
        last, near = int(over[-1]) + 1, slice(int(over[-1]) + 3, None)  # the next step may be over the kink, just so
        if self._steps[near].size > 1:
            value, error = self.central(near)
            if 2 * SEVERAL * error < second[last - 1] / self._steps[last - 1]:  # the sides' distance, or 3/4 of it
                return Slope(value, error, value, value)
        middle, error = (left[0] + right[0]) / 2, max(left[1], right[1])
        return Slope(middle, error, left[0], right[0], float(self._steps[last]))

    def at_kink(self, kink: float) -> Slope:
        """Return the two one-sided slopes, from steps no narrower than the kink can be seen at."""
        left, right = self.sides()
        if abs(left[0] - right[0]) <= SEVERAL * (left[1] + right[1]):
            value, error = self.central()
            return Slope(value, error, value, value)
        middle = (left[0] + right[0]) / 2
        return Slope(middle, max(left[1], right[1]), left[0], right[0], kink)


def extrapolate(differences: Floats, rounding: Floats, power: int = 2) -> tuple[float, float]:
    """Return the extrapolated difference with the smallest estimated error, and that error.

    Args:
        differences: D(h) for steps h that shrink by `RATIO`, shape [k], k at least 2.
        rounding: what rounding may add to each, shape [k].
        power: 2 for central differences, whose error holds even powers of h only, 1 for one-sided ones.
    """
    column, best = differences, (np.inf, np.nan)
    for order in range(1, min(5, differences.size)):
        gain = RATIO ** (power * order)
        wide, narrow = column[:-1], column[1:]
        column = narrow + (narrow - wide) / (gain - 1)
        error = np.maximum(abs(column - narrow), abs(column - wide)) + rounding[order:]
        chosen = int(np.argmin(error))
        best = min(best, (float(error[chosen]), float(column[chosen])))
    return best[1], best[0]
