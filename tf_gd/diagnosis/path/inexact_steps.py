"""Steps that no rule explains to the last digit: nearly right, right up to some step, or none of it."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.gradient_check import Verdict
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.explanations import PathContext, Search
from tf_gd.diagnosis.path.path_judgement import Judgement, Numbers
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor, fit, fits_factor
from tf_gd.diagnosis.path.step_rules import right_move

NEARLY = 1e-4  # of the sizes of a derivative's terms
CLEAR = 0.02  # a derivative of this share of its terms' sizes can be told from 0
FEWEST_NEARLY = 3  # steps


def nearly(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where every step is nearly the right one: a derivative by differences, rounded numbers."""
    truth = steps.derivatives(right)
    clear = (np.abs(truth.value) > CLEAR * truth.size).any(axis=0) | (steps.trained == 0)
    weights = np.where(truth.size > 0, 1 / truth.size, 0.0)
    change, value = steps.moved * weights, truth.value * weights
    factor = -float((change * value).sum() / (value * value).sum())
    if steps.num_steps < FEWEST_NEARLY or not clear.all() or not factor > 0:
        return None
    off = np.abs(steps.moved + factor * truth.value)
    if not (off <= NEARLY * factor * truth.size + steps.rounding(steps.before, truth, factor)).all():
        return None
    reading = Search(steps, context).read(Factor(factor, 10 * NEARLY * factor))
    verdict: Verdict = "wrong" if reading.mistakes else "right"
    return Judgement(verdict, reading.mistakes, steps, reading, Factor(factor, 0.0), nearly=True, sure=1.6)


def unlisted(steps: PathSteps) -> Judgement:
    """Return the judgement of steps that nothing explains."""
    prefix = _right_prefix(steps)
    if prefix >= 2:
        return Judgement("wrong", ("steps-change",), steps, numbers={"step": prefix}, sure=2.0)
    gradient = steps.derivatives(right).value[0]
    names = ("m", "c")
    wrong_way = [name for name, g, d in zip(names, gradient, steps.moved[0], strict=True) if g * d > 0]
    direction = (
        f"{' and '.join(wrong_way)} went uphill there: look at the sign."
        if wrong_way
        else "That is downhill, but not along the gradient of the squared error: print dm and dc for the first step "
        "and compare them with 2 * sum(e * x) and 2 * sum(e), divided by n for a mean."
    )
    numbers: Numbers = {
        "m": float(steps.before[0, 0]), "c": float(steps.before[0, 1]), "m_yours": float(steps.after[0, 0]),
        "c_yours": float(steps.after[0, 1]), "direction": direction,
    }  # fmt: skip
    return Judgement("wrong", ("unlisted",), steps, numbers=numbers, sure=3.0)


def _right_prefix(steps: PathSteps) -> int:
    """Return how many of the first steps are right, at one factor."""
    one = steps.part(slice(0, 1))
    first = fit(one, right_move(one))
    if first is None:
        return 0
    count = 0
    for stop in range(1, min(steps.num_steps, 500) + 1):
        part = steps.part(slice(stop - 1, stop))
        move = right_move(part)
        if not fits_factor(part, move, first.value):
            return count
        count = stop
    return count
