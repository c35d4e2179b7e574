"""Mistakes that give the gradient of other data: a target or a mask that was forgotten, a point that was dropped."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.model_problem import Vector, is_floating
from tf_gd.errors import TfGdError

_MOST_DATA = 6


def forgotten_data(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Data that were left out of the gradient, or taken with the other sign; or another parameter left out."""
    problem = views[0].problem
    arrays = [name for name, value in problem.data.items() if is_floating(value) or is_mask(value)]
    for name in arrays[:_MOST_DATA]:
        for kind, what, change in _changes(name, problem.data[name]):
            message = f"The gradient of {listed(names)} is what the right one would be {what}."
            yield ModelMistake(kind, message, _at_data(names, name, change))
    for name in [name for name in problem.params if name not in names][:_MOST_DATA]:
        message = f"The gradient of {listed(names)} is what the right one would be if {name} were 1 everywhere"
        yield ModelMistake("missing-x", f"{message}: a factor {name} is missing.", _at_data(names, name, np.ones_like))


def _changes(name: str, value: Any) -> Iterator[tuple[str, str, Callable[[Any], Any]]]:
    if name.startswith("dout"):
        yield "dout-forgotten", f"if {name} were 1 everywhere: multiply by {name}, as the chain rule asks", np.ones_like
        yield "dout-forgotten", f"if {name} were 0: what comes back through that output is forgotten", np.zeros_like
        return
    if is_mask(value):
        yield "mask-forgotten", f"if {name} were 1 everywhere: multiply by {name}", np.ones_like
        yield "mask-forgotten", f"if {name} were not scaled: multiply by {name} as it is", lambda mask: mask != 0
        return
    yield "missing-x", f"if {name} were 1 everywhere: a factor {name} is missing", np.ones_like
    yield "missing-target", f"if {name} were 0: subtract {name}", np.zeros_like
    yield "target-added", f"if {name} had the other sign: subtract {name} where it is added", np.negative


def is_mask(value: Any) -> bool:
    """Whether these are zeros and one other number, as a dropout's mask holds, or bools."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fb":
        return False
    values = np.unique(value)
    return values.size == 2 and bool((values == 0).any())


def _at_data(names: list[str], name: str, change: Callable[[Any], Any]) -> Callable[[Compared], Vector]:
    def pattern(view: Compared) -> Vector:
        params, data = dict(view.problem.params), dict(view.problem.data)
        values = params if name in params else data
        values[name] = np.asarray(change(values[name])).astype(values[name].dtype)
        try:
            return view.right_at(replace(view.problem, params=params, data=data), names)
        except TfGdError:
            return np.full(view.truth.size, np.nan)

    return pattern


def dropped_point(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The first or the last point that was left out, of a sum or of a mean."""
    view = views[0]
    if view.by_slopes:
        return
    for n in view.problem.lengths[:1]:
        for which, rows in (("last", slice(0, n - 1)), ("first", slice(1, n))):
            for scale, mean in ((1.0, ""), ((n - 1) / n, " and still divides by all")):
                message = f"The gradient of {listed(names)} leaves out the {which} of {n} points{mean}."
                yield ModelMistake(f"{which}-point-dropped", message, _without(n, rows, scale))


def _without(n: int, rows: slice, scale: float) -> Callable[[Compared], Vector]:
    return lambda view: scale * view.once(("rows", n, rows.start, rows.stop), lambda: _gradient_of_rows(view, n, rows))


def _gradient_of_rows(view: Compared, n: int, rows: slice) -> Vector:
    """Return the gradient for some of the points; NaN where the loss insists on their number."""
    data = {
        name: value[rows]
        for name, value in view.problem.data.items()
        if isinstance(value, np.ndarray) and value.ndim and len(value) == n
    }
    try:
        shorter = view.loss.elsewhere(view.problem.with_data(**data))
    except Exception:
        return np.full(view.truth.size, np.nan)
    try:
        return shorter.gradient(shorter.problem)
    finally:
        shorter.close()
