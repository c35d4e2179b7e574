"""Mistakes in a layer's backward pass that its output shows: an activation, a bias, contributions that are lost."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from tf_gd.diagnosis.model.activations import Values, flows
from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import subject
from tf_gd.points.arrays import Floats

_STEP = 2.0**-12  # of central differences of the output, extrapolated once
_ROUGH = 1e-7  # relative error of what they give
_MOST_AXES = 4


def output_derivatives(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """The derivative of a layer that works element by element, or is a softmax."""
    douts, shapes = _douts(views[0]), {view_shape(views[0], name) for name in names}
    if len(names) != 1 or len(douts) != 1 or shapes != {douts[0].shape}:
        return
    outputs = views[0].inside("output")
    if len(outputs) != 1:
        return
    is_softmax = outputs[0].ndim > 0 and bool((outputs[0] >= 0).all()) and np.allclose(outputs[0].sum(axis=-1), 1)
    for name, sentence, flow in flows("Softmax" if is_softmax else ""):
        yield ModelMistake(
            name, f"In the gradient of {names[0]}, the layer's derivative {sentence}", _of(names[0], flow), 4.0
        )


def _of(name: str, flow: Callable[[Values], Floats]) -> Callable[[Compared], Floats]:
    def pattern(view: Compared) -> Floats:
        room, values = view.problem.slices[name], np.array(view.truth, np.float64)
        (dout,), (output,) = _douts(view), view.inside("output")
        given = (np.asarray(view.problem.params[name], np.float64), output, values[room].reshape(dout.shape), dout)
        with np.errstate(all="ignore"):
            values[room] = np.ravel(flow(Values(*given)))
        return values

    return pattern


def output_sums(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A sum of dout: a bias's over other axes than those that it has not, or that of a weight without its factor."""
    shape = view_shape(views[0], names[0])
    for place, dout in enumerate(_douts(views[0])):
        over = [axes for axes in _subsets(dout.ndim) if len(names) == 1 and dout.sum(axis=axes).shape == shape]
        bias = any(not _tells_sum(views[0], names, place, axes) for axes in over)
        for axes in over:
            said = f"{subject(names)} summed over axis {' and '.join(map(str, axes))}"
            name, message = (
                ("summed-over-wrong-axis", f"{said}: sum over the axes that {names[0]} has not.")
                if bias
                else ("missing-x", f"{said}, and nothing else: the factor by which it is multiplied is missing.")
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
    parts = _Contributions(names)
    for place, dout in enumerate(_douts(views[0])):
        for axes in _subsets(dout.ndim):
            for which, last in (("last", True), ("first", False)):
                yield ModelMistake(
                    "assigned-not-added",
                    f"{subject(names)} made of the {which} contribution alone, of those along axis "
                    f"{' and '.join(map(str, axes))} of the output: add them up, with `+=`; where an index is "
                    "repeated, with np.add.at.",
                    parts.one(place, axes, last),
                    roughness=_ROUGH,
                )
        for axis, length in enumerate(dout.shape):
            for which, index in (("last", -1), ("first", 0)):
                message = (
                    f"{subject(names)} without the {which} of {length} contributions along axis {axis} of the output."
                )
                yield ModelMistake(
                    f"{which}-point-dropped", message, parts.without(place, axis, index), roughness=_ROUGH
                )


class _Contributions:
    """What each element of each output contributes to some elements of the gradient."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._known: dict[int, tuple[Compared, dict[int, list[Floats]]]] = {}

    def one(self, place: int, axes: tuple[int, ...], last: bool) -> Callable[[Compared], Floats]:
        """Return the gradient where only one position along these axes counts for each element."""

        def value(parts: list[Floats]) -> float:
            rest = tuple(axis for axis in range(parts[place].ndim) if axis not in axes)
            along = parts[place].sum(axis=rest).ravel()
            touched = np.flatnonzero(abs(parts[place]).max(axis=rest, initial=0.0).ravel())
            return float(along[touched[-1 if last else 0]]) if touched.size else 0.0

        return self._pattern(value)

    def without(self, place: int, axis: int, index: int) -> Callable[[Compared], Floats]:
        """Return the gradient without one position along an axis."""
        return self._pattern(
            lambda parts: float(sum(part.sum() for part in parts) - parts[place].take(index, axis=axis).sum())
        )

    def _pattern(self, value: Callable[[list[Floats]], float]) -> Callable[[Compared], Floats]:
        def pattern(view: Compared) -> Floats:
            values = np.full(view.truth.size, np.nan)
            for index, parts in self._at(view).items():
                values[index] = value(parts)
            return values

        return pattern

    def _at(self, view: Compared) -> dict[int, list[Floats]]:
        if id(view) not in self._known:
            elements = view.elements(self._names).tolist()
            self._known[id(view)] = view, {index: _contributions(view, index) for index in elements}
        return self._known[id(view)][1]


def _contributions(view: Compared, index: int) -> list[Floats]:
    """Return dout times the derivative of each output with respect to one element."""
    here, step = view.problem.vector, _STEP * view.problem.scales[index]
    there = np.zeros_like(here)
    there[index] = step

    def slopes(times: float) -> list[Floats]:
        above, below = (
            view.loss.inside("output", 0, view.problem.at(here + sign * times * there)) for sign in (1.0, -1.0)
        )
        return [(high - low) / (2 * times * step) for high, low in zip(above, below, strict=True)]

    pairs = zip(_douts(view), slopes(1.0), slopes(0.5), strict=True)
    return [dout * (4 * narrow - wide) / 3 for dout, wide, narrow in pairs]


def _douts(view: Compared) -> list[Floats]:
    return [np.asarray(value) for name, value in view.problem.data.items() if name.startswith("dout")]


def view_shape(view: Compared, name: str) -> tuple[int, ...]:
    """Return a parameter's shape."""
    return tuple(view.problem.params[name].shape)


def _subsets(rank: int) -> list[tuple[int, ...]]:
    """Return every choice of axes, the largest first."""
    return [axes for size in range(min(rank, _MOST_AXES), 0, -1) for axes in combinations(range(rank), size)]
