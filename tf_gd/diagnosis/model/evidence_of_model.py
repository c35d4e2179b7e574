"""All that is known of a gradient at one problem: by hand, by TensorFlow, and from the loss, with tolerances."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.asking_the_loss import listen
from tf_gd.diagnosis.model.element_ruling import Element
from tf_gd.diagnosis.model.finite_differences import SINGLE, Slope
from tf_gd.diagnosis.model.hand_gradient import is_single
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.loss_slopes import LossSlopes
from tf_gd.diagnosis.model.model_problem import LARGE, ModelProblem, Vector
from tf_gd.diagnosis.model.tolerance import Tolerance, tolerance

Ask = Callable[[ModelProblem], Vector]


@dataclass
class ModelEvidence:
    """What is known at one problem.

    Attributes:
        hand, tensorflow: shape [size]; `tensorflow` is NaN where it does not differentiate the loss.
        tolerance: how far two correct evaluations may lie apart.
        slopes: the loss, and its slopes along `directions` by parameter, "" for all.
        heard: the elements at which the loss was asked for its slope.
        widened: whether elements pass only because TensorFlow's own constants are float32.
    """

    loss: LossFunction
    hand: Vector
    tensorflow: Vector
    tolerance: Tolerance
    slopes: LossSlopes
    directions: dict[str, Vector]
    along: dict[str, Slope]
    heard: dict[int, Slope] = field(default_factory=dict)
    widened: bool = False
    _rooms: dict[str, float] = field(default_factory=dict)
    _confirming: dict[str, bool] = field(default_factory=dict)

    @property
    def problem(self) -> ModelProblem:
        """Where."""
        return self.slopes.problem

    @cached_property
    def differentiates(self) -> bool:
        """Whether TensorFlow knows the gradient."""
        return self.loss.differentiates

    @cached_property
    def off(self) -> Vector:
        """How far by hand and TensorFlow differ beyond the tolerance, shape [size]; 0 where they do not."""
        if not self.differentiates:
            return np.zeros_like(self.hand)
        return np.maximum(abs(self.hand - self.tensorflow) - self.tolerance.values, 0.0)

    def admits(self, name: str, values: Vector) -> bool:
        """Whether the slope along a direction is that of these values, as far as can be told."""
        if not np.isfinite(self.along[name].error):
            return True
        if name not in self._rooms:
            self._rooms[name] = float(self.tolerance.values @ abs(self.directions[name]))
        return self.along[name].admits(float(values @ self.directions[name]), self._rooms[name])

    def hears(self, name: str) -> bool:
        """Whether a sign or a factor of 2 would show along a direction."""
        values = self.tensorflow if self.differentiates else self.hand
        return self.along[name].hears(float(values @ self.directions[name]))

    @property
    def audible(self) -> bool:
        """Whether a sign or a factor of 2 would show in the loss at all."""
        values = self.tensorflow if self.differentiates else self.hand
        return any(map(self.hears, self.directions)) or any(
            slope.hears(float(values[index])) or slope.kink is not None for index, slope in self.heard.items()
        )

    @property
    def confirmed(self) -> bool:
        """Whether the loss confirms TensorFlow's gradient."""
        return any(self.hears(name) and self.admits(name, self.tensorflow) for name in self.directions) or any(
            slope.hears(float(self.tensorflow[index])) and slope.admits(float(self.tensorflow[index]), 0.0)
            for index, slope in self.heard.items()
        )

    def element(self, index: int) -> Element:
        """Return what is known about one element."""
        return Element(
            self.problem.label(index),
            float(self.hand[index]),
            float(self.tensorflow[index]),
            self.heard.get(index),
            float(self.tolerance.values[index]),
            self._confirmed,
            any(map(self._confirms_along, (self.problem.name_of(index), ""))),
        )

    def _confirms_along(self, name: str) -> bool:
        if name not in self._confirming:
            slope = self.along.get(name)
            heard = slope is not None and slope.kink is None and self.hears(name)
            self._confirming[name] = heard and self.admits(name, self.tensorflow)
        return self._confirming[name]

    @cached_property
    def _confirmed(self) -> bool:
        return self.confirmed

    def listen(self, indices: list[int]) -> None:
        """Ask the loss for its slope at these elements."""
        for index in indices:
            self.heard[index] = self.slopes.element(index)


def gather(loss: LossFunction, ask: Ask, problem: ModelProblem) -> ModelEvidence:
    """Ask the hand-derived gradient, TensorFlow and the loss, and let the loss decide where they differ.

    Raises:
        Misbehaved: the hand-derived gradient is not the same when it is asked twice, or returned no gradient.
    """
    hand, tensorflow = ask(problem), loss.gradient(problem)
    _require_same_twice(hand, ask(problem), loss.unit)
    slopes = LossSlopes(loss, problem)
    evidence = ModelEvidence(loss, hand, tensorflow, _tolerance(loss, ask, problem, hand, tensorflow), slopes, {}, {})
    listen(evidence)
    if not evidence.off.any() or (_contradicted(evidence) and not loss.has_single_constants):
        return evidence
    return _with_rounding_of_operations(evidence)


def _contradicted(evidence: ModelEvidence) -> bool:
    """Whether the loss itself contradicts the hand-derived gradient, and confirms TensorFlow's, at some element."""
    return any(
        evidence.off[index]
        and slope.kink is None
        and np.isfinite(slope.error)
        and slope.admits(float(evidence.tensorflow[index]), room)
        and not slope.admits(float(evidence.hand[index]), room + 1e-5 * abs(float(evidence.tensorflow[index])))
        for index, slope in evidence.heard.items()
        for room in [float(evidence.tolerance.values[index])]
    )


def _require_same_twice(first: Vector, second: Vector, unit: float) -> None:
    allowed = unit**0.75 * max(float(abs(first).max(initial=0.0)), np.finfo(float).tiny)
    index = int(np.argmax(abs(first - second)))
    if abs(first - second)[index] > allowed:
        raise Misbehaved(
            "not-the-same-twice",
            f"Asked twice at the same point, your gradient returned {first[index]:.6g} and then {second[index]:.6g}. "
            "Does it draw random numbers anew, such as a dropout mask, or add to a sum that is never reset to 0? "
            "Take random numbers as data, and start each sum inside the function.",
        )


def _tolerance(loss: LossFunction, ask: Ask, problem: ModelProblem, hand: Vector, tensorflow: Vector) -> Tolerance:
    """Return the rounding tolerance; of a large model first a rough one, and the dear one only if it is too small."""
    unit = loss.unit
    if loss.differentiates and problem.size > LARGE:
        rough = _rough_tolerance(problem, tensorflow, unit)
        if (abs(hand - tensorflow) <= rough.values).all():
            return rough
    functions = [ask, loss.gradient] if loss.differentiates else [ask]
    found = tolerance(functions, problem, unit)
    if unit < SINGLE and is_single(hand) and (abs(hand - tensorflow) > found.values).any() | (not loss.differentiates):
        return tolerance(functions, problem, SINGLE)
    return found


def _rough_tolerance(problem: ModelProblem, values: Vector, unit: float) -> Tolerance:
    """Return one tolerance for each parameter: roundings of its largest element."""
    factor = 4.0 * problem.num_inputs**0.5
    room = np.zeros(problem.size)
    for part in problem.slices.values():
        room[part] = factor * unit * abs(values[part]).max(initial=0.0)
    return Tolerance(room, factor, problem.num_inputs, unit, 0)


def _with_rounding_of_operations(evidence: ModelEvidence) -> ModelEvidence:
    """Return the evidence with the tolerance that the roundings inside TensorFlow's operations ask for."""
    if not (moved := evidence.loss.inside("rounding", 0, evidence.problem)):
        return evidence
    values = np.maximum(evidence.tolerance.values, moved[0])
    wider = replace(evidence, tolerance=replace(evidence.tolerance, values=values), _rooms={}, _confirming={})
    wider.widened = bool((evidence.off > 0).any() and not wider.off.any()) and evidence.loss.has_single_constants
    return wider
