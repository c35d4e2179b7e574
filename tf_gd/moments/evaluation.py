"""How well a line fits: the loss, R squared, standard errors, and how the residuals are spread.

With e_i = m x_i + c - y_i, the residual of point i, and p parameters that were fitted:

    s^2 = sum(e_i^2) / (n - p)                      the variance of the residuals; its root is `residual_sd`
    SE(m) = sqrt(s^2 / S),  S = sum((x_i - mean)^2)      or sum(x_i^2) without an intercept
    SE(c) = sqrt(s^2 (1 / n + mean^2 / S))
    R^2 = 1 - sum(e_i^2) / sum((y_i - mean)^2)           or sum(y_i^2) without an intercept

Each is computed from the exact moments and rounded once.

References:
    NIST, Statistical Reference Datasets: linear regression, https://www.itl.nist.gov/div898/strd/lls/lls.shtml
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, invalid
from tf_gd.line import Line, LineLike, as_line
from tf_gd.moments.moments import Moments
from tf_gd.moments.quadratic import is_finite
from tf_gd.moments.rational import rounded, square_root
from tf_gd.points import Points

BITS = 128
"""Binary digits of a square root before it is rounded to float64."""


@dataclass(frozen=True)
class ResidualSummary:
    """The residuals, prediction minus observation, in five numbers; the quartiles are interpolated linearly."""

    min: float
    lower_quartile: float
    median: float
    upper_quartile: float
    max: float


@dataclass(frozen=True)
class FitSummary:
    """How well a line fits some points.

    Attributes:
        n: the number of points.
        loss: the sum of the squared residuals.
        rmse: the root of the mean squared residual.
        residual_sd: the root of loss / (n - p), with p fitted parameters; None where n is not over p.
        r_squared: 1 is a perfect fit; without an intercept it compares with y = 0, not with the mean of y. None where
            all y are the same, or 0 without an intercept.
        standard_error_m: of the slope, if the line is the least-squares line; None where it cannot be told.
        standard_error_c: of the intercept, likewise; None without an intercept.
        residuals: their five numbers; None where only the moments are at hand.
    """

    n: int
    loss: float
    rmse: float
    residual_sd: float | None
    r_squared: float | None
    standard_error_m: float | None
    standard_error_c: float | None
    residuals: ResidualSummary | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Example:
            >>> list(evaluate(Line(2.0, 1.0), [1.0, 2.0], [3.0, 6.0]).to_dict())[:3]
            ['n', 'loss', 'rmse']
        """
        return asdict(self)


def evaluate(
    line: LineLike, x: npt.ArrayLike | Moments, y: npt.ArrayLike | None = None, *, intercept: bool = True
) -> FitSummary:
    """Return how well a line fits some points: those that it was fitted to, or others.

    Args:
        line: slope and intercept, finite.
        x, y: shape [n] each, finite; or the moments of points in place of x, and no y.
        intercept: whether c was fitted; if not, n - 1 degrees of freedom are left, and R squared is that of a line
            through a fixed point.

    Returns:
        A `FitSummary`, every number rounded once from the exact sums (see `Moments.of` for more than 32,768 points).

    Raises:
        DataError: see `Points`.
        InvalidArgumentError: `line` is not two finite numbers, or `intercept` neither True nor False.

    Example:
        >>> x, y = [1.0, 2.0, 3.0, 4.0], [3.1, 4.9, 7.2, 8.8]
        >>> fit = evaluate((1.94, 1.15), x, y)
        >>> print(f"RMSE {fit.rmse:.3f}, R^2 {fit.r_squared:.4f}, slope 1.94 +- {fit.standard_error_m:.3f}")
        RMSE 0.143, R^2 0.9957, slope 1.94 +- 0.091
    """
    line = as_line(line)
    if not is_finite(line):
        raise invalid("line", "finite", tuple(line))
    if not isinstance(intercept, bool | np.bool_):
        raise invalid("intercept", "True or False", intercept)
    if isinstance(x, Moments):
        if y is not None:
            raise invalid("y", "left out where x holds moments", type(y))
        return _summary(line, x, bool(intercept), None)
    if y is None:
        raise DataError("`y` must be given for points. Got None. Give y, or moments in place of x.")
    points = Points(x, y).astype(np.float64)
    return _summary(line, Moments.of(*points), bool(intercept), _five_numbers(line, points))


def _summary(line: Line, moments: Moments, intercept: bool, residuals: ResidualSummary | None) -> FitSummary:
    """Return the summary, from exact numbers."""
    n, mean = moments.n, moments.x / moments.n
    loss = moments.exact_loss(Fraction(float(line.m)), Fraction(float(line.c)))
    freedom = n - (2 if intercept else 1)
    spread = moments.spread if intercept else moments.xx
    total = moments.yy - moments.y * moments.y / n if intercept else moments.yy
    variance = loss / freedom if freedom > 0 else None
    of_m = variance / spread if variance is not None and spread > 0 else None
    of_c = of_m * (spread / n + mean * mean) if of_m is not None and intercept else None
    return FitSummary(
        n=n,
        loss=rounded(loss),
        rmse=rounded(square_root(loss / n, BITS)),
        residual_sd=_root(variance),
        r_squared=rounded(1 - loss / total) if total > 0 else None,
        standard_error_m=_root(of_m),
        standard_error_c=_root(of_c),
        residuals=residuals,
    )


def _root(value: Fraction | None) -> float | None:
    """Return the square root of an exact number, rounded once; None of None."""
    return None if value is None else rounded(square_root(value, BITS))


def _five_numbers(line: Line, points: Points) -> ResidualSummary:
    """Return the summary of the residuals, each of them rounded once or twice."""
    residuals = _residuals(line, points)
    with np.errstate(all="ignore"):
        low, middle, high = np.percentile(residuals, [25, 50, 75]).tolist()
    return ResidualSummary(float(residuals.min()), low, middle, high, float(residuals.max()))


def _residuals(line: Line, points: Points) -> npt.NDArray[np.float64]:
    """Return m x + c - y with what rounding takes from the product and the sums put back, far from zero too.

    References:
        Dekker (1971), A floating-point technique for extending the available precision; Knuth, TAOCP 2, 4.2.2.
    """
    m, c = float(line.m), np.float64(line.c)
    with np.errstate(all="ignore"):
        product = m * points.x
        (m_high, m_low), (x_high, x_low) = _halves(np.float64(m)), _halves(points.x)
        lost = ((m_high * x_high - product) + m_high * x_low + m_low * x_high) + m_low * x_low
        first, first_lost = _exact_sum(product, -points.y)
        second, second_lost = _exact_sum(first, c)
        corrected = second + (lost + first_lost + second_lost)
    return np.asarray(np.where(np.isfinite(corrected), corrected, second))


def _halves(value: Any) -> tuple[Any, Any]:
    """Return a number as the sum of two that have half its bits each."""
    scaled = value * (2.0**27 + 1)
    high = scaled - (scaled - value)
    return high, value - high


def _exact_sum(left: Any, right: Any) -> tuple[Any, Any]:
    """Return the sum of two numbers, and what rounding took from it."""
    total = left + right
    part = total - left
    return total, (left - (total - part)) + (right - part)
