"""A model or layer of a file, asked over the pipe: the child answers with numbers and text, all judging is done here.

Whatever comes back is checked for its form and size before it is used; text is cut to a length.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, shortened
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.model import model_job
from tf_gd.diagnosis.model.finite_differences import UNITS
from tf_gd.diagnosis.model.graph_facts import Facts, Inside, Use
from tf_gd.diagnosis.model.layer_calls import drawn_dout
from tf_gd.diagnosis.model.model_check import checked
from tf_gd.diagnosis.model.model_names import is_layer
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.nesting import NestedArray
from tf_gd.diagnosis.model.numpy_activations import CHANGES
from tf_gd.diagnosis.model.pipe_arrays import MOST, PipedAnswer, array_of, arrays_of, garbled, packed, vector_of
from tf_gd.errors import InvalidArgumentError, TfGdError
from tf_gd.points.arrays import Array, Floats

JOB = model_job.__name__
_LARGE = 10_000  # parameters from which on each question is long enough
OWN_WORK = 120.0  # seconds that one answer may take beside what the file's functions take
_LONGEST_NAME, _LONGEST_TEXT = 80, 300
_REMARKS = ("none-gradient", "in-place", "missing-gradient", "unknown-gradient")  # that the child may make


class ModelInChild(Protocol):
    """The child: `sandbox.Sandbox`."""

    time_limit: float
    used: float

    def run(self, job: str, own_work: float = 0.0, **options: Any) -> PipedAnswer:
        """Run a job in the child, and return its record."""


def check_model(sandbox: ModelInChild, what: str) -> GradientCheck:
    """Check a gradient of any model, or a layer, that a file defines.

    Args:
        sandbox: the file.
        what: the name of the gradient, or of the backward pass.

    Raises:
        Misbehaved: nothing could be compared.
    """
    try:
        loss = LossInChild.opened(sandbox, what)
        return checked(loss, GradientInChild(loss))
    except TfGdError as error:
        raise Misbehaved("cannot-check", shortened(error, 2 * _LONGEST_TEXT)) from None


class LossInChild:
    """A loss in the child, with the attributes and methods of `LossFunction`."""

    def __init__(
        self,
        ask: Callable[..., PipedAnswer],
        base: ModelProblem,
        problem: ModelProblem,
        about: PipedAnswer,
        place: int = 0,
    ) -> None:
        self._ask, self._base, self.problem, self._about, self._place = ask, base, problem, about, place
        self.differentiates = about["differentiates"] is True
        self.own_gradients = about["own_gradients"] is True
        self.has_single_constants = about["has_single_constants"] is True
        self.unit = float(about["unit"])
        self._facts: Facts | None = None
        self._first: dict[str, Any] = {}

    @classmethod
    def opened(cls, sandbox: ModelInChild, what: str) -> "LossInChild":
        """Return the loss that belongs to a gradient or a backward pass."""

        def ask(**question: Any) -> PipedAnswer:
            answer = sandbox.run(JOB, OWN_WORK, **question)
            if "refused" in answer:
                raise InvalidArgumentError(shortened(answer["refused"], 2 * _LONGEST_TEXT))
            return answer

        about = ask(do="open", what=what, seconds=sandbox.time_limit - sandbox.used)
        if (
            about.get("unit") not in UNITS.values()
            or not {"differentiates", "own_gradients", "has_single_constants"} <= about.keys()
        ):
            raise garbled("facts are missing")
        params, data = (_named(about.get(key)) for key in ("params", "data"))
        if not params or params.keys() & data.keys() or not all(map(_is_parameter, params.values())):
            raise garbled("parameters are missing")
        base = ModelProblem(params, data, {name: NestedArray(name) for name in params | data})
        douts = {name: drawn_dout(data[name].shape, name) for name in data if is_layer(what) and _is_dout(name, data)}
        return cls(ask, base, base.with_data(**douts) if douts else base, about)

    def ask(self, do: str, problem: ModelProblem, **more: Any) -> PipedAnswer:
        """Ask one question at a problem; only arrays that differ from the file's own are sent."""
        return self._ask(do=do, loss=self._place, changed=self._changed(problem), **more)

    def _changed(self, problem: ModelProblem) -> dict[str, Any]:
        first, now = self._base.params | self._base.data, problem.params | problem.data
        return {str(place): packed(now[name]) for place, name in enumerate(first) if now[name] is not first[name]}

    def value(self, problem: ModelProblem) -> float:
        """Return the loss."""
        if problem is not self.problem or "value" not in self._first:
            value = self.ask("value", problem).get("value")
            if not isinstance(value, int | float):
                raise garbled("the loss is no number")
            if problem is not self.problem:
                return float(value)
            self._first["value"] = float(value)
        return float(self._first["value"])

    def values(self, problems: Iterable[ModelProblem]) -> list[float]:
        """Return the loss at several problems, by one question: each takes milliseconds."""
        if self.problem.size > _LARGE:
            return [self.value(problem) for problem in problems]
        each = [self._changed(problem) for problem in problems]
        losses = self.ask("values", self._base, each=each).get("values")
        if not isinstance(losses, list) or [type(value) for value in losses] != [float] * len(each):
            raise garbled("a loss is no number")
        return losses

    def gradient(self, problem: ModelProblem) -> Floats:
        """Return TensorFlow's gradient; NaN where it knows none."""
        if not self.differentiates:
            return np.full(problem.size, np.nan)
        if problem is not self.problem:
            return vector_of(self.ask("gradient", problem), problem)
        if "gradient" not in self._first:
            self._first["gradient"] = vector_of(self.ask("gradient", problem), problem)
        return cast("Floats", self._first["gradient"])

    @property
    def facts(self) -> Facts:
        """What is read off the loss's graph."""
        if self._facts is None:
            self._facts = _facts(self.ask("facts", self._base), list(self._base.params))
        return self._facts

    def inside(self, what: Inside, place: int, problem: ModelProblem, upstream: Floats | None = None) -> list[Floats]:
        """Return numbers from inside of the loss's graph."""
        given = [] if upstream is None else [packed(upstream)]
        arrays = arrays_of(self.ask("inside", problem, what=what, place=place, upstream=given))
        if what in ("term", "back", "rounding") and any(array.shape != (problem.size,) for array in arrays):
            raise garbled("a gradient has another size")
        if what == "output":
            return [array.astype(np.float64) for array in self._outputs(arrays, problem)]
        if len(arrays) not in (0, self._num_arrays(what, place)):
            raise garbled("arrays are missing")
        return [array.astype(np.float64) for array in arrays]

    def _num_arrays(self, what: Inside, place: int) -> int:
        if what == "use":  # a place among the uses only where these are asked
            return 1 + (self.facts.uses[place].sign in (0, 2))
        return 4 if what == "activation" else 1

    @staticmethod
    def _outputs(arrays: list[Array], problem: ModelProblem) -> list[Array]:
        wanted = [value.shape for name, value in problem.data.items() if name.startswith("dout")]
        if arrays and [array.shape for array in arrays] != wanted:
            raise garbled("outputs have another size")
        return arrays

    def elsewhere(self, problem: ModelProblem) -> "LossInChild":
        """Return the same loss for data of other shapes."""
        place = self.ask("elsewhere", problem).get("loss")
        if type(place) is not int:
            raise garbled("a loss is missing")
        return LossInChild(self._ask, self._base, problem, self._about, place)

    def close(self) -> None:
        """The child holds it, and ends with the check."""


class GradientInChild:
    """A hand-derived gradient in the child, asked as `HandGradient` is."""

    def __init__(self, loss: LossInChild) -> None:
        self._loss = loss
        self.remarks: dict[str, str] = {}

    def __call__(self, problem: ModelProblem) -> Floats:
        """Return the hand-derived gradient, shape [size]."""
        answer = self._loss.ask("by_hand", problem)
        values, remarks = vector_of(answer, problem), answer.get("remarks")
        if not np.isfinite(values).all() or not isinstance(remarks, dict):
            raise garbled("a gradient is not finite, or its remarks are missing")
        self.remarks |= {name: shortened(remarks[name], 2 * _LONGEST_TEXT) for name in _REMARKS if name in remarks}
        return values


def _named(pairs: Any) -> dict[str, Any]:
    """Return arrays by name; None for what is no array of numbers."""
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise garbled("names are missing")
    named = {shortened(name, _LONGEST_NAME): None if entry is None else array_of(entry) for name, entry in pairs}
    if len(named) != len(pairs):
        raise garbled("two names are one")
    return named


def _is_parameter(value: Any) -> bool:
    floating = isinstance(value, np.ndarray) and value.dtype.name in UNITS
    return bool(floating and np.isfinite(value.astype(np.float64)).all())


def _is_dout(name: str, data: dict[str, Any]) -> bool:
    return name.startswith("dout") and isinstance(data[name], np.ndarray) and data[name].dtype.kind == "f"


def _facts(answer: PipedAnswer, params: list[str]) -> Facts:
    """Return what was read off a graph, each part of the type and the length that it must have."""
    parts = [answer.get(key) for key in ("divisors", "terms", "activations", "uses", "calls")]
    if not all(isinstance(part, list) and len(part) <= MOST for part in parts):
        raise garbled("facts are missing")
    divisors, terms, activations, uses, calls = cast("list[list[Any]]", parts)
    try:
        return Facts(
            answer.get("known") is True,
            tuple(n for n in divisors if type(n) is int and 1 < n < 2**53),
            tuple(shortened(text, _LONGEST_TEXT) for text in terms),
            tuple((shortened(text, _LONGEST_TEXT), shortened(kind, _LONGEST_NAME)) for text, kind in activations),
            tuple(Use(shortened(use["parameter"], _LONGEST_NAME), int(use["sign"])) for use in uses),
            tuple((shortened(text, _LONGEST_TEXT), kind) for text, kind in calls if kind in CHANGES),
        )
    except (TypeError, ValueError, KeyError):
        raise garbled("facts are broken") from None
