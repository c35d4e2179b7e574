"""Exact numbers: rounding them once, and their square roots."""

import math
from decimal import Decimal
from fractions import Fraction


def rounded(value: Fraction) -> float:
    """Return the float64 nearest to an exact number; infinity where float64 ends.

    Example:
        >>> rounded(Fraction(1, 3)), rounded(-Fraction(10) ** 400)
        (0.3333333333333333, -inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def decimal(value: Fraction) -> Decimal:
    """Return an exact number in the precision of the current decimal context."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def square_root(value: Fraction, bits: int) -> Fraction:
    """Return the square root of a number that is not negative, to `bits` binary digits.

    Example:
        >>> square_root(Fraction(9, 4), 64)
        Fraction(3, 2)
    """
    if value == 0:
        return Fraction(0)
    size = value.numerator.bit_length() - value.denominator.bit_length()
    shift = 2 * (bits + 2) - size // 2 * 2
    return Fraction(math.isqrt(int(value * Fraction(2) ** shift))) / Fraction(2) ** (shift // 2)
