"""What counts as a number in text, what counts as missing, and what is wrong with text that is neither.

DuckDB's cast to DOUBLE is correctly rounded, as Python's `float` is, but reads two spellings that a file of
points should not hold: digits grouped by `_`, and `+-1`. They become NULL here, like text that is no number.
"""

import json
import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tf_gd.errors import plain
from tf_gd.tables.dialect import PLAIN, Dialect

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_NAN = re.compile(r"[+-]?nan", re.IGNORECASE)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_ALMOST = re.compile(r"[+-]?(0x[\da-f_]+|[\d.,_'’\s]*\d[\d.,_'’\s]*(e[+-]?\d+)?)", re.IGNORECASE)
_NEARLY = re.compile(r"[^\w\s]*\s*([A-Z]{1,3}(?=[\s$])[\s$]*)?[^\w\s]*\s*\d.*", re.DOTALL)
_MONTH = re.compile(r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W+\d.*", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_BLANK = " \t\n\r\f\v"
_SPACES = " \u00a0\u202f\u2009"
_COMMAS = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_GROUPED = {
    mark: re.compile(rf"[+-]?\d{{1,3}}([{marks}]\d{{2,3}})*[{marks}]\d{{3}}(?P<decimals>[.,]\d*)?", re.ASCII)
    for mark, marks in ((",", ","), (".", "."), (" ", _SPACES), ("'", "'’"), ("_", "_"))
}
"""Digits in groups, by the mark that groups them."""

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


def without_missing(value: str, text: str, dialect: Dialect) -> str:
    """Return the SQL expression `value`, NULL where it is one of the texts or numbers for a missing value."""
    if not dialect.na:
        return value
    return f"CASE WHEN {_is_na(value, text, dialect)} THEN NULL ELSE {value} END"


def missing_in(value: str, text: str, dialect: Dialect) -> str:
    """Return the SQL condition that nothing, NaN, or a text for a missing value is there.

    Args:
        value: the SQL expression of the value as DOUBLE or FLOAT.
        text: of the value as text.
        dialect: which texts stand for a missing value.
    """
    nothing = f"{text} IS NULL OR trim({text}, {_literal(_BLANK)}) = '' OR coalesce(isnan({value}), false)"
    return f"({nothing} OR coalesce({_is_na(value, text, dialect)}, false))" if dialect.na else f"({nothing})"


def _is_na(value: str, text: str, dialect: Dialect) -> str:
    words = ", ".join(_literal(word) for word in {*dialect.na, *map(json.dumps, dialect.na)})
    condition = f"trim({text}, {_literal(_BLANK)}) IN ({words})"
    numbers = ", ".join(f"{number!r}::DOUBLE" for number in na_numbers(dialect))
    return f"({condition} OR coalesce({value} IN ({numbers}), false))" if numbers else f"({condition})"


def _literal(text: str) -> str:
    """Return text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def na_numbers(dialect: Dialect) -> list[float]:
    """Return the numbers that stand for a missing value.

    Example:
        >>> na_numbers(Dialect(na=("NA", "-999")))
        [-999.0]
    """
    return sorted(_na_numbers(dialect.na))


@lru_cache(64)
def _na_numbers(words: tuple[str, ...]) -> frozenset[float]:
    return frozenset(float(word) for word in words if _NUMBER.fullmatch(word))


def spelt(text: str, dialect: Dialect = PLAIN) -> str:
    """Return a number as Python and DuckDB write it; text that is no number in this dialect is none after it.

    Example:
        >>> german = Dialect(decimal=",", thousands=".")
        >>> [spelt(text, german) for text in ("1.234,5", "1.5", "NaN", "word")]
        ['1234.5', '? 1.5', 'NaN', 'word']
    """
    if (dialect.decimal == "." and dialect.thousands is None) or not any(char.isdigit() for char in text):
        return text
    number = text.strip(_BLANK + _SPACES)
    if dialect.thousands is not None:
        marks = {" ": _SPACES, "'": "'’"}.get(dialect.thousands, dialect.thousands)
        whole, mark, rest = number.partition(dialect.decimal)
        if any(char in marks for char in rest):
            return f"? {text}"
        if any(char in marks for char in whole):
            group = re.escape(marks)
            if not re.fullmatch(rf"[+-]?\d{{1,3}}([{group}]\d{{2,3}})*[{group}]\d{{3}}", whole, re.ASCII):
                return f"? {text}"
            whole = "".join(char for char in whole if char not in marks)
        number = whole + mark + rest
    if dialect.decimal != ".":
        number = f"? {text}" if "." in number else number.replace(dialect.decimal, ".")
    return number


def is_missing(text: str | None, dialect: Dialect = PLAIN) -> bool:
    """Say whether a value is missing: nothing there, NaN, or one of the texts that stand for it.

    Example:
        >>> [is_missing(text, Dialect(na=("-999",))) for text in ("", None, "nan", "-999.0", "?")]
        [True, True, True, True, False]
    """
    number = (text or "").strip(_BLANK)
    if not number or _NAN.fullmatch(number) or number in dialect.na:
        return True
    if dialect.na and number.startswith('"') and number in map(json.dumps, dialect.na):
        return True  # as JSON writes it
    numbers = _na_numbers(dialect.na)
    written = spelt(number, dialect) if numbers else ""
    return bool(numbers and _NUMBER.fullmatch(written) and float(written) in numbers)


def looks_numeric(text: str) -> bool:
    """Say whether `text` was meant as a number, well written or not.

    Example:
        >>> [looks_numeric(text) for text in ("1.5", "1,5", "NaN", "0x1F", "distance", "")]
        [True, True, True, True, False, False]
    """
    text = text.strip()
    return any(pattern.fullmatch(text) for pattern in (_NUMBER, _NAN, _INFINITE, _ALMOST))


def nearly_numeric(text: str) -> bool:
    """Say whether `text` may hold a quantity: a number with a sign or a unit, or a date.

    Example:
        >>> [nearly_numeric(text) for text in ("$200", "12%", "2020-01-01", "5 km", "Jan 3", "US$ 7", "setosa", "A12")]
        [True, True, True, True, True, True, False, False]
    """
    text = text.strip()
    return looks_numeric(text) or any(pattern.fullmatch(text) for pattern in (_NEARLY, _MONTH))


def fault(text: str | None, dialect: Dialect = PLAIN) -> str | None:
    """Return what is wrong with `text` as one coordinate of a point, or None when nothing is.

    Example:
        >>> fault("1e3")
        >>> fault("1,5")
        "must be a number with a decimal point and no grouping. Got '1,5'"
    """
    if text is None or not text.strip():
        return "must be a number. Got nothing"
    if is_missing(text, dialect):
        return f"must be {'finite' if _NAN.fullmatch(text.strip()) else 'a number'}. Got {plain(text)}"
    return misspelling(text, dialect)


def misspelling(text: str | None, dialect: Dialect = PLAIN) -> str | None:
    """Return what is wrong with `text`, unless the value is missing."""
    if text is None or is_missing(text, dialect):
        return None
    number, got = spelt(text, dialect).strip(_BLANK), f"Got {plain(text)}"
    if _INFINITE.fullmatch(number):
        return f"must be finite. {got}"
    if not _NUMBER.fullmatch(number):
        return f"must be {_wanted(text, dialect)}. {got}"
    if float(number) in (float("inf"), float("-inf")):
        return f"must fit float64. {got}"
    return rounding_fault(number)


def _wanted(text: str, dialect: Dialect) -> str:
    """Return what a cell must be, the way numbers are written told where it nearly is one."""
    if not _ALMOST.fullmatch(text.strip()):
        return "a number"
    if dialect.decimal == "." and dialect.thousands is None:
        return "a number with a decimal point and no grouping"
    grouping = "no grouping" if dialect.thousands is None else f"groups of digits by {plain(dialect.thousands)}"
    return f"a number with the decimal mark {plain(dialect.decimal)} and {grouping}"


def rounding_fault(text: str | None, dialect: Dialect = PLAIN) -> str | None:
    """Return what is wrong with `text` when it is an integer that float64 cannot hold, else None.

    Example:
        >>> rounding_fault("9007199254740993")
        "must be an integer that float64 holds exactly. Got '9007199254740993'"
    """
    number = spelt((text or "").strip(), dialect)
    if _INTEGER.fullmatch(number) and Decimal(number) != Decimal(float(number)):
        return f"must be an integer that float64 holds exactly. Got {plain(number)}"
    return None


def remedies(text: str | None, dialect: Dialect, commas: bool = False) -> list[dict[str, Any]]:
    """Return the keywords that may make a number of `text`, or leave its row out.

    Args:
        text: what is wrong.
        dialect: how the file was said to be written.
        commas: whether a comma separates the fields, so that one within a number groups its digits.

    Example:
        >>> remedies("1,5", PLAIN), remedies("1.234,5", PLAIN), remedies("NA", PLAIN)
        ([{'decimal': ','}], [{'decimal': ',', 'thousands': '.'}], [{'na': ('NA',), 'skip_invalid': True}])
    """
    if is_missing(text, dialect):
        return [{"skip_invalid": True}]
    number = (text or "").strip()
    suggestions: list[dict[str, Any]] = []
    if dialect.decimal == "." and _COMMAS.fullmatch(number):
        suggestions.append({"decimal": ","})
    for mark, pattern in _GROUPED.items():
        match = pattern.fullmatch(number) if dialect.thousands is None else None
        if match:
            suggestions += _grouping(mark, (match["decimals"] or "")[:1], dialect.decimal)
    if commas:
        suggestions.reverse()
    if not suggestions and number and not nearly_numeric(number) and not _INFINITE.fullmatch(number):
        suggestions.append({"na": (_unquoted(number),), "skip_invalid": True})
    return suggestions


def otherwise(text: str | None) -> str:
    """Return the next move for text of which no keyword makes a number."""
    if text is not None and nearly_numeric(text) and not looks_numeric(text):
        return "Write plain numbers, without signs, units or dates, or choose another column."
    return "Correct or remove it."


def _grouping(mark: str, decimal: str, dialect_decimal: str) -> list[dict[str, Any]]:
    """Return the keywords for digits grouped by `mark` before the decimal mark `decimal`, if they can be."""
    if mark == decimal or mark == (decimal or dialect_decimal):
        return []
    return [{"decimal": decimal, "thousands": mark} if decimal not in ("", dialect_decimal) else {"thousands": mark}]


def _unquoted(text: str) -> str:
    """Return the text that a JSON string holds; other text as it is."""
    try:
        value = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return value if isinstance(value, str) else text
