"""Mistakes that give the gradient of other data: a target or a mask that was forgotten, a point that was dropped."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake, Pattern, added
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.graph_facts import SUM
from tf_gd.diagnosis.model.loss_function import elsewhere
from tf_gd.diagnosis.model.model_problem import is_floating
from tf_gd.errors import TfGdError
from tf_gd.points.arrays import Floats

_MOST_DATA = 6


def forgotten_data(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Data that were left out of the gradient, or taken with the other sign; or another parameter left out."""
    problem = views[0].problem
    arrays = [name for name, value in problem.data.items() if is_floating(value) or is_mask(value)]
    arrays.sort(key=lambda name: (not _is_target(name), problem.data[name].ndim))
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
    else:
        yield "missing-x", f"if {name} were 1 everywhere: a factor {name} is missing", np.ones_like
    yield "missing-target", f"if {name} were 0: {name} is left out", np.zeros_like
    if value.dtype.kind == "f":
        yield "target-added", f"if {name} had the other sign: turn the sign of {name}", np.negative


def _is_target(name: str) -> bool:
    return name.lower().lstrip("_").startswith(("y", "t", "label", "obs"))


def targets(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A target or labels left out of, or added to, what flows back to a sum, as p in place of p - y is."""
    view = views[0]
    for name in [name for name, value in view.problem.data.items() if isinstance(value, np.ndarray)][:_MOST_DATA]:
        explanation = f"what {name} contributes: {name} is left out, or has the wrong sign, in prediction minus {name}"
        for place, (_, kind) in enumerate(view.loss.facts.activations):
            if kind == SUM and view.inside("activation", place):
                yield from added(view, names, "missing-target", explanation, _flow_of_target(place, name))
        if len(names) == 1 and not name.startswith("dout"):
            yield from added(view, names, "missing-target", explanation, _target_of_logits(names[0], name))


def _target_of_logits(logits: str, name: str) -> Pattern:
    """Return the share of a target where a parameter is the sum itself, as the logits of a cross-entropy are."""

    def share(view: Compared) -> Floats:
        values, shape = np.full(view.truth.size, np.nan), view.problem.params[logits].shape
        target = _like(view.problem.data[name], shape)
        if target is not None:
            for dout in [value for key, value in view.problem.data.items() if key.startswith("dout")]:
                rows = dout[..., None] if dout.shape == shape[:-1] else dout
                target = target * rows if np.ndim(rows) in (0, len(shape)) else np.full(shape, np.nan)
            values[view.problem.slices[logits]] = np.ravel(target)
        return values

    return share


def _flow_of_target(place: int, name: str) -> Pattern:
    def share(view: Compared) -> Floats:
        z, *_ = view.inside("activation", place)
        target = _like(view.problem.data[name], z.shape)
        if target is None:
            return np.full(view.truth.size, np.nan)
        return view.loss.inside("back", place, view.problem, target)[0]

    return lambda view: view.once(("target", place, name), lambda: share(view))


def _like(value: Any, shape: tuple[int, ...]) -> Floats | None:
    """Return a target in the shape of a sum: as it is, as a column, or labels as rows with a 1."""
    array = np.asarray(value)
    if array.shape == shape:
        return array.astype(np.float64)
    if (*array.shape, 1) == shape or (array.ndim == 2 and array.shape[1:] == (1,) and array.shape[:1] == shape):
        return array.astype(np.float64).reshape(shape)
    labels = array.dtype.kind in "iu" and array.shape == shape[:-1] and array.size > 0
    if labels and array.min() >= 0 and array.max() < shape[-1]:
        return np.asarray(np.eye(shape[-1])[array])
    return None


def is_mask(value: Any) -> bool:
    """Whether these are zeros and one other number, as a dropout's mask holds, or bools."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fb":
        return False
    values = np.unique(value)
    return values.size == 2 and bool((values == 0).any())


def _at_data(names: list[str], name: str, change: Callable[[Any], Any]) -> Callable[[Compared], Floats]:
    def pattern(view: Compared) -> Floats:
        params, data = dict(view.problem.params), dict(view.problem.data)
        values = params if name in params else data
        values[name] = np.asarray(change(values[name])).astype(values[name].dtype)
        try:
            return view.right_at(replace(view.problem, params=params, data=data), names)
        except TfGdError:
            return np.full(view.truth.size, np.nan)

    return pattern


def dropped_point(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The first or the last point that was left out, of a sum or of a mean; a penalty is not divided by n."""
    view = views[0]
    kept: list[Pattern] = [lambda view: 0.0 * view.truth]
    kept += [lambda view, place=place: view.terms[place][1] for place in range(len(view.terms))]  # type: ignore[misc]
    for (n, which), (mean, sum_of_others) in _dropped(view).items():
        for penalty in kept:
            for scale, suffix in ((1.0, ""), (mean, " and divides by another number")):
                message = f"The gradient of {listed(names)} leaves out the {which} of {n} points{suffix}."
                yield ModelMistake(f"{which}-point-dropped", message, _scaled(sum_of_others, scale, penalty))


def _dropped(view: Compared) -> dict[tuple[int, str], tuple[float, Pattern]]:
    """Return the gradient without a point, and the factor between the two ways of dividing it."""
    if not view.by_slopes:
        return {
            (n, which): ((n - 1) / n, _without(n, rows))
            for n in view.problem.lengths[:1]
            for which, rows in (("last", slice(0, n - 1)), ("first", slice(1, n)))
        }
    sums = [place for place, (_, kind) in enumerate(view.loss.facts.activations) if kind == SUM]
    flows = {place: view.inside("activation", place) for place in sums}
    return {
        (n, which): (n / (n - 1), _without_row(place, row))
        for place, numbers in flows.items()
        for n in [len(numbers[2]) if numbers else 0]
        for which, row in (("last", -1), ("first", 0))
        if n > 1
    }


def _scaled(pattern: Pattern, scale: float, penalty: Pattern) -> Pattern:
    return lambda view: scale * (pattern(view) - penalty(view)) + penalty(view)


def _without_row(place: int, row: int) -> Pattern:
    def pattern(view: Compared) -> Floats:
        flow = np.zeros_like(view.inside("activation", place)[2])
        flow[row] = view.inside("activation", place)[2][row]
        return view.truth - view.loss.inside("back", place, view.problem, flow)[0]

    return pattern


def _without(n: int, rows: slice) -> Pattern:
    return lambda view: view.once(("rows", n, rows.start, rows.stop), lambda: _gradient_of_rows(view, n, rows))


def _gradient_of_rows(view: Compared, n: int, rows: slice) -> Floats:
    """Return the gradient for some of the points; NaN where the loss insists on their number."""
    data = {
        name: value[rows]
        for name, value in view.problem.data.items()
        if isinstance(value, np.ndarray) and value.ndim and len(value) == n
    }
    try:
        shorter = elsewhere(view.loss, view.problem.with_data(**data))
    except Exception:
        return np.full(view.truth.size, np.nan)
    try:
        return shorter.gradient(shorter.problem)
    finally:
        shorter.close()
