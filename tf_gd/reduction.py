"""What stands in front of the sum of the squared residuals: a sum or a mean, half of it, or any other number."""

from fractions import Fraction
from typing import Any, Literal

import numpy as np

from tf_gd.errors import DataError, invalid
from tf_gd.summation.line_sums import Scales
from tf_gd.summation.order import accumulator
from tf_gd.validation import check_loss_scale

Reduction = Literal["sum", "mean", "half_sum", "half_mean"]
REDUCTIONS: tuple[Reduction, ...] = ("sum", "mean", "half_sum", "half_mean")


def check_reduction(reduction: str, known: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise `InvalidArgumentError` unless `reduction` is one of those that are `known`."""
    if not isinstance(reduction, str) or reduction not in known:
        raise invalid("reduction", f"one of {', '.join(known)}", reduction)


def loss_factor(n: int, reduction: Reduction = "sum", loss_scale: float | None = None) -> Fraction:
    """Return the exact number by which the loss multiplies the sum of the squared residuals of `n` points.

    Args:
        n: the number of points.
        reduction: "sum": 1, "mean": 1/n, "half_sum": 1/2, "half_mean": 1/(2 n).
        loss_scale: a further number in front of the loss, from 1e-300 to 1e300; left out, it is 1.

    Raises:
        InvalidArgumentError: another reduction, or a `loss_scale` out of range.

    Example:
        >>> loss_factor(4, "half_mean"), loss_factor(4, "sum", 0.25)
        (Fraction(1, 8), Fraction(1, 4))
    """
    factors = {"sum": Fraction(1), "mean": Fraction(1, n), "half_sum": Fraction(1, 2), "half_mean": Fraction(1, 2 * n)}
    check_reduction(reduction)
    scale = check_loss_scale(loss_scale)
    return factors[reduction] * Fraction(1 if scale is None else scale)


def scales(n: int, dtype: np.dtype[Any], reduction: Reduction = "sum", loss_scale: float | None = None) -> Scales:
    """Return how a reduction enters, in the arithmetic of `dtype`, as TensorFlow does it.

    It divides the number in front of the loss by n, which folds into one constant, and multiplies each term by that.
    """
    in_front = dtype.type(1 if loss_scale is None else loss_scale)
    if reduction in ("half_sum", "half_mean"):
        in_front = in_front * dtype.type(0.5)
    mean = reduction in ("mean", "half_mean")
    scale = in_front / dtype.type(n) if mean else in_front
    return Scales(scale, accumulator(dtype).type(n if mean else 1), in_front)


def check_mean(n: int, dtype: np.dtype[Any], reduction: Reduction) -> None:
    """Raise `DataError` where 1/n, by which the mean multiplies, is 0 in the points' dtype."""
    if reduction in ("mean", "half_mean") and dtype == np.float16 and n >= 65_520:  # rounds to infinity
        raise DataError(
            f"`x` must have few enough points for a mean in {dtype.name}. Got {n:,}, and 1/n is 0. "
            "Use float32 or the sum."
        )
