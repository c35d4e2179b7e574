"""A mistake that is in no catalogue: what can still be said about it.

Which parameter; where; wrong by a factor, by a constant, in one term or otherwise; and the smallest set of
rows that shows it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from tf_gd.data import Points
from tf_gd.verify.evidence import Observation, bound
from tf_gd.verify.formulas import right
from tf_gd.verify.probes import LINES, probe
from tf_gd.verify.witness import GRADIENT, Misbehaved, ask

GradientFunction = Callable[..., Any]

PARAMETERS = GRADIENT.results
_MOST_ROWS = 12  # of the points, the first so many are searched for a small set that shows the mistake


class Series:
    """One derivative at the four lines: what came back, what is right, and how far rounding reaches."""

    def __init__(self, seen: Sequence[Observation], which: int) -> None:
        terms = [right(observation.points)[which] for observation in seen]
        self.values = [observation.answer.values[which] for observation in seen]
        self.rights = [term.value for term in terms]
        self.slack = [bound(term, one.points, one.answer.unit) for term, one in zip(terms, seen, strict=True)]

    @property
    def wrong(self) -> list[int]:
        """The indices of the lines at which it is wrong."""
        rows = zip(self.values, self.rights, self.slack, strict=True)
        return [index for index, (value, truth, slack) in enumerate(rows) if abs(value - truth) > slack]

    @property
    def factor(self) -> Fraction | None:
        """The one factor by which every value is off, if there is one."""
        largest = max(range(len(self.rights)), key=lambda index: abs(self.rights[index]))
        if not self.rights[largest]:
            return None
        factor = self.values[largest] / self.rights[largest]
        share = self.slack[largest] / abs(self.rights[largest])
        rows = zip(self.values, self.rights, self.slack, strict=True)
        fits = all(abs(v - factor * t) <= (1 + abs(factor)) * s + share * abs(t) for v, t, s in rows)
        return _simplest(factor, share) if fits else None

    @property
    def constant(self) -> Fraction | None:
        """The one number by which every value is too large, if there is one."""
        off = [value - truth for value, truth in zip(self.values, self.rights, strict=True)]
        fits = all(abs(one - off[0]) <= slack + self.slack[0] for one, slack in zip(off, self.slack, strict=True))
        return _simplest(off[0], self.slack[0]) if fits else None

    @property
    def is_affine(self) -> bool:
        """Whether the fourth value is what the first three determine."""
        m, c = LINES[3]
        zero, one_m, one_c, far = self.values[:4]
        slack = self.slack[3] + abs(m) * self.slack[1] + abs(c) * self.slack[2] + abs(1 - m - c) * self.slack[0]
        return abs(far - (zero + m * (one_m - zero) + c * (one_c - zero))) <= slack

    @property
    def terms(self) -> Iterator[tuple[str, Fraction, Fraction]]:
        """The wrong ones among the term with m, the term with c and the rest: (which, yours, right)."""
        for index, text in ((1, "the term with m"), (2, "the term with c"), (0, "the term without m and c")):
            base = 0 if index == 0 else 1
            yours = self.values[index] - base * self.values[0]
            truth = self.rights[index] - base * self.rights[0]
            if abs(yours - truth) > self.slack[index] + base * self.slack[0]:
                yield text, yours, truth


def _simplest(number: Fraction, slack: Fraction) -> Fraction:
    """Return the simplest fraction within `slack` of a number that was rounded."""
    simple = number.limit_denominator(10_000)
    return simple if abs(simple - number) <= slack else number


def describe(gradient: GradientFunction, seen: Sequence[Observation], points: Points) -> list[tuple[str, str]]:
    """Return (name, message) for each parameter that is wrong, when no entry of the catalogue explains it."""
    series = [Series(seen[: len(LINES)], which) for which in range(2)]
    rows = smallest_rows(gradient, points, seen)
    factors = [one.factor for one in series]
    if factors[0] is not None and factors[0] == factors[1]:
        return [
            ("unlisted-factor", f"Both derivatives are {show(factors[0])} times what they should be (line 5). {rows}")
        ]
    return [
        (kind, f"{label} {said} {rows}")
        for label, one in zip(PARAMETERS, series, strict=True)
        if one.wrong
        for kind, said in [_describe_one(one)]
    ] or [("unlisted", f"The gradient is right in floats but not in exact fractions: look for rounding. {rows}")]


def _describe_one(one: Series) -> tuple[str, str]:
    where = ", ".join(f"(m={LINES[index][0]}, c={LINES[index][1]})" for index in one.wrong)
    if one.factor is not None:
        return "unlisted-factor", f"is {show(one.factor)} times what it should be (line 5)."
    if one.constant is not None:
        size = f"{show(abs(one.constant))} too {'large' if one.constant > 0 else 'small'}"
        return (
            "unlisted-constant",
            f"is {size} whatever m and c are: a term without m and c is wrong (line 5).",
        )
    if one.is_affine:
        terms = "; ".join(f"{text} has {show(yours)}, should have {show(truth)}" for text, yours, truth in one.terms)
        return (
            "unlisted-term",
            f"is wrong at {where}, neither by a factor nor by a constant: {terms} (line 5).",
        )
    return "unlisted", (
        f"is wrong at {where}, neither by a factor nor by a constant, and it does not grow in proportion to "
        "m and c as it must: look for a power, a root, an absolute value or a limit such as np.clip (line 5)."
    )


def describe_update(seen: Sequence[Observation]) -> list[tuple[str, str]]:
    """Return (name, message) for each of m and c that moves wrongly, when no entry explains it."""
    found = []
    for which, label in enumerate(("m", "c")):
        ratios = [ratio for one in seen for ratio in _step_ratio(one, which)]
        if max(ratios) - min(ratios) <= Fraction(1, 2**20) * max(map(abs, ratios)):
            if abs(ratios[0] - 1) > Fraction(1, 2**20):
                times = show(ratios[0].limit_denominator(1000))
                found.append(("unlisted-factor", f"{label} moves {times} times as far as it should (line 8)."))
        else:
            found.append(
                ("unlisted", f"{label} moves wrongly, not by one factor: check the gradient first, then line 8.")
            )
    return found or [
        ("unlisted", "m and c move almost as they should, but by more than rounding away from it (line 8).")
    ]


def _step_ratio(one: Observation, which: int) -> Iterator[Fraction]:
    """Yield how far a parameter moved, over how far it should have."""
    old = (one.points.m, one.points.c)[which].value
    step = one.probe.learning_rate * right(one.points)[which].value
    if step:
        yield (old - one.answer.values[which]) / step


def show(number: Fraction) -> str:
    """Return a number as a short fraction, or in as many digits as tell it apart.

    Example:
        >>> show(Fraction(-1, 3)), show(Fraction(1.0001))
        ('-1/3', '1.0001')
    """
    return str(number) if number.denominator <= 10_000 and abs(number) < 10_000 else repr(float(number))


def smallest_rows(gradient: GradientFunction, points: Points, seen: Sequence[Observation]) -> str:
    """Return a sentence with the smallest set of rows, of one, two or three, on which `gradient` is wrong."""
    candidates = range(min(points.n, _MOST_ROWS))
    for size in (1, 2, 3):
        for rows in combinations(candidates, size):
            found = _shows(gradient, Points(points.x[list(rows)], points.y[list(rows)]), seen)
            if found:
                return f"The smallest set of rows that shows it: {found}."
    return "No set of one, two or three rows shows it."


def _shows(gradient: GradientFunction, rows: Points, seen: Sequence[Observation]) -> str:
    """Return these rows and a wrong answer on them, or nothing if they show no mistake."""
    try:
        answers = [observe_floats(gradient, rows, line, seen) for line in LINES]
    except Misbehaved:
        return ""
    for which, label in enumerate(PARAMETERS):
        one = Series(answers, which)
        for index in one.wrong[:1]:
            x, y = ([show(Fraction(float(value))) for value in values] for values in rows)
            at = f"at m={LINES[index][0]}, c={LINES[index][1]}"
            numbers = f"your {label} is {show(one.values[index])}, the right one {show(one.rights[index])}"
            return f"x=[{', '.join(x)}], y=[{', '.join(y)}], where {at} {numbers}"
    return ""


def observe_floats(
    gradient: GradientFunction, points: Points, line: tuple[int, int], seen: Sequence[Observation]
) -> Observation:
    """Return what `gradient` answers on `points`, taken to compute in the precision found before."""
    number = points.x.dtype.type
    answer = ask(GRADIENT, gradient, number(line[0]), number(line[1]), np.array(points.x), np.array(points.y))
    return Observation(
        probe(points, line, seen[0].points.reduction),
        replace(answer, unit=max(answer.unit, seen[0].answer.unit)),
    )
