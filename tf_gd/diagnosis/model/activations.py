"""Mistakes in the derivative of an activation: missing, taken twice, at the wrong argument, or of another function.

A step of the loss from z to a = f(z), element by element, passes the gradient on as dz = f'(z) da. With some other D
in the place of f'(z), the gradient of the parameters before it changes by what flows back from (D - f'(z)) da.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.comparison_of_gradients import Compared, ModelMistake, Pattern, added
from tf_gd.diagnosis.model.factors import listed
from tf_gd.diagnosis.model.graph_facts import SUM
from tf_gd.points.arrays import Floats


@dataclass(frozen=True)
class Values:
    """A step's numbers: its input z, its output a, what flows back to each."""

    z: Floats
    a: Floats
    to_z: Floats
    to_a: Floats


Activation = Callable[[Values], Floats]


def activation_derivatives(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """One activation whose derivative is missing, squared, at the wrong argument, or another's."""
    for place, (formula, kind) in enumerate(views[0].loss.facts.activations):
        if not views[0].inside("activation", place):
            continue  # inside of a function with a gradient of its own
        what = "what flows back to" if kind == SUM else "the derivative of"
        where = f"In the gradient of {listed(names)}, {what} {formula}"
        for name, sentence, flow in flows(kind):
            yield ModelMistake(name, f"{where} {sentence}", _pattern(place, flow), 4.0)


def activations_of_sums(views: list[Compared], names: list[str]) -> Iterator[ModelMistake]:
    """An activation that the prediction lacks, or has at another argument, where the loss has it right."""
    view = views[0]
    for place, (formula, kind) in enumerate(view.loss.facts.activations):
        if kind != SUM or not (numbers := view.inside("activation", place)):
            continue
        for name, what, change in _predictions(numbers[0], view.problem.params):
            description = f"what it takes to have {what}, where z is the sum {formula}"
            yield from added(view, names, name, description, _flow(place, change))


def _predictions(z: Floats, params: Mapping[str, Any]) -> Iterator[tuple[str, str, Callable[[Floats, Any], Floats]]]:
    """Return other predictions that people compute, and by how much these differ from the right one."""
    width = z.shape[-1] if z.ndim > 1 else 1
    biases = [name for name, value in params.items() if value.size == width == max(value.shape[-1:], default=1)]
    for name in biases:
        yield "missing-term", f"z without {name} in the prediction", lambda z, p, b=name: 0 * z - np.ravel(p[b])  # type: ignore[misc]
    for text, f in {"sigmoid": _sigmoid, **({"softmax": _softmax} if z.ndim > 1 and z.shape[-1] > 1 else {})}.items():
        yield "missing-activation", f"z in place of {text}(z)", lambda z, p, f=f: z - f(z)  # type: ignore[misc]
        again = f"{text}({text}(z)) in place of {text}(z)"
        yield "wrong-activation-argument", again, lambda z, p, f=f: f(f(z)) - f(z)  # type: ignore[misc]
        for name in biases:
            lost = f"{text}(z) without {name}"
            yield "missing-term", lost, lambda z, p, f=f, b=name: f(z - np.ravel(p[b])) - f(z)  # type: ignore[misc]
    if z.ndim > 1 and z.shape[-1] > 1:
        other = "the sigmoid of z in place of its softmax"
        yield "wrong-activation", other, lambda z, p: _sigmoid(z) - _softmax(z)


def _flow(place: int, change: Callable[[Floats, Any], Floats]) -> Pattern:
    """Return what such a change of what flows back to z changes in the gradient."""

    def share(view: Compared) -> Floats:
        z, params = view.inside("activation", place)[0], view.problem.params
        with np.errstate(all="ignore"):
            return view.loss.inside("back", place, view.problem, change(z, params))[0]

    return lambda view: view.once(("prediction", place, change), lambda: share(view))


def _pattern(place: int, formula: Activation) -> Callable[[Compared], Floats]:
    """Return the gradient as it comes out where `formula` gives what flows back to z."""

    def gradient(view: Compared) -> Floats:
        values = Values(*view.inside("activation", place))
        with np.errstate(all="ignore"):
            (change,) = view.loss.inside("back", place, view.problem, formula(values) - values.to_z)
        return view.truth + change

    return gradient


def flows(kind: str) -> Iterator[tuple[str, str, Activation]]:
    """Return what people take for the derivative of a step, and what then flows back."""
    if kind == SUM:
        yield from _OF_SUM
        return
    yield "missing-activation-derivative", "is missing: multiply by it.", lambda v: v.to_a
    if kind == "Softmax":
        yield (
            "softmax-diagonal-only",
            "is only its diagonal, p (1 - p): each output depends on every input, so subtract p sum(p dp), too.",
            lambda v: v.a * (1 - v.a) * v.to_a,
        )
        yield "softmax-diagonal-only", "is only p: subtract p sum(p dp), too.", lambda v: v.a * v.to_a
        return
    yield "extra-activation-derivative", "is taken twice: multiply by it once.", lambda v: v.to_z * v.to_z / v.to_a
    for name, formula, derivative in _FORMULAS:
        yield (
            name,
            f"is taken to be {formula}, where z is the input of the activation and a its output.",
            _with(derivative),
        )


def _softmax(u: Floats) -> Floats:
    exponentials = np.exp(u - u.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def _once_more(derivative: Callable[[Floats], Floats], text: str) -> tuple[str, str, Activation]:
    sentence = (
        f"is multiplied by {text} once more: no activation asks for it there, or it holds that derivative already."
    )
    return "extra-activation-derivative", sentence, lambda v: v.to_a * derivative(v.z)


def _with(derivative: Callable[[Any, Any], Any]) -> Activation:
    return lambda v: np.asarray(derivative(v.z, v.a) * v.to_a)


def _sigmoid(u: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-u)))


# A cross-entropy's p - y holds the derivative of its softmax or sigmoid already.
_OF_SUM: tuple[tuple[str, str, Activation], ...] = (
    _once_more(lambda z: _sigmoid(z) * (1 - _sigmoid(z)), "p (1 - p), p its sigmoid,"),
    _once_more(lambda z: _softmax(z) * (1 - _softmax(z)), "p (1 - p), p its softmax,"),
    _once_more(lambda z: 1 - np.tanh(z) ** 2, "1 - a^2, a its tanh,"),
    _once_more(lambda z: (z > 0).astype(float), "the step function"),
    _once_more(lambda z: 1 - z**2, "1 - z^2, as if it were a tanh's output,"),
    _once_more(lambda z: z * (1 - z), "z (1 - z), as if it were a sigmoid's output,"),
)
_ARGUMENT, _OTHER = "wrong-activation-argument", "wrong-activation-derivative"
_FORMULAS: tuple[tuple[str, str, Callable[[Any, Any], Any]], ...] = (
    (_ARGUMENT, "1 - z^2", lambda z, a: 1 - z * z),
    (_ARGUMENT, "z (1 - z)", lambda z, a: z * (1 - z)),
    (_ARGUMENT, "that of tanh at a", lambda z, a: 1 - np.tanh(a) ** 2),
    (_ARGUMENT, "that of the sigmoid at a", lambda z, a: _sigmoid(a) * (1 - _sigmoid(a))),
    (_OTHER, "1 - a^2", lambda z, a: 1 - a * a),
    (_OTHER, "a (1 - a)", lambda z, a: a * (1 - a)),
    (_OTHER, "1 - a", lambda z, a: 1 - a),
    (_OTHER, "a", lambda z, a: a),
    (_OTHER, "the step function of z", lambda z, a: (z > 0).astype(float)),
    (_OTHER, "the sigmoid of z", lambda z, a: _sigmoid(z)),
)
