"""What was seen, and whether a formula explains it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.verify.probes import Probe
from tf_gd.verify.terms import Term, total
from tf_gd.verify.witness import UNITS, Answer

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
    underflow = 4 * _SMALLEST[unit] * (points.n + total(points.x).size)
    return k * unit / (1 - k * unit) * term.size + underflow


def explains(formula: Callable[[Any], tuple[Term, Term]], seen: Sequence[Observation], steps: int = 1) -> bool:
    """Return whether every answer is what `formula` gives, to within rounding."""
    return all(_agrees(formula, observation, steps) for observation in seen)


def _agrees(formula: Callable[[Any], tuple[Term, Term]], seen: Observation, steps: int) -> bool:
    try:
        terms = formula(seen.probe)
    except ZeroDivisionError:
        return False  # such as the root of a loss of 0, which has no derivative
    pairs = zip(seen.answer.values, terms, strict=True)
    return all(abs(value - term.value) <= bound(term, seen.points, seen.answer.unit, steps) for value, term in pairs)


def in_one_precision(seen: Sequence[Observation]) -> list[Observation]:
    """Return the observations with the precision in which the function computes, the same for all.

    It is that of the coarsest dtype that came back. A function may also compute in float32 and return Python
    floats: then every single number fits float32, which those of a float64 computation do not, unless they
    are exact.
    """
    unit = max(observation.answer.unit for observation in seen)
    values = [float(value) for observation in seen for value in observation.answer.values]
    if unit == UNITS["float64"] and _fit_float32(np.array(values)):
        unit = UNITS["float32"]
    return [replace(observation, answer=replace(observation.answer, unit=unit)) for observation in seen]


def _fit_float32(values: npt.NDArray[np.float64]) -> bool:
    with np.errstate(all="ignore"):
        return bool((values.astype(np.float32) == values).all())
