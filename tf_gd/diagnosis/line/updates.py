"""The catalogue of mistakes in the update of m and c: a name, what it computes, and what to change.

8.  m = m - alpha dL/dm    c = c - alpha dL/dc    at once, both from the gradient at the old (m, c)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from tf_gd.diagnosis.line.formulas import ExactPair, Formula, right
from tf_gd.diagnosis.line.mistake import cite
from tf_gd.diagnosis.line.probes import Probe
from tf_gd.diagnosis.line.running_error import ExactValue

# 3/32 is exact in every precision. 0.1 is not: TensorFlow rounds it to float32, paper does not.
RATES = (3 / 32, 0.1)

# The roundings of a gradient, of the second gradient that a sequential update takes, and of equation 8.
STEPS = 3


@dataclass(frozen=True)
class UpdateQuestion:
    """One question: these points and this line, moved at this learning rate by this gradient."""

    points: Probe
    learning_rate: Fraction
    gradient: Formula = right

    @cached_property
    def in_float32(self) -> "UpdateQuestion":
        """The same question with the learning rate as TensorFlow applies it: rounded to float32."""
        return replace(self, learning_rate=Fraction(float(np.float32(float(self.learning_rate)))))

    def at(self, m: ExactValue, c: ExactValue) -> "UpdateQuestion":
        """Return the same question under another line."""
        return replace(self, points=self.points.at(m, c))

    def under(self, formula: "StepFormula") -> ExactPair:
        """Return what a formula gives here."""
        return formula(self)

    def moved(self, factor: Fraction | int = 1) -> ExactPair:
        """Return equation 8; `factor` multiplies the learning rate."""
        dm, dc = self.points.under(self.gradient)
        rate = self.learning_rate * factor
        return self.points.m - rate * dm, self.points.c - rate * dc


StepFormula = Callable[[UpdateQuestion], ExactPair]


@dataclass(frozen=True)
class UpdateMistake:
    """One entry: its name, what to change, and what the mistake computes, in its usual and in rarer forms."""

    name: str
    sentence: str
    formula: StepFormula
    rarer: tuple[StepFormula, ...] = ()

    @property
    def message(self) -> str:
        """The sentence, and the equation that it is about."""
        return f"{self.sentence} {cite(8)}"


def on_paper(step: UpdateQuestion) -> ExactPair:
    """Return the right update."""
    return step.moved()


def as_tensorflow(formula: StepFormula) -> StepFormula:
    """Return the formula with the learning rate rounded to float32 first."""
    return lambda step: formula(step.in_float32)


def with_gradient(formula: StepFormula, gradient: Formula) -> StepFormula:
    """Return the formula with another gradient in the right one's place."""
    return lambda step: formula(replace(step, gradient=gradient))


def _m_first(step: UpdateQuestion) -> ExactPair:
    m, _ = step.moved()
    return m, step.at(m, step.points.c).moved()[1]


def _c_first(step: UpdateQuestion) -> ExactPair:
    _, c = step.moved()
    return step.at(step.points.m, c).moved()[0], c


UPDATES: tuple[UpdateMistake, ...] = (
    UpdateMistake(
        "sequential-m-first",
        "m is updated first, and c then uses the new m. Both belong to the same gradient: compute dm and dc "
        "before you change either, or write m, c = m - learning_rate * dm, c - learning_rate * dc.",
        _m_first,
    ),
    UpdateMistake(
        "sequential-c-first",
        "c is updated first, and m then uses the new c. Both belong to the same gradient: compute dm and dc "
        "before you change either, or write m, c = m - learning_rate * dm, c - learning_rate * dc.",
        _c_first,
    ),
    UpdateMistake(
        "ascent",
        "The update climbs: it adds the gradient. A positive derivative says that the loss grows with the "
        "parameter, so the parameter must come down: write m - learning_rate * dm and c - learning_rate * "
        "dc. (If there is a minus already, your dm and dc have the wrong sign.)",
        lambda step: step.moved(-1),
    ),
    UpdateMistake(
        "rate-applied-twice",
        "The gradient is multiplied by learning_rate twice: perhaps once where dm and dc are computed, and "
        "again where they are subtracted. Remove one.",
        lambda step: step.moved(step.learning_rate),
    ),
    UpdateMistake(
        "rate-divided-by-n",
        "The step is 1/n of what it should be: the learning rate, or the gradient, is divided by n once too often. "
        "Remove one division by n.",
        lambda step: step.moved(Fraction(1, step.points.n)),
    ),
    UpdateMistake(
        "only-m",
        "Only m moves: c comes back as it went in. Write c - learning_rate * dc as well, and return it.",
        lambda step: (step.moved()[0], step.points.c),
    ),
    UpdateMistake(
        "only-c",
        "Only c moves: m comes back as it went in. Write m - learning_rate * dm as well, and return it.",
        lambda step: (step.points.m, step.moved()[1]),
    ),
    UpdateMistake(
        "unchanged",
        "Neither m nor c moves: both come back as they went in. Return the new values, m - learning_rate * "
        "dm and c - learning_rate * dc.",
        lambda step: (step.points.m, step.points.c),
    ),
    UpdateMistake(
        "returns-the-gradient",
        "The gradient comes back, not the new line. Return m - learning_rate * dm and c - learning_rate * dc.",
        lambda step: step.gradient(step.points),
    ),
    UpdateMistake(
        "returns-the-change",
        "Only the change comes back. Subtract it from the old values: m - learning_rate * dm and c - "
        "learning_rate * dc.",
        lambda step: (step.moved()[0] - step.points.m, step.moved()[1] - step.points.c),
        (lambda step: (step.points.m - step.moved()[0], step.points.c - step.moved()[1]),),
    ),
    UpdateMistake(
        "rate-missing",
        "The gradient is subtracted whole: multiply it by learning_rate first.",
        lambda step: step.moved(1 / step.learning_rate),
    ),
    UpdateMistake(
        "intercept-moved-twice",
        "c moves twice as far as it should: it is updated a second time, after the step that moved both. Remove one "
        "of the two.",
        lambda step: (step.moved()[0], step.moved(2)[1]),
    ),
    UpdateMistake(
        "step-from-the-other-parameter",
        "The new m starts from c, or the new c from m. Each parameter starts from its own old value: write "
        "m - learning_rate * dm and c - learning_rate * dc.",
        lambda step: (step.points.c - step.points.m + step.moved()[0], step.moved()[1]),
        (
            lambda step: (step.moved()[0], step.points.m - step.points.c + step.moved()[1]),
            lambda step: (
                step.points.c - step.points.m + step.moved()[0],
                step.points.m - step.points.c + step.moved()[1],
            ),
            lambda step: (step.moved()[0], step.moved()[0] - step.points.c + step.moved()[1]),
            lambda step: (step.moved()[1] - step.points.m + step.moved()[0], step.moved()[1]),
        ),
    ),
    UpdateMistake(
        "swapped-return",
        "m and c have changed places: return the new m first.",
        lambda step: (step.moved()[1], step.moved()[0]),
    ),
)

# Entries that are only another factor: the loss may explain them better.
FACTORS = frozenset({"ascent", "rate-applied-twice", "rate-divided-by-n"})

FLOAT64_RATE = (
    "float64-learning-rate",
    "Right on paper, but not what TensorFlow does. Its optimizer rounds a Python float to float32, so 0.1 "
    "becomes 0.10000000149011612, and from the first update on your numbers differ from TensorFlow's at "
    "about 1e-8. To follow it, use np.float32(learning_rate); to make TensorFlow follow you, pass "
    "np.float64(learning_rate).",
)
