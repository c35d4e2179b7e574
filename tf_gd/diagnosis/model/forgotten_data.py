"""Mistakes that give the gradient of other data: a target or a mask that was forgotten, a point that was dropped."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, Mistake
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.model_problem import Problem, Vector, is_floating
from tf_gd.errors import TfGdError

_MOST_DATA = 6


def forgotten_data(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """Data that were left out of the gradient, or taken with the other sign."""
    arrays = [name for name, value in views[0].problem.data.items() if is_floating(value) and value.size]
    for name in arrays[:_MOST_DATA]:
        for kind, what, change in _changes(name, views[0].problem.data[name]):
            message = f"The gradient of {listed(names)} is what the right one would be {what}."
            yield Mistake(kind, message, _at_data(name, change))


def _changes(name: str, value: Any) -> Iterator[tuple[str, str, Callable[[Any], Any]]]:
    if name == "dout" or name.startswith("dout"):
        yield "dout-forgotten", f"if {name} were 1 everywhere: multiply by {name}, as the chain rule asks", np.ones_like
    elif is_mask(value):
        yield "mask-forgotten", f"if {name} were 1 everywhere: multiply by {name}", np.ones_like
        yield "mask-forgotten", f"if {name} were not scaled: multiply by {name} as it is", lambda mask: mask != 0
    else:
        yield "missing-x", f"if {name} were 1 everywhere: a factor {name} is missing", np.ones_like
    yield "missing-target", f"if {name} were 0: subtract {name}", np.zeros_like
    yield "target-added", f"if {name} had the other sign: subtract {name} where it is added", np.negative


def is_mask(value: Any) -> bool:
    """Whether these are zeros and one other number, as a dropout's mask holds."""
    values = np.unique(value)
    return values.size == 2 and bool((values == 0).any())


def _at_data(name: str, change: Callable[[Any], Any]) -> Callable[[Compared], Vector]:
    def pattern(view: Compared) -> Vector:
        old = view.problem.data[name]
        return _right_at(view, view.problem.with_data(**{name: np.asarray(change(old)).astype(old.dtype)}))

    return pattern


def _right_at(view: Compared, problem: Problem) -> Vector:
    try:
        return view.right_at(problem)
    except TfGdError:
        return np.full(problem.size, np.nan)


def dropped_point(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """The first or the last point that was left out, of a sum or of a mean."""
    view = views[0]
    if view.by_slopes:
        return
    for n in view.problem.lengths[:1]:
        for which, rows in (("last", slice(0, n - 1)), ("first", slice(1, n))):
            for scale, mean in ((1.0, ""), ((n - 1) / n, " and still divides by all")):
                message = f"The gradient of {listed(names)} leaves out the {which} of {n} points{mean}."
                yield Mistake(f"{which}-point-dropped", message, _without(n, rows, scale))


def _without(n: int, rows: slice, scale: float) -> Callable[[Compared], Vector]:
    def pattern(view: Compared) -> Vector:
        data = {
            name: value[rows]
            for name, value in view.problem.data.items()
            if isinstance(value, np.ndarray) and value.ndim and len(value) == n
        }
        try:
            shorter = view.loss.elsewhere(view.problem.with_data(**data))
        except Exception:  # the loss may insist on the number of its points
            return np.full(view.truth.size, np.nan)
        try:
            return np.asarray(scale * shorter.gradient(shorter.problem), np.float64)
        finally:
            shorter.close()

    return pattern


def derivative_of_output(views: list[Compared], names: list[str]) -> Iterator[Mistake]:
    """A layer's backward that returns `dout` as it came."""
    view = views[0]
    for name, dout in view.problem.data.items():
        if not name.startswith("dout") or not is_floating(dout):
            continue
        for param in names:
            if view.problem.params[param].shape == dout.shape:
                yield Mistake(
                    "missing-activation-derivative",
                    f"The gradient of {param} is {name} as it came: multiply it by the layer's own derivative.",
                    _passed_on(name, param),
                )


def _passed_on(name: str, param: str) -> Callable[[Compared], Vector]:
    def pattern(view: Compared) -> Vector:
        values = np.array(view.truth, np.float64)
        values[view.problem.slices[param]] = np.ravel(view.problem.data[name])
        return values

    return pattern
