"""Right steps that were taken at another rate than the one that was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from tf_gd.diagnosis.line.losses import FORMULAS
from tf_gd.diagnosis.path.path_judgement import Judgement
from tf_gd.diagnosis.path.path_remarks import Remark
from tf_gd.diagnosis.path.rate_fit import Factor
from tf_gd.diagnosis.path.step_factors import Rate, shares
from tf_gd.reduction import Reduction


def rate_that_fits_no_loss(judgement: Judgement, rates: Sequence[Rate]) -> list[Remark]:
    """Return the remark that right steps were taken at another rate than the one that was meant, if they were."""
    named = [rate.value for rate in rates if rate.named]
    factor, reading = judgement.factor, judgement.reading
    if not named or judgement.verdict != "right" or factor is None or (reading and reading.rate in named):
        return []
    losses = [reading.loss] if reading and reading.loss else ["sum", "mean", "half_mean"]
    scales = shares(judgement.steps.n)
    fitting = ", or ".join(
        f"{_shortest(factor, scales[loss])} for the loss {FORMULAS[cast('Reduction', loss)]}" for loss in losses
    )
    which = "this loss" if len(losses) == 1 else "any of the four losses"
    message = (
        f"The steps are right, but they were not taken with learning_rate {named[0]:g}, under {which}: the rate is "
        f"{fitting}. Pass that rate, or look for a factor in front of the gradient."
    )
    return [("another-rate", message)]


def _shortest(factor: Factor, scale: float) -> str:
    """Return the rate that a factor is at the scale of a loss, with the fewest digits that are still that rate."""
    texts = (f"{factor.value / scale:.{digits}g}" for digits in range(3, 17))
    return next((text for text in texts if factor.agrees(float(text) * scale)), f"{factor.value / scale:.17g}")
