"""Mistakes that leave zeros out, or hold a mean or a variance still, seen in the gradients themselves."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake
from tf_gd.diagnosis.model.factors import subject
from tf_gd.points.arrays import Floats

_FEW = 3  # numbers along the axes that confirm two factors, and more


def masks(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A mask, as that of a ReLU or of a maximum, that is forgotten, or the wrong way round."""
    zero, given = (abs(views[0].truth) <= views[0].tolerance), abs(views[0].by_hand) > views[0].tolerance
    at = views[0].elements(names)
    if not 1 < np.count_nonzero(zero[at]) < at.size - 1:
        return
    if (given[at] | zero[at]).all() and (given & zero)[at].any():
        yield ModelMistake(
            "mask-forgotten",
            f"{subject(names)} right where the right one is not 0, and elsewhere not 0, as it should be: multiply by "
            "the mask, which is 0 where nothing passes.",
            lambda view: np.where(abs(view.truth) <= view.tolerance, view.by_hand, view.truth),
        )
    if not (given & ~zero)[at].any():
        yield ModelMistake(
            "mask-inverted",
            f"{subject(names)} 0 where the right one is not, and only there: the mask is the wrong way round.",
            lambda view: np.where(abs(view.truth) <= view.tolerance, view.by_hand, 0.0),
        )


def held_constant(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """A layer's normalization whose mean or variance is differentiated as if it were a constant."""
    if not any(name.startswith("dout") for name in views[0].problem.data):
        return
    value = views[0].problem.params[names[0]]
    if len(names) != 1 or views[0].problem.size > views[0].elements(names).size + value.size * 10:
        return
    for size in range(1, value.ndim + 1):
        for axes in combinations(range(value.ndim), size):
            if np.prod([value.shape[axis] for axis in axes]) > _FEW:
                over = " and ".join(map(str, axes))
                for what, mean, deviation in (
                    ("the mean", True, False),
                    ("the variance", False, True),
                    ("the mean and the variance", True, True),
                ):
                    yield ModelMistake(
                        "missing-term",
                        f"In the gradient of {names[0]}, what flows back through {what} over axis {over} is missing: "
                        f"{what} of {names[0]} depends on every element.",
                        lambda view, axes=axes, mean=mean, deviation=deviation: _without(  # type: ignore[misc]
                            view, names[0], axes, mean, deviation
                        ),
                    )


def _without(view: Compared, name: str, axes: tuple[int, ...], mean: bool, deviation: bool) -> Floats:
    """Return the right gradient plus what fits the difference best of a constant and of x less its mean."""
    part, param = view.problem.slices[name], np.asarray(view.problem.params[name], np.float64)
    excess = (view.by_hand - view.truth)[part].reshape(param.shape)
    centred, fitted = param - param.mean(axis=axes, keepdims=True), np.zeros(param.shape)
    if mean:
        fitted = fitted + excess.mean(axis=axes, keepdims=True)
    if deviation:
        squares = np.maximum((centred**2).sum(axis=axes, keepdims=True), np.finfo(float).tiny)
        fitted = fitted + centred * (excess * centred).sum(axis=axes, keepdims=True) / squares
    values = np.array(view.truth, np.float64)
    values[part] += np.ravel(fitted)
    return values
