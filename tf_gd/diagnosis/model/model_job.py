"""A job in the child: answer questions about one model or layer that a file defines.

No verdict is computed here. What comes back are numbers and text: the loss, TensorFlow's gradient and the hand-derived
one at parameters and data that the parent chooses, and facts of the loss's graph. See `asked_in_child`.
"""

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, tell_error, what_was_raised
from tf_gd.diagnosis.limits import SHORTEST, Watchdog
from tf_gd.diagnosis.model.class_layers import ClassLayer
from tf_gd.diagnosis.model.hand_gradient import HandGradient
from tf_gd.diagnosis.model.layer_calls import Layer
from tf_gd.diagnosis.model.loss_function import LossFunction, elsewhere, loss_function
from tf_gd.diagnosis.model.model_names import forward_of, is_layer, layer_of, loss_of, stored_for
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.pipe_arrays import packed
from tf_gd.diagnosis.pipe import decode_array
from tf_gd.diagnosis.program import LearnerProgram
from tf_gd.errors import TfGdError

_CALLS_IN_ALL = 10  # times the limit of one call, for all of them
_SLOW = (
    "The functions of the file are too slow to be called as often as a check needs. Check them with fewer points or "
    "parameters, or give them more time with --time-limit."
)


def run(program: LearnerProgram, options: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one question.

    Args:
        program: the file.
        options: `do`, one of `Answers`' methods, and what it takes.

    Raises:
        Misbehaved: the file's own functions failed, or there is no such model.
    """
    program.execute()
    program.restore()
    program.watchdog.rest()  # from here on, only the time in the file's own functions counts
    try:
        if options["do"] == "open":
            program.kept["model"] = Answers(program, str(options["what"]), float(options["seconds"]))
        answers: Answers = program.kept["model"]
        return answers.to(options)
    except TfGdError as error:
        return {"refused": str(error)}
    except (Misbehaved, MemoryError):
        raise
    except Exception as error:
        description = what_was_raised(tell_error(error))
        raise Misbehaved("cannot-check", f"The model could not be evaluated: it {description}.") from None


class Answers:
    """The model or layer, as a loss and its hand-derived gradient."""

    def __init__(self, program: LearnerProgram, what: str, seconds: float) -> None:
        there: dict[str, Any] = {} if program.module is None else program.module.__dict__
        loss, self.by_hand, problem = _model(what, there, _Watch(program.watchdog, seconds))
        self.losses: list[LossFunction] = [loss_function(loss, problem)]
        self.problem = self.losses[0].problem

    def to(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question."""
        do, loss = question["do"], self.losses[int(question.get("loss", 0))]
        problem = self._at(question.get("changed", {}))
        if do == "open":
            return self._opened(loss)
        if do == "value":
            return {"value": loss.value(problem)}
        if do == "values":
            return {"values": loss.values([self._at(changed) for changed in question["each"]])}
        if do == "gradient":
            return {"arrays": [packed(loss.gradient(problem))]}
        if do == "by_hand":
            return {"arrays": [packed(self.by_hand(problem))], "remarks": dict(self.by_hand.remarks)}
        if do == "facts":
            return asdict(loss.facts)
        if do == "inside":
            upstream = [decode_array(entry) for entry in question["upstream"]]
            arrays = loss.inside(question["what"], question["place"], problem, *upstream)
            return {"arrays": [packed(array) for array in arrays]}
        self.losses.append(elsewhere(loss, problem))
        return {"loss": len(self.losses) - 1}

    def _opened(self, loss: LossFunction) -> dict[str, Any]:
        return {
            "differentiates": loss.differentiates,
            "own_gradients": loss.own_gradients,
            "unit": loss.unit,
            "has_single_constants": loss.has_single_constants,
            "params": [[name, packed(value)] for name, value in loss.problem.params.items()],
            "data": [
                [name, packed(value) if _is_numbers(value) else None] for name, value in loss.problem.data.items()
            ],
        }

    def _at(self, changed: Mapping[str, Any]) -> ModelProblem:
        """Return the problem with other arrays at some places."""
        if not changed:
            return self.problem
        params, data = dict(self.problem.params), dict(self.problem.data)
        names = [*params, *data]
        for place, entry in changed.items():
            name = names[int(place)]
            (params if name in params else data)[name] = decode_array(entry).copy()
        return replace(self.problem, params=params, data=data)


def _is_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and (value.dtype.kind in "fiub" or value.dtype.name == "bfloat16")


class _Watch:
    """The watchdog, while one of the file's functions runs and only then."""

    def __init__(self, watchdog: Watchdog, seconds: float) -> None:
        self._watchdog, self._of_a_call = watchdog, max(seconds, SHORTEST)
        self._left = _CALLS_IN_ALL * self._of_a_call

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, under the watchdog."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._left < 0:
                raise Misbehaved("cannot-check", _SLOW)
            begun = time.monotonic()
            try:
                with self._watchdog.within(self._of_a_call):
                    return function(*args, **kwargs)
            finally:
                self._left -= time.monotonic() - begun

        return call


def _model(what: str, there: dict[str, Any], watch: _Watch) -> tuple[Callable[..., Any], HandGradient, ModelProblem]:
    """Return a loss, its hand-derived gradient, and where they are compared."""
    if is_layer(what):
        forward, backward, inputs = _layer(what, there)
        layer = Layer(watch.watched(forward), watch.watched(backward), inputs)
        return layer, HandGradient(layer.gradient, layer.remarks), ModelProblem.of(*layer.split())
    params, data = (there.get(stored_for(what, kind, there) or "") for kind in ("params", "data"))
    problem = ModelProblem.of(params, {} if data is None else data)  # type: ignore[arg-type]
    return watch.watched(there[loss_of(what)]), HandGradient(watch.watched(there[what])), problem


def _layer(what: str, there: dict[str, Any]) -> tuple[Callable[..., Any], Callable[..., Any], Mapping[str, Any]]:
    """Return a layer's two functions, and its inputs."""
    if "." in what:
        layer = ClassLayer(there[what.partition(".")[0]], there)
        names = [name for name in (*layer.to_call, *layer.to_make) if name not in layer.own]
        return layer.forward, layer.backward, {**_inputs(what, dict.fromkeys(names, False), there), **layer.own}
    forward = there[_forward_of(what, there)]
    parameters = inspect.signature(forward).parameters
    optional = {name: one.default is not one.empty for name, one in parameters.items()}
    return forward, there[what], _inputs(what, optional, there)


def _forward_of(what: str, there: dict[str, Any]) -> str:
    return forward_of(what, [name for name, value in there.items() if callable(value)]) or f"{layer_of(what)}.forward"


def _inputs(backward: str, names: dict[str, bool], there: dict[str, Any]) -> Mapping[str, Any]:
    """Return the inputs at which a layer is checked; `names` tells for each whether it may be left out.

    Raises:
        Misbehaved: the file has none.
    """
    stored = there.get(stored_for(backward, "inputs", there) or "")
    inputs = stored if isinstance(stored, Mapping) else there
    missing = [name for name, optional in names.items() if name not in inputs and not optional]
    if missing:
        raise Misbehaved(
            "cannot-check",
            f"The file has no inputs for {_forward_of(backward, there)}: define {layer_of(backward)}_inputs = "
            f"{{{', '.join(f'{name!r}: ...' for name in missing)}}}, a dict with an array for each parameter.",
        )
    return {name: inputs[name] for name in names if name in inputs}
