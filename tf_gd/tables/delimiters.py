"""What stands between the fields of a text: told from its first records, and doubt is an error."""

from __future__ import annotations

import re
from itertools import islice

from tf_gd.errors import plain
from tf_gd.tables.advice import FileError, Keywords
from tf_gd.tables.columns import quoted
from tf_gd.tables.dialect import WHITESPACE
from tf_gd.tables.text import Text, TextRecord

CANDIDATES = ",;\t|"
SAMPLED = 200
"""Records looked at to tell the delimiter, the header and the numeric columns."""
_COMMENTS = ("#", "%", "//", "!")
_TORN = re.compile(r"\d\s*[;\t|]\s*[-+.\d]")
_NUMBERS = re.compile(r"[-+]?[\d.,]*\d(e[-+]?\d+)?(\s+[-+]?[\d.,]*\d\.?(e[-+]?\d+)?)+", re.IGNORECASE)
_GROUPED = re.compile(r"[-+]?\d{1,3}([ \u00a0\u202f\u2009]\d{3})+([.,]\d+)?")


def delimiter_of(text: Text) -> str:
    """Return the delimiter that was said, or the one that the first records use.

    Raises:
        FileError: more than one would do, or the records begin further down.
    """
    given_delimiter: str | None = text.dialect.delimiter
    if given_delimiter is not None:
        return given_delimiter
    _refuse_hint(text)
    candidates: list[str] = [each for each in (*CANDIDATES, WHITESPACE) if each != text.dialect.decimal]
    readings = {each: _sample(text, each) for each in candidates}
    present = [each for each in readings if each != WHITESPACE and _width(readings[each]) > 1]
    spaced = _is_even(readings[WHITESPACE]) and not _tears(readings[WHITESPACE])
    sound = [each for each in present if not _tears(readings[each])]
    present = sound or ([] if spaced else present)
    if len(present) > 1:
        present = [each for each in present if _is_even(readings[each])] or present
    if spaced and any(_groups(readings[each]) for each in present):
        present.append(WHITESPACE)
    if len(present) > 1:
        shown = " and ".join("white space" if each == WHITESPACE else plain(each) for each in present)
        raise FileError(
            f"{quoted(text.file)} must use one delimiter. Got {shown}",
            [{"delimiter": each} for each in present],
            otherwise="Quote the fields that hold the other.",
        )
    if present:
        return present[0]
    if _is_mostly_even(readings[WHITESPACE]) or _names_rows(readings[WHITESPACE]):
        return WHITESPACE
    _refuse_preamble(text, readings[","] if "," in readings else readings[";"])
    return "," if text.dialect.decimal != "," else ";"


def _sample(text: Text, delimiter: str) -> list[TextRecord]:
    """Return the first records that hold something."""
    sample = islice(text.records(delimiter, strict=False), SAMPLED)
    return [record for record in sample if record.fields]


def _width(records: list[TextRecord]) -> int:
    """Return the number of fields of the first record."""
    return len(records[0].fields) if records else 0


def _is_even(records: list[TextRecord]) -> bool:
    """Say whether all records have one number of fields, and more than one."""
    return _width(records) > 1 and all(len(record.fields) == _width(records) for record in records)


def _is_mostly_even(records: list[TextRecord]) -> bool:
    """Say whether most records have as many fields as the first."""
    return _width(records) > 1 and 2 * sum(len(record.fields) == _width(records) for record in records) > len(records)


def _tears(records: list[TextRecord]) -> bool:
    """Say whether a field holds several numbers, which another delimiter would keep apart."""
    return any(
        _TORN.search(field) or (_NUMBERS.fullmatch(field.strip()) and not _GROUPED.fullmatch(field.strip()))
        for record in records
        for field in record.fields
    )


def _groups(records: list[TextRecord]) -> bool:
    """Say whether a field may be two numbers, or one whose digits are grouped by spaces."""
    return any(_GROUPED.fullmatch(field.strip()) for record in records for field in record.fields)


def _refuse_hint(text: Text) -> None:
    """Raise the error for the line by which a spreadsheet program tells itself the delimiter."""
    number, line = next(text.lines(), (0, ""))
    if re.fullmatch(r'"?sep=.?"?', line.strip(), re.IGNORECASE):
        raise FileError(
            f"{quoted(text.file)}, line {number}: must be a row of the table or its header. Got {plain(line.strip())}",
            [{"skip_rows": number}],
        )


def _refuse_preamble(text: Text, records: list[TextRecord]) -> None:
    """Raise the error for lines before the table, if there is a table."""
    advice = rows_before(text)
    if advice and records:
        raise FileError(
            f"{quoted(text.file)}, line {records[0].line}: must be a row of the table or its header. "
            f"Got {plain(records[0].fields[0])}",
            advice,
            otherwise="Delete the lines before the table.",
        )


def rows_before(text: Text) -> list[Keywords]:
    """Return the keywords that pass over what stands before a table: comments, or some lines."""
    start = list(islice(text.lines(), SAMPLED))
    suggestions: list[Keywords] = []
    for mark in _COMMENTS if text.dialect.comment is None else ():
        if any(line.lstrip().startswith(mark) for _, line in start):
            suggestions.append({"comment": mark})
    given = text.dialect.delimiter
    for delimiter in [given] if given else [*CANDIDATES, WHITESPACE]:
        records = _sample(text, delimiter)
        skip = _lines_before_table(records) if delimiter != text.dialect.decimal else 0
        if skip and {"skip_rows": skip} not in suggestions:
            suggestions.append({"skip_rows": skip})
    return suggestions


def _lines_before_table(records: list[TextRecord]) -> int:
    """Return how many lines stand before the last records of one width; 0 where there is no such end."""
    width = len(records[-1].fields) if records else 0
    first = len(records)
    while first and len(records[first - 1].fields) == width > 1:
        first -= 1
    return records[first].line - 1 if 0 < first < len(records) - 1 else 0


def _names_rows(records: list[TextRecord]) -> bool:
    """Say whether each record but the first, the header, starts with a name of its own, as R writes them."""
    return len(records) > 1 and all(len(record.fields) == _width(records) + 1 > 2 for record in records[1:])
