"""Which entries of the catalogue explain what was seen: one, one in a single derivative, or two together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

from tf_gd.diagnosis.line.asking import SMALLEST, Answer
from tf_gd.diagnosis.line.catalogue import CATALOGUE, SCALES
from tf_gd.diagnosis.line.formulas import Formula, right, scaled
from tf_gd.diagnosis.line.mistake import Mistake
from tf_gd.diagnosis.line.probes import Probe
from tf_gd.diagnosis.line.running_error import ExactValue
from tf_gd.reduction import Reduction

# Roundings on the way of one term, apart from the n - 1 additions: 4 inputs cast to a narrower dtype, 5 operations
# (m x + c - y, the 2, x_i), 2 for 1/n, and 2 more where three sums are combined in the multiplied-out form.
ROUNDINGS = 13

DERIVATIVES = ("dL/dm", "dL/dc")
_ONE_HALF_N = "one-half-n-precedence"  # a factor, as those of SCALES are


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


def rounding_bound(size: Fraction, n: int, reach: Fraction, unit: Fraction, steps: int = 1) -> Fraction | None:
    """Return how far rounding can take a sum of n terms of this size: gamma(k) * size, plus underflow.

    A sum of n terms, added in any order, each the outcome of a few rounded operations, is off by at most gamma(k)
    times the sum of the terms' magnitudes, gamma(k) = k u / (1 - k u)  (Higham, eq. 3.4 and lemma 3.1). None where
    k u reaches 1/2: there the dtype is too narrow for any statement.
    """
    gamma = _gamma(steps * (n + ROUNDINGS), unit)
    return None if gamma is None else gamma * size + 4 * SMALLEST[unit] * reach


@lru_cache
def _gamma(k: int, unit: Fraction) -> Fraction | None:
    return k * unit / (1 - k * unit) if 2 * k * unit < 1 else None


def bound(term: ExactValue, points: Probe, unit: Fraction, steps: int = 1) -> Fraction:
    """Return how far rounding can take a computed number from `term.value`."""
    limit = rounding_bound(term.size, points.n, points.reach, unit, steps)
    return 2 * term.size if limit is None else limit


def _is_within(answer: Answer, which: int, term: ExactValue, points: Probe, steps: int) -> bool:
    """Return whether rounding can take a computed number from `term.value` to the one that was answered."""
    if _is_far(answer, which, term, points, steps):
        return False
    return abs(answer.values[which] - term.value) <= bound(term, points, answer.unit, steps)


def _is_far(answer: Answer, which: int, term: ExactValue, points: Probe, steps: int) -> bool:
    """Return whether two numbers are as far apart as floats can tell: most are, and fractions are slow."""
    (value, size), answered, (unit, smallest) = term.rounded, answer.rounded[which], answer.precision
    relative = 4 * steps * (points.n + ROUNDINGS) * unit
    if relative >= 1 or not math.isfinite(size) or not math.isfinite(answered):
        return False
    doubt = relative * size + 2.0**-50 * (size + abs(answered))  # the second: of these floats themselves
    return abs(answered - value) > doubt + 8 * smallest * points.rounded_reach + 1e-300


def parts_explained(
    formula: Callable[[Any], tuple[ExactValue, ExactValue]], observations: Sequence[Observation], steps: int = 1
) -> tuple[bool, bool]:
    """Return whether all the first numbers, and all the second, are what `formula` gives, to within rounding."""
    fits = [True, True]
    for one in observations:
        try:
            terms = one.probe.under(formula)
        except ZeroDivisionError:
            return False, False  # such as the root of a loss of 0, which has no derivative
        for which in (0, 1):
            fits[which] &= _is_within(one.answer, which, terms[which], one.points, steps)
        if not any(fits):
            break
    return fits[0], fits[1]


def explains(
    formula: Callable[[Any], tuple[ExactValue, ExactValue]], observations: Sequence[Observation], steps: int = 1
) -> bool:
    """Return whether every answer is what `formula` gives, to within rounding."""
    return all(parts_explained(formula, observations, steps))


def in_one_precision(observations: Sequence[Observation], unit: Fraction) -> list[Observation]:
    """Return the observations with one unit roundoff for all: the coarsest that came back, or `unit`."""
    unit = max(unit, *(observation.answer.unit for observation in observations))
    return [
        one if one.answer.unit == unit else replace(one, answer=replace(one.answer, unit=unit)) for one in observations
    ]


@dataclass(frozen=True)
class MistakeCombination:
    """The mistakes that explain every answer.

    Attributes:
        mistakes: the likeliest first; empty when the catalogue has no explanation.
        parts: for each mistake the derivative that it is in, or "" for both.
        together: whether it takes all of them at once. If not, each explains everything by itself, and the points
            cannot tell which it is.
        cost: how far-fetched it is, 0 for one mistake in its usual form.
    """

    mistakes: tuple[Mistake, ...] = ()
    parts: tuple[str, ...] = ()
    together: bool = False
    cost: int = 9

    def diagnosis(self, reduction: Reduction) -> list[tuple[str, str]]:
        """Return (name, message) for each."""
        return [
            (mistake.name, self._others(mistake) + mistake.message(reduction, part))
            for mistake, part in zip(self.mistakes, self.parts, strict=True)
        ]

    def _others(self, mistake: Mistake) -> str:
        others = [other.name for other in self.mistakes if other is not mistake]
        return f"Two mistakes come together, this one and `{others[0]}`. " if self.together and others else ""


Fits = dict[Formula, tuple[bool, bool]]
Lift = Callable[[Formula], Any]


@dataclass(frozen=True)
class FormulaObservations:
    """Observations, and what a formula of the gradient computes in them: itself, or a step with it.

    Attributes:
        observations: what was answered.
        lift: turns a gradient's formula into what was asked for.
        steps: how many gradients' roundings an answer holds.
    """

    observations: Sequence[Observation]
    lift: Lift = lambda formula: formula
    steps: int = 1

    def fits(self, formula: Formula) -> tuple[bool, bool]:
        """Return whether a gradient's formula explains the first number, and the second."""
        return parts_explained(self.lift(formula), self.observations, self.steps)


def explanation(
    observations: FormulaObservations, coincidences: bool = True, factors: bool = True
) -> MistakeCombination:
    """Return what explains the answers: one mistake by its usual form, by a rarer one, in one derivative, or two.

    Args:
        observations: what was answered.
        coincidences: whether a 1/(2n) too much may be named; not where the loss could have it.
        factors: whether a wrong factor on top of another mistake is looked for as well, which takes long.
    """
    entries = [entry for entry in CATALOGUE if coincidences or entry.name != "half-mean"]
    fits = {form: observations.fits(form) for entry in entries for form in (entry.formula, *entry.rarer)}
    usual = tuple(entry for entry in entries if all(fits[entry.formula]))
    if usual:
        factor = usual[0].name in SCALES or usual[0].name in (_ONE_HALF_N, "half-mean")
        return MistakeCombination(usual, ("",) * len(usual), cost=1 if factor else 0)
    rarer = tuple(entry for entry in entries if any(all(fits[form]) for form in entry.rarer))
    if rarer:
        return MistakeCombination(rarer, ("",) * len(rarer), cost=2)
    combination = _in_one(observations, entries, fits, factors) or _in_each(entries, fits)
    return combination or (_with_a_factor(observations, entries) if factors else MistakeCombination())


def _of_part(entries: Sequence[Mistake], fits: Fits, which: int) -> tuple[Mistake, ...]:
    """Return the entries that explain one derivative, those by their usual form alone where there are some."""
    usual = tuple(entry for entry in entries if fits[entry.formula][which])
    return usual or tuple(entry for entry in entries if any(fits[form][which] for form in entry.rarer))


def _in_one(
    observations: FormulaObservations, entries: Sequence[Mistake], fits: Fits, factors: bool
) -> MistakeCombination | None:
    """Return a mistake in one derivative, where the other one is right; by itself, or with a factor on top."""
    rights = observations.fits(right)
    for which in (0, 1):
        if rights[1 - which] and (mistakes := _of_part(entries, fits, which)):
            return MistakeCombination(mistakes[:1], (DERIVATIVES[which],), cost=3)
    for which in (0, 1):
        pairs = _pairs(entries) if factors and rights[1 - which] else ()
        pair = next((pair for formula, pair in pairs if observations.fits(formula)[which]), None)
        if pair:
            return MistakeCombination(pair, (DERIVATIVES[which],) * 2, together=True, cost=5)
    return None


def _in_each(entries: Sequence[Mistake], fits: Fits) -> MistakeCombination | None:
    """Return one mistake in dL/dm and another in dL/dc."""
    for_m, for_c = (_of_part(entries, fits, which) for which in (0, 1))
    if not for_m or not for_c:
        return None
    return MistakeCombination((for_m[0], for_c[0]), DERIVATIVES, together=True, cost=5)


def _pairs(entries: Sequence[Mistake]) -> list[tuple[Formula, tuple[Mistake, Mistake]]]:
    """Return every mistake with a wrong factor on top: what they give together, and the two."""
    return [(formula, pair) for formula, pair in _PAIRS if pair[0] in entries]


_PAIRS: list[tuple[Formula, tuple[Mistake, Mistake]]] = [
    (scaled(SCALES[scale.name], of=form), (mistake, scale))
    for scale in CATALOGUE
    if scale.name in SCALES
    for mistake in CATALOGUE
    if mistake is not scale and mistake.name not in (_ONE_HALF_N, "half-mean")
    for form in (mistake.formula, *mistake.rarer)
]


def _with_a_factor(observations: FormulaObservations, entries: Sequence[Mistake]) -> MistakeCombination:
    """Return two mistakes that explain everything together, the second of them a wrong factor; or nothing."""
    pair = next((pair for formula, pair in _pairs(entries) if all(observations.fits(formula))), None)
    return MistakeCombination(pair, ("", ""), together=True, cost=6) if pair else MistakeCombination()


def blind_spots(observations: Sequence[Observation]) -> list[str]:
    """Return the names of the mistakes that give the right numbers on these points, and so cannot show."""
    return [mistake.name for mistake in CATALOGUE if explains(mistake.formula, observations)]
