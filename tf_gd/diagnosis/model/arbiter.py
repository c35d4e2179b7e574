"""The arbiter: the loss itself, asked for its slope at one element after another."""

import numpy as np

from tf_gd.diagnosis.model.finite_differences import Slope, slope
from tf_gd.diagnosis.model.loss_graph import LossGraph
from tf_gd.diagnosis.model.model_problem import Problem, Vector
from tf_gd.diagnosis.model.tolerance import Sensitivity, sensitivity


class Arbiter:
    """Slopes of a loss by central differences.

    Attributes:
        problem: where.
        scales: the size of each element, of which the steps are parts, shape [size].
        noise: how far a value of the loss may be off through rounding.
    """

    def __init__(self, graph: LossGraph) -> None:
        self._graph, self.problem, self.scales = graph, graph.problem, _scales(graph.problem)
        self.noise = self._noise(graph.unit)

    def _noise(self, unit: float) -> float:
        def loss(at: Problem) -> Vector:
            return np.array([self._graph.value(at)])

        return float(sensitivity([loss], self.problem, unit).tolerance.item())

    def tolerance(self, values: Vector, rounding: Sensitivity) -> Vector:
        """Return the tolerance for gradients of this size, wider where they are too small to show in the loss.

        Where even a step of the parameter's own size would not lift the loss out of its rounding, the movement of
        the inputs says too little: 1 - tanh(z)^2 for a large z is all rounding, and does not move.
        """
        faint = self._noise(rounding.unit) / self.scales
        return np.maximum(rounding.tolerance, np.where(values <= faint, faint, 0.0))

    def slope(self, index: int) -> Slope:
        """Return the slope of the loss along one element."""
        here = self.problem.vector

        def loss_at(value: float) -> float:
            there = here.copy()
            there[index] = value
            return self._graph.value(self.problem.at(there))

        return slope(loss_at, float(here[index]), float(self.scales[index]), self.noise)


def _scales(problem: Problem) -> Vector:
    """Return the size of each element: its own or its parameter's root mean square; 1 where all are zero."""
    here = problem.vector
    typical = [np.full(part.stop - part.start, np.sqrt(np.mean(here[part] ** 2))) for part in problem.slices.values()]
    scale = np.maximum(abs(here), np.concatenate(typical))
    return np.where(scale > 0, scale, 1.0)
