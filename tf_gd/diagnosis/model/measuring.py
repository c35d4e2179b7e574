"""Gather what is known of a gradient at one problem: ask by hand, ask TensorFlow, then the loss where they differ."""

from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.model.asking_the_loss import ask_for_slopes
from tf_gd.diagnosis.model.finite_differences import SINGLE
from tf_gd.diagnosis.model.hand_gradient import is_single, require_same_twice
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.loss_slopes import LossSlopes
from tf_gd.diagnosis.model.model_measurements import Ask, ModelMeasurements
from tf_gd.diagnosis.model.model_problem import LARGE, ModelProblem
from tf_gd.diagnosis.model.tolerance import Tolerance, rough_tolerance, tolerance
from tf_gd.points.arrays import Floats


def measure(loss: LossFunction, ask: Ask, problem: ModelProblem) -> ModelMeasurements:
    """Ask the hand-derived gradient, TensorFlow and the loss, and let the loss decide where they differ.

    Raises:
        Misbehaved: the hand-derived gradient is not the same when it is asked twice, or returned no gradient.
    """
    hand, tensorflow = ask(problem), loss.gradient(problem)
    require_same_twice(hand, ask(problem), loss.unit)
    slopes = LossSlopes(loss, problem)
    bound = _tolerance(loss, ask, problem, hand, tensorflow)
    measured = ModelMeasurements(loss, ask, hand, tensorflow, bound, slopes)
    ask_for_slopes(measured)
    if not measured.off.any() or (_contradicted(measured) and not loss.has_single_constants):
        return measured
    return _with_rounding_of_operations(measured)


def _contradicted(measured: ModelMeasurements) -> bool:
    """Whether the loss itself contradicts the hand-derived gradient, and confirms TensorFlow's, at some element."""
    return any(
        measured.off[index]
        and slope.kink is None
        and np.isfinite(slope.error)
        and slope.admits(float(measured.tensorflow[index]), bound)
        and not slope.admits(float(measured.hand[index]), bound + 1e-5 * abs(float(measured.tensorflow[index])))
        for index, slope in measured.element_slopes.items()
        for bound in [float(measured.tolerance.values[index])]
    )


def _tolerance(loss: LossFunction, ask: Ask, problem: ModelProblem, hand: Floats, tensorflow: Floats) -> Tolerance:
    """Return the rounding tolerance; of a large model first a rough one, and the dear one only if it is too small."""
    unit = loss.unit
    if loss.differentiates and problem.size > LARGE:
        rough = rough_tolerance(problem, tensorflow, unit)
        if (abs(hand - tensorflow) <= rough.values).all():
            return rough
    functions = [ask, loss.gradient] if loss.differentiates else [ask]
    fine_tolerance = tolerance(functions, problem, unit)
    if (
        unit < SINGLE
        and is_single(hand)
        and (abs(hand - tensorflow) > fine_tolerance.values).any() | (not loss.differentiates)
    ):
        return tolerance(functions, problem, SINGLE)
    return fine_tolerance


def _with_rounding_of_operations(measured: ModelMeasurements) -> ModelMeasurements:
    """Return the measurements with the tolerance that the roundings inside TensorFlow's operations ask for."""
    if not (moved := measured.loss.inside("rounding", 0, measured.problem)):
        return measured
    values = np.maximum(measured.tolerance.values, moved[0])
    wider = replace(measured, tolerance=replace(measured.tolerance, values=values))
    bounds = {name: wider.bound_along(one.vector) for name, one in measured.directions.items()}
    wider.directions = {name: replace(one, bound=bounds[name]) for name, one in measured.directions.items()}
    wider.widened = bool((measured.off > 0).any() and not wider.off.any()) and measured.loss.has_single_constants
    return wider
