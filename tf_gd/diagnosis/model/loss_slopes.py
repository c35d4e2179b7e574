"""The loss itself, asked for its slope: along a direction over many parameters, or at one element."""

from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.model.finite_differences import ACCURACY, SEVERAL, UNKNOWN, Slope, slope
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.model_problem import Indices, ModelProblem
from tf_gd.diagnosis.model.tolerance import LAMBDA, movement, num_trials
from tf_gd.points.arrays import Floats

RESOLUTION = 1e-3  # a mistake of such a part of a parameter's largest element must show
CLOSE = 2.0**-28  # the step of plain differences beside a kink
ROUGH = 2.0**-13  # a directional slope of a large model need not be known better to confirm it
_SHOWN, _FARTHEST = 2.0**26, 60  # roundings of the loss that a step of 2^-6 should change it by; 2^60 steps at most
# Elements of which the gradient is smaller than such a part of the largest have directions of their own.
_SIZES = (2.0**-10, 2.0**-24)


def along(gradient: Floats, vector: Floats) -> float:
    """Return the slope of a gradient along a vector, in this thread: for one sum, starting others costs more."""
    return float((gradient * vector).sum())


@dataclass(frozen=True)
class Direction:
    """A direction over some elements, and the loss's slope along it.

    Attributes:
        parameter: whose elements; "" for those of all.
        vector: shape [size].
        slope: the loss's own.
        matters: whether it holds the parameter's largest elements.
        bound: how far another correct gradient's slope may lie apart.
    """

    parameter: str
    vector: Floats
    slope: Slope = UNKNOWN
    bound: float = 0.0
    matters: bool = True

    def admits(self, gradient: Floats) -> bool:
        """Whether the slope is that of this gradient, as far as can be told."""
        return not np.isfinite(self.slope.error) or self.slope.admits(along(gradient, self.vector), self.bound)

    def resolves(self, gradient: Floats) -> bool:
        """Whether a sign or a factor of 2 would show."""
        return self.slope.resolves(along(gradient, self.vector))

    def unnoticed(self) -> float:
        """Return by how much any one element could be off without being noticed."""
        least = abs(self.vector[np.flatnonzero(self.vector)]).min(initial=np.inf)
        return float((SEVERAL * self.slope.error + self.bound) / least)


class LossSlopes:
    """Slopes of a loss by differences.

    Attributes:
        problem: where.
        noise: how far a value of the loss may be off through rounding.
    """

    def __init__(self, loss: LossFunction, problem: ModelProblem) -> None:
        self._loss, self.problem, self.unit = loss, problem, loss.unit
        trials = min(8, num_trials(problem.size))
        values = movement(lambda at: np.array([loss.value(at)]), problem, self.unit, trials)
        self.noise = LAMBDA * float(values[0])
        self._elements: dict[int, Slope] = {}

    def along(self, direction: Floats, accuracy: float = ACCURACY, kinks: bool = True) -> Slope:
        """Return the slope along a direction, whose length is the natural scale of a step."""

        def after(steps: list[float]) -> list[float]:
            point = self.problem.vector
            return self._loss.values(self.problem.at(point + h * direction) if h else self.problem for h in steps)

        return slope(after, self.noise, self.unit, accuracy, kinks)

    def far_along(self, direction: Floats, expected: float) -> Slope:
        """Return the slope along a direction in which little changes, from steps so wide that it shows."""
        factor = 2.0 ** np.clip(np.ceil(np.log2(_SHOWN * self.noise / abs(expected))), 0, _FARTHEST)
        return self.along(factor * direction).over(float(factor))

    def complex_along(self, direction: Floats) -> float:
        """Return the slope along a direction by a complex step; NaN where the loss allows none."""
        slopes = [] if self._loss.differentiates else self._loss.inside("slope", 0, self.problem, direction)
        return float(slopes[0][0]) if slopes else np.nan

    def element(self, index: int) -> Slope:
        """Return the slope with respect to one element."""
        if index not in self._elements:
            point, scale = self.problem.vector, float(2.0 ** np.ceil(np.log2(self.problem.scales[index])))

            def after(steps: list[float]) -> list[float]:
                return self._loss.values(self.problem.at(_stepped(point, index, h * scale)) for h in steps)

            self._elements[index] = slope(after, self.noise, self.unit).over(scale)
        return self._elements[index]

    def close_sides(self, index: int) -> tuple[float, float]:
        """Return plain differences on the left and on the right of an element."""
        point, step = self.problem.vector, CLOSE * self.problem.scales[index]
        points = (self.problem.at(_stepped(point, index, way * step)) for way in (-1, 0, 1))
        below, middle, above = self._loss.values(list(points))
        return float((middle - below) / step), float((above - middle) / step)

    def close(self, problem: ModelProblem) -> Floats:
        """Return plain central differences at another problem, over steps that stay on one side of most kinks.

        NaN where a step goes over a kink.
        """
        point, steps = problem.vector, CLOSE * self.problem.scales
        moved = [_stepped(point, index, way * step) for way in (1.0, -1.0) for index, step in enumerate(steps)]
        middle, *values = self._loss.values([problem, *map(problem.at, moved)])
        above, below = np.split(np.array(values), 2)
        curved = abs((above - middle) - (middle - below)) > 16 * self.noise
        return np.asarray(np.where(curved, np.nan, (above - below) / (2 * steps)))

    def directions(self, gradient: Floats | None = None) -> dict[str, Direction]:
        """Return random directions: one for each parameter, and "" for all of them at once.

        Args:
            gradient: where it is given, elements of which it is small have directions of their own.
        """
        whole = self.direction()
        chosen_directions = {"": Direction("", whole)}
        for name, part in self.problem.slices.items():
            at = np.arange(part.start, part.stop)
            if gradient is None:
                groups, uphill = [at], whole
            else:
                groups, uphill = _by_size(at, gradient * self.problem.scales), _uphill(whole, gradient)
            for place, among in enumerate(groups):
                vector = np.zeros_like(whole)
                vector[among] = uphill[among]
                if among.size and (len(self.problem.slices) > 1 or gradient is not None):
                    chosen_directions[f"{name}, size {place}" if place else name] = Direction(
                        name, vector, matters=place == 0
                    )
        return chosen_directions

    def direction(self, seed: int = 0) -> Floats:
        """Return a random direction over all parameters, each by about its own size."""
        rng = np.random.default_rng(seed)
        signs = rng.integers(0, 2, self.problem.size, dtype=np.int8)
        direction = (2 * signs - 1) * self.problem.scales
        if self.problem.size <= 20_000:
            direction *= rng.uniform(0.5, 1.0, self.problem.size)
        return direction


def _uphill(direction: Floats, gradient: Floats) -> Floats:
    """Return the direction turned so that the contributions of no two elements cancel."""
    return np.asarray(np.where(gradient == 0, direction, abs(direction) * np.sign(gradient)))


def _stepped(point: Floats, index: int, step: float) -> Floats:
    there: Floats = point.copy()
    there[index] += step
    return there


def _by_size(at: Indices, weights: Floats) -> list[Indices]:
    """Return elements in groups of which none hides another in its rounding; those of weight 0 are one of them."""
    sizes = abs(weights[at])
    group = np.searchsorted([-part * sizes.max(initial=0.0) for part in _SIZES], -sizes)
    return [at[group == place] for place in range(len(_SIZES) + 1)]
