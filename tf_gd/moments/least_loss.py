"""The learning rate that leaves the least loss after a number of steps, from a given start.

After k updates with the rate alpha, the loss is over its minimum by

    E(alpha) = A (1 - alpha s)^(2 k) + B (1 - alpha f)^(2 k)

where s and f are the larger and the smaller eigenvalue of the Hessian, and A and B the shares of their directions in
the excess at the start. E is convex, and its derivative is 0 where

    alpha = (1 + r) / (s + r f),  r = (f B / (s A))^(1 / (2 k - 1))

r goes to 1 as k grows, and alpha to 2 / (s + f), the rate that is best in the end. For few steps the two are far apart:
where s / f is large, 2 / (s + f) is next to the limit 2 / s, and the direction of s hardly shrinks.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError
from tf_gd.learning_rate import applied_learning_rate, automatic_rate, resolution
from tf_gd.line import Line
from tf_gd.moments.closed_form import ClosedForm, Mode
from tf_gd.moments.quadratic import Quadratic
from tf_gd.moments.rational import decimal, rounded

MOST_STEPS = 2**62  # what int64 holds twice


def least_loss_rate(
    quadratic: Quadratic, curvature: Curvature, start: Line, scale: Fraction, num_steps: int, dtype: Any
) -> float:
    """Return a rate under the largest stable one, once it is rounded, that leaves the least loss after `num_steps`.

    Args:
        quadratic: the loss over the points, as the sum of squares.
        curvature: of the same loss, times `scale`.
        start: where the descent begins, finite.
        scale: by which the loss multiplies the sum of squares.
        num_steps: the number of updates.
        dtype: of the descent.

    Returns:
        `curvature.best_learning_rate` where it comes as close to the least loss as rounding can tell, where there is
        nothing to choose (one direction only, or no step), or where nothing else is better.

    Raises:
        DataError: no number of `dtype` is such a rate.
    """
    limit = curvature.max_learning_rate
    best = automatic_rate(curvature.best_learning_rate, dtype, limit)
    if num_steps == 0 or curvature.is_singular or curvature.is_of_m_alone:
        return best

    def excess(rate: float) -> float:
        descent = ClosedForm.of(quadratic, start, float(applied_learning_rate(rate, dtype)), scale)
        return _excess(descent, min(num_steps, MOST_STEPS))

    descent = ClosedForm.of(quadratic, start, best, scale)
    if excess(best) <= rounding_of_loss(quadratic, descent, scale, dtype):
        return best
    return min([best, *_around(_turning_point(descent, num_steps), dtype, limit)], key=excess)


def rounding_of_loss(quadratic: Quadratic, descent: ClosedForm, scale: Fraction, dtype: Any) -> float:
    """Return how much of the loss at the best line its rounding hides.

    The loss has a relative error of at least eps; and the residuals m x + c - y of a perfect line are off by eps times
    |m x| + |c| + |y|, whose square is at most three times the sum of the squares.
    """
    eps = resolution(dtype)
    squares = descent.m**2 * quadratic.xx + descent.c**2 * quadratic.n + quadratic.yy
    return eps * rounded(descent.loss) + eps * eps * 3 * rounded(squares * scale)


def _excess(descent: ClosedForm, num_steps: int) -> float:
    """Return by how much the loss is over its minimum after `num_steps` updates."""
    at = np.array([num_steps], np.int64)
    with np.errstate(all="ignore"):
        shares = [mode.power(mode.curvature * _size(mode) / 2, at, exponent=2) for mode in descent.modes]
    return float(shares[0][0] + shares[1][0])


def _size(mode: Mode) -> Fraction:
    return mode.m**2 + mode.c**2


def _turning_point(descent: ClosedForm, num_steps: int) -> float:
    """Return the rate at which the derivative of the excess is 0; infinity where that is past every stable one."""
    steep, flat = descent.modes
    weights = [mode.curvature**2 * _size(mode) for mode in descent.modes]
    if not weights[0]:
        return math.inf
    if not weights[1]:
        return rounded(1 / steep.curvature)
    logarithm = _logarithm(weights[1] / weights[0]) / (2 * num_steps - 1)
    if logarithm > _logarithm(steep.curvature / flat.curvature):  # alpha would be over half of 1 / f
        return math.inf
    r = Fraction(math.exp(logarithm))
    return rounded((1 + r) / (steep.curvature + r * flat.curvature))


def _logarithm(value: Fraction) -> float:
    """Return the natural logarithm of an exact number above 0, which may be past float64."""
    return float(decimal(value).ln())


def _around(rate: float, dtype: Any, limit: float) -> list[float]:
    """Return the rates under the limit, once rounded, that are next to a rate."""
    eps = resolution(dtype)
    rate = min(rate, limit * (1 - 4 * eps))
    near: list[float] = []
    for factor in (1.0, 1 - resolution("float32"), 1 + resolution("float32"), 1 - eps, 1 + eps):
        try:
            near.append(automatic_rate(rate * factor, dtype, limit))
        except DataError:
            continue
    return near
