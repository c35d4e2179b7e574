"""What the judgement of a path says: as numbers and names, and as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from tf_gd.diagnosis.gradient_check import Verdict
from tf_gd.diagnosis.path.mini_batches import Batching
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor
from tf_gd.diagnosis.path.step_factors import FactorReading
from tf_gd.diagnosis.path.term_arrays import Array

Numbers = dict[str, float | str]


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
    factors: Array | None = None
    nearly: bool = False
    numbers: Numbers = field(default_factory=dict)
    sure: float = 0.0


LOSSES = {
    "sum": "sum(e^2)",
    "mean": "sum(e^2) / n",
    "half_sum": "sum(e^2) / 2",
    "half_mean": "sum(e^2) / (2n)",
}

Entries = Sequence[tuple[str, str]]


def report(judgement: Judgement, diagnosis: Entries, remarks: Entries, basis: str) -> str:
    """Return the whole report; `basis` says what was looked at."""
    parts = [_first_line(judgement, diagnosis), *(f"remark: {entry(*one)}" for one in remarks)]
    return "\n\n".join([*parts, *(entry(*one) for one in diagnosis), basis])


def _first_line(judgement: Judgement, diagnosis: Entries) -> str:
    loss = judgement.reading.loss if judgement.reading else None
    under = f" for the loss {LOSSES[loss]}" if loss else ""
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
