"""Whether the first row names the columns: told from what it holds, and doubt is an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tf_gd.tables.advice import FileError, Keywords
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.numbers import is_missing, looks_numeric


def is_header(place: str, rows: Sequence[Sequence[Any]], dialect: Dialect, line: int) -> bool:
    """Say whether the first of some rows names the columns: it was said, or no number is in it, or nothing else.

    Args:
        place: where the first row is, for messages.
        rows: the first rows, as text.
        dialect: what was said.
        line: the number of the first row's line or row, from 1.

    Raises:
        FileError: names and numbers side by side.
    """
    if dialect.header is not None:
        return dialect.header
    first = [text for text in rows[0] if text and text.strip()]
    numbers = [looks_numeric(text) or is_missing(text, dialect) for text in first]
    if any(numbers) and not all(numbers):
        raise FileError(
            f"{place}: must be all names (a header) or all numbers. Got both",
            _remedies(rows, line),
            otherwise="Add a header line, or rename the columns that are called by a number.",
        )
    return not any(numbers)


def _remedies(rows: Sequence[Sequence[Any]], line: int) -> list[Keywords]:
    """Return what to say: the first row is data where the second has its numbers in the same places."""
    where = [[looks_numeric(text or "") for text in row] for row in rows[:2]]
    if len(where) < 2 or where[0] == where[1]:
        return [{"header": False}]
    return [{"skip_rows": line}, {"header": True}] if not any(where[1]) else [{"header": True}]
