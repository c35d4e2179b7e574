"""The first step at which the gradient is small enough, found by search instead of by walking.

Along a descent each component of the gradient is a sum of two geometric sequences. Over every second step both ratios
are positive, and such a sum turns at most once; between turns it is monotone, so the steps at which it lies between
-tolerance and +tolerance are found by bisection. All of it in 60 decimal digits.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from tf_gd.moments.closed_form import ClosedForm
from tf_gd.moments.rational import decimal

PRECISE = Context(prec=60, Emax=MAX_EMAX, Emin=MIN_EMIN)
ROUNDS_TO_ZERO = Decimal(2) ** -1075  # half the smallest float64


class Term(NamedTuple):
    """`size exp(growth j)`: one geometric sequence."""

    size: Decimal
    growth: Decimal


class Wave(NamedTuple):
    """A component of the gradient over every second step: g(j) is the sum of its terms."""

    terms: list[Term]

    def at(self, j: int) -> Decimal:
        """Return g(j)."""
        return sum((size * (growth * j).exp() for size, growth in self.terms), Decimal(0))

    def turn(self, last: int) -> int:
        """Return the largest j before the turning point, of at most `last`; 0 where there is no turn after that."""
        slopes = [term for term in self.terms if term.size * term.growth != 0]
        if len(slopes) < 2 or slopes[0].growth == slopes[1].growth:
            return 0
        (a, r), (b, s) = slopes
        quotient = -(b * s) / (a * r)
        where = quotient.ln() / (r - s) if quotient > 0 else Decimal(0)
        return int(min(max(where, Decimal(0)), Decimal(last)))

    def within(self, bound: Decimal, first: int, end: int) -> tuple[int, int]:
        """Return the [first, end) in a range of j where g is monotone at which |g| is at most `bound`."""
        sign = 1 if self.at(end - 1) >= self.at(first) else -1
        steps = range(first, end)
        enters = bisect_left(steps, True, key=lambda j: sign * self.at(j) >= -bound)
        leaves = bisect_left(steps, True, key=lambda j: sign * self.at(j) > bound)
        return first + enters, first + leaves


def first_at_or_under(descent: ClosedForm, tolerance: float, num_steps: int) -> int | None:
    """Return the first step whose gradient has no component over `tolerance`; None where none up to `num_steps` has.

    Args:
        descent: the way.
        tolerance: 0 or above; 0 stands for a gradient that float64 rounds to zero.
        num_steps: the last step to look at, 0 or above.
    """
    with localcontext(PRECISE):
        threshold = max(Decimal(tolerance), ROUNDS_TO_ZERO)
        for step in range(min(2, num_steps + 1)):  # a share whose ratio is 0 is gone after the first update
            if all(abs(decimal(sum(parts, Fraction(0)))) <= threshold for parts in _gradients(descent, step)):
                return step
        first_indices = [_search(_waves(descent, step), threshold, (num_steps - step) // 2) for step in (0, 1)]
    return min((2 * j + parity for parity, j in enumerate(first_indices) if j is not None), default=None)


def _gradients(descent: ClosedForm, step: int) -> list[list[Fraction]]:
    """Return dL/dm and dL/dc at a small step, each as its two shares."""
    factors = [(mode, mode.curvature * mode.ratio**step) for mode in descent.modes]
    return [[mode.m * factor for mode, factor in factors], [mode.c * factor for mode, factor in factors]]


def _waves(descent: ClosedForm, parity: int) -> list[Wave]:
    """Return dL/dm and dL/dc at the steps 2 j + parity, j from 1."""
    growths = [2 * abs(decimal(mode.ratio)).ln() for mode in descent.modes]
    return [
        Wave([Term(decimal(part), growth) for part, growth in zip(parts, growths, strict=True) if growth.is_finite()])
        for parts in _gradients(descent, parity)
    ]


def _search(waves: list[Wave], threshold: Decimal, last: int) -> int | None:
    """Return the first j from 1 to `last` at which no wave is over `enough` in absolute value."""
    turns = {wave.turn(last) + 1 for wave in waves}
    for first, end in pairwise(sorted({1, last + 1, *turns})):
        ranges = [wave.within(threshold, first, end) for wave in waves]
        enters, leaves = max(r[0] for r in ranges), min(r[1] for r in ranges)
        if enters < leaves:
            return enters
    return None
