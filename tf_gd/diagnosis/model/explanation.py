"""Which mistake turns the right gradient into the one that was returned."""

from collections.abc import Callable, Iterator

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.model.activations import activation_derivatives, activations_of_sums
from tf_gd.diagnosis.model.changed_derivatives import changed_derivatives
from tf_gd.diagnosis.model.comparison_of_gradients import (
    Compared,
    Mistakes,
    ModelMistake,
    other_problem,
    slopes_at,
)
from tf_gd.diagnosis.model.factors import (
    any_factor,
    constant_added,
    exchanged,
    gradient_of_bias,
    known_factors,
    nothing,
    parameter_added,
    perhaps_wrong_axis,
    transposed,
    wrong_axis,
)
from tf_gd.diagnosis.model.forgotten_data import dropped_point, forgotten_data, targets
from tf_gd.diagnosis.model.held_constant import held_constant, masks
from tf_gd.diagnosis.model.judgement import ModelJudgement
from tf_gd.diagnosis.model.layer_mistakes import extra_derivatives, lost_contributions, output_derivatives, output_sums
from tf_gd.diagnosis.model.lost_sums import bias_sums, missing_factors, repeated_indices
from tf_gd.diagnosis.model.model_measurements import ModelMeasurements
from tf_gd.diagnosis.model.model_problem import Indices, ModelProblem
from tf_gd.diagnosis.model.model_report import apart
from tf_gd.diagnosis.model.term_factors import one_term, one_term_any_factor, several_terms
from tf_gd.diagnosis.model.tolerance import tolerance
from tf_gd.errors import TfGdError
from tf_gd.points.arrays import Floats

# The kinds of mistakes, the commonest first: the first kind of which one explains everything is named.
KINDS: tuple[Mistakes, ...] = (
    nothing,
    known_factors,
    wrong_axis,
    exchanged,
    transposed,
    one_term,
    forgotten_data,
    activation_derivatives,
    output_derivatives,
    missing_factors,
    masks,
    bias_sums,
    output_sums,
    repeated_indices,
    lost_contributions,
    perhaps_wrong_axis,
    any_factor,
    constant_added,
    one_term_any_factor,
    parameter_added,
    gradient_of_bias,
    targets,
    activations_of_sums,
    extra_derivatives,
    held_constant,
    dropped_point,
    changed_derivatives,
)
_MOST_SLOPES = 40


def explain(
    measured: ModelMeasurements, judgement: ModelJudgement, ask: Callable[[ModelProblem], Floats]
) -> list[Finding]:
    """Return the name and the explanation of each mistake that turns the right gradient into this one.

    Mistakes that explain every wrong parameter at once come first; else each parameter is explained alone.
    """
    comparison = _here(measured, judgement)
    if judgement.reasons or not comparison.wrong:
        return judgement.reasons
    views = [comparison, *_elsewhere(comparison, ask)]
    if findings := _explanations(views, comparison.wrong):
        return findings
    if len(comparison.wrong) == 1:
        return [_unnamed(comparison, comparison.wrong[0])]
    alone = (_explanations(views, [name]) or [_unnamed(comparison, name)] for name in comparison.wrong)
    return [finding for findings in alone for finding in findings]


def _explanations(views: list[Compared], names: list[str]) -> list[Finding]:
    """Return what the first kind of mistake that fits has to say."""
    for kind in KINDS:
        if findings := list(_fitting(kind, views, names)):
            return list(dict(findings).items())
    return several_terms(views, names)


def _fitting(kind: Mistakes, views: list[Compared], names: list[str]) -> Iterator[Finding]:
    for mistake in kind(views, names):
        if mistake.explains(views, names):
            yield mistake.name, mistake.message
            if not _may_be_two(mistake):
                return


def _may_be_two(mistake: ModelMistake) -> bool:
    """Whether another mistake of the kind may give the very same numbers, as twice and n times do for n = 2."""
    return mistake.name.endswith(("factor-2", "-mean", "-sum"))


def _here(measured: ModelMeasurements, judgement: ModelJudgement) -> Compared:
    """Return the values beside the right ones; a value that was accepted is right as it is."""
    truth = measured.tensorflow.copy() if measured.differentiates else measured.hand.copy()
    bound = measured.tolerance.values.copy()
    if not measured.differentiates:
        bound[:] = np.inf
    for index, element in judgement.elements.items():
        truth[index] = element.by_hand if element.verdict.accepts else element.truth
        bound[index] = element.bound
    by_slopes = not measured.differentiates or not measured.confirmed
    if by_slopes:
        known = list(judgement.elements)
        told = [*judgement.wrong, *(index for index in known if index not in set(judgement.wrong))]
        bound[_all_but(told[:: 1 + len(told) // _MOST_SLOPES], bound.size)] = np.inf
    return Compared(measured.loss, measured.problem, measured.hand, truth, bound, by_slopes)


def _all_but(kept: list[int], size: int) -> Indices:
    """Return all indices but these: where slopes are all that is known, few elements have to do."""
    return np.setdiff1d(np.arange(size), kept)


def _elsewhere(comparison: Compared, ask: Callable[[ModelProblem], Floats]) -> list[Compared]:
    """Return the comparison at another point and with other data, where the functions allow it."""
    problem, loss = other_problem(comparison.problem), comparison.loss
    try:
        by_hand = ask(problem)
        if comparison.by_slopes:
            at = [int(index) for index in np.flatnonzero(np.isfinite(comparison.tolerance))]
            truth, bound = slopes_at(loss, problem, at)
        else:
            truth, bound = loss.gradient(problem), tolerance([ask, loss.gradient], problem, loss.unit).values
            if loss.has_single_constants:
                bound = np.maximum(bound, loss.inside("rounding", 0, problem)[0])
    except (Misbehaved, TfGdError):
        return []
    if not np.isfinite(by_hand).all() or not np.isfinite(truth).all():
        return []
    return [Compared(loss, problem, by_hand, truth, bound, comparison.by_slopes)]


def _unnamed(comparison: Compared, name: str) -> Finding:
    """Say what can be said of a mistake that fits no pattern."""
    at = comparison.elements([name])
    differences = abs(comparison.by_hand - comparison.truth)
    off = [index for index in at if differences[index] > comparison.tolerance[index]]
    worst = max(off, key=lambda index: float(differences[index]))
    elements = f" in {len(off)} of {at.size} elements" if at.size > 1 else ""
    most = f", most at {comparison.problem.label(worst)}" if at.size > 1 else ""
    values = apart(float(comparison.by_hand[worst]), float(comparison.truth[worst]))
    return (
        "different",
        f"The gradient of {name} is wrong{elements}{most}: {values[0]}, where {values[1]} is right. "
        "No mistake that is known explains it, such as a factor, a single term or a forgotten derivative.",
    )
