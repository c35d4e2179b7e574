"""An example of each finding: the simplest numbers on which a function answers wrongly.

They are round, or the caller's own points. One point if one point shows it, else two or more: a mistake in a sum or a
mean does not show on one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.line.asking import GRADIENT
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import bound
from tf_gd.diagnosis.line.probes import OURS, Probe
from tf_gd.diagnosis.line.running_error import ExactValue, vector
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine
from tf_gd.diagnosis.line.unclassified import ROUND
from tf_gd.diagnosis.line.updates import STEPS, UpdateQuestion
from tf_gd.points import Points
from tf_gd.reduction import Reduction

SETS = (
    Points([3.0], [5.0]),
    Points([1.0, 3.0], [2.0, 5.0]),
    Points([1.0, 2.0, 4.0], [3.0, 1.0, 5.0]),
    Points([-1.0], [2.0]),
    Points([0.0], [4.0]),
    ROUND,
)
LINES = ((2.0, 1.0), (1.0, -2.0), (0.0, 1.0), (-0.5, 0.25), (-50.5, 100.0))
MOST_ROWS = 6  # of the caller's points, the first so many are searched for one, two or three that show it
RATE = 0.25  # exact in float32 as well

_IN_ONE = re.compile(r"^(?:Two mistakes come together[^.]*\. )?(?:The [^.]* gradient[^.]*\. )?(?:In )?dL/d([mc])\b")


@dataclass(frozen=True)
class Answered:
    """A simple question with what came back and what is right."""

    points: Points
    line: TrialLine
    yours: tuple[Fraction, Fraction]
    rights: tuple[Fraction, Fraction]
    wrong: tuple[bool, bool]


def with_examples(
    tested: Tested, loss: Reduction, unit: Fraction, diagnosis: Sequence[Finding], points: Points
) -> list[Finding]:
    """Return the findings, each with the simplest numbers that show it, before what it cites.

    Args:
        tested: the function.
        loss: under which it is wrong.
        unit: the unit roundoff at which it computes.
        diagnosis: the findings.
        points: the caller's; or ours, in whose place round ones are shown.
    """
    answers = _answers(tested, loss, unit, SETS if points is OURS else _small_sets(points))
    return [(name, _inserted(message, _example(tested, answers, _part(message)))) for name, message in diagnosis]


def _part(message: str) -> tuple[int, ...]:
    """Return which of the two results a message is about: 0, 1 or both."""
    name_match = _IN_ONE.match(message)
    return (0, 1) if name_match is None else ("mc".index(name_match[1]),)


def _small_sets(points: Points) -> list[Points]:
    """Return the sets of one, two and three of the caller's first points."""
    rows = range(min(points.n, MOST_ROWS))
    chosen = [list(some) for size in (1, 2, 3) for some in combinations(rows, size)]
    return [Points(points.x[some], points.y[some]) for some in chosen]


def _answers(tested: Tested, loss: Reduction, unit: Fraction, sets: Sequence[Points]) -> list[Answered]:
    """Ask every simple question, in one message; those that give no numbers are left out."""
    rate = RATE if tested.is_update else None
    asked = [(points, TrialLine(m, c, rate)) for points in sets for m, c in LINES]
    replies = tested.replies([(line, np.array(points.x), np.array(points.y)) for points, line in asked])
    comparisons = []
    for (points, line), reply in zip(asked, replies, strict=True):
        try:
            answer = tested.answer(reply)
        except Misbehaved:
            continue
        comparisons.append(_compared(points, line, loss, answer.values, max(unit, answer.unit)))
    return comparisons


def _compared(
    points: Points, line: TrialLine, loss: Reduction, values: tuple[Fraction, Fraction], unit: Fraction
) -> Answered:
    exact = [ExactValue(Fraction(number)) for number in (line.m, line.c)]
    probe = Probe(exact[0], exact[1], vector(points.x), vector(points.y), loss)
    terms: Any = probe.under(right) if line.rate is None else UpdateQuestion(probe, Fraction(line.rate)).moved()
    bounds = [bound(term, probe, unit, 1 if line.rate is None else STEPS) for term in terms]
    wrong = [abs(value - term.value) > slack for value, term, slack in zip(values, terms, bounds, strict=True)]
    return Answered(points, line, values, (terms[0].value, terms[1].value), (wrong[0], wrong[1]))


def _example(tested: Tested, answers: Sequence[Answered], parts: Sequence[int]) -> str:
    """Return a sentence with the first question that every one of these results answers wrongly, or any of them."""
    for quantifier in (all, any):
        for one in answers:
            if quantifier(one.wrong[part] for part in parts):
                return _sentence(one, [part for part in parts if one.wrong[part]], tested.is_update)
    return ""


def _sentence(one: Answered, parts: Sequence[int], is_update: bool) -> str:
    labels = ("m", "c") if is_update else GRADIENT.results
    x, y, line = one.points.x, one.points.y, one.line
    residuals = [line.m * a + line.c - b for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    rate = f" and learning_rate {RATE:g}" if is_update else ""
    at = f"At x = {_row(x)}, y = {_row(y)} with m = {line.m:g}, c = {line.c:g}{rate}, where e = {_row(residuals)}"
    new = "new " if is_update else ""
    clauses = [
        f"your {new}{labels[part]} is {_number(one.yours[part])}, the right one {_number(one.rights[part])}"
        for part in parts
    ]
    return f"{at}, {'; '.join(clauses)}."


def _row(values: Any) -> str:
    numbers = [f"{float(value):g}" for value in values]
    return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"


def _number(value: Fraction) -> str:
    try:
        return f"{float(value):.6g}"
    except OverflowError:
        return "too large for a float"


def _inserted(message: str, example: str) -> str:
    """Return a message with its example before the equation that it cites."""
    if not example:
        return message
    text, equation, rest = message.partition(" Equation ")
    return f"{text} {example}{equation}{rest}" if equation else f"{message} {example}"
