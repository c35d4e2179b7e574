"""What the judgement of a path says."""

from __future__ import annotations

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
