"""Steps that no rule explains to the last digit: nearly right, cut to whole numbers, right up to some step, or none."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.gradient_check import Verdict
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.explanations import Search
from tf_gd.diagnosis.path.path_judgement import Details, Judgement
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor, fit, fits_factor
from tf_gd.diagnosis.path.step_factors import PathContext
from tf_gd.diagnosis.path.step_rules import right_move
from tf_gd.points.arrays import Floats

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


def unexplained(steps: PathSteps) -> Judgement:
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
    numbers: Details = {
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


def cut_to_whole_numbers(steps: PathSteps) -> tuple[float, float] | None:
    """Return between which factors every step is the right one, cut to whole numbers; None where there is none.

    A step to the whole number k came from anything in [k, k + 1) above 0, and in (k - 1, k] below.
    """
    states = np.vstack([steps.before, steps.after])
    if not (states == np.trunc(states)).all() or np.abs(states).max() >= 2**53:
        return None
    for gradient in (steps.derivatives(right).value, *_one_after_the_other(steps)):
        limits = _limits(steps, gradient)
        if limits is not None:
            return limits
    return None


def _one_after_the_other(steps: PathSteps) -> list[Floats]:
    """Return the gradients where m, or c, is stored first: an integer array is filled one element at a time."""
    now = steps.derivatives(right).value
    m_first = steps.derivatives(right, at=np.column_stack([steps.after[:, 0], steps.before[:, 1]])).value
    c_first = steps.derivatives(right, at=np.column_stack([steps.before[:, 0], steps.after[:, 1]])).value
    return [np.column_stack([now[:, 0], m_first[:, 1]]), np.column_stack([c_first[:, 0], now[:, 1]])]


def _limits(steps: PathSteps, gradient: Floats) -> tuple[float, float] | None:
    after, before = steps.after, steps.before
    lowest = np.where(after > 0, after, after - 1.0)
    highest = np.where(after < 0, after, after + 1.0)
    with np.errstate(all="ignore"):
        ends = np.stack([(before - lowest) / gradient, (before - highest) / gradient])
    ends = ends[:, gradient != 0]
    if not ends.size or (gradient[before != after] == 0).any():
        return None
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    return (low, high) if low <= high and high > 0 else None
