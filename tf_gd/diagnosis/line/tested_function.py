"""A gradient or an update, called in one way: what it is asked on points, and its answers.

A question is a line, points and, for an update, a learning rate. All questions about a set of points go to the
function in one message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.line.asking import Answer, Call, Subject
from tf_gd.diagnosis.line.conventions import Convention
from tf_gd.diagnosis.line.probes import LINES
from tf_gd.diagnosis.line.two_results import read
from tf_gd.diagnosis.line.updates import RATES, STEPS
from tf_gd.diagnosis.sandbox import Question
from tf_gd.points import Points


@dataclass(frozen=True)
class TrialLine:
    """A question's line, and the rate of an update."""

    m: float
    c: float
    rate: float | None = None


@dataclass(frozen=True)
class Tested:
    """What is tested: a function, called in one way, as a gradient or as an update."""

    call: Call
    subject: Subject
    convention: Convention
    dtype: Any = np.float64

    @property
    def is_update(self) -> bool:
        """Whether it is an update."""
        return self.call.is_update

    @property
    def steps(self) -> int:
        """How many gradients' roundings go into an answer."""
        return STEPS if self.is_update else 1

    def lines(self) -> list[TrialLine]:
        """Return the simple questions: four lines, and two rates for an update."""
        if self.is_update:
            return [TrialLine(m, c, rate) for rate in RATES for m, c in LINES]
        return [TrialLine(m, c) for m, c in LINES]

    def questions(self, asked: Sequence[tuple[TrialLine, Any, Any]]) -> list[Question]:
        """Return what the function gets for each line and points."""
        number = float if self.is_update else self.dtype
        return [self.convention.question(number(one.m), number(one.c), x, y, one.rate) for one, x, y in asked]

    def replies(self, asked: Sequence[tuple[TrialLine, Any, Any]]) -> list[Reply]:
        """Ask."""
        return self.subject.ask(self.questions(asked))

    def answer(self, reply: Reply) -> Answer:
        """Return the two numbers of a reply, dL/dm or m first.

        Raises:
            Misbehaved: see `asking.read`.
        """
        convention = self.convention
        answer = read(convention.call, reply, self.call.results, convention.extra)
        return Answer((answer.values[1], answer.values[0]), answer.unit) if convention.c_first else answer

    def answers(self, questions: Sequence[tuple[TrialLine, Any, Any]]) -> list[Answer]:
        """Ask, and return the numbers.

        Raises:
            Misbehaved: for the first reply that holds none.
        """
        return [self.answer(reply) for reply in self.replies(questions)]


def on_points(tested: Tested, points: Points) -> list[tuple[TrialLine, Any, Any]]:
    """Return the simple questions on `points`."""
    return [(line, np.array(points.x), np.array(points.y)) for line in tested.lines()]


def exactly_asked(tested: Tested, points: Points) -> list[Answer]:
    """Return the answers to the simple questions in fractions; nothing where they do not come back exact."""
    if tested.is_update or tested.convention.container != "array" or tested.convention.forms[0][2].shape:
        return []
    x, y = (np.array([Fraction(float(value)) for value in values], dtype=object) for values in (points.x, points.y))
    questions = [tested.convention.question(Fraction(m), Fraction(c), x, y) for m, c in LINES]
    try:
        answers = [tested.answer(reply) for reply in tested.subject.ask(questions)]
    except (Misbehaved, TypeError, ValueError):
        return []
    return answers if all(answer.unit == 0 for answer in answers) else []
