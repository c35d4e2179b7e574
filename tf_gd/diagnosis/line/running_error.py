"""Exact numbers that remember how much was added up to get them.

A rounding bound is `gamma(k) * size`, where size is the sum of the magnitudes of all terms that went in,
before any of them cancelled. A `ExactValue` carries its exact value and that size through a formula, so the formula
is written once and yields the number and the tolerance that belongs to it.

References:
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., sections 3.1 (gamma) and 3.3 (running error).
"""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt


class ExactValue:
    """An exact `value` and the `size` of what was added up to get it; size is never under |value|.

    Example:
        >>> difference = ExactValue(Fraction(5)) - ExactValue(Fraction(4))
        >>> difference.value, difference.size
        (Fraction(1, 1), Fraction(9, 1))
    """

    __slots__ = ("_rounded", "size", "value")

    def __init__(self, value: Fraction | int, size: Fraction | int | None = None) -> None:
        self.value = value if type(value) is Fraction else Fraction(value)
        self.size = abs(self.value) if size is None else size if type(size) is Fraction else Fraction(size)

    @property
    def rounded(self) -> tuple[float, float]:
        """The value and the size as floats, infinite where they are too large: fractions are slow to compare."""
        if not hasattr(self, "_rounded"):
            self._rounded = (as_float(self.value), as_float(self.size))
        return self._rounded

    def __add__(self, other: Any) -> "ExactValue":
        other = exact(other)
        return ExactValue(self.value + other.value, self.size + other.size)

    def __sub__(self, other: Any) -> "ExactValue":
        other = exact(other)
        return ExactValue(self.value - other.value, self.size + other.size)

    def __mul__(self, other: Any) -> "ExactValue":
        other = exact(other)
        return ExactValue(self.value * other.value, self.size * other.size)

    def __truediv__(self, other: Any) -> "ExactValue":
        other = exact(other)
        return ExactValue(self.value / other.value, self.size * other.size / other.value**2)

    def __rtruediv__(self, other: Any) -> "ExactValue":
        return exact(other) / self

    def __neg__(self) -> "ExactValue":
        return ExactValue(-self.value, self.size)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> "ExactValue":
        return exact(other) - self


def as_float(number: Fraction) -> float:
    """Return the nearest float, or infinity."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def exact(number: Any) -> ExactValue:
    """Return an exact number as a `ExactValue`."""
    return number if isinstance(number, ExactValue) else ExactValue(number)


def vector(values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return floats as an array of exact values, every float exactly as it is."""
    return np.array([ExactValue(Fraction(float(value))) for value in np.asarray(values)], dtype=object)


def total(values: npt.NDArray[Any]) -> ExactValue:
    """Return the sum of a vector of exact values; 0 for none."""
    if isinstance(values, ExactValue):
        return values.total()
    return ExactValue(_sum([one.value for one in values]), _sum([one.size for one in values]))


def _sum(numbers: list[Fraction]) -> Fraction:
    """Return the sum, reduced to its lowest terms once and not after every addition."""
    common = math.lcm(*(number.denominator for number in numbers))
    return Fraction(sum(number.numerator * (common // number.denominator) for number in numbers), common)


def each(function: Any, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Apply a function of one ExactValue to each element."""
    return (
        values.each(function)
        if isinstance(values, ExactValue)
        else np.array([function(value) for value in values], dtype=object)
    )


def floor(term: ExactValue) -> ExactValue:
    """Return the largest whole number at or under `term`, as `//` does."""
    return ExactValue(math.floor(term.value), term.size)


def truncate(term: ExactValue) -> ExactValue:
    """Return `term` without its digits after the point, as `int()` does."""
    return ExactValue(math.trunc(term.value), term.size)


def sign(term: ExactValue) -> ExactValue:
    """Return -1, 0 or 1."""
    return ExactValue((term.value > 0) - (term.value < 0))


def root(term: ExactValue) -> ExactValue:
    """Return the square root, to 200 bits; its relative error is half that of `term`.

    Example:
        >>> root(ExactValue(Fraction(9, 4))).value
        Fraction(3, 2)
    """
    if hasattr(term, "root"):
        return term.root()  # type: ignore[no-any-return]
    bits = 200 + max(0, term.value.denominator.bit_length() - term.value.numerator.bit_length())
    value = Fraction(math.isqrt((term.value.numerator << (2 * bits)) // term.value.denominator), 1 << bits)
    return ExactValue(value, value + term.size / (2 * value)) if value else ExactValue(0, term.size)
