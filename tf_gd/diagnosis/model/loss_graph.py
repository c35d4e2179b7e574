"""Somebody's loss in a TensorFlow graph, and what is read off it: facts, and numbers from inside."""

from functools import cached_property

from tf_gd.diagnosis.model.graph_facts import Facts, GraphReading, Inside
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.traced_loss import TracedLoss
from tf_gd.points.arrays import Floats


class LossGraph(TracedLoss):
    """The loss, built once; asked again and again, also for what explains a mistake."""

    differentiates = True

    @cached_property
    def facts(self) -> Facts:
        """What is read off the graph."""
        return self._reading.facts

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return numbers from inside of the graph: see `graph_facts.Inside`."""
        return self._reading.inside(what, place, problem, upstream)

    @cached_property
    def _reading(self) -> GraphReading:
        return GraphReading(self)

    def elsewhere(self, problem: ModelProblem) -> "LossGraph":
        """Return the same loss for data of other shapes."""
        return LossGraph(self.loss, problem)
