"""Check a hand-written update of m and c, and name the mistake in it.

    8.  m = m - alpha dL/dm    c = c - alpha dL/dc    at once, both from the gradient at the old (m, c)

A wrong scale, and m and c updated one after the other, lead to the same best line, only at another pace. So
the line that comes out at the end proves nothing: a single update is looked at.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.line import Reduction, check_reduction
from tf_gd.verify import report
from tf_gd.verify.catalogue import CATALOGUE
from tf_gd.verify.evidence import Observation, explains, in_one_precision
from tf_gd.verify.findings import GradientCheck
from tf_gd.verify.formulas import Formula, Pair, right
from tf_gd.verify.probes import LINES, Probe, points_for, probe
from tf_gd.verify.unlisted import describe_update
from tf_gd.verify.witness import UPDATE, Misbehaved, ask, require_callable

# 3/32 is exact in every precision. 0.1 is not: TensorFlow rounds it to float32, paper does not.
RATES = (3 / 32, 0.1)
STEPS = 3  # the gradient's roundings, those of the second gradient of a sequential update, and those of line 8


@dataclass(frozen=True)
class Step:
    """One question: these points and this line, moved at this learning rate."""

    points: Probe
    learning_rate: Fraction

    @property
    def in_float32(self) -> "Step":
        """The same question with the learning rate as TensorFlow applies it: rounded to float32."""
        return Step(self.points, Fraction(float(np.float32(float(self.learning_rate)))))

    def moved(self, rate: Fraction, gradient: Formula = right) -> Pair:
        """Return line 8 at this rate, with this gradient."""
        dm, dc = gradient(self.points)
        return self.points.m - rate * dm, self.points.c - rate * dc


StepFormula = Callable[[Step], Pair]


@dataclass(frozen=True)
class UpdateMistake:
    """One entry: its name, what to change, and what the mistake computes."""

    name: str
    sentence: str
    formula: StepFormula


def on_paper(step: Step) -> Pair:
    """Return the right update."""
    return step.moved(step.learning_rate)


def as_tensorflow(formula: StepFormula) -> StepFormula:
    """Return the formula with the learning rate rounded to float32 first."""
    return lambda step: formula(step.in_float32)


def _m_first(step: Step) -> Pair:
    m, _ = on_paper(step)
    _, c = on_paper(Step(step.points.at(m, step.points.c), step.learning_rate))
    return m, c


def _c_first(step: Step) -> Pair:
    _, c = on_paper(step)
    m, _ = on_paper(Step(step.points.at(step.points.m, c), step.learning_rate))
    return m, c


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
        lambda step: step.moved(-step.learning_rate),
    ),
    UpdateMistake(
        "rate-applied-twice",
        "The gradient is multiplied by learning_rate twice: perhaps once where dm and dc are computed, and "
        "again where they are subtracted. Remove one.",
        lambda step: step.moved(step.learning_rate**2),
    ),
    UpdateMistake(
        "rate-divided-by-n",
        "The step is 1/n of what it should be: the learning rate, or the gradient, is divided by n. The "
        "loss is a sum here: remove the division. (If your loss is the mean, say so: check_update(update, "
        'reduction="mean").)',
        lambda step: step.moved(step.learning_rate / step.points.n),
    ),
    UpdateMistake(
        "only-m",
        "Only m moves: c comes back as it went in. Write c - learning_rate * dc as well, and return it.",
        lambda step: (on_paper(step)[0], step.points.c),
    ),
    UpdateMistake(
        "only-c",
        "Only c moves: m comes back as it went in. Write m - learning_rate * dm as well, and return it.",
        lambda step: (step.points.m, on_paper(step)[1]),
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
        lambda step: right(step.points),
    ),
    UpdateMistake(
        "returns-the-change",
        "Only the change comes back. Subtract it from the old values: m - learning_rate * dm and c - "
        "learning_rate * dc.",
        lambda step: (on_paper(step)[0] - step.points.m, on_paper(step)[1] - step.points.c),
    ),
    UpdateMistake(
        "rate-missing",
        "The gradient is subtracted whole: multiply it by learning_rate first.",
        lambda step: step.moved(Fraction(1)),
    ),
    UpdateMistake(
        "swapped-return",
        "m and c have changed places: return the new m first.",
        lambda step: (on_paper(step)[1], on_paper(step)[0]),
    ),
)

FLOAT64_RATE = (
    "float64-learning-rate",
    "Right on paper, but not what TensorFlow does. Its optimizer rounds a Python float to float32, so 0.1 "
    "becomes 0.10000000149011612, and from the first update on your numbers differ from TensorFlow's at "
    "about 1e-8. To follow it, use np.float32(learning_rate); to make TensorFlow follow you, pass "
    "np.float64(learning_rate).",
)


def check_update(update: Callable[..., Any], reduction: Reduction = "sum") -> GradientCheck:
    """Check a hand-written update of m and c, and name the mistake in it.

    Args: update: called as `update(m, c, x, y, learning_rate)` with numbers and two arrays of shape [n];
        returns the new (m, c) as a tuple, a list, an array or a `Line`. It computes the gradient itself.
        reduction: the loss is the "sum" or the "mean" of the squared residuals.

    Returns: A `GradientCheck`. With `ok` true, `diagnosis` may hold the remark `float64-learning-rate`: right
        on paper, but TensorFlow rounds the learning rate to float32.

    Raises:
        InvalidArgumentError: `update` is no function, or `reduction` is unknown.

    Example:
        >>> def update(m, c, x, y, learning_rate):
        ...     m = m - learning_rate * np.sum(2 * (m * x + c - y) * x)
        ...     c = c - learning_rate * np.sum(2 * (m * x + c - y))
        ...     return m, c
        >>> check = check_update(update)
        >>> check.ok, [name for name, message in check.diagnosis]
        (False, ['sequential-m-first'])
    """
    check_reduction(reduction)
    try:
        require_callable(UPDATE, update)
        seen = observe(update, reduction)
    except Misbehaved as fault:
        return GradientCheck(False, [(fault.name, fault.message)], report.of_fault("update", fault))
    if explains(as_tensorflow(on_paper), seen, STEPS):
        return GradientCheck(True, [], report.of_remarks("update", []))
    if explains(on_paper, seen, STEPS):
        return GradientCheck(True, [FLOAT64_RATE], report.of_remarks("update", [FLOAT64_RATE]))
    diagnosis = list(_named(seen, reduction)) or describe_update(seen)
    return GradientCheck(False, diagnosis, report.of_wrong_update(seen, diagnosis))


def observe(update: Callable[..., Any], reduction: Reduction) -> list[Observation]:
    """Return what `update` answers on our points, at each line and each learning rate.

    Raises:
        Misbehaved: see `witness.ask`.
    """
    points = points_for(None, None)
    return in_one_precision(
        [
            Observation(
                Step(probe(points, line, reduction), Fraction(rate)),
                ask(
                    UPDATE,
                    update,
                    float(line[0]),
                    float(line[1]),
                    np.array(points.x),
                    np.array(points.y),
                    rate,
                ),
            )
            for rate in RATES
            for line in LINES
        ]
    )


def _named(seen: Sequence[Observation], reduction: Reduction) -> Iterator[tuple[str, str]]:
    """Yield the mistakes that explain every answer: of the update or, if none does, of the gradient in it."""
    named = [(entry.name, entry.sentence) for entry in UPDATES if _explains(entry.formula, seen)]
    yield from named
    for mistake in CATALOGUE if not named else ():
        if _explains(_with_gradient(mistake.formula), seen):
            yield mistake.name, f"The update is right but for its gradient. {mistake.message(reduction)}"


def _with_gradient(gradient: Formula) -> StepFormula:
    return lambda step: step.moved(step.learning_rate, gradient)


def _explains(formula: StepFormula, seen: Sequence[Observation]) -> bool:
    """Return whether a formula explains every answer, at the rate as given or rounded to float32."""
    return explains(formula, seen, STEPS) or explains(as_tensorflow(formula), seen, STEPS)
