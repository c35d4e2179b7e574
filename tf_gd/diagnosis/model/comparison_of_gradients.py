"""The hand-derived gradient beside the right one, at the caller's problem and at another, to test explanations on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from tf_gd.diagnosis.model.finite_differences import SEVERAL
from tf_gd.diagnosis.model.graph_facts import Inside
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.loss_slopes import LossSlopes
from tf_gd.diagnosis.model.model_problem import Indices, ModelProblem
from tf_gd.points.arrays import Floats

ROUGH_SHARE = 1e-9  # the relative error of a share's factor

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Compared:
    """The hand-derived gradient beside the right one, at one problem.

    Attributes:
        loss: what is differentiated.
        problem: where.
        by_hand, truth, tolerance: shape [size]; the tolerance is infinite where the truth is not known.
        by_slopes: whether the truth is the loss's own slopes, and not TensorFlow's gradient.
    """

    loss: LossFunction
    problem: ModelProblem
    by_hand: Floats
    truth: Floats
    tolerance: Floats
    by_slopes: bool = False
    _known: dict[Any, Any] = field(default_factory=dict, compare=False)

    def once(self, key: Any, make: Callable[[], Kept]) -> Kept:
        """Return what `make` gives, made once for this comparison: many mistakes are tried with the same numbers."""
        if key not in self._known:
            self._known[key] = make()
        kept: Kept = self._known[key]
        return kept

    def inside(self, what: Inside, place: int = 0) -> list[Floats]:
        """Return numbers from inside of the loss here."""
        return self.once((what, place), lambda: self.loss.inside(what, place, self.problem))

    @cached_property
    def terms(self) -> list[tuple[str, Floats]]:
        """How each term of the loss is written, and what it contributes to the gradient."""
        labels = self.loss.facts.terms
        return [(label, self.inside("term", place)[0]) for place, label in enumerate(labels)]

    def elements(self, names: list[str]) -> Indices:
        """Return where in the vectors these parameters lie, as far as the truth is known."""
        parts = [np.arange(self.truth.size)[self.problem.slices[name]] for name in names]
        indices: Indices = np.concatenate([np.zeros(0, np.intp), *parts])
        return indices[np.isfinite(self.tolerance[indices])]

    @property
    def wrong(self) -> list[str]:
        """The parameters of which some element is wrong."""
        off = abs(self.by_hand - self.truth) > self.tolerance
        return [name for name, part in self.problem.slices.items() if off[part].any()]

    def fits(self, pattern: Floats, names: list[str], its_tolerance: Floats) -> bool:
        """Return whether a mistake that gives `pattern` explains these parameters."""
        at = self.elements(names)
        bound = (self.tolerance + its_tolerance)[at]
        return bool(np.isfinite(pattern[at]).all() and (abs(self.by_hand - pattern)[at] <= bound).all())

    def tells(self, pattern: Floats, names: list[str], its_tolerance: Floats) -> bool:
        """Return whether a pattern differs from the right gradient by more than rounding."""
        at = self.elements(names)
        return bool((abs(self.truth - pattern)[at] > (self.tolerance + its_tolerance)[at]).any())

    def right_at(self, problem: ModelProblem, names: list[str]) -> Floats:
        """Return the right gradient at other parameters or data; NaN where it is not known.

        Where only the loss's own slopes are known, those of these parameters, until one is not what is explained.
        """
        if not self.by_slopes:
            return self.loss.gradient(problem)
        slopes, values = LossSlopes(self.loss, problem), np.full(self.truth.size, np.nan)
        for index in self.elements(names).tolist():
            slope = slopes.element(index)
            values[index] = slope.value
            if not abs(slope.value - self.by_hand[index]) <= 2 * self.tolerance[index] + SEVERAL * slope.error:
                break
        return values


Pattern = Callable[[Compared], Floats]


@dataclass(frozen=True)
class ModelMistake:
    """A mistake that may explain a wrong gradient.

    Attributes:
        name, message: what is said of it.
        pattern: the gradient that it gives, at any problem.
        growth: by how much it enlarges the tolerance.
        roughness: the relative error of the pattern's own numbers.
    """

    name: str
    message: str
    pattern: Pattern
    growth: float = 1.0
    roughness: float = 0.0

    def explains(self, views: list[Compared], names: list[str]) -> bool:
        """Whether it explains these parameters at every problem, and says more than nothing at the first."""
        for place, view in enumerate(views):
            pattern = self.pattern(view)
            bound = self.growth * view.tolerance + self.roughness * np.nanmax(abs(pattern), initial=0.0)
            if not view.fits(pattern, names, bound) or (place == 0 and not view.tells(pattern, names, bound)):
                return False
        return True


def added(view: Compared, names: list[str], name: str, what: str, share: Pattern) -> Iterator[ModelMistake]:
    """Yield the mistake of a gradient that is off by a multiple of a share, the one that fits best."""
    part, at = share(view), view.elements(names)
    if np.isfinite(part[at]).all() and part[at].any():
        factor = float((view.by_hand - view.truth)[at] @ part[at] / (part[at] @ part[at]))
        message = f"The gradient of {' and '.join(names)} is off by {factor:.6g} times {what}."
        yield ModelMistake(name, message, lambda other: other.truth + factor * share(other), 1.0, ROUGH_SHARE)


Mistakes = Callable[[list[Compared], list[str]], Iterator[ModelMistake]]


def other_problem(problem: ModelProblem) -> ModelProblem:
    """Return other parameters and data of the same kind: labels, masks and one-hot rows are put in another order."""
    rng = np.random.default_rng(11)
    data = {name: _other(value, rng) for name, value in problem.data.items()}
    moved = problem.vector + problem.scales * rng.uniform(0.1, 0.4, problem.size) * rng.choice([-1, 1], problem.size)
    return problem.at(moved).with_data(**data)


def _other(value: object, rng: np.random.Generator) -> object:
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.size == 0:
        return value
    sums_to_one = value.ndim > 1 and np.allclose(value.astype(float).sum(axis=-1), 1)
    if value.dtype.kind not in "f" or np.unique(value).size <= 2 or sums_to_one:
        return value[rng.permutation(len(value))]
    return (value * rng.uniform(0.7, 1.3, value.shape)).astype(value.dtype)


def slopes_at(loss: LossFunction, problem: ModelProblem, indices: list[int]) -> tuple[Floats, Floats]:
    """Return the slopes of the loss at some elements, and how far they may be off; infinitely far elsewhere."""
    slopes, values = LossSlopes(loss, problem), np.zeros(problem.size)
    errors = np.full(problem.size, np.inf)
    for index in indices:
        slope = slopes.element(index)
        if np.isfinite(slope.error) and slope.kink is None:
            values[index], errors[index] = slope.value, SEVERAL * slope.error
    return values, errors
