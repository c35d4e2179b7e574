"""What is wrong with a function that is wrong on the simple points: the loss, the mistake and its message."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.line.asking import Answer
from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.choosing import Chosen, is_right
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.losses import FORMULAS
from tf_gd.diagnosis.line.matching import (
    FormulaObservations,
    MistakeCombination,
    Observation,
    explains,
    explanation,
    parts_explained,
)
from tf_gd.diagnosis.line.unclassified import describe, describe_update
from tf_gd.diagnosis.line.updates import (
    FACTORS,
    STEPS,
    UPDATES,
    StepFormula,
    as_tensorflow,
    on_paper,
    with_gradient,
)
from tf_gd.reduction import REDUCTIONS, Reduction

RIGHT_BUT_FOR_ITS_GRADIENT = "The update is right but for its gradient. "


@dataclass(frozen=True)
class Named:
    """What is wrong.

    Attributes:
        diagnosis: (name, message).
        loss: under which it is named.
        together: whether the mistakes come together; else each explains everything by itself.
        observations: the questions under that loss, and their answers.
        cost: how far-fetched it is.
        given: whether the points are the caller's, so that a table of them says something to the caller.
    """

    diagnosis: list[Finding]
    loss: Reduction
    together: bool
    observations: Sequence[Observation]
    cost: int
    given: bool = True


def name_gradient(
    chosen: Chosen, losses: Sequence[Reduction], unit: Fraction, exact: Sequence[Answer], strict: bool
) -> Named:
    """Return what is wrong with a gradient, under the loss that explains it best."""
    asked = {loss: chosen.observations(loss, unit, exact) for loss in losses}
    for factors in (False, True):
        candidates = []
        for loss, observations in asked.items():
            combination = explanation(FormulaObservations(observations), strict, factors)
            candidates.append(
                Named(
                    combination.diagnosis(loss),
                    loss,
                    combination.together,
                    observations,
                    _cost(combination, loss, strict),
                )
            )
        best = min(candidates, key=lambda one: one.cost)
        if best.diagnosis:
            break
    if not best.diagnosis:
        best = max(
            candidates,
            key=lambda one: (sum(parts_explained(right, one.observations)), -_distance(right, one.observations)),
        )
        best = replace(best, diagnosis=describe(chosen.tested, best.observations, chosen.points), together=True)
    return _with_other_loss(best, chosen, unit, exact) if strict else best


def _cost(combination: MistakeCombination, loss: Reduction, strict: bool) -> int:
    """Return the cost; where a single derivative lacks its division by n, the loss is the mean."""
    undivided = not strict and combination.cost == 3 and combination.mistakes[0].name == "sum-instead-of-mean"
    return 4 * combination.cost - (1 if undivided and loss.endswith("mean") else 0)


def _distance(formula: Callable[[Any], Any], observations: Sequence[Observation]) -> float:
    """Return how far the answers are from a formula's, each as a part of what was added up for it."""
    return sum(
        float(min(abs(value - term.value) / term.size, 10**6)) if term.size else 0.0
        for one in observations
        for value, term in zip(one.answer.values, one.probe.under(formula), strict=True)
    )


def _with_other_loss(named: Named, chosen: Chosen, unit: Fraction, exact: Sequence[Answer]) -> Named:
    """Say for which other loss the function would be right, and what to pass."""
    others = [loss for loss in REDUCTIONS if loss != named.loss and is_right(chosen.observations(loss, unit, exact))]
    if not others:
        return named
    (name, message), *rest = named.diagnosis
    advice = f'It is right for the loss {FORMULAS[others[0]]}: if that is yours, check with reduction="{others[0]}".'
    return replace(named, diagnosis=[(name, message.replace(" Equation", f" {advice} Equation", 1)), *rest])


def name_update(
    chosen: Chosen, losses: Sequence[Reduction], unit: Fraction, exact: Sequence[Answer], strict: bool
) -> Named:
    """Return what is wrong with an update, under the loss that explains it best."""
    everything = {loss: chosen.observations(loss, unit) for loss in losses}
    for attempt in (_alone, _of_its_gradient, _pair):
        candidates = [one for loss, observations in everything.items() for one in attempt(observations, loss, strict)]
        if candidates:
            best = min(candidates, key=lambda one: one.cost)
            return _with_other_loss(best, chosen, unit, exact) if strict else best
    nearness = {
        loss: (sum(parts_explained(on_paper, observations, STEPS)), -_distance(on_paper, observations))
        for loss, observations in everything.items()
    }
    loss = max(losses, key=lambda one: nearness[one])
    return Named(describe_update(everything[loss]), loss, True, everything[loss], 99)


def _alone(observations: Sequence[Observation], loss: Reduction, strict: bool) -> Iterator[Named]:
    """Yield the mistakes of an update that explain every answer by themselves."""
    entries = [one for one in UPDATES if any(_step_explains(form, observations) for form in (one.formula, *one.rarer))]
    if entries:
        cost = 1 if entries[0].name in FACTORS else 0
        yield Named([(entry.name, entry.message) for entry in entries], loss, False, observations, cost)


def _of_its_gradient(observations: Sequence[Observation], loss: Reduction, strict: bool) -> Iterator[Named]:
    """Yield the mistake of the gradient in an update that is right else."""
    lifts = (
        lambda formula: with_gradient(on_paper, formula),
        lambda formula: as_tensorflow(with_gradient(on_paper, formula)),
    )
    for lift in lifts:
        combination = explanation(FormulaObservations(observations, lift, STEPS), coincidences=strict)
        if combination.mistakes:
            diagnosis = [
                (name, f"{RIGHT_BUT_FOR_ITS_GRADIENT}{message}") for name, message in combination.diagnosis(loss)
            ]
            yield Named(diagnosis, loss, combination.together, observations, _cost(combination, loss, strict))
            return


def _pair(observations: Sequence[Observation], loss: Reduction, strict: bool) -> Iterator[Named]:
    """Yield a mistake of the update and one of the gradient in it that explain every answer together."""
    for entry, mistake in product(UPDATES, CATALOGUE):
        if _step_explains(with_gradient(entry.formula, mistake.formula), observations):
            diagnosis = [
                (entry.name, f"Two mistakes come together, this one and `{mistake.name}`. {entry.message}"),
                (mistake.name, f"The gradient in it is wrong as well. {mistake.message(loss)}"),
            ]
            yield Named(diagnosis, loss, True, observations, 7)
            return


def _step_explains(formula: StepFormula, observations: Sequence[Observation]) -> bool:
    """Return whether a formula explains every answer, at the rate as given or rounded to float32."""
    return explains(formula, observations, STEPS) or explains(as_tensorflow(formula), observations, STEPS)
