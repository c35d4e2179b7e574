"""The loss itself, asked for its slope: along a direction over many parameters, or at one element."""

import numpy as np

from tf_gd.diagnosis.model.finite_differences import ACCURACY, Slope, slope
from tf_gd.diagnosis.model.loss_function import LossFunction
from tf_gd.diagnosis.model.model_problem import ModelProblem, Vector
from tf_gd.diagnosis.model.tolerance import LAMBDA, movement, num_trials

ROUGH = 2.0**-13  # a directional slope of a large model need not be known better to confirm it


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

    def along(self, direction: Vector, accuracy: float = ACCURACY) -> Slope:
        """Return the slope along a direction, whose length is the natural scale of a step."""
        here = self.problem.vector
        return slope(
            lambda step: self._loss.value(self.problem.at(here + step * direction) if step else self.problem),
            self.noise,
            self.unit,
            accuracy,
            kinks=accuracy < ROUGH,
        )

    def element(self, index: int) -> Slope:
        """Return the slope with respect to one element."""
        if index not in self._elements:
            here, scale = self.problem.vector, float(2.0 ** np.ceil(np.log2(self.problem.scales[index])))

            def loss_at(step: float) -> float:
                there = here.copy()
                there[index] += step * scale
                return self._loss.value(self.problem.at(there))

            self._elements[index] = slope(loss_at, self.noise, self.unit).over(scale)
        return self._elements[index]

    def directions(self, seed: int = 0) -> dict[str, Vector]:
        """Return random directions: one for each parameter, and "" for all of them at once."""
        whole = self.direction(seed)
        parts = {}
        for name, part in self.problem.slices.items():
            if part.stop > part.start and len(self.problem.slices) > 1:
                parts[name] = np.zeros_like(whole)
                parts[name][part] = whole[part]
        return {"": whole} | parts

    def direction(self, seed: int = 0) -> Vector:
        """Return a random direction over all parameters, each by about its own size."""
        rng = np.random.default_rng(seed)
        signs = rng.integers(0, 2, self.problem.size, dtype=np.int8)
        direction = (2 * signs - 1) * self.problem.scales
        if self.problem.size <= 20_000:
            direction *= rng.uniform(0.5, 1.0, self.problem.size)
        return direction
