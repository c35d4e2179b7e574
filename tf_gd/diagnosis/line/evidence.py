"""What was seen, and whether a formula explains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.line.asking import UNITS, Answer
from tf_gd.diagnosis.line.probes import Probe, X, Y
from tf_gd.diagnosis.line.running_error import Term

# The smallest number above 0 of each dtype, by its unit roundoff: what a product that underflows is wrong by.
_SMALLEST = {
    Fraction(0): Fraction(0),
    UNITS["float64"]: Fraction(1, 2**1074),
    UNITS["float32"]: Fraction(1, 2**149),
}
_SMALLEST |= {UNITS["float16"]: Fraction(1, 2**24), UNITS["bfloat16"]: Fraction(1, 2**133)}

# Roundings on the way of one term, apart from the n - 1 additions: 4 inputs cast to a narrower dtype, 5
# operations (m x + c - y, the 2, x_i), 2 for 1/n, and 2 more where three sums are combined in the
# multiplied-out form.
ROUNDINGS = 13


@dataclass(frozen=True)
class Observation:
    """A question and the answer that came back."""

    probe: Any
    answer: Answer

    @property
    def points(self) -> Probe:
        """The points and the line that were asked about."""
        points: Probe = self.probe if isinstance(self.probe, Probe) else self.probe.points
        return points


def bound(term: Term, points: Probe, unit: Fraction, steps: int = 1) -> Fraction:
    """Return how far rounding can take a computed number from `term.value`: gamma(k) * size, plus underflow.

    A sum of n terms, added in any order, each the outcome of a few rounded operations, is off by at most
    gamma(k) times the sum of the terms' magnitudes, gamma(k) = k u / (1 - k u)  (Higham, eq. 3.4 and lemma
    3.1).
    """
    k = steps * (points.n + ROUNDINGS)
    underflow = 4 * _SMALLEST[unit] * points.reach
    return k * unit / (1 - k * unit) * term.size + underflow


def explains(formula: Callable[[Any], tuple[Term, Term]], seen: Sequence[Observation], steps: int = 1) -> bool:
    """Return whether every answer is what `formula` gives, to within rounding."""
    return all(_agrees(formula, observation, steps) for observation in seen)


def _agrees(formula: Callable[[Any], tuple[Term, Term]], seen: Observation, steps: int) -> bool:
    try:
        terms = seen.probe.under(formula)
    except ZeroDivisionError:
        return False  # such as the root of a loss of 0, which has no derivative
    pairs = zip(seen.answer.values, terms, strict=True)
    return all(abs(value - term.value) <= bound(term, seen.points, seen.answer.unit, steps) for value, term in pairs)


def in_one_precision(seen: Sequence[Observation], unit: Fraction) -> list[Observation]:
    """Return the observations with one unit roundoff for all: the coarsest that came back, or `unit`."""
    unit = max(unit, *(observation.answer.unit for observation in seen))
    return [replace(observation, answer=replace(observation.answer, unit=unit)) for observation in seen]


def unit_of(answer_on: Callable[[Any, Any], Answer], dtype: np.dtype[Any]) -> Fraction:
    """Return the unit roundoff at which a function of points computes, when it is given points of `dtype`.

    Its dtype inside need not be the one that comes back: it may cast its input to float32 and return Python
    floats. But then digits of x (or y) beyond float32 make no difference to it, while they do to a float64
    computation.

    Args:
        answer_on: the function, on x and y.
        dtype: of the points that it will be judged on.
    """
    if dtype != np.float64:
        return UNITS.get(dtype.name, UNITS["float64"])
    x, y = np.array(X) / 3, np.array(Y) / 7
    cut_x, cut_y = x.astype(np.float32).astype(np.float64), y.astype(np.float32).astype(np.float64)
    try:
        full = answer_on(x, y).values
        casts = full in (answer_on(cut_x, y).values, answer_on(x, cut_y).values)
    except Misbehaved:
        return UNITS["float64"]
    return UNITS["float32"] if casts else UNITS["float64"]
