"""What the judgement of a path says: as numbers and names, as text, and in the words of each mistake."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from tf_gd.diagnosis.gradient_check import Verdict
from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.losses import FORMULAS
from tf_gd.diagnosis.line.mistake import cite
from tf_gd.diagnosis.line.updates import UPDATES
from tf_gd.diagnosis.path.mini_batches import Batching
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor
from tf_gd.diagnosis.path.step_factors import FactorReading
from tf_gd.points.arrays import Floats
from tf_gd.reduction import Reduction

Details = dict[str, float | str]


@dataclass(frozen=True)
class Judgement:
    """What the steps are.

    Attributes:
        verdict: "right", "wrong" or "cannot-tell".
        names: the mistakes; for "cannot-tell" those that would explain the steps as well.
        reading: the loss and the rate; None where no factor was found.
        steps: the steps that were judged, with the points that each used.
        factor: in front of the derivatives of the sum; None where there is no single one.
        alone: the derivative that each mistake is in, where it is in one only: "m", "c", or "mc" for two mistakes.
        batching: where the steps used some of the points only.
        factors: of every step, where the rate changes.
        nearly: whether the steps are right but for a small share of their size.
        numbers: for the words of the message.
        sure: how little was taken for granted: 0 is best.
    """

    verdict: Verdict
    names: tuple[str, ...]
    steps: PathSteps
    reading: FactorReading | None = None
    factor: Factor | None = None
    alone: str = ""
    batching: Batching | None = None
    factors: Floats | None = None
    nearly: bool = False
    numbers: Details = field(default_factory=dict)
    sure: float = 0.0


Entries = Sequence[tuple[str, str]]


def report(judgement: Judgement, diagnosis: Entries, remarks: Entries, basis: str) -> str:
    """Return the whole report; `basis` says what was looked at."""
    parts = [_first_line(judgement, diagnosis), *(f"remark: {entry(*one)}" for one in remarks)]
    return "\n\n".join([*parts, *(entry(*one) for one in diagnosis), basis])


def _first_line(judgement: Judgement, diagnosis: Entries) -> str:
    loss = judgement.reading.loss if judgement.reading else None
    under = f" for the loss {FORMULAS[loss]}" if loss else ""
    if judgement.verdict == "right":
        return f"RIGHT{under}: every step is gradient descent."
    names = " and ".join(dict.fromkeys(name for name, _ in diagnosis))
    if judgement.verdict == "wrong":
        return f"WRONG{under and f' ({under.strip()})'}: the steps are not plain gradient descent: {names}."
    if [name for name, _ in diagnosis] == ["columns-exchanged"]:
        return "CANNOT TELL: as the columns stand, the steps are not gradient descent."
    return "CANNOT TELL: the steps fit gradient descent, and something else as well."


def entry(name: str, message: str) -> str:
    """Return the name, and the message under it; what it cites from the derivation stands in a line of its own."""
    paragraphs = re.split(r" (?=(?:Line|Equation) \d: )", message)
    text = "\n\n".join(textwrap.fill(paragraph, 96, break_on_hyphens=False) for paragraph in paragraphs)
    return f"{name}\n{textwrap.indent(text, '    ')}"


STEP_SENTENCES: dict[str, tuple[str, int]] = {
    "stale-residual": (
        "The gradient belongs to an earlier line, not to the one that is moved: it was computed once, or one step too "
        "late. Compute the residuals m * x + c - y and the gradient inside the loop, from the newest m and c, before "
        "every update.",
        2,
    ),
    "gradient-not-reset": (
        "The sums of the gradient go on growing from step to step. Set dm and dc to 0 at the beginning of every step, "
        "inside the outer loop, before the loop over the points.",
        5,
    ),
    "updated-too-early": (
        "m and c move inside the loop over the points, with sums that are not complete yet. Add up dm and dc over all "
        "points first, and update m and c once, after that loop.",
        5,
    ),
    "intercept-moved-twice": (
        "Every step moves the intercept twice, and the slope once. Remove the second update of c: theta, or the first "
        "update, has moved it already.",
        8,
    ),
    "step-from-the-other-parameter": (
        "A step starts from the other parameter: m must come from the old m, and c from the old c. Write m = m - "
        "learning_rate * dm and c = c - learning_rate * dc.",
        8,
    ),
    "step-from-the-start": (
        "Every step starts again from the first m and c, so the steps do not add up. Subtract from the newest values: "
        "m = m - learning_rate * dm, c = c - learning_rate * dc.",
        8,
    ),
    "residual-without-sign": (
        "The residual loses its sign in an absolute value, so that the line is always moved the same way. Write m * x "
        "+ c - y without abs: the square in the loss takes care of the sign.",
        2,
    ),
    "shuffled-apart": (
        "x and y change their order during the training, but not together, so that an x meets the y of another point. "
        "Shuffle both by the same indices: order = rng.permutation(len(x)), then x[order] and y[order].",
        2,
    ),
    "sign-turns": (
        "The steps go downhill at first, and uphill from step {step} on: the sign of the update, or of the learning "
        "rate, turns there. Subtract the gradient in every step.",
        8,
    ),
    "steps-change": (
        "The first {step} steps are right, and the next is not: something that the update uses changes there.",
        8,
    ),
    "integer-parameters": (
        "m and c are whole numbers, and every step is cut to whole numbers again. An integer array, such as np.array("
        "[0, 0]) or np.zeros(2, int), cannot hold anything else: start with floats, np.array([0.0, 0.0]) or np.zeros(2)"
        ".",
        8,
    ),
    "momentum": (
        "This is not plain gradient descent: each step also keeps {keeps:.4g} times the step before it, which is "
        "momentum. That may be what you want; plain gradient descent moves by learning_rate times the gradient alone.",
        8,
    ),
    "weight-decay": (
        "This is not plain gradient descent on the squared error: each step also shrinks the parameters, by "
        "{keeps:.4g} of their value, as ridge regression (L2 regularization, weight decay) does.",
        8,
    ),
    "adaptive-rate": (
        "This is not plain gradient descent: m and c each have a learning rate of their own that follows the size of "
        "earlier gradients, as in Adam, RMSprop or Adagrad.",
        8,
    ),
    "unlisted-factor": (
        "dL/d{own} is {ratio:.4g} times what it should be beside dL/d{other}: each of the two is right by itself, but "
        "they share no learning rate. Look for that factor in dL/d{own}. (If {own} is meant to have a rate of its own, "
        "give that number a name, learning_rate_{own}, and use it in the update.)",
        8,
    ),
    "unlisted": (
        "The step from m = {m:.6g}, c = {c:.6g} goes to m = {m_yours:.6g}, c = {c_yours:.6g}. {direction}",
        8,
    ),
}

_CATALOGUE = {mistake.name: mistake for mistake in CATALOGUE}
_UPDATES = {mistake.name: mistake for mistake in UPDATES}


def message(name: str, loss: str | None, alone: str = "", **numbers: float | str) -> str:
    """Return what a mistake is, what to change, and the equation that it is about."""
    reduction = cast("Reduction", loss or "sum")
    if name in STEP_SENTENCES:
        sentence, equation = STEP_SENTENCES[name]
        return f"{sentence.format(**numbers)} {cite(equation, reduction)}"
    if name in _UPDATES and name not in _CATALOGUE:
        return _UPDATES[name].message
    return _CATALOGUE[name].message(reduction, f"dL/d{alone}" if alone else "")
