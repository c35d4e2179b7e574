"""What counts as a number in text, and what is wrong with text that does not.

DuckDB's cast to DOUBLE is correctly rounded, as Python's `float` is, but reads two spellings that a file of
points should not hold: digits grouped by `_`, and `+-1`. They become NULL here, like text that is no number.
"""

import re
from decimal import Decimal

from tf_gd.errors import plain

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_ALMOST = re.compile(r"[+-]?(0x[\da-f_]+|[\d.,_'\s]*\d[\d.,_'\s]*(e[+-]?\d+)?)", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)

EXACT_INTEGERS = 2**53
"""Below this every integer is a float64; from here on one may be the rounding of another."""


def double_of(text: str) -> str:
    """Return the SQL that turns the SQL expression `text` into a DOUBLE, NULL where it is no number.

    Example:
        >>> double_of("c0")
        "CASE WHEN contains(c0, '_') OR contains(c0, '+-') THEN NULL ELSE TRY_CAST(c0 AS DOUBLE) END"
    """
    misspelt = f"contains({text}, '_') OR contains({text}, '+-')"
    return f"CASE WHEN {misspelt} THEN NULL ELSE TRY_CAST({text} AS DOUBLE) END"


def looks_numeric(text: str) -> bool:
    """Say whether `text` was meant as a number, well written or not.

    Example:
        >>> [looks_numeric(text) for text in ("1.5", "1,5", "NaN", "0x1F", "distance", "")]
        [True, True, True, True, False, False]
    """
    text = text.strip()
    return any(pattern.fullmatch(text) for pattern in (_NUMBER, _NOT_FINITE, _ALMOST))


def fault(text: str | None) -> str | None:
    """Return what is wrong with `text` as one coordinate of a point, or None when nothing is.

    Example:
        >>> fault("1e3")
        >>> fault("1,5")
        "must be a number with a decimal point and no grouping. Got '1,5'"
    """
    if text is None or not text.strip():
        return "must be a number. Got nothing"
    number, got = text.strip(" \t\n\r\f\v"), f"Got {plain(text)}"
    if _NOT_FINITE.fullmatch(number):
        return f"must be finite. {got}"
    if not _NUMBER.fullmatch(number):
        almost = _ALMOST.fullmatch(number) is not None
        return f"must be a number{' with a decimal point and no grouping' if almost else ''}. {got}"
    if float(number) in (float("inf"), float("-inf")):
        return f"must fit float64. {got}"
    return rounding_fault(number)


def rounding_fault(text: str | None) -> str | None:
    """Return what is wrong with `text` when it is an integer that float64 cannot hold, else None.

    Example:
        >>> rounding_fault("9007199254740993")
        "must be an integer that float64 holds exactly. Got '9007199254740993'"
    """
    number = (text or "").strip()
    if _INTEGER.fullmatch(number) and Decimal(number) != Decimal(float(number)):
        return f"must be an integer that float64 holds exactly. Got {plain(number)}"
    return None
