"""The slope from the loss itself: central differences, extrapolated, with an honest error.

    D(h) = (f(p + h) - f(p - h)) / 2h = f'(p) + h^2 f'''(p)/6 + h^4 ...

Rounding in f costs `noise / h`, truncation costs h^2: no single h is good for both. So h runs down a ladder,
a quarter each time; Richardson's extrapolation removes the powers of h one by one, and the entry with the
smallest estimated error is taken.

References:
    C. Ridders, Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering Software 4(2), 1982.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.model.model_problem import Vector

RATIO = 4.0
# The widest step is 2^-5 of the parameter, the narrowest 2^-25: near the cube root of float64's roundoff,
# where an unextrapolated difference is best, with room on either side.
LADDER = 2.0**-5 * RATIO ** -np.arange(11)

NEAR = 4  # from the step 2^-13 on, one ten-thousandth of the parameter, a bend counts as near


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


def slope(f: Callable[[float], float], point: float, scale: float, noise: float) -> Slope:
    """Return the derivative of `f` at `point`.

    Args:
        f: the loss as a function of one element.
        point: where.
        scale: the size of the element, above 0; the steps are parts of it.
        noise: how far a value of `f` may be off through rounding.
    """
    here = f(point)
    steps = 2.0 ** np.ceil(np.log2(scale)) * LADDER  # a power of two, so that point + h is seldom rounded
    above, below = (np.array([f(point + sign * h) for h in steps]) for sign in (1, -1))
    finite = np.isfinite(above) & np.isfinite(below) & ((point + steps) - (point - steps) > 0)
    if not np.isfinite(here) or finite.sum() < 2:
        return Slope(np.nan, np.inf, np.nan, np.nan)
    steps, above, below = steps[finite], above[finite], below[finite]
    value, error = extrapolate((above - below) / ((point + steps) - (point - steps)), noise / steps)
    bend = np.abs((above - here) - (here - below))
    kink = _kink(bend, 8 * noise)
    if kink is None:
        return Slope(value, error, value, value)
    return Slope(value, error, (here - below[kink]) / steps[kink], (above[kink] - here) / steps[kink], steps[kink])


def extrapolate(differences: Vector, rounding: Vector) -> tuple[float, float]:
    """Return the extrapolated difference with the smallest estimated error, and that error.

    Args:
        differences: D(h) for steps h that shrink by `RATIO`, shape [k], k at least 2.
        rounding: what rounding may add to each, shape [k].
    """
    column, best = differences, (np.inf, np.nan)
    for power in range(1, min(5, differences.size)):
        gain = RATIO ** (2 * power)
        wide, narrow = column[:-1], column[1:]
        column = narrow + (narrow - wide) / (gain - 1)
        error = np.maximum(np.abs(column - narrow), np.abs(column - wide)) + rounding[power:]
        chosen = int(np.argmin(error))
        best = min(best, (float(error[chosen]), float(column[chosen])))
    return best[1], best[0]


def _kink(bend: Vector, floor: float) -> int | None:
    """Return the narrowest step whose bend can be told from rounding, if the loss bends like |h| there.

    The bend |f(p + h) - 2 f(p) + f(p - h)| shrinks 4-fold from step to step at a kink, 16-fold or more where
    the loss is smooth; 8 lies between the two. A wide step says nothing: from afar, every bend looks sharp.
    """
    seen = np.flatnonzero(bend > floor)
    if seen.size == 0 or (narrow := int(seen[-1])) < NEAR:
        return None
    return narrow if bend[narrow - 1] < 8 * bend[narrow] else None
