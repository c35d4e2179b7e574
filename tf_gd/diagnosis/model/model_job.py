"""A job in the child: check one model or layer that a file defines."""

import faulthandler
import functools
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.model.layer_check import check_layer
from tf_gd.diagnosis.model.model_check import check_gradient
from tf_gd.diagnosis.model.model_names import forward_of, loss_of, stored_for
from tf_gd.diagnosis.program import Program
from tf_gd.errors import TfGdError

_SHORTEST = 1e-3  # seconds; a watchdog cannot be set to less


def run(program: Program, options: dict[str, Any]) -> dict[str, Any]:
    """Return one check as plain data.

    Args:
        program: the file.
        options: `what`, one of `found_in`; `seconds`, how long the file's own functions may run.
    """
    program.execute()
    there: dict[str, Any] = {} if program.module is None else program.module.__dict__
    faulthandler.cancel_dump_traceback_later()  # from here on, only the time in the file's own functions counts
    watch = _Watch(float(options.get("seconds", 20.0)))
    try:
        check = _check(options.get("what", "gradient"), there, watch)
    except TfGdError as error:
        raise Misbehaved("cannot-check", str(error)) from None
    return {
        "verdict": check.verdict,
        "diagnosis": check.diagnosis,
        "remarks": check.remarks,
        "report": str(check),
        "loss": check.loss,
    }


class _Watch:
    """A watchdog that runs only while one of the file's functions does; it ends the process when the time is up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, under the watchdog."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            faulthandler.dump_traceback_later(max(self.seconds, _SHORTEST), exit=True, file=2)
            begun = time.monotonic()
            try:
                return function(*args, **kwargs)
            finally:
                faulthandler.cancel_dump_traceback_later()
                self.seconds -= time.monotonic() - begun

        return call


def _check(what: str, there: dict[str, Any], watch: _Watch) -> GradientCheck:
    if what.endswith("backward"):
        forward = there[forward_of(what)]
        inputs = _inputs(what, forward, there)
        return check_layer(watch.watched(forward), watch.watched(there[what]), inputs)
    params: Any
    data: Any
    params, data = (there.get(stored_for(what, kind, there) or "") for kind in ("params", "data"))
    return check_gradient(watch.watched(there[loss_of(what)]), watch.watched(there[what]), params=params, data=data)


def _inputs(backward: str, forward: Callable[..., Any], there: dict[str, Any]) -> Mapping[str, Any]:
    """Return the inputs at which a layer is checked.

    Raises:
        Misbehaved: the file has none.
    """
    parameters = inspect.signature(forward).parameters
    stored = there.get(stored_for(backward, "inputs", there) or "")
    inputs = stored if isinstance(stored, Mapping) else there
    missing = [
        name for name, one in parameters.items() if name not in inputs and one.default is inspect.Parameter.empty
    ]
    if missing:
        prefix = backward.removesuffix("_backward")
        raise Misbehaved(
            "cannot-check",
            f"The file has no inputs for {prefix}_forward: define {prefix}_inputs = {{{', '.join(map(repr, missing))}: "
            "...}, a dict with an array for each parameter.",
        )
    return {name: inputs[name] for name in parameters if name in inputs}
