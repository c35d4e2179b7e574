"""Steps in which m and c each follow their right derivative, but not at one factor."""

from __future__ import annotations

from collections.abc import Iterator

from tf_gd.diagnosis.path.explanations import Search
from tf_gd.diagnosis.path.path_judgement import Details, Judgement
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import BOTH, Factor, fit
from tf_gd.diagnosis.path.step_factors import FactorReading, PathContext, shares
from tf_gd.diagnosis.path.step_rules import right_move

FEWEST_STEPS = 3  # two factors explain any single step


def _factors(steps: PathSteps) -> Iterator[Factor]:
    """Yield the factor of m, and that of c, where each explains every step."""
    for which in BOTH:
        factor = fit(steps, right_move(steps), (which,))
        if factor is not None and factor.is_telling:
            yield factor


def two_rates(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where m and c move at different rates, and both of them stand in the program."""
    factors = list(_factors(steps))
    rates = [rate for rate in context.rates if rate.named or rate.in_update]
    if len(factors) < 2:
        return None
    m, c = factors
    asked = context.reduction or context.loss
    for loss in [asked] if asked else list(shares(steps.n)):
        share = shares(steps.n)[loss]
        for_m, for_c = (next((r.value for r in rates if one.agrees(r.value * share)), None) for one in (m, c))
        if for_m is not None and for_c is not None and for_m != for_c:
            numbers: Details = {"rate_m": for_m, "rate_c": for_c}
            return Judgement("right", (), steps, FactorReading(loss, None), numbers=numbers, sure=0.3)
    return None


def two_factors(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where one of the derivatives has a factor too many, and no entry of the catalogue has it."""
    factors = list(_factors(steps))
    if len(factors) < 2 or steps.num_steps < FEWEST_STEPS:
        return None
    search = Search(steps, context)
    readings = [search.read(factor) for factor in factors]
    is_m = readings[0].rate is None or bool(readings[0].mistakes or readings[0].guess > readings[1].guess)
    is_m = is_m and not (readings[1].mistakes or readings[1].guess)
    own, other = (factors[0], factors[1]) if is_m else (factors[1], factors[0])
    numbers: Details = {"own": "m" if is_m else "c", "other": "c" if is_m else "m", "ratio": own.value / other.value}
    reading = readings[1 if is_m else 0]
    return Judgement(
        "wrong", ("unlisted-factor",), steps, reading, other, str(numbers["own"]), numbers=numbers, sure=1.6
    )
