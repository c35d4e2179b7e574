"""The moments of the data: after one reading, all that a descent can ask of the points costs O(1).

The loss is a quadratic in (m, c), so the points enter through their number and five sums only. The sums are kept
as exact numbers: merging two sets of moments loses nothing, in any grouping and order.

    dL/dm = 2 (m sum(x^2) + c sum(x) - sum(x y))
    dL/dc = 2 (m sum(x) + c n - sum(y))
    L     = m^2 sum(x^2) + 2 m c sum(x) + c^2 n - 2 (m sum(x y) + c sum(y)) + sum(y^2)
"""

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.data import Points, as_vector
from tf_gd.errors import DataError, invalid
from tf_gd.learning_rate import applied_learning_rate
from tf_gd.line import Gradient, Line, Reduction, as_line, check_reduction
from tf_gd.scale.blocks import EXACT, Scratch, Sums, Vector, exact_sums, fast_sums, unshifted
from tf_gd.scale.closed_form import ClosedForm
from tf_gd.scale.rational import rounded

CHUNK = 2**20  # points that one thread takes at a time; fixed, so the result does not depend on the cores


@dataclass(frozen=True)
class Moments:
    """The count and five sums of a set of points, as exact numbers; `a + b` is the moments of both sets.

    Attributes:
        n: the number of points.
        x, y, xx, xy, yy: sum(x), sum(y), sum(x^2), sum(x y), sum(y^2), as fractions.

    Example:
        >>> moments = Moments.of([1.0, 2.0], [3.0, 5.0]) + Moments.of([3.0], [7.0])
        >>> moments.least_squares()
        Line(m=2.0, c=1.0)
    """

    n: int
    x: Fraction
    y: Fraction
    xx: Fraction
    xy: Fraction
    yy: Fraction

    @classmethod
    def of(cls, x: npt.ArrayLike, y: npt.ArrayLike, *, exact: bool = False) -> "Moments":
        """Return the moments of points, read once, in cache-sized blocks on all cores.

        Args:
            x, y: shape [n] each, finite; every value is taken as the float64 that it is.
            exact: whether the sums may not round at all, at about 20 times the cost. Up to 8,192 points
                they never do.

        Returns:
            The moments. Unless exact, each sum is that of a block of 8,192 points about one of the points, rounded
            with a relative error of a few units in the last place of the terms' magnitudes; nothing else rounds.

        Raises:
            DataError: different lengths, not one-dimensional, empty, not numeric, or NaN or infinity.
        """
        x_vector, y_vector = as_vector("x", x), as_vector("y", y)
        if x_vector.size != y_vector.size:
            raise DataError(f"`x` and `y` must have one length. Got {x_vector.size} and {y_vector.size}.")
        try:
            return cls(x_vector.size, *_sums(x_vector, y_vector, exact or x_vector.size <= EXACT))
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

    @property
    def spread(self) -> Fraction:
        """sum((x - mean)^2), exactly; 0 where all x are equal."""
        return self.xx - self.x * self.x / self.n

    def curvature(self, reduction: Reduction = "sum") -> Curvature:
        """Return the curvature of the loss over these points."""
        check_reduction(reduction)
        return Curvature.from_sums(self.n, rounded(self.x / self.n), rounded(self.spread), reduction)

    def gradient(self, line: Line, reduction: Reduction = "sum") -> Gradient:
        """Return the gradient of the loss at `line`, each component rounded once.

        Args:
            line: slope and intercept, finite.
            reduction: "sum", or "mean", which divides by n.

        Returns:
            (dL/dm, dL/dc) as floats; NaN where the line is not finite, infinite where float64 ends.

        Example:
            >>> Moments.of([1.0, 2.0], [3.0, 6.0]).gradient(Line(2.0, 1.0))
            Gradient(m=-4.0, c=-2.0)
        """
        scale = self._scale(reduction)
        line = as_line(line)
        if not is_finite(line):
            return Gradient(math.nan, math.nan)
        dm, dc = self.exact_gradient(Fraction(float(line.m)), Fraction(float(line.c)))
        return Gradient(rounded(dm * scale), rounded(dc * scale))

    def exact_gradient(self, m: Fraction, c: Fraction) -> tuple[Fraction, Fraction]:
        """Return the gradient of the sum of squares at the line (m, c)."""
        return 2 * (m * self.xx + c * self.x - self.xy), 2 * (m * self.x + c * self.n - self.y)

    def loss(self, line: Line, reduction: Reduction = "sum") -> float:
        """Return the loss at `line`, rounded once from the exact quadratic, so that nothing cancels near the optimum.

        Where the sums were rounded when the data were read (see `of`), a loss of less than about 1e-16 of
        sum((y - mean)^2) is under their rounding; then it is not under 0.

        Example:
            >>> Moments.of([1.0, 2.0], [3.0, 6.0]).loss(Line(2.0, 1.0))
            1.0
        """
        scale = self._scale(reduction)
        line = as_line(line)
        if not is_finite(line):
            return math.nan
        m, c = Fraction(float(line.m)), Fraction(float(line.c))
        return rounded(self.exact_loss(m, c) * scale)

    def exact_loss(self, m: Fraction, c: Fraction) -> Fraction:
        """Return the sum of squares at the line (m, c)."""
        fitted = m * m * self.xx + 2 * m * c * self.x + c * c * self.n
        return max(Fraction(0), fitted - 2 * (m * self.xy + c * self.y) + self.yy)

    def jump(
        self,
        line: Line,
        learning_rate: float | Callable[[], float],
        num_steps: int | npt.ArrayLike,
        reduction: Reduction = "sum",
    ) -> Line:
        """Return the line after `num_steps` updates from `line`, in a time that does not depend on their number.

        Args:
            line: slope and intercept to start from, finite.
            learning_rate: alpha, above 0. A Python float is rounded to float32 first, as TensorFlow does;
                `np.float64(...)` stays as it is.
            num_steps: a number of updates, or an array of them, each from 0 to 2^63 - 1.
            reduction: "sum" or "mean".

        Returns:
            The line; slope and intercept are floats, or arrays of the shape of `num_steps`. A rate that is too large
            leads to infinity.

        Raises:
            InvalidArgumentError: an argument is not what it must be.

        Example:
            >>> moments = Moments.of([-1.0, 1.0], [0.0, 4.0])
            >>> moments.jump(Line(0.0, 0.0), 0.125, 10**15)
            Line(m=2.0, c=2.0)
        """
        check_reduction(reduction)
        line = as_line(line)
        if not is_finite(line):
            raise invalid("line", "finite", tuple(line))
        steps = check_steps(num_steps)
        rate = float(applied_learning_rate(learning_rate, np.float64))
        m, c = ClosedForm.of(self, line, rate, reduction).states(steps)
        return Line(m, c) if steps.ndim else Line(float(m), float(c))

    def optimum(self) -> tuple[Fraction, Fraction]:
        """Return slope and intercept of the least-squares line as exact numbers.

        Raises:
            DataError: all x are equal.
        """
        if self.spread == 0:
            raise DataError(
                f"`x` must hold two different values to identify a slope. Got {rounded(self.x / self.n)} in all "
                f"{self.n} points. Add points elsewhere, or use the mean of y: {rounded(self.y / self.n)}."
            )
        m = (self.xy - self.x * self.y / self.n) / self.spread
        return m, (self.y - m * self.x) / self.n

    def least_squares(self) -> Line:
        """Return the line that minimises the loss, each parameter rounded once.

        Raises:
            DataError: all x are equal, so the slope cannot be identified.

        Example:
            >>> Moments.of([1, 2, 3], [2, 4, 6]).least_squares()
            Line(m=2.0, c=0.0)
        """
        return Line(*map(rounded, self.optimum()))

    def _scale(self, reduction: Reduction) -> Fraction:
        check_reduction(reduction)
        return Fraction(1, self.n) if reduction == "mean" else Fraction(1)


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


def is_finite(line: Line) -> bool:
    """Whether both parameters are finite."""
    return bool(np.isfinite(float(line.m)) and np.isfinite(float(line.c)))


def check_steps(num_steps: int | npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return numbers of steps as an array, or raise `InvalidArgumentError`."""
    steps = np.asarray(num_steps)
    if steps.dtype.kind not in "iu" or (steps.size and (steps.min() < 0 or steps.max() >= 2**63)):
        raise invalid("num_steps", "whole numbers from 0 to 2^63 - 1", num_steps)
    return steps.astype(np.int64)


def _sums(x: Vector, y: Vector, exact: bool) -> Sums:
    """Return the sums over all points: every core takes its share of the chunks."""
    chunks = [slice(start, start + CHUNK) for start in range(0, x.size, CHUNK)]
    shares = min(os.cpu_count() or 1, len(chunks))

    def share(first: int) -> Sums:
        scratch = Scratch()
        return reduce(
            Sums.plus,
            (
                exact_sums(x[chunk], y[chunk]) if exact else fast_sums(x[chunk], y[chunk], scratch)
                for chunk in chunks[first::shares]
            ),
        )

    if shares == 1:
        return share(0)
    with ThreadPoolExecutor(shares) as pool:
        return reduce(Sums.plus, pool.map(share, range(shares)))
