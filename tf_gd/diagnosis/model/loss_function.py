"""Somebody's loss, as a function to be asked: in a TensorFlow graph, in eager TensorFlow, or in NumPy."""

import contextlib
import sys
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.graph_facts import Facts, Inside
from tf_gd.diagnosis.model.loss_calls import Loss, bad_loss, call_loss, what_it_says
from tf_gd.diagnosis.model.loss_graph import LossGraph
from tf_gd.diagnosis.model.losses_by_call import EagerLoss, NumpyLoss
from tf_gd.diagnosis.model.model_problem import LARGE, ModelProblem
from tf_gd.errors import InvalidArgumentError
from tf_gd.points.arrays import Floats


class LossFunction(Protocol):
    """A loss that can be asked.

    Attributes:
        problem: where it is asked first.
        unit: the relative size of one rounding in the loss.
        differentiates: whether TensorFlow knows its gradient.
    """

    problem: ModelProblem
    differentiates: bool

    @property
    def own_gradients(self) -> bool:
        """Whether a function in it may bring a gradient of its own, as `tf.custom_gradient` does."""

    @property
    def facts(self) -> Facts:
        """What is read off its graph, where it has one."""

    @property
    def has_single_constants(self) -> bool:
        """Whether TensorFlow itself put constants in float32 into a computation in float64."""

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return numbers from inside of its graph; nothing where they are not known."""

    @property
    def unit(self) -> float:
        """The unit in the last place of the coarsest dtype in the loss."""

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""

    def values(self, problems: Iterable[ModelProblem]) -> list[float]:
        """Return the loss at several problems."""

    def gradient(self, problem: ModelProblem) -> Floats:
        """Return TensorFlow's gradient."""

    def elsewhere(self, problem: ModelProblem) -> "LossFunction":
        """Return the same loss for data of other shapes."""

    def close(self) -> None:
        """Give back what it holds."""


def loss_function(loss: Loss, problem: ModelProblem) -> LossFunction:
    """Return the loss in the finest form that it allows.

    Where it is written in NumPy, in NumPy, without loading TensorFlow. Else in a graph in float64, with whole numbers
    as such or as floats; then operation by operation, which comes first for a large model, where making a graph costs
    more than it saves; then both in the dtypes that the caller gave, and in float32.

    Raises:
        InvalidArgumentError: it can be evaluated in no way; the message is that of the first.
    """
    wide = problem.map(lambda value: value.astype(np.float64, copy=False))
    if (problem.size <= LARGE or "tensorflow" not in sys.modules) and _is_in_numpy(loss, wide):
        return NumpyLoss(loss, wide)
    faults: list[InvalidArgumentError] = []
    for kind, attempt in _attempts(problem):
        try:
            asked: LossFunction = kind(loss, attempt)
            return asked
        except InvalidArgumentError as fault:
            faults.append(fault)
        except Misbehaved:
            raise
        except Exception as error:  # TensorFlow's own, from running the graph or the tape
            faults.append(bad_loss(f"be something that TensorFlow can evaluate. It raised {what_it_says(error)}"))
    raise max(faults, key=_tells)


def elsewhere(loss: LossFunction, problem: ModelProblem) -> LossFunction:
    """Return a loss for data of other shapes; not in a graph, which costs more than it saves where it is asked once."""
    if isinstance(loss, LossGraph):
        with contextlib.suppress(Exception):  # it may be one that runs in a graph only
            return EagerLoss(loss.loss, problem)
    return loss.elsewhere(problem)


def _is_in_numpy(loss: Loss, problem: ModelProblem) -> bool:
    """Whether a loss makes a number of NumPy's of NumPy's arrays, or of Python's."""
    with np.errstate(all="ignore"), contextlib.suppress(InvalidArgumentError):
        returned = call_loss(loss, problem.arguments())
        return isinstance(returned, float | np.floating | np.ndarray) and np.size(returned) == 1
    return False


def _attempts(problem: ModelProblem) -> Any:
    wide = problem.map(lambda value: value.astype(np.float64, copy=False))
    narrow = problem.map(lambda value: value.astype(np.float32))
    floats = wide.with_floats_only()
    first, second = (EagerLoss, LossGraph) if problem.size > LARGE else (LossGraph, EagerLoss)
    for attempt in (wide, floats):
        yield first, attempt
    for attempt in (wide, floats):
        yield second, attempt
    yield NumpyLoss, wide
    yield NumpyLoss, problem
    for attempt in (problem, narrow, narrow.with_floats_only().map(lambda value: value.astype(np.float32))):
        yield LossGraph, attempt
        yield EagerLoss, attempt


def _tells(fault: InvalidArgumentError) -> bool:
    """Whether a fault says what is wrong with the loss itself, rather than that one form of it raised."""
    return "It raised" not in str(fault)
