"""Centre and scale x before a descent: z = (x - mean) / sd, and the line that was found for z, in the data's own units.

With y = m_z z + c_z:   m = m_z / sd,   c = c_z - m_z mean / sd
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.errors import DataError, invalid
from tf_gd.learning_rate import smallest_kept
from tf_gd.moments.moments import Moments
from tf_gd.moments.quadratic import representable
from tf_gd.moments.rational import rounded, square_root
from tf_gd.points import Points
from tf_gd.validation import check_flag


@dataclass(frozen=True)
class Standardization:
    """The mean of x and its standard deviation (the root of the mean squared distance from the mean).

    Both are worked out exactly, and rounded to float64 and then to the dtype of the descent.

    Example:
        >>> scaling = Standardization.of(Moments.of([1.0, 3.0], [0.0, 1.0]), np.dtype("float64"))
        >>> scaling.mean, scaling.sd, scaling.applied_to(Points([1.0, 3.0], [0.0, 1.0])).x.tolist()
        (2.0, 1.0, [-1.0, 1.0])
    """

    mean: float
    sd: float

    @classmethod
    def of(cls, moments: Moments, dtype: np.dtype[Any]) -> Standardization:
        """Return the mean and the standard deviation of points.

        Raises:
            DataError: all x are equal, or too close to each other for `dtype`.
        """
        mean, sd = rounded(moments.x / moments.n), rounded(square_root(moments.spread / moments.n, 128))
        if moments.spread == 0:
            raise DataError(
                f"`x` must hold two different values to be standardized. Got {mean} in all {moments.n} points. "
                "Add points elsewhere, or leave out --standardize (standardize=True)."
            )
        representable(moments.least_squares())
        with np.errstate(all="ignore"):
            in_dtype = cls(float(dtype.type(mean)), float(dtype.type(sd)))
        if not (np.isfinite(in_dtype.sd) and in_dtype.sd > smallest_kept(dtype)):
            raise DataError(
                f"`x` must have a standard deviation that {dtype.name} can hold. Got {sd:.3g}. Scale the points."
            )
        return in_dtype

    def applied_to(self, data: Points | Moments) -> Points | Moments:
        """Return the points (z, y), computed in the dtype of the points; or the moments of (z, y), exactly.

        Raises:
            DataError: a z is too large for the dtype.
        """
        return self._of_moments(data) if isinstance(data, Moments) else self._of_points(data)

    def _of_points(self, points: Points) -> Points:
        dtype = points.x.dtype
        with np.errstate(all="ignore"):
            z = (points.x - dtype.type(self.mean)) / dtype.type(self.sd)
        if not np.isfinite(z).all():
            raise DataError(f"`x` must be near enough to its mean for {dtype.name}. Try a wider dtype.")
        return Points(z, points.y, points.x_name, points.y_name)

    def _of_moments(self, moments: Moments) -> Moments:
        n, mean, sd = moments.n, Fraction(self.mean), Fraction(self.sd)
        x, xy = moments.x - n * mean, moments.xy - mean * moments.y
        xx = moments.xx - 2 * mean * moments.x + n * mean * mean
        return Moments(n, x / sd, moments.y, xx / (sd * sd), xy / sd, moments.yy)


def standardized(
    data: Points | Moments, dtype: np.dtype[Any], standardize: Any, intercept: bool
) -> tuple[Standardization | None, Points | Moments]:
    """Return how x is centred and scaled, and the data after it; None and the data as they are if not asked for.

    Raises:
        InvalidArgumentError: asked for without an intercept.
        DataError: x cannot be standardized in `dtype`.
    """
    if not check_flag("standardize", standardize):
        return None, data
    if not intercept:
        advice = "A line through a fixed point is no such line after centring: leave one of the two out."
        raise invalid("standardize", "False without an intercept", standardize, advice)
    scaling = Standardization.of(Moments.of(*data) if isinstance(data, Points) else data, dtype)
    return scaling, scaling.applied_to(data)
