"""How far rounding alone can carry two correct computations apart.

Every floating-point operation is exact but for a factor 1 + d with |d| <= u, the unit roundoff. A chain of k of them
changes a result by a factor within 1 +- gamma_k, where gamma_k = k u / (1 - k u). With h the largest number of
additions that any term goes through, and a_i = |m x_i| + |c| + |y_i| the magnitude of what is added up to a residual,

    dL/dc = sum(2 e_i)       is right to  2 gamma_(h+3) sum(a_i)
    dL/dm = sum(2 e_i x_i)   is right to  2 gamma_(h+4) sum(a_i |x_i|)
    L     = sum(e_i^2)       is right to  gamma_(h+1) L + 2 gamma_3 sqrt(L sum(a_i^2)) + gamma_3^2 sum(a_i^2)

(for the mean two more roundings). Two computations differ by at most twice that. Along a descent each update adds the
gradient's error and its own roundings, and the errors made before shrink, or grow, by at most |1 - alpha lambda|.

References:
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., ch. 3 (gamma), 4 (sums).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError
from tf_gd.learning_rate import smallest_kept
from tf_gd.line import Line
from tf_gd.moments.moments import Moments
from tf_gd.moments.rational import rounded
from tf_gd.points import Points
from tf_gd.points.arrays import Floats
from tf_gd.problem import Problem
from tf_gd.reduction import Reduction, loss_factor
from tf_gd.summation.order import Order
from tf_gd.trajectory import SERIES
from tf_gd.validation import DTYPES, float_info

UNIT_ROUNDOFFS = {name: float(float_info(name).eps) / 2 for name in DTYPES}


def unit_roundoff(dtype: npt.DTypeLike) -> float:
    """Return u, half the distance from 1 to the next larger number of `dtype`.

    Example:
        >>> unit_roundoff("float32") == 2.0**-24
        True
    """
    return UNIT_ROUNDOFFS[np.dtype(dtype).name]


def gamma(k: float, dtype: npt.DTypeLike) -> float:
    """Return gamma_k = k u / (1 - k u), which bounds the relative error of k roundings; infinity where k u >= 1.

    Example:
        >>> gamma(1, "float64") > unit_roundoff("float64")
        True
    """
    ku = k * unit_roundoff(dtype)
    return ku / (1.0 - ku) if ku < 1.0 else math.inf


def ulp_distance(left: npt.ArrayLike, right: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return how many floating-point numbers apart `left` and `right` are: 0 only where every bit is the same.

    Args:
        left, right: one shape and one floating dtype. -0.0 and 0.0 are 1 apart; NaN and NaN are 0 apart, and NaN is
            as far from a number as can be.

    Returns:
        Integers of that shape, as Python objects, which cannot overflow.

    Example:
        >>> ulp_distance([1.0, 0.0, np.nan], [1.0 + 2**-52, -0.0, np.nan]).tolist()
        [1, 1, 0]
        >>> int(ulp_distance(0.1 + 0.2, 0.3))
        1
    """
    a, b = np.asarray(left), np.asarray(right)
    distance = np.asarray(np.abs(_rank(a) - _rank(b)), object)  # of two scalars, a bare integer
    missing = np.isnan(a).astype(int) + np.isnan(b).astype(int)
    return np.where(missing == 2, 0, np.where(missing == 1, 2 ** (8 * a.dtype.itemsize), distance))


def _rank(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the place of each number among all numbers of its dtype, in rising order."""
    size = values.dtype.itemsize
    bits = values.view(f"u{size}").astype(object)
    sign = 1 << (8 * size - 1)
    return np.where(bits >= sign, sign - bits - 1, bits)


@dataclass(frozen=True)
class RoundingBound:
    """How far apart two right computations over the same points can be, each in its own order of addition.

    Attributes:
        factor: the number in front of the sum of squares in the loss.
        extra: how many roundings that number brings.
        height: h, the largest number of additions that a term goes through.
    """

    n: int
    dtype: np.dtype[Any]
    factor: float
    extra: int
    curvature: Curvature
    height: int
    sums: tuple[float, float, float, float, float, float]

    @classmethod
    def of(
        cls,
        points: Points,
        reduction: Reduction = "sum",
        order: Order | None = None,
        loss_scale: float | None = None,
    ) -> RoundingBound:
        """Return the bound for `points`; where no order is known, any order is allowed for: h = n - 1."""
        x, y = (np.abs(values.astype(np.float64)) for values in points)
        with np.errstate(over="ignore"):
            sums = tuple(map(float, (x.sum(), y.sum(), x @ x, x @ y, y @ y)))
        height = points.n - 1 if order is None else order.height(points.n)
        curvature = Curvature.of(points.x.astype(np.float64), reduction, loss_scale)
        factor = _factor(points.n, reduction, loss_scale)
        return cls(points.n, points.x.dtype, *factor, curvature, height, (float(points.n), *sums))  # type: ignore[arg-type]

    @classmethod
    def of_problem(cls, problem: Problem, order: Order | None) -> RoundingBound:
        """Return the bound for a problem, over points in memory or over moments."""
        if problem.points is None:
            assert problem.moments is not None
            return cls.of_moments(problem.moments, problem.reduction, problem.loss_scale)
        return cls.of(problem.points, problem.reduction, order, problem.loss_scale)

    @classmethod
    def of_moments(
        cls, moments: Moments, reduction: Reduction = "sum", loss_scale: float | None = None
    ) -> RoundingBound:
        """Return the bound where only the moments are at hand, whose sums are not added again at each step.

        sum(|x|) <= sqrt(n sum(x^2)) and the like, after Cauchy and Schwarz, stand for the sums of magnitudes.
        """
        n, xx, yy = float(moments.n), rounded(moments.xx), rounded(moments.yy)
        root, x, y = math.sqrt(n), math.sqrt(xx), math.sqrt(yy)
        sums = (n, root * x, root * y, xx, x * y, yy)
        factor, curvature = _factor(moments.n, reduction, loss_scale), moments.curvature(reduction, loss_scale)
        return cls(moments.n, np.dtype(np.float64), *factor, curvature, 0, sums)

    def gradient(self, m: npt.ArrayLike, c: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return how far two right gradients at (m, c) can be apart: for dL/dm and for dL/dc, of the shape of m."""
        n, x, y, xx, xy, _ = self.sums
        slope, intercept = np.abs(np.asarray(m, np.float64)), np.abs(np.asarray(c, np.float64))
        scale, extra = self.factor, self.extra
        dm = 4 * self._gamma(self.height + 4 + extra) * (slope * xx + intercept * x + xy) * scale
        dc = 4 * self._gamma(self.height + 3 + extra) * (slope * x + intercept * n + y) * scale
        return dm + self._underflow(), dc + self._underflow()

    def loss(self, m: npt.ArrayLike, c: npt.ArrayLike, loss: npt.ArrayLike) -> Floats:
        """Return how far two right losses at (m, c) can be apart, given one of them; of the shape of m."""
        n, _, _, xx, _, yy = self.sums
        slope, intercept = np.asarray(m, np.float64), np.asarray(c, np.float64)
        scale, extra = self.factor, self.extra
        magnitude = 3 * (slope**2 * xx + intercept**2 * n + yy) * scale  # (p + q + r)^2 <= 3 (p^2 + q^2 + r^2)
        exact = np.asarray(loss, np.float64)
        three, many = self._gamma(3), self._gamma(self.height + 1 + extra)
        error = many * exact + (1 + many) * (2 * three * np.sqrt(exact * magnitude) + three**2 * magnitude)
        return 2 * error + self._underflow()

    def trajectory(self, series: dict[str, Floats], rate: float) -> dict[str, Floats]:
        """Return, for each series of a descent with every step recorded, how far two right descents can be apart."""
        m, c, loss, dm, dc = (series[name] for name in SERIES)
        bound_m, bound_c = self.gradient(m, c)
        roundoff = unit_roundoff(self.dtype)
        made = np.hypot(
            rate * bound_m + 4 * roundoff * (np.abs(m) + 2 * rate * np.abs(dm)) + self._underflow(),
            rate * bound_c + 4 * roundoff * (np.abs(c) + 2 * rate * np.abs(dc)) + self._underflow(),
        )
        apart = np.zeros_like(m)
        decay, steepest = self.curvature.decay(rate), self.curvature.lipschitz_constant
        for step in range(1, len(m)):
            apart[step] = decay * apart[step - 1] + made[step - 1]
        return {
            "m": apart,
            "c": apart,
            "loss": self.loss(m, c, loss) + np.hypot(dm, dc) * apart + steepest * apart**2,
            "gradient_m": bound_m + steepest * apart,
            "gradient_c": bound_c + steepest * apart,
        }

    def _gamma(self, k: float) -> float:
        return gamma(k, self.dtype)

    def _underflow(self) -> float:
        """Return what products that are too small for the dtype can add up to: subnormals are flushed to zero."""
        smallest = smallest_kept(self.dtype) or float(float_info(self.dtype).smallest_subnormal)
        _, x, *_ = self.sums
        return smallest * (4 * self.n + 2 * x) * max(1.0, self.factor)


def _factor(n: int, reduction: Reduction, loss_scale: float | None) -> tuple[float, int]:
    """Return the number in front of the sum of squares, and how many roundings it brings; halving is exact."""
    roundings = 2 * reduction.endswith("mean") + 2 * (loss_scale is not None)
    return float(loss_factor(n, reduction, loss_scale)), roundings


def smallest_tolerance(problem: Problem) -> float | None:
    """Return the gradient under which rounding hides its sign: as close to 0 as the derivative gets.

    It is the bound on the error of the computed gradient at the best line; None where float64 cannot hold it.
    """
    try:
        best = problem.sums.least_squares()
    except DataError:  # all x are equal: any slope will do
        best = Line(0.0, float(problem.sums.y / problem.n))
    with np.errstate(all="ignore"):
        bound = float(np.max(RoundingBound.of_problem(problem, problem.order).gradient(*best))) / 2
    return bound if math.isfinite(bound) else None
