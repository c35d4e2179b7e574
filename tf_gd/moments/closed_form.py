"""Where a descent is after any number of steps, without taking them.

Each update multiplies the distance to the optimum by I - alpha H. Along an eigenvector of H that is one number:

    state(k) = optimum + fast (1 - alpha lambda_max)^k + slow (1 - alpha lambda_min)^k

so every series of a trajectory is a constant and two geometric sequences. What they start from is worked out in exact
numbers and rounded once: nothing cancels, however far the data lie from zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, localcontext
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tf_gd.line import Line
from tf_gd.moments.quadratic import Quadratic
from tf_gd.moments.rational import decimal, rounded, square_root
from tf_gd.points.arrays import Floats

Steps = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Mode:
    """The share of one eigenvector in the distance from the optimum to the start.

    Attributes:
        curvature: lambda, the eigenvalue of the Hessian.
        ratio: 1 - alpha lambda, by which the share is multiplied each step.
        m, c: the share at the start.
    """

    curvature: Fraction
    ratio: Fraction
    m: Fraction
    c: Fraction

    @cached_property
    def logarithm(self) -> float:
        """The logarithm of |ratio|, rounded once."""
        moved = 1 - self.ratio
        digits = 40 + max(0, moved.denominator.bit_length() - moved.numerator.bit_length()) // 3
        with localcontext(Context(prec=digits)):  # where little moves, that many digits of the ratio are nines
            return float(abs(decimal(self.ratio)).ln())

    def power(self, coefficient: Fraction, steps: Steps, exponent: int = 1) -> Floats:
        """Return `coefficient ratio^(exponent steps)`; the power is taken in two halves, which overflow later."""
        half = np.exp(self._growth(steps, exponent) / 2)
        return self._sign(steps, exponent) * _times(_times(rounded(coefficient), half), half)

    def change(self, coefficient: Fraction, steps: Steps) -> Floats:
        """Return `coefficient (ratio^steps - 1)`, with all its digits where the power is close to 1."""
        growth = self._growth(steps, 1)
        close = (self._sign(steps, 1) > 0) & (np.abs(growth) < 1)
        near = rounded(coefficient) * np.expm1(np.where(close, growth, 0.0))
        return np.where(close, near, self.power(coefficient, steps) - rounded(coefficient))

    def size(self, steps: Steps) -> Floats:
        """Return |ratio|^steps."""
        return np.exp(self._growth(steps, 1))

    def _growth(self, steps: Steps, exponent: int) -> Floats:
        return np.multiply(
            self.logarithm, exponent * steps.astype(np.float64), where=steps > 0, out=np.zeros(steps.shape)
        )

    def _sign(self, steps: Steps, exponent: int) -> Floats:
        return np.where((self.ratio < 0) & (steps * exponent % 2 == 1), -1.0, 1.0)


def _times(left: float | Floats, right: Floats) -> Floats:
    """Return the product, where 0 times infinity is 0: a share that is not there does not grow."""
    return np.where(np.equal(left, 0), 0.0, left * right)


@dataclass(frozen=True)
class ClosedForm:
    """A whole descent, ready to be sampled at any step.

    Attributes:
        start: where it begins.
        m, c: the optimum; where all x are equal, the point of the valley's floor that this descent goes to.
        loss: the loss at the optimum.
        modes: the fast and the slow share.
    """

    start: Line
    m: Fraction
    c: Fraction
    loss: Fraction
    modes: tuple[Mode, Mode]

    @classmethod
    def of(cls, quadratic: Quadratic, start: Line, rate: float, scale: Fraction = Fraction(1)) -> ClosedForm:
        """Return the descent from `start`, finite, with the learning rate as it is applied.

        `scale` multiplies the sum of squares in the loss, see `loss_factor`.
        """
        m, c = Fraction(float(start.m)), Fraction(float(start.c))
        dm, dc = (part * scale for part in quadratic.exact_gradient(m, c))
        steep, flat = _eigenvalues(2 * scale * quadratic.xx, 2 * scale * quadratic.x, 2 * scale * quadratic.n)
        if flat:
            best_m, best_c = quadratic.optimum()
        else:
            best_m, best_c = m - dm / steep, c - dc / steep
        apart = m - best_m, c - best_c
        if steep == flat:
            fast, slow = apart, (Fraction(0), Fraction(0))
        else:  # the projections (H - flat) / (steep - flat) and (steep - H) / (steep - flat); H apart = gradient
            gap = steep - flat
            fast = (dm - flat * apart[0]) / gap, (dc - flat * apart[1]) / gap
            slow = (steep * apart[0] - dm) / gap, (steep * apart[1] - dc) / gap
        alpha = Fraction(rate)
        modes = Mode(steep, 1 - alpha * steep, *fast), Mode(flat, 1 - alpha * flat, *slow)
        return cls(start, best_m, best_c, quadratic.exact_loss(best_m, best_c) * scale, modes)

    def states(self, steps: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return m and c after each of `steps` updates, of the shape of `steps`.

        Until half the way is done the change since the start is added to the start; after that, what is left of the
        way to the optimum. Either is small where it is used, so its rounding is too.
        """
        at = np.asarray(steps, np.int64)
        fast, slow = self.modes
        with np.errstate(all="ignore"):
            early = np.maximum(fast.size(at), slow.size(at)) > 0.5
            from_start = (
                float(self.start.m) + fast.change(fast.m, at) + slow.change(slow.m, at),
                float(self.start.c) + fast.change(fast.c, at) + slow.change(slow.c, at),
            )
            to_optimum = (
                rounded(self.m) + fast.power(fast.m, at) + slow.power(slow.m, at),
                rounded(self.c) + fast.power(fast.c, at) + slow.power(slow.c, at),
            )
            m, c = (np.where(early, near, far) for near, far in zip(from_start, to_optimum, strict=True))
            return m, c

    def rows(self, steps: npt.ArrayLike) -> Floats:
        """Return the rows (m, c, loss, dL/dm, dL/dc) after each of `steps` updates: shape [rows, 5]."""
        at = np.asarray(steps, np.int64)
        m, c = self.states(at)
        with np.errstate(all="ignore"):
            loss = rounded(self.loss) + sum(
                mode.power(mode.curvature * (mode.m**2 + mode.c**2) / 2, at, exponent=2) for mode in self.modes
            )
            dm = sum(mode.power(mode.curvature * mode.m, at) for mode in self.modes)
            dc = sum(mode.power(mode.curvature * mode.c, at) for mode in self.modes)
        return np.stack([m, c, loss, dm, dc], axis=-1)


def _eigenvalues(a: Fraction, b: Fraction, d: Fraction) -> tuple[Fraction, Fraction]:
    """Return the larger and the smaller eigenvalue of [[a, b], [b, d]], both far more exactly than float64 needs."""
    determinant = a * d - b * b
    lost = ((a + d) ** 2 / determinant).numerator.bit_length() if determinant else 0
    steep = (a + d) / 2 + square_root(((a - d) / 2) ** 2 + b * b, 128 + 2 * lost)
    return steep, determinant / steep
