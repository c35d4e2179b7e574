"""JSON: an object a line, an array of objects, or an object of columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import MAX_COLUMNS, check_columns, quoted
from tf_gd.tables.copies import Cells, copied
from tf_gd.tables.json_lines import objects, open_json_lines, parsed, written
from tf_gd.tables.source import Source
from tf_gd.tables.temporary_folder import Aside
from tf_gd.tables.text import Text

_SHAPES = "an array of objects, an object of columns, or an object a line"


def open_json(text: Text, aside: Aside, copy: bool = False) -> Source:
    """Return a JSON file as a source.

    Args:
        text: the file.
        aside: where a copy may be written.
        copy: whether DuckDB must read one, and not the file itself.

    Raises:
        DataError: no JSON, or not a table in one of these shapes.
    """
    if text.dialect.format == "jsonl" or _is_lines(text):
        if text.is_plain() and not copy and not _has_nan(text.data):
            return open_json_lines(text)
        names = _names(members for _, members in objects(text))
        return copied(text.file, names, partial(_line_cells, text, names), text.dialect, aside)
    value = _whole(text)
    if isinstance(value, list):
        return _open_records(text, value, aside)
    return _open_columns(text, value, aside)


def _is_lines(text: Text) -> bool:
    """Say whether the first line is one object by itself, and not one of columns."""
    first = next((line for _, line in text.lines() if line.strip()), "")
    try:
        value = parsed(first)
    except (ValueError, RecursionError):
        return text.file.suffix.lower() in (".jsonl", ".ndjson")
    several = sum(1 for _ in islice((line for _, line in text.lines() if line.strip()), 2)) > 1
    return isinstance(value, dict) and (several or not any(isinstance(each, list | dict) for each in value.values()))


def _has_nan(data: Path) -> bool:
    """Say whether NaN or Infinity may stand in the file, which DuckDB does not take for JSON."""
    last = b""
    with data.open("rb") as stream:
        for chunk in iter(lambda: stream.read(2**20), b""):
            if b"NaN" in last + chunk or b"Infinity" in last + chunk:
                return True
            last = chunk[-8:]
    return False


def _whole(text: Text) -> Any:
    """Return the file's one value."""
    try:
        return parsed("".join(line for _, line in text.lines()))
    except (ValueError, RecursionError) as error:
        got = plain(str(error)) if isinstance(error, ValueError) else "one nested too deep"
        raise DataError(f"{quoted(text.file)} must be JSON, {_SHAPES}. Got {got}. Correct it.") from None


def _names(records: Any) -> list[str]:
    """Return all names of some objects, in the order in which they come."""
    names: dict[str, None] = {}
    for members in records:
        names.update(dict.fromkeys(members))
        if len(names) > MAX_COLUMNS:
            raise DataError(f"A JSON table must have at most {MAX_COLUMNS} columns. Got more.")
    return list(names)


def _line_cells(text: Text, names: Sequence[str]) -> Iterator[Cells]:
    for line, members in objects(text):
        yield Cells(f"line {line}", [written(members.get(name)) for name in names])


def _open_records(text: Text, records: list[Any], aside: Aside) -> Source:
    """Return an array of objects as a source."""
    if not records:
        raise DataError(f"{quoted(text.file)} must hold points. Got an empty array.")
    if all(isinstance(record, list) and len(record) == len(records[0]) for record in records):
        records = [{f"column {at}": value for at, value in enumerate(record)} for record in records]
    for number, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise DataError(
                f"{quoted(text.file)}, row {number}: must be a JSON object. Got {plain(record)}. "
                'Write [{"x": 1, "y": 2}, ...].'
            )
    names = _names(records)

    def read() -> Iterator[Cells]:
        for number, record in enumerate(records, start=1):
            yield Cells(f"row {number}", [written(record.get(name)) for name in names])

    return copied(text.file, names, read, text.dialect, aside)


def _open_columns(text: Text, value: Any, aside: Aside) -> Source:
    """Return an object of columns as a source: arrays, or objects whose members are the rows (as pandas writes)."""
    members = value if isinstance(value, dict) else {}
    columns = {name: column for name, column in members.items() if isinstance(column, list)}
    if members and all(isinstance(column, dict) for column in members.values()):
        columns = {name: list(column.values()) for name, column in members.items()}
    flat = all(not isinstance(each, list | dict) for column in columns.values() for each in column[:1])
    if not columns or not flat:
        raise DataError(f"{quoted(text.file)} must be JSON, {_SHAPES}. Got {plain(value)}. Write it so.")
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        shown = ", ".join(f"{plain(name, 30)} {len(column)}" for name, column in list(columns.items())[:8])
        raise DataError(f"{quoted(text.file)} must have columns of one length. Got {shown}. Correct them.")
    check_columns(len(columns), text.file)

    def read() -> Iterator[Cells]:
        for number, row in enumerate(zip(*columns.values(), strict=True), start=1):
            yield Cells(f"row {number}", [written(each) for each in row])

    return copied(text.file, list(columns), read, text.dialect, aside)
