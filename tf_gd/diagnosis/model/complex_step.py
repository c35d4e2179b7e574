"""The slope of a loss in NumPy from a step along the imaginary axis: nothing cancels, however small the slope is.

    f(p + i h d) = f(p) + i h f'(p; d) + O(h^2),    so f' = Im f / h, and h may be as small as 2^-200

NumPy computes with complex numbers as with real ones. A few functions are made to follow: |z|, the sign and
ln(e^a + e^b). What drops the imaginary part, or takes no complex numbers, gives no slope.

References:
    W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40(1), 1998.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.numpy_activations import CHANGES, activation_of
from tf_gd.points.arrays import Floats

_MOST_CALLS = 24
_STEP, _NEAR = 2.0**-200, 2.0**-9


@dataclass(frozen=True)
class ActivationCall:
    """Where a loss calls an activation: all calls of a kind in one line, or where `number` is one, that call alone."""

    kind: str
    line: int
    number: int | None = None

    @property
    def text(self) -> str:
        """Where it is."""
        return f"the {self.kind} in line {self.line}" + (f", call {self.number + 1}" if self.number is not None else "")


def complex_step(
    loss: Callable[..., Any],
    problem: ModelProblem,
    direction: Floats,
    changed: tuple[ActivationCall, int] | None = None,
) -> float:
    """Return the slope along a direction; NaN where the loss takes no complex numbers.

    Args:
        changed: a call, and which of `CHANGES` its derivative undergoes.
    """
    parts = {name: direction[part].reshape(problem.params[name].shape) for name, part in problem.slices.items()}
    return _slope(loss, problem, parts, {"changed": changed})


def calls_in(loss: Callable[..., Any], problem: ModelProblem) -> list[ActivationCall]:
    """Return where a loss calls activations: every line, then every call of a few."""
    calls: list[ActivationCall] = []
    parts = {name: np.ones_like(value, np.float64) for name, value in problem.params.items()}
    if np.isnan(_slope(loss, problem, parts, {"seen": calls})):
        return []
    lines = list(dict.fromkeys(ActivationCall(one.kind, one.line) for one in calls))
    several = [one for one in calls if calls.count(one) == 1 and [c.line for c in calls].count(one.line) > 1]
    return (lines + several)[:_MOST_CALLS]


def slope_in_data(loss: Callable[..., Any], problem: ModelProblem, moves: dict[str, Floats]) -> float:
    """Return the slope along moves of parameters or data; by differences where the loss takes no complex numbers."""
    if not np.isnan(complex_slope := _slope(loss, problem, moves)):
        return complex_slope
    point = problem.params | problem.data

    def at(step: float) -> float:
        moved = {name: point[name] + step * move for name, move in moves.items()}
        copies = {name: np.array(value) if isinstance(value, np.ndarray) else value for name, value in point.items()}
        try:
            with np.errstate(all="ignore"):
                returned = loss(**problem.built(copies | moved))
            return float(np.reshape(returned[0] if isinstance(returned, tuple) else returned, ()))
        except Exception:
            return np.nan

    return (8 * (at(_NEAR) - at(-_NEAR)) - at(2 * _NEAR) + at(-2 * _NEAR)) / (12 * _NEAR)


def _slope(
    loss: Callable[..., Any], problem: ModelProblem, moves: dict[str, Floats], more: dict[str, Any] | None = None
) -> float:
    made_real: list[complex] = []
    kept = {"made_real": made_real, "count": [], **(more or {})}
    noting: type[_ComplexArray] = type("_NotingArray", (_ComplexArray,), kept)
    values = problem.params | problem.data
    given = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in values.items()}
    moved = {name: noting.of(values[name] + 1j * _STEP * move) for name, move in moves.items()}
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy warns where it drops an imaginary part
            returned = loss(**problem.built(given | moved))
            value = np.asarray(returned[0] if isinstance(returned, tuple) else returned)
    except Exception:
        return np.nan
    if made_real:  # by `return float(...)`, or somewhere inside, where a part is lost
        value = np.asarray(made_real[0] if len(made_real) == 1 and value == made_real[0].real else None)
    return float(value.reshape(()).imag) / _STEP if value.dtype.kind == "c" and value.size == 1 else np.nan


class _ComplexArray(np.ndarray):
    """Real numbers with infinitesimal imaginary parts; `made_real` holds those that Python's `float` was asked of."""

    made_real: list[complex]
    count: list[None]  # of the activations called so far
    seen: list[ActivationCall] | None = None
    changed: tuple[ActivationCall, int] | None = None

    @classmethod
    def of(cls, value: Any) -> Any:
        """Return complex numbers as such an array, scalars too; anything else as it is."""
        array = np.asarray(value)
        return array.view(cls) if array.dtype.kind == "c" else value

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(one) if isinstance(one, _ComplexArray) else one for one in inputs]
        if "out" in options:
            options["out"] = tuple(np.asarray(one) if isinstance(one, np.ndarray) else one for one in options["out"])
        function = _FOLLOWING.get(ufunc.__name__, ufunc) if method == "__call__" else getattr(ufunc, method)
        returned = function(*plain, **options)
        if method == "__call__" and (kind := activation_of(ufunc.__name__, plain, returned)):
            returned = self._activated(kind, plain, returned)
        elif self.changed and self.changed[0].kind == "softmax" and (ufunc.__name__, method) == ("maximum", "reduce"):
            returned = returned.real + 0j  # the largest, which a softmax does not depend on
        return tuple(map(self.of, returned)) if isinstance(returned, tuple) else self.of(returned)

    def _activated(self, kind: str, inputs: list[Any], output: Any) -> Any:
        """Return an activation's output, with another derivative where it is the call to change."""
        call = ActivationCall(kind, _line_of_caller(), len(self.count))
        self.count.append(None)
        if self.seen is not None:
            self.seen.append(call)
        if self.changed and self.changed[0] in (call, ActivationCall(kind, call.line)):
            return output.real + 1j * CHANGES[kind][self.changed[1]][2](inputs, output)
        return output

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function is np.linalg.norm:
            returned = _norm(*args, **kwargs)
        else:
            returned = super().__array_function__(function, types, args, kwargs)
        return tuple(map(self.of, returned)) if isinstance(returned, tuple) else self.of(returned)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False, **_: Any) -> Any:  # type: ignore[override]
        """Return the variance, without the absolute values that NumPy takes of complex numbers."""
        squares = (self - self.mean(axis=axis, keepdims=True)) ** 2
        total = np.sum(squares, axis=axis, keepdims=keepdims)
        return total / (squares.size / np.size(total) - ddof)

    def std(self, *args: Any, **kwargs: Any) -> Any:
        """Return the standard deviation."""
        return np.sqrt(self.var(*args, **kwargs))

    def __getitem__(self, key: Any) -> Any:
        return self.of(super().__getitem__(key))

    def __float__(self) -> float:
        self.made_real.append(complex(np.asarray(self).reshape(())))
        return self.made_real[-1].real


def _line_of_caller() -> int:
    frame: Any = sys._getframe(2)
    while frame.f_back and (frame.f_code.co_filename == __file__ or "numpy" in frame.f_code.co_filename):
        frame = frame.f_back
    return int(frame.f_lineno)


def _norm(z: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2) or (ord == 2 and np.ndim(z) > 1 and axis is None):
        raise TypeError
    return np.sqrt(np.sum(z * z, axis=axis, keepdims=keepdims))


def _absolute(z: Any) -> Any:
    return np.where(z.real < 0, -z, z)


def _logaddexp(a: Any, b: Any) -> Any:
    larger = np.where(np.real(a) > np.real(b), a, b)
    return larger + np.log(np.exp(a - larger) + np.exp(b - larger))


_FOLLOWING: dict[str, Callable[..., Any]] = {
    "absolute": _absolute,
    "fabs": _absolute,
    "sign": lambda z: np.sign(z.real),
    "logaddexp": _logaddexp,
    "conjugate": lambda z: z,
    "expit": lambda z: 1 / (1 + np.exp(-z)),  # SciPy's
    "log_expit": lambda z: -np.log1p(np.exp(-z)),
    "xlogy": lambda x, y: x * np.log(y),
}
