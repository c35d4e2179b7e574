"""Why a gradient that nothing contradicts cannot be called right: a wrong one would have passed, too."""

import contextlib

import numpy as np

from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.model.beside_kinks import Side
from tf_gd.diagnosis.model.element_verdict import Element
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.finite_differences import SEVERAL
from tf_gd.diagnosis.model.loss_slopes import RESOLUTION, Direction, along
from tf_gd.diagnosis.model.model_measurements import ModelMeasurements
from tf_gd.errors import TfGdError
from tf_gd.points.arrays import Floats

_RADII = (0.5, 2.0, 8.0)  # of other points, in the parameters' sizes: a dead ReLU is alive at one of them
_FAR = (-1e6, -1e3, -1.0, 0.1, 1.0, 1e3, 1e6)  # a term that rounding hides here is seen at one of them
_NEGLIGIBLE, _FINE = 2.0**-46, 1e-6


def untold(measured: ModelMeasurements, unknown: list[Element]) -> tuple[list[Finding], list[Finding]]:
    """Return why a wrong sign or factor of 2 could have passed, and remarks on gradients that are always 0."""
    if not np.any(measured.hand) and not np.nan_to_num(measured.tensorflow).any() and not measured.noticeable:
        return [("zero-gradient", _ZERO)], []
    if not measured.noticeable:
        return [("lost-in-rounding", _unnoticeable(measured))], []
    if unknown:
        kinks = any(element.side is Side.UNKNOWN for element in unknown)
        return [("kinks", KINKS) if kinks else ("lost-in-rounding", _differ(unknown))], []
    hidden = [name for name in measured.problem.slices if not _told(measured, name)]
    always = [name for name in hidden if _is_always_zero(measured, name)]
    remaining_names = [name for name in hidden if name not in always]
    zeros = [("zero-gradient", f"The gradient of {listed(always)} is 0 here and at other points.")] if always else []
    if remaining_names:
        return [("hidden-parameter", _hidden(remaining_names, measured))], zeros
    if tiny := _unresolved_element(measured):
        return [("lost-in-rounding", _TINY.format(tiny, _OWN if measured.differentiates else ""))], zeros
    rough = {name: part for name in measured.problem.slices if (part := _unresolved(measured, name)) > RESOLUTION}
    return ([("lost-in-rounding", _rough(rough))] if rough else []), zeros


_TINY = (
    "At {} your gradient is so small that rounding hides it in the loss{}: a wrong sign or a factor of 2 would pass. "
    "Try another point, where the gradient there is larger, or check a loss of these elements alone."
)
_OWN = ", and a function in the loss brings a gradient of its own (tf.custom_gradient, tf.stop_gradient)"


def _unresolved_element(measured: ModelMeasurements) -> str:
    """Return an element at which yours, and a gradient of the loss's own, could be wrong without a sign."""
    if measured.trusted:
        return ""
    weights = abs(measured.hand * measured.problem.scales)
    hidden = [one for one in measured.directions.values() if one.parameter and not one.resolves(measured.hand)]
    for one in hidden:
        largest = weights[measured.problem.slices[one.parameter]].max(initial=0.0)
        significant_mask = abs(measured.hand) > measured.tolerance.values  # less than this is its own rounding
        at = np.flatnonzero((one.vector != 0) & significant_mask & (weights > _NEGLIGIBLE * largest))
        if at.size and not _confirmed_finely(measured, one.vector):
            return measured.problem.label(int(at[np.argmax(weights[at])]))
    return ""


def _confirmed_finely(measured: ModelMeasurements, vector: Floats) -> bool:
    """Whether a complex step, or very wide steps, confirm your slope along a direction that rounding hides."""
    slopes, by_hand = measured.slopes, along(measured.hand, vector)
    bound = measured.bound_along(vector) + _FINE * abs(by_hand)
    if abs(slopes.complex_along(vector) - by_hand) <= bound:
        told = [one for one in measured.directions.values() if one.resolves(measured.hand) and one.slope.kink is None]
        values = [(one, slopes.complex_along(one.vector)) for one in told]
        if told and all(one.slope.admits(value, _FINE * abs(value)) for one, value in values):
            return True
    with contextlib.suppress(TfGdError):
        far = slopes.far_along(vector, by_hand)
        return far.kink is None and far.resolves(by_hand) and far.admits(by_hand, bound)
    return False


KINKS = (
    "The loss has kinks here, and too many sides meet in them to tell whether your value is a mixture of theirs. Try "
    "params at which nothing is exactly at a kink, such as random ones."
)


def _rough(parts: dict[str, float]) -> str:
    most = max(parts, key=lambda name: parts[name])
    return (
        f"The slopes of the loss are known too roughly: in the gradient of {most} a mistake of {parts[most]:.1g} times "
        "its largest element could pass. Does the loss, or your gradient, compute in float32? Let both compute in "
        "float64, or try fewer params, or a loss without a large constant."
    )


_ZERO = (
    "The gradient is 0 here, so most mistakes cannot show: a wrong sign or a factor of 2 would pass. "
    "Try other params, such as random ones."
)


def _unnoticeable(measured: ModelMeasurements) -> str:
    largest = max(measured.hand.max(initial=0), -measured.hand.min(initial=0))
    return (
        f"The loss, {measured.loss.value(measured.problem):.6g}, is known to {measured.slopes.noise:.1g} only, and "
        f"your gradient ({largest:.2g} at most) changes it by less: a wrong sign or a factor of 2 would pass. "
        "Try another point, where the gradient is larger; float64 in place of float32; or a loss without the large "
        "constant, or on another scale."
    )


def _differ(unknown: list[Element]) -> str:
    labels = ", ".join(element.label for element in unknown[:3])
    return (
        f"At {labels} your value and TensorFlow's differ, but rounding hides the loss's own slope: "
        "try another point, where the gradient is larger, or another scale of the loss."
    )


def _hidden(names: list[str], measured: ModelMeasurements) -> str:
    part = np.concatenate([np.arange(measured.hand.size)[measured.problem.slices[name]] for name in names])
    largest = float(abs(measured.hand[part]).max(initial=0.0))
    return (
        f"The gradient of {listed(names)} is {largest:.2g} at most here, lost in rounding: a wrong sign or a factor "
        "of 2 in it would pass. Is the model saturated, or at its optimum? Try another point, such as smaller params "
        "or smaller data."
    )


def _told(measured: ModelMeasurements, name: str) -> bool:
    """Whether a wrong sign or a factor of 2 in the gradient of a parameter would show."""
    part = measured.problem.slices[name]
    if part.start == part.stop or any(part.start <= index < part.stop for index in measured.sides):
        return True
    slopes = [slope for index, slope in measured.element_slopes.items() if part.start <= index < part.stop]
    if any(slope.kink is not None for slope in slopes):
        return True
    if measured.trusted:
        values = np.maximum(abs(measured.hand[part]), abs(measured.tensorflow[part]))
        return bool((values > 4 * measured.tolerance.values[part]).any())
    told = [one for one in _directions(measured, name) if one.matters and (measured.hand * one.vector)[part].any()]
    return bool(told) and all(one.resolves(measured.hand) or one.slope.kink is not None for one in told)


def _directions(measured: ModelMeasurements, name: str) -> list[Direction]:
    """Return the directions over elements of a parameter."""
    own = [one for one in measured.directions.values() if one.parameter == name]
    return own or [one for one in measured.directions.values() if not one.parameter]


def _unresolved(measured: ModelMeasurements, name: str) -> float:
    """Return which part of a parameter's largest element could be wrong without being noticed, where only slopes tell.

    A loss that TensorFlow differentiates tells each element to within rounding.
    """
    part = measured.problem.slices[name]
    largest = abs(measured.hand[part]).max(initial=0.0)
    if measured.differentiates or not largest or any(part.start <= index < part.stop for index in measured.sides):
        return 0.0
    errors = [SEVERAL * slope.error for i, slope in measured.element_slopes.items() if part.start <= i < part.stop]
    singly = float(max(errors) / largest) if len(errors) == part.stop - part.start else np.inf
    directions = _directions(measured, name)
    if any(one.slope.kink is not None for one in directions):
        return 0.0
    return min(singly, max((one.unnoticed() / largest for one in directions), default=0.0))


def _is_always_zero(measured: ModelMeasurements, name: str) -> bool:
    """Whether the gradient of a parameter is practically zero at other points, too."""
    problem, part = measured.problem, measured.problem.slices[name]
    if measured.hand[part].any() and not measured.trusted:
        return False
    if not measured.differentiates:
        return _moves_nothing(measured, name)
    rng = np.random.default_rng(5)
    for radius in _RADII:
        there = problem.at(problem.vector + radius * problem.scales * rng.uniform(-1, 1, problem.size))
        try:
            values: Floats = measured.loss.gradient(there)
        except TfGdError:
            return False
        floor = 4 * measured.tolerance.values[part].max(initial=0.0) + 1e-13 * abs(values).max(initial=0.0)
        if (abs(values[part]) > floor).any():
            return False
    return True


def _moves_nothing(measured: ModelMeasurements, name: str) -> bool:
    """Whether the loss has the same bits wherever a parameter is, near or very far."""
    problem, part = measured.problem, measured.problem.slices[name]
    first, move = measured.loss.value(problem), np.zeros(problem.size)
    move[part] = measured.slopes.direction()[part]
    return all(measured.loss.value(problem.at(problem.vector + far * move)) == first for far in _FAR)
