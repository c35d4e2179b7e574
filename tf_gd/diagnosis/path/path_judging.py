"""The judgement of a path: right, wrong by name, or cannot-tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.gradient_check import Verdict
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.alternatives import alike, generic
from tf_gd.diagnosis.path.explanations import PathExplanation, Search, forms
from tf_gd.diagnosis.path.inexact_steps import cut_to_whole_numbers, nearly, unexplained
from tf_gd.diagnosis.path.mini_batches import Batching, in_turn, right_batching
from tf_gd.diagnosis.path.other_optimizers import REMEMBERING, changing_factor
from tf_gd.diagnosis.path.path_judgement import Judgement
from tf_gd.diagnosis.path.path_steps import Derivatives, PathSteps
from tf_gd.diagnosis.path.rate_fit import Factor, Move, fit
from tf_gd.diagnosis.path.step_factors import FactorReading, PathContext, read_factor, shares
from tf_gd.diagnosis.path.step_rules import right_move
from tf_gd.diagnosis.path.two_mistakes import two_mistakes
from tf_gd.diagnosis.path.two_rates import two_factors, two_rates
from tf_gd.points.arrays import Floats

# Gradients that are 0 at the line (0, 0), from where they never move.
VANISHING = ("missing-target",)


def judge(
    steps: PathSteps, context: PathContext, integers: bool = False, attempts: Sequence[Attempt] | None = None
) -> Judgement:
    """Return what the steps are: the simplest of all that explains every one of them.

    Args:
        steps: all that were recorded.
        context: what is known beside them.
        integers: whether m and c were stored as whole numbers.
        attempts: to explain them, in their order; all where none are given.
    """
    return attempt(steps, context, integers, attempts) or unexplained(steps)


def attempt(
    steps: PathSteps, context: PathContext, integers: bool = False, attempts: Sequence[Attempt] | None = None
) -> Judgement | None:
    """Return what the steps are, if one of the attempts explains them; all of them where none are given."""
    if steps.is_still:
        return _still(steps, integers, context.computed)
    with np.errstate(all="ignore"):  # a wrong reading may overflow, or divide by 0, where the right one does not
        judgements = (one(steps, context) for one in attempts or (*RIGHT, *SINGLE, *TOGETHER))
        return next((judgement for judgement in judgements if judgement is not None), None)


def _still(steps: PathSteps, integers: bool, computed: bool) -> Judgement:
    """Return the judgement of steps that do not move."""
    one = steps.part(slice(0, 1))
    gradient = one.derivatives(right)
    if (np.abs(gradient.value) <= 1e-9 * gradient.size).all():
        return Judgement("cannot-tell", (), steps)
    vanishing = [name for name, formula, _ in forms() if name in VANISHING and not one.derivatives(formula).value.any()]
    if vanishing and computed and not integers:
        return Judgement("wrong", (vanishing[0],), steps)
    return Judgement("wrong", ("integer-parameters" if integers else "unchanged",), steps)


def _right(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where the right update, or a multiple of it, explains every step."""
    explanation = Search(steps, context).plain()
    if explanation is None or not _goes_on(steps, explanation.factor):
        return None
    if np.isinf(explanation.factor.slack):
        return Judgement("cannot-tell", (), steps)
    if explanation.names:
        return _as_judgement("wrong", explanation, steps)
    return _unless_another(explanation, steps, context)


def _goes_on(steps: PathSteps, factor: Factor) -> bool:
    """Return whether the steps after the first ones are explained as well."""
    if steps.window.num_steps == steps.num_steps:
        return True
    fitted_factor = fit(steps, right_move(steps))
    return fitted_factor is not None and factor.agrees(fitted_factor.value)


def _unless_another(explanation: PathExplanation, steps: PathSteps, context: PathContext) -> Judgement:
    """Return "right", or "cannot-tell" where a mistake explains the steps as well and would show in others."""
    others = alike(explanation, steps, context)
    if others:
        hidden = alike(explanation, generic(steps, explanation.factor), PathContext())
        others = [name for name in others if name not in hidden]
    verdict: Verdict = "cannot-tell" if others else "right"
    return replace(_as_judgement(verdict, explanation, steps), names=tuple(dict.fromkeys(others)))


def _in_batches(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where the right update explains every step, each on some of the points."""
    batching = right_batching(steps)
    if batching is None:
        return None
    explanation = Search(batching.steps, context).plain()
    if explanation is None:
        return None
    verdict: Verdict = "wrong" if explanation.names else "right"
    judgement = replace(_as_judgement(verdict, explanation, batching.steps), batching=batching)
    return judgement if explanation.reading.loss else replace(judgement, reading=_over_all(explanation, steps, context))


def _over_all(explanation: PathExplanation, steps: PathSteps, context: PathContext) -> FactorReading:
    """Return the reading where a mean divides by the number of all points, though a step uses some of them."""
    scales = {name: share for name, share in shares(steps.n).items() if name.endswith("mean")}
    reading = read_factor(explanation.factor, scales, steps.n, context.rates, context.reduction, context.loss)
    return explanation.reading if reading.mistakes else reading


def _too_early(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where m and c move inside the loop over the points, before the sums are complete."""
    if steps.x.ndim != 1 or steps.n < 2 or steps.num_steps < 3:
        return None
    batching, n = in_turn(steps, 1), steps.n
    each = batching.steps.derivatives(right)
    sums = Derivatives(_running(each.value, n), _running(each.size, n))
    factor = fit(batching.steps, Move(steps.before, sums, chain=min(steps.num_steps, n)))
    if factor is None or np.isinf(factor.slack):
        return None
    reading = Search(steps, context).read(factor)
    names = ("updated-too-early", *reading.mistakes)
    return Judgement("wrong", names, steps, reading, factor, sure=1.0 + len(reading.mistakes) + reading.guess)


def _running(values: Floats, n: int) -> Floats:
    """Return the sums so far, which begin anew after every n steps."""
    return np.vstack([np.cumsum(values[start : start + n], axis=0) for start in range(0, len(values), n)])


def cut_short(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where every step is the right one, cut to whole numbers."""
    limits = cut_to_whole_numbers(steps)
    if limits is None:
        return None
    for rate in context.rates:
        for loss, share in shares(steps.n).items():
            if limits[0] <= rate.value * share <= limits[1]:
                return Judgement("wrong", ("integer-parameters",), steps, FactorReading(loss, rate.value))
    known = bool(context.rates)
    return None if known else Judgement("wrong", ("integer-parameters",), steps, FactorReading(None, None))


def _single(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where one mistake explains every step: on all points, or one point at a time."""
    for part, batching in _samplings(steps):
        search = Search(part, context)
        best = _best([*search.rules(), *search.scales(), *search.gradients()])
        if best is not None and best.cost < 2.0:
            return replace(_as_judgement("wrong", best, part), batching=batching)
    return None


def _samplings(steps: PathSteps) -> Iterator[tuple[PathSteps, Batching | None]]:
    yield steps, None
    if steps.x.ndim == 1 and steps.n > 1 and steps.num_steps > 2:
        batching = in_turn(steps, 1)
        yield batching.steps, batching


def _pair(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where two mistakes together explain every step."""
    for part, batching in _samplings(steps):
        search = Search(part, context)
        best = _best([*search.rules(), *search.scales(), *search.gradients(), *search.pairs(), *two_mistakes(search)])
        if best is not None:
            return replace(_as_judgement("wrong", best, part), batching=batching)
    return None


def _best(explanations: Iterable[PathExplanation]) -> PathExplanation | None:
    """Return the simplest of the explanations whose derivatives are more than rounding."""
    return min((one for one in explanations if one.factor.is_telling), key=lambda one: one.cost, default=None)


def _changing(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where every step goes along the right gradient, but not at one rate."""
    factors = changing_factor(steps)
    if factors is None or steps.num_steps < 3:
        return None
    told = factors[np.isfinite(factors)]
    if (told > 0).all():
        reading = FactorReading(context.reduction or context.loss, None, (), 0.5)
        return Judgement("right", (), steps, reading, factors=factors, sure=0.5)
    if (told < 0).all() or told[0] < 0:
        return Judgement("wrong", ("ascent",), steps, FactorReading(context.reduction or context.loss, None), sure=0.5)
    turn = int(np.flatnonzero(np.nan_to_num(factors) < 0)[0])
    before = steps.part(slice(0, turn))
    explanation = Search(before, context).plain() if turn else None
    reading = explanation.reading if explanation else FactorReading(context.loss, None)
    return Judgement("wrong", ("sign-turns",), steps, reading, numbers={"step": turn + 1}, sure=0.5)


def _remembered(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement where the descent remembers earlier steps: not plain gradient descent."""
    for method in REMEMBERING:
        memory_fit = method(steps.window)
        if memory_fit is not None:
            reading = Search(steps, context).read(Factor(memory_fit.factor, abs(memory_fit.factor) * 1e-6))
            return Judgement(
                "wrong",
                (memory_fit.name,),
                steps,
                replace(reading, mistakes=()),
                numbers={"keeps": memory_fit.keeps},
                sure=1.0,
            )
    return None


Attempt = Callable[[PathSteps, PathContext], "Judgement | None"]

# In this order: what takes the least for granted comes first.
RIGHT: tuple[Attempt, ...] = (_right, _in_batches)
SINGLE: tuple[Attempt, ...] = (cut_short, two_rates, _single, _too_early, _changing, _remembered, nearly)
TOGETHER: tuple[Attempt, ...] = (_pair, two_factors)


def _as_judgement(verdict: Verdict, explanation: PathExplanation, steps: PathSteps) -> Judgement:
    return Judgement(
        verdict,
        explanation.names,
        steps,
        explanation.reading,
        explanation.factor,
        explanation.alone,
        sure=explanation.cost,
    )
