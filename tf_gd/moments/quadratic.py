"""The loss as the quadratic that it is: six numbers say all that a descent can ask of the points, in O(1).

dL/dm = 2 (m sum(x^2) + c sum(x) - sum(x y))
dL/dc = 2 (m sum(x) + c n - sum(y))
L     = m^2 sum(x^2) + 2 m c sum(x) + c^2 n - 2 (m sum(x y) + c sum(y)) + sum(y^2)
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tf_gd.curvature import SMALLEST, Curvature
from tf_gd.errors import DataError
from tf_gd.line import Gradient, Line, LineLike, as_line
from tf_gd.moments.rational import rounded
from tf_gd.reduction import Reduction, loss_factor


@dataclass(frozen=True)
class Quadratic:
    """The squared-error loss in (m, c), by the count and five sums of its points, as exact numbers.

    Attributes:
        n: the number of points.
        x, y, xx, xy, yy: sum(x), sum(y), sum(x^2), sum(x y), sum(y^2), as fractions.
    """

    n: int
    x: Fraction
    y: Fraction
    xx: Fraction
    xy: Fraction
    yy: Fraction

    def plus(self, other: "Quadratic") -> "Quadratic":
        """Return the quadratic of both sets of points, without rounding."""
        added = (mine + theirs for mine, theirs in zip(self.sums, other.sums, strict=True))
        return type(self)(self.n + other.n, *added)

    @property
    def sums(self) -> tuple[Fraction, ...]:
        """The five sums, in the order of the fields."""
        return self.x, self.y, self.xx, self.xy, self.yy

    @property
    def spread(self) -> Fraction:
        """sum((x - mean)^2), exactly; 0 where all x are equal."""
        return self.xx - self.x * self.x / self.n

    def curvature(
        self, reduction: Reduction = "sum", loss_scale: float | None = None, intercept: bool = True
    ) -> Curvature:
        """Return the curvature of the loss over these points; `reduction` and `loss_scale` as in `loss_factor`."""
        spread = rounded(self.spread) or (SMALLEST if self.spread else 0.0)
        return Curvature.from_sums(self.n, rounded(self.x / self.n), spread, reduction, loss_scale, intercept)

    def with_fixed_intercept(self, c: Fraction) -> "Quadratic":
        """Return the loss of m alone, where the intercept stays at `c`: a quadratic whose derivative dL/dc is 0 there.

        With y - c in the place of y, the sums of x y and y^2 are those of a line through the origin; the mixed term is
        left out, and the optimum in c is put at `c` itself.
        """
        squares = self.yy - 2 * c * self.y + 2 * c * c * self.n
        return Quadratic(self.n, Fraction(0), c * self.n, self.xx, self.xy - c * self.x, squares)

    def gradient(self, line: LineLike, reduction: Reduction = "sum", loss_scale: float | None = None) -> Gradient:
        """Return the gradient of the loss at `line`, each component rounded once.

        Args:
            line: slope and intercept, finite.
            reduction, loss_scale: see `loss_factor`.

        Returns:
            (dL/dm, dL/dc) as floats; NaN where the line is not finite, infinite where float64 ends.

        Example:
            >>> from tf_gd import Moments
            >>> Moments.of([1.0, 2.0], [3.0, 6.0]).gradient(Line(2.0, 1.0))
            Gradient(dm=-4.0, dc=-2.0)
        """
        scale = loss_factor(self.n, reduction, loss_scale)
        line = as_line(line)
        if not is_finite(line):
            return Gradient(math.nan, math.nan)
        dm, dc = self.exact_gradient(Fraction(float(line.m)), Fraction(float(line.c)))
        return Gradient(rounded(dm * scale), rounded(dc * scale))

    def exact_gradient(self, m: Fraction, c: Fraction) -> tuple[Fraction, Fraction]:
        """Return the gradient of the sum of squares at the line (m, c)."""
        return 2 * (m * self.xx + c * self.x - self.xy), 2 * (m * self.x + c * self.n - self.y)

    def loss(self, line: LineLike, reduction: Reduction = "sum", loss_scale: float | None = None) -> float:
        """Return the loss at `line`, rounded once from the exact quadratic, so that nothing cancels near the optimum.

        Where the sums were rounded when the data were read (see `of`), a loss of less than about 1e-16 of
        sum((y - mean)^2) is under their rounding; then it is not under 0.

        Example:
            >>> from tf_gd import Moments
            >>> Moments.of([1.0, 2.0], [3.0, 6.0]).loss(Line(2.0, 1.0))
            1.0
        """
        scale = loss_factor(self.n, reduction, loss_scale)
        line = as_line(line)
        if not is_finite(line):
            return math.nan
        m, c = Fraction(float(line.m)), Fraction(float(line.c))
        return rounded(self.exact_loss(m, c) * scale)

    def exact_loss(self, m: Fraction, c: Fraction) -> Fraction:
        """Return the sum of squares at the line (m, c)."""
        fitted = m * m * self.xx + 2 * m * c * self.x + c * c * self.n
        return max(Fraction(0), fitted - 2 * (m * self.xy + c * self.y) + self.yy)

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
            >>> from tf_gd import Moments
            >>> Moments.of([1, 2, 3], [2, 4, 6]).least_squares()
            Line(m=2.0, c=0.0)
        """
        return Line(*map(rounded, self.optimum()))


def representable(line: Line) -> Line:
    """Return a line both of whose parameters float64 can hold, or raise `DataError`.

    Example:
        >>> representable(Line(2.0, 1.0))
        Line(m=2.0, c=1.0)
    """
    if not is_finite(line):
        raise DataError("`x` must be spread enough for a slope that float64 can hold. Scale the points.")
    return line


def is_finite(line: Line) -> bool:
    """Whether both parameters are finite."""
    return bool(np.isfinite(float(line.m)) and np.isfinite(float(line.c)))
