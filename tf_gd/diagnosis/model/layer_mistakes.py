"""Mistakes in a layer's backward pass that its output shows: an activation, a bias, contributions that are lost."""

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.activations import Activation, Values, flows
from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import listed, subject
from tf_gd.diagnosis.model.graph_facts import SUM
from tf_gd.points.arrays import Floats

_STEP = 2.0**-12  # of central differences of the output, extrapolated once
_ROUGH = 1e-7  # relative error of what they give
_FAR = 2.0**12  # in the size of an element: past whatever it is compared with
_MOST_AXES = 4


def output_derivatives(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The derivative of a layer that works element by element, or is a softmax."""
    douts, shapes = _douts(views[0]), {view_shape(views[0], name) for name in names}
    if len(names) != 1 or len(douts) != 1 or shapes != {douts[0].shape}:
        return
    outputs = views[0].inside("output")
    if len(outputs) != 1:
        return
    dropout = _is_dropout(views[0], names[0], outputs[0])
    for name, sentence, flow in flows("Softmax" if is_softmax(outputs[0]) else ""):
        if dropout and name.startswith("missing"):
            name, sentence = "mask-forgotten", "is a mask, zeros and one other number, that is missing: multiply by it."
        yield ModelMistake(
            name, f"In the gradient of {names[0]}, the layer's derivative {sentence}", _of(names[0], flow), 4.0
        )


def _is_dropout(view: Compared, name: str, output: Floats) -> bool:
    """Whether a layer multiplies by zeros and one other number, and that not where its input is above 0."""
    known = view.elements([name]) - view.problem.slices[name].start
    x, dout, out = (np.ravel(each)[known] for each in (view.problem.params[name], *_douts(view), output))
    mask = np.round(view.truth[view.elements([name])] / dout, 6)
    values = np.unique(mask)
    is_mask = values.size == 2 and (values == 0).any() and np.allclose(mask * x, out, rtol=1e-5)
    return bool(is_mask) and not np.array_equal(mask, x > 0)


def extra_derivatives(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The derivative of an activation that the output of a layer does not go through."""
    outputs = views[0].inside("output")
    keys = [key for key in views[0].problem.data if key.startswith("dout")]
    for place, key in enumerate(keys if len(keys) == len(outputs) else []):
        if outputs[place].ndim and not is_softmax(outputs[place]):
            for name, sentence, flow in flows(SUM):
                message = f"In the gradient of {listed(names)}, what flows back to the output, {key}, {sentence}"
                yield ModelMistake(name, message, _with_dout(names, place, key, flow), 4.0)


def _with_dout(
    names: list[str], place: int, key: str, flow: Callable[[Values], Floats]
) -> Callable[[Compared], Floats]:
    def pattern(view: Compared) -> Floats:
        output, dout = view.inside("output")[place], view.problem.data[key]
        with np.errstate(all="ignore"):
            changed = flow(Values(output, output, dout, dout))
        return view.right_at(view.problem.with_data(**{key: changed}), names)

    return pattern


def is_softmax(output: Floats) -> bool:
    """Whether rows of numbers that are not negative add up to 1."""
    return output.ndim > 0 and bool((output >= 0).all()) and np.allclose(output.sum(axis=-1), 1)


def _of(name: str, flow: Activation) -> Callable[[Compared], Floats]:
    def pattern(view: Compared) -> Floats:
        elements, values = view.problem.slices[name], np.array(view.truth, np.float64)
        (dout,), (output,) = _douts(view), view.inside("output")
        x, truth = np.asarray(view.problem.params[name], np.float64), values[elements].reshape(dout.shape)
        with np.errstate(all="ignore"):
            values[elements] = np.ravel(flow(Values(x, output, truth, dout)))
            without_truth = np.ravel(flow(Values(x, output, np.full_like(truth, np.nan), dout)))
        # Where the right gradient is not known, a formula without it must give what came back there, too.
        known = np.isfinite(view.tolerance[elements]) | ~np.isfinite(without_truth)
        fits = np.isclose(without_truth, view.by_hand[elements], rtol=1e-4)
        return values if (known | fits).all() else np.full_like(values, np.nan)

    return pattern


def output_sums(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A sum of dout: a bias's over other axes than those that it has not, or that of a weight without its factor."""
    shape = view_shape(views[0], names[0])
    for place, dout in enumerate(_douts(views[0])):
        over = [axes for axes in _subsets(dout.ndim) if len(names) == 1 and dout.sum(axis=axes).shape == shape]
        bias = any(not _tells_sum(views[0], names, place, axes) for axes in over)
        for axes in over:
            description = f"{subject(names)} summed over axis {' and '.join(map(str, axes))}"
            name, message = (
                ("summed-over-wrong-axis", f"{description}: sum over the axes that {names[0]} has not.")
                if bias
                else ("missing-x", f"{description}, and nothing else: the factor by which it is multiplied is missing.")
            )
            yield ModelMistake(name, message, _summed(names[0], place, axes))


def _tells_sum(view: Compared, names: list[str], place: int, axes: tuple[int, ...]) -> bool:
    return view.tells(_summed(names[0], place, axes)(view), names, view.tolerance)


def _summed(name: str, place: int, axes: tuple[int, ...]) -> Callable[[Compared], Floats]:
    def pattern(view: Compared) -> Floats:
        values = np.array(view.truth, np.float64)
        values[view.problem.slices[name]] = np.ravel(_douts(view)[place].sum(axis=axes))
        return values

    return pattern


def lost_contributions(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """Contributions of parts of the output that replace one another, or are left out."""
    if not views[0].inside("output"):
        return
    parts, douts = _Contributions(names), _douts(views[0])
    yield from _assigned(parts, douts, names, windows=False)
    for place, dout in enumerate(douts):
        for axis, length in enumerate(dout.shape):
            for which, index in (("last", -1), ("first", 0)):
                message = (
                    f"{subject(names)} without the {which} of {length} contributions along axis {axis} of the output."
                )
                yield ModelMistake(
                    f"{which}-point-dropped", message, parts.without(place, axis, index), roughness=_ROUGH
                )
    yield from _assigned(parts, douts, names, windows=True)


def _assigned(parts: "_Contributions", douts: list[Floats], names: list[str], windows: bool) -> Iterator[ModelMistake]:
    for place, dout in enumerate(douts):
        for axes in _subsets(dout.ndim):
            for which, last in (("last", True), ("first", False)):
                yield ModelMistake(
                    "assigned-not-added",
                    f"{subject(names)} made of the {which} contribution alone, of those along axis "
                    f"{' and '.join(map(str, axes))} of the output: add them up, with `+=`; where an index is "
                    "repeated, with np.add.at.",
                    parts.one(place, axes, last, windows),
                    roughness=_ROUGH,
                )


class _Contributions:
    """What each element of each output contributes to some elements of the gradient."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def one(self, place: int, axes: tuple[int, ...], last: bool, windows: bool) -> Callable[[Compared], Floats]:
        """Return the gradient where only one position along these axes counts for each element.

        Args:
            windows: whether it is the last whose window holds the element, though it may contribute 0, as in max
                pooling; else the last that contributes.
        """

        def value(view: Compared, index: int) -> float:
            part = _contributions(view, index)[place]
            rest = tuple(axis for axis in range(part.ndim) if axis not in axes)
            counts = _windows(view, index)[place] if windows else part != 0
            touched = np.flatnonzero(counts.any(axis=rest).ravel())
            return float(part.sum(axis=rest).ravel()[touched[-1 if last else 0]]) if touched.size else 0.0

        return self._pattern(value)

    def without(self, place: int, axis: int, index: int) -> Callable[[Compared], Floats]:
        """Return the gradient without one position along an axis."""

        def value(view: Compared, element: int) -> float:
            parts = _contributions(view, element)
            return float(sum(part.sum() for part in parts) - parts[place].take(index, axis=axis).sum())

        return self._pattern(value)

    def _pattern(self, value: Callable[[Compared, int], float]) -> Callable[[Compared], Floats]:
        def pattern(view: Compared) -> Floats:
            values = np.full(view.truth.size, np.nan)
            for index in view.elements(self._names).tolist():
                values[index] = value(view, index)
            return values

        return pattern


def _contributions(view: Compared, index: int) -> list[Floats]:
    """Return dout times the derivative of each output with respect to one element."""

    def slopes(step: float) -> list[Floats]:
        above, below = (_outputs_at(view, index, sign * step) for sign in (1.0, -1.0))
        return [(high - low) / (2 * step * view.problem.scales[index]) for high, low in zip(above, below, strict=True)]

    def contributions() -> list[Floats]:
        pairs = zip(_douts(view), slopes(_STEP), slopes(_STEP / 2), strict=True)
        return [dout * (4 * narrow - wide) / 3 for dout, wide, narrow in pairs]

    return view.once(("contributions", index), contributions)


def _windows(view: Compared, index: int) -> list[Any]:
    """Return where each output depends on an element, if not here then far off."""

    def moved() -> list[Any]:
        far = [_outputs_at(view, index, sign * _FAR) for sign in (1.0, -1.0)]
        return [
            (one != other) | (one != unmoved_output)
            for one, other, unmoved_output in zip(*far, view.inside("output"), strict=True)
        ]

    return view.once(("windows", index), moved)


def _outputs_at(view: Compared, index: int, step: float) -> list[Floats]:
    """Return the outputs with one element moved, in its own size."""
    there = view.problem.vector.copy()
    there[index] += step * view.problem.scales[index]
    return view.loss.inside("output", 0, view.problem.at(there))


def _douts(view: Compared) -> list[Floats]:
    return [np.asarray(value) for name, value in view.problem.data.items() if name.startswith("dout")]


def view_shape(view: Compared, name: str) -> tuple[int, ...]:
    """Return a parameter's shape."""
    return tuple(view.problem.params[name].shape)


def _subsets(rank: int) -> list[tuple[int, ...]]:
    """Return every choice of axes, the largest first."""
    return [axes for size in range(min(rank, _MOST_AXES), 0, -1) for axes in combinations(range(rank), size)]
