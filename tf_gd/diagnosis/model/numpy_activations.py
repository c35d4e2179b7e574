"""The activations that a loss in NumPy calls: how they are recognized, and what people take for their derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np


def activation_of(function: str, inputs: list[Any], output: Any) -> str:
    """Return which activation an operation is, or ends; "" for another."""
    if function in ("tanh", "expit"):
        return "tanh" if function == "tanh" else "sigmoid"
    if function == "maximum" and any(np.ndim(one) == 0 and one == 0 for one in inputs):
        return "relu"
    if function == "divide" and np.ndim(output) and (output.real > 0).all():
        if np.ndim(inputs[0]) == 0 and inputs[0] == 1 and (output.real < 1).all():
            return "sigmoid"
        if np.allclose(output.real.sum(axis=-1), 1):
            return "softmax"
    return ""


def _z(inputs: list[Any]) -> Any:
    """Return what went into an activation of one argument, beside 0."""
    return next(one for one in inputs if np.ndim(one) or np.iscomplexobj(one))


def _of_softmax(inputs: list[Any], output: Any) -> Any:
    """Return the imaginary part of what goes into a softmax; its numerators may be overwritten by it."""
    return output.imag / output.real + inputs[1].imag / inputs[1].real


_ChangedDerivative = tuple[str, str, Callable[[list[Any], Any], Any]]  # a name, a sentence, the imaginary part of a
_MISSING, _EXTRA = "missing-activation-derivative", "extra-activation-derivative"
_ARGUMENT, _OTHER = "wrong-activation-argument", "wrong-activation-derivative"
_DIAGONAL = "softmax-diagonal-only"
_WHOLE = "its diagonal: each output p depends on every input, so p (dp - sum(p dp)) is right."
CHANGES: dict[str, list[_ChangedDerivative]] = {
    "tanh": [
        (_MISSING, "is missing: multiply by 1 - a^2.", lambda i, a: _z(i).imag),
        (_EXTRA, "is taken twice: multiply by it once.", lambda i, a: a.imag * (1 - a.real**2)),
        (_ARGUMENT, "is taken at a, its output.", lambda i, a: _z(i).imag * (1 - np.tanh(a.real) ** 2)),
        (_ARGUMENT, "is taken to be 1 - z^2.", lambda i, a: _z(i).imag * (1 - _z(i).real ** 2)),
        (_OTHER, "is taken to be a (1 - a).", lambda i, a: _z(i).imag * a.real * (1 - a.real)),
        (_OTHER, "is taken to be 1 - a.", lambda i, a: _z(i).imag * (1 - a.real)),
    ],
    "sigmoid": [
        (_MISSING, "is missing: multiply by a (1 - a).", lambda i, a: a.imag / (a.real * (1 - a.real))),
        (_EXTRA, "is taken twice: multiply by it once.", lambda i, a: a.imag * a.real * (1 - a.real)),
        (_OTHER, "is taken to be 1 - a^2.", lambda i, a: a.imag * (1 + a.real) / a.real),
        (_OTHER, "is taken to be 1 - a.", lambda i, a: a.imag / a.real),
        (_OTHER, "is taken to be a.", lambda i, a: a.imag / (1 - a.real)),
    ],
    "relu": [(_MISSING, "is missing: multiply by z > 0.", lambda i, a: _z(i).imag)],
    "softmax": [
        (_MISSING, "is missing.", lambda i, a: _of_softmax(i, a)),
        (_DIAGONAL, f"is only p (1 - p), {_WHOLE}", lambda i, a: a.real * (1 - a.real) * _of_softmax(i, a)),
        (_DIAGONAL, f"is only p, {_WHOLE}", lambda i, a: a.real * _of_softmax(i, a)),
    ],
}
