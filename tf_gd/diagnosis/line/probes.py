"""A question to a derivation: the points, and the values of m and c.

Data can hide a mistake. With two points a missing 2 equals a mean; with every x at 1 a missing x is invisible; on
collinear points the residuals can all be 0. The simple points here hide none of the catalogue:
`tests/diagnosis/line/test_diagnose.py` compares every pair of mistakes on them. `point_sets` has the many others, on
which rarer mistakes show.

Sixteen points, because every mean is then a division by a power of two. All values are quarters of small whole
numbers, so a right gradient comes out exact, in float64 and float32, in whatever order its terms are added.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.line.losses import share
from tf_gd.diagnosis.line.running_error import ExactValue, as_float, total, vector
from tf_gd.errors import invalid
from tf_gd.points import Points
from tf_gd.reduction import Reduction

X = (-3.25, 2.5, 0.75, 3.75, -1.5, 1.25, -0.25, 2.25, -2.75, 0.5, 3.0, -2.0, 1.75, -0.75, 3.5, 1.0)
Y = (2.75, -1.25, 3.5, 0.25, -2.25, 5.75, 1.5, -3.25, 4.25, -0.5, 6.25, 2.0, -1.75, 4.75, 3.25, -5.5)

OURS = Points(X, Y)

# An affine function of (m, c), as the right gradient is, is determined by three of these and confirmed by the fourth.
# It lies far out, so that a gradient clipped at some size shows, and between whole numbers, so that int(m) does.
LINES: tuple[tuple[float, float], ...] = ((0, 0), (1, 0), (0, 1), (-10.5, 20.5))

# Formulas are evaluated in rational arithmetic, row by row; beyond this many rows, evenly spaced ones stand for all.
MOST_ROWS = 500


@dataclass(frozen=True)
class Probe:
    """One question: these points, this line. Every number is exact and knows its size (see `running_error`).

    Attributes:
        m, c: the line.
        x, y: shape [n], exact values.
        reduction: "sum", "mean", "half_sum" or "half_mean".
    """

    m: ExactValue
    c: ExactValue
    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    reduction: Reduction

    @property
    def n(self) -> int:
        """The number of points."""
        return len(self.x)

    @property
    def share(self) -> Fraction:
        """What each term of the sum is multiplied by: 1, or 1/n for the mean, and half of it for the halved losses."""
        return share(self.reduction, self.n)

    @cached_property
    def p(self) -> npt.NDArray[Any]:
        """The predictions `m x_i + c`, shape [n]."""
        predictions: npt.NDArray[Any] = self.x * self.m + self.c
        return predictions

    @cached_property
    def e(self) -> npt.NDArray[Any]:
        """The residuals `p_i - y_i`, shape [n]."""
        residuals: npt.NDArray[Any] = self.p - self.y
        return residuals

    @cached_property
    def indices(self) -> npt.NDArray[Any]:
        """0, 1, ..., n - 1, of the kind that x is."""
        if isinstance(self.x, ExactValue):  # the points of many steps at once: see diagnosis/path
            return type(self.x)(np.arange(float(self.n)))
        return vector(np.arange(self.n, dtype=float))

    @cached_property
    def totals(self) -> tuple[ExactValue, ExactValue]:
        """sum(e_i x_i) and sum(e_i), without the 2 of equation 5 and without a mean's 1/n."""
        return total(self.e * self.x), total(self.e)

    @cached_property
    def reach(self) -> Fraction:
        """N + sum(|x_i|): how many times an underflow can count."""
        return self.n + total(self.x).size

    @cached_property
    def rounded_reach(self) -> float:
        """The same as a float."""
        return as_float(self.reach)

    def at(self, m: ExactValue, c: ExactValue) -> "Probe":
        """Return the same points under another line."""
        return Probe(m, c, self.x, self.y, self.reduction)

    def under(self, formula: Callable[["Probe"], tuple[ExactValue, ExactValue]]) -> tuple[ExactValue, ExactValue]:
        """Return what a formula gives here, worked out once."""
        if formula not in self._known:
            self._known[formula] = formula(self)
        return self._known[formula]

    @cached_property
    def _known(self) -> dict[Any, tuple[ExactValue, ExactValue]]:
        return {}


def probes(points: Points, reduction: Reduction) -> tuple[Probe, ...]:
    """Return the questions that `points` ask, one for each of the four lines, in exact numbers."""
    return _our_probes(reduction) if points is OURS else _probes(points, reduction)


def _probes(points: Points, reduction: Reduction) -> tuple[Probe, ...]:
    x, y = vector(points.x), vector(points.y)
    return tuple(Probe(ExactValue(Fraction(m)), ExactValue(Fraction(c)), x, y, reduction) for m, c in LINES)


@lru_cache
def _our_probes(reduction: Reduction) -> tuple[Probe, ...]:
    return _probes(OURS, reduction)


def points_for(x: npt.ArrayLike | None, y: npt.ArrayLike | None) -> Points:
    """Return the points to try a derivation on: the caller's, or ours where none are given.

    Raises:
        InvalidArgumentError: only one of the two is given.
        DataError: see `Points`.
    """
    if x is None and y is None:
        return OURS
    if x is None or y is None:
        missing = "x" if x is None else "y"
        raise invalid(missing, "given together with the other one", None, "Or leave out both: we have points.")
    points = Points(x, y)
    if points.x.dtype.itemsize > 8:
        points = points.astype(np.float64)  # longdouble: more digits than the comparison reads
    rows = np.unique(np.linspace(0, points.n - 1, MOST_ROWS).round().astype(int))
    return points if points.n <= MOST_ROWS else Points(points.x[rows], points.y[rows])
