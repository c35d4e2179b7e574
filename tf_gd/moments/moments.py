"""The moments of the data: one reading of the points, after which the loss is a quadratic of six numbers.

The sums are kept as exact numbers: merging two sets of moments loses nothing, in any grouping and order.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.line import Line
from tf_gd.moments.quadratic import Quadratic
from tf_gd.moments.sums import EXACT, Sums, exact_sums, fast_sums, unshifted
from tf_gd.points import Points
from tf_gd.vectors import as_vector


@dataclass(frozen=True)
class Moments(Quadratic):
    """The count and five sums of a set of points, as exact numbers; `a + b` is the moments of both sets.

    What they say about the loss is in `Quadratic`.

    Attributes:
        n: the number of points.
        x, y, xx, xy, yy: sum(x), sum(y), sum(x^2), sum(x y), sum(y^2), as fractions.

    Example:
        >>> moments = Moments.of([1.0, 2.0], [3.0, 5.0]) + Moments.of([3.0], [7.0])
        >>> moments.least_squares()
        Line(m=2.0, c=1.0)
    """

    @classmethod
    def of(cls, x: npt.ArrayLike, y: npt.ArrayLike, *, exact: bool = False) -> "Moments":
        """Return the moments of points, read once, in cache-sized blocks on all cores.

        Args:
            x, y: shape [n] each, finite; every value is taken as the float64 that it is.
            exact: whether the sums may not round at all, at about 20 times the cost. Up to 8,192 points
                they never do.

        Returns:
            The moments. Unless exact, the sum of every 8,192 points, about one of the points, is rounded with a
            relative error of a few units in the last place of the terms' magnitudes, and the sum of these sums once;
            nothing else rounds, and the number of cores changes nothing.

        Raises:
            DataError: different lengths, not one-dimensional, empty, not numeric, or NaN or infinity.
        """
        x_vector, y_vector = as_vector("x", x), as_vector("y", y)
        if x_vector.size != y_vector.size:
            raise DataError(f"`x` and `y` must have one length. Got {x_vector.size} and {y_vector.size}.")
        try:
            sums = exact_sums if exact or x_vector.size <= EXACT else fast_sums
            return cls(x_vector.size, *sums(x_vector, y_vector))
        except DataError:
            Points(x_vector, y_vector)  # names the first bad value and counts them all
            raise

    @classmethod
    def from_shifted(cls, n: int, shift: tuple[float, float], sums: tuple[float | Fraction, ...]) -> "Moments":
        """Return the moments from sums over dx = x - x0 and dy = y - y0, as a database may have added them.

        Args:
            n: the number of points, at least 1.
            shift: (x0, y0), any one of the points.
            sums: sum(dx), sum(dy), sum(dx^2), sum(dx dy), sum(dy^2), finite.

        Raises:
            DataError: no points, or sums that overflowed.

        Example:
            >>> Moments.from_shifted(2, (1.0, 3.0), (1.0, 2.0, 1.0, 2.0, 4.0)) == Moments.of([1, 2], [3, 5])
            True
        """
        if n < 1:
            raise DataError("The points must be at least one. Got none.")
        if not all(map(math.isfinite, (*shift, *sums))):
            raise DataError(
                "The sums over the points must be finite. Their squares overflow float64; scale the columns."
            )
        return cls(n, *unshifted(n, shift, sums))

    def __add__(self, other: "Moments") -> "Moments":
        if not isinstance(other, Moments):
            return NotImplemented
        return Moments(self.n + other.n, *self.sums.plus(other.sums))

    @property
    def sums(self) -> Sums:
        """The five sums."""
        return Sums(self.x, self.y, self.xx, self.xy, self.yy)

    def to_dict(self) -> dict[str, Any]:
        """Return the moments as plain values for JSON: the count, and each sum as text "numerator/denominator"."""
        return {"n": self.n, **{name: str(value) for name, value in self.sums._asdict().items()}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Moments":
        """Return the moments that `to_dict` wrote.

        Example:
            >>> moments = Moments.of([0.1, 0.2], [0.3, 0.4])
            >>> Moments.from_dict(moments.to_dict()) == moments
            True
        """
        return cls(int(values["n"]), *(Fraction(values[name]) for name in Sums._fields))


def least_squares(x: npt.ArrayLike, y: npt.ArrayLike) -> Line:
    """Return the exact least-squares line of the points, each parameter rounded once to float64.

    The sums are exact for any number of points, wherever they lie, so slope and intercept are the float64 nearest to
    the true answer for the float64 data; 10^6 points take a fraction of a second.

    Args:
        x, y: shape [n] each, finite.

    Returns:
        The line, as floats.

    Raises:
        DataError: see `Points`; or all x are equal, so the slope cannot be identified.

    Example:
        >>> least_squares([1, 2, 3], [5, 7, 9])
        Line(m=2.0, c=3.0)
    """
    return Moments.of(x, y, exact=True).least_squares()
