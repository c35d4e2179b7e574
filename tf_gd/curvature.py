"""The curvature of the loss: the Hessian, and what it says about learning rates.

The loss is a quadratic in (m, c), so its Hessian is the same everywhere:

    H = 2 [[sum(x^2), sum(x)], [sum(x), n]]          times the factor in front of the loss, 1/n for the mean

Descent converges for every learning rate under 2 / lambda_max, fastest at 2 / (lambda_max + lambda_min).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, invalid
from tf_gd.points import Points
from tf_gd.reduction import Reduction, loss_factor

SMALLEST = 5e-324
"""The smallest float64 above 0: stands for a spread or determinant that is not 0, but that float64 would round to 0."""


@dataclass(frozen=True)
class Curvature:
    """The Hessian [[mm, mc], [mc, cc]] of the squared-error loss, and what follows from it.

    Example:
        >>> curvature = Curvature.of([1.0, -1.0])
        >>> curvature.lipschitz_constant, curvature.max_learning_rate, curvature.condition_number
        (4.0, 0.5, 1.0)
    """

    mm: float
    mc: float
    cc: float
    determinant: float

    @classmethod
    def of(
        cls,
        x: npt.ArrayLike,
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
        intercept: bool = True,
    ) -> "Curvature":
        """Return the curvature of the loss over the points `x`, shape [n].

        Args:
            x: shape [n], finite, within the range of float64.
            reduction, loss_scale: see `loss_factor`.
            intercept: whether c is a parameter; if not, only m has a curvature.

        Raises:
            DataError: `x` is not a non-empty one-dimensional array of finite numbers that float64 holds.
            InvalidArgumentError: unknown `reduction`, or a `loss_scale` out of range.
        """
        points = Points(x, x).astype(np.float64).x
        n = points.size
        first = float(points[0])
        with np.errstate(all="ignore"):
            mean = first + float(np.mean(points - first))
            spread = float(np.dot(points - mean, points - mean))
        if spread == 0 and points.min() < points.max():
            spread = SMALLEST
        return cls.from_sums(n, mean, spread, reduction, loss_scale, intercept)

    @classmethod
    def from_sums(
        cls,
        n: int,
        mean: float,
        spread: float,
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
        intercept: bool = True,
    ) -> "Curvature":
        """Return the curvature from the count, the mean of x and `spread = sum((x - mean)^2)`.

        The determinant is `4 n spread`, which keeps its digits when x lies far from zero. It is 0 only where the
        spread is: where float64 would round it to 0, the smallest number above 0 stands for it.
        """
        scale = float(2 * loss_factor(n, reduction, loss_scale))
        with np.errstate(all="ignore"):
            squares = float(np.float64(spread) + n * np.float64(mean) ** 2)
            if not intercept:
                return cls(scale * squares, 0.0, 0.0, 0.0)
            determinant = float(np.float64(scale) ** 2 * n * spread)
            return cls(scale * squares, scale * n * mean, scale * n, determinant or (SMALLEST if spread else 0.0))

    @property
    def hessian(self) -> npt.NDArray[np.float64]:
        """The Hessian, shape [2, 2], in the order (m, c)."""
        return np.array([[self.mm, self.mc], [self.mc, self.cc]])

    @property
    def lipschitz_constant(self) -> float:
        """The largest eigenvalue lambda_max: the largest curvature in any direction."""
        return (self.mm + self.cc + math.hypot(self.mm - self.cc, 2.0 * self.mc)) / 2.0

    @property
    def smallest_eigenvalue(self) -> float:
        """The smallest eigenvalue: 0 where all x are equal; without an intercept, the only one."""
        return self.mm if self.is_of_m_alone else self.determinant / self.lipschitz_constant

    @property
    def condition_number(self) -> float:
        """lambda_max / lambda_min: 1 is a round bowl; infinite where all x are equal."""
        smallest = self.smallest_eigenvalue
        return self.lipschitz_constant / smallest if smallest > 0 else math.inf

    @property
    def is_singular(self) -> bool:
        """Whether the slope cannot be identified: all x are equal, or 0 where there is no intercept."""
        return self.mm == 0 if self.is_of_m_alone else self.determinant == 0

    @property
    def is_of_m_alone(self) -> bool:
        """Whether c is no parameter, so that the Hessian has one entry, mm."""
        return self.cc == 0

    @property
    def max_learning_rate(self) -> float:
        """2 / lambda_max: descent converges for every learning rate under it."""
        return 2.0 / self.lipschitz_constant if self.lipschitz_constant else math.inf

    @property
    def best_learning_rate(self) -> float:
        """2 / (lambda_max + lambda_min): the rate that is best in the end, which converges in the fewest steps.

        For a given number of steps another may leave less loss; `train` with "auto" takes that one.
        Where all x are equal only one direction has a curvature, and 1 / lambda_max gets there in one step.
        """
        if self.is_singular:
            return 1.0 / self.lipschitz_constant if self.lipschitz_constant else math.inf
        return 2.0 / (self.lipschitz_constant + self.smallest_eigenvalue)

    def decay(self, learning_rate: float) -> float:
        """Return the factor by which the distance to the optimum shrinks each step, over 1 where it grows.

        Raises:
            InvalidArgumentError: `learning_rate` is not a finite number, 0 or above.
        """
        if not (_is_finite(learning_rate) and learning_rate >= 0):
            raise invalid("learning_rate", "a finite number, 0 or above", learning_rate, self._advice)
        steep, flat = self.lipschitz_constant, self.smallest_eigenvalue
        return max(abs(1.0 - learning_rate * steep), abs(1.0 - learning_rate * flat))

    def steps_to(self, digits: float, learning_rate: float | Literal["auto"] = "auto") -> float:
        """Return the steps to expect for `digits` more correct digits of (m, c), rounded up.

        Args:
            digits: decimal digits to gain, above 0.
            learning_rate: the rate; "auto", as for `train`, is the best one.

        Returns:
            A whole number as a float; infinity where the descent does not converge.

        Raises:
            InvalidArgumentError: `digits` or `learning_rate` is not a finite number above 0.

        Example:
            >>> Curvature.of([0.0, 1.0, 3.0]).steps_to(3)
            35.0
        """
        if not (_is_finite(digits) and digits > 0):
            raise invalid("digits", "a finite number above 0", digits)
        automatic = isinstance(learning_rate, str) and learning_rate == "auto"
        rate = self.best_learning_rate if automatic else cast(float, learning_rate)
        if automatic and not 0 < rate < math.inf:
            raise DataError("`x` must have squares that fit float64, for a learning rate of its own. Scale the points.")
        if not (_is_finite(rate) and rate > 0):
            raise invalid("learning_rate", "a finite number above 0", rate, self._advice)
        decay = self.decay(rate)
        if decay >= 1.0:
            return math.inf
        return float(math.ceil(digits * math.log(10) / -math.log(decay))) if decay > 0 else 1.0

    @property
    def _advice(self) -> str:
        best = self.best_learning_rate
        return f"The best one is {best:.6g}." if best > 0 else "Scale the points: their squares do not fit float64."


def _is_finite(value: Any) -> bool:
    """Whether `value` is a finite number."""
    return isinstance(value, int | float | np.integer | np.floating) and math.isfinite(value)


def steepest_limit(
    points: Points,
    batches: Sequence[npt.NDArray[np.int64]] | None,
    reduction: Reduction,
    loss_scale: float | None,
    intercept: bool,
) -> float | None:
    """Return the largest learning rate that is stable for every batch; None without batches."""
    if not batches:
        return None
    x = points.x.astype(np.float64)[np.concatenate(batches)]
    sizes = np.array([len(batch) for batch in batches])
    begins = np.cumsum(sizes) - sizes
    of_size = {size: float(2 * loss_factor(size, reduction, loss_scale)) for size in set(sizes.tolist())}
    factors = np.array([of_size[size] for size in sizes.tolist()])
    mm, mc, cc = factors * np.add.reduceat(x * x, begins), factors * np.add.reduceat(x, begins), factors * sizes
    steepest = np.max((mm + cc + np.hypot(mm - cc, 2 * mc)) / 2 if intercept else mm)
    return float(2 / steepest) if steepest else math.inf
