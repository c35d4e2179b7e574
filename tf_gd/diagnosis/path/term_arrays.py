"""Arrays of float64 numbers that remember how much was added up to get them.

`running_error.ExactValue` for arrays: the catalogue's formulas run on it as they stand, for all steps of a path
at once, so that each mistake is written down once. The values are rounded, unlike exact ones; the bound that
`path_steps` derives from the sizes counts that rounding as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tf_gd.diagnosis.line import running_error
from tf_gd.diagnosis.line.running_error import ExactValue
from tf_gd.points.arrays import Floats

_WHOLE: dict[Any, Callable[[Floats], Floats]] = {
    running_error.floor: np.floor,
    running_error.truncate: np.trunc,
    running_error.sign: np.sign,
}


class TermArray(ExactValue):
    """Values and sizes, each of shape [steps, points] or one that broadcasts to it; a total has [steps, 1].

    Example:
        >>> difference = TermArray(np.array([5.0, 7.0])) - TermArray(np.array([4.0, 1.0]))
        >>> difference.value, difference.size
        (array([1., 6.]), array([9., 8.]))
    """

    __slots__ = ()

    def __init__(self, value: Any, size: Any = None) -> None:
        self.value: Any = value
        self.size: Any = np.abs(value) if size is None else size

    def __add__(self, other: Any) -> TermArray:
        other = as_array(other)
        return TermArray(self.value + other.value, self.size + other.size)

    def __sub__(self, other: Any) -> TermArray:
        other = as_array(other)
        return TermArray(self.value - other.value, self.size + other.size)

    def __mul__(self, other: Any) -> TermArray:
        other = as_array(other)
        return TermArray(self.value * other.value, self.size * other.size)

    def __truediv__(self, other: Any) -> TermArray:
        other = as_array(other)
        return TermArray(self.value / other.value, self.size * other.size / other.value**2)

    def __neg__(self) -> TermArray:
        return TermArray(-self.value, self.size)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> TermArray:
        return as_array(other) - self

    def __rtruediv__(self, other: Any) -> TermArray:
        return as_array(other) / self

    def __len__(self) -> int:
        """The number of points."""
        return int(np.shape(self.value)[-1])

    def __getitem__(self, points: Any) -> TermArray:
        """Return these points of every step."""
        return TermArray(self.value[..., points], self.size[..., points])

    def total(self) -> TermArray:
        """Return the sum over the points."""
        return TermArray(self.value.sum(axis=-1, keepdims=True), self.size.sum(axis=-1, keepdims=True))

    def each(self, function: Any) -> TermArray:
        """Return a function of one ExactValue applied to every element."""
        value = _WHOLE[function](self.value)
        return TermArray(value, np.abs(value) if function is running_error.sign else self.size)

    def root(self) -> TermArray:
        """Return the square root; its relative error is half that of the number."""
        value = np.sqrt(self.value)
        return TermArray(value, value + self.size / (2 * value))


def as_array(number: Any) -> TermArray:
    """Return a number, or a ExactValue, as a `TermArray`."""
    if isinstance(number, TermArray):
        return number
    if isinstance(number, ExactValue):
        return TermArray(np.float64(number.value), np.float64(number.size))
    return TermArray(np.float64(number))
