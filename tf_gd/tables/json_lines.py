"""JSON lines: one object a line, its members the columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import Column, check_columns, quoted
from tf_gd.tables.copies import column_of_text
from tf_gd.tables.database import identifier, pattern
from tf_gd.tables.source import Row, Source
from tf_gd.tables.text import Text

if TYPE_CHECKING:
    import duckdb

_SAMPLE = 200
"""Lines looked at to tell the columns."""


class JsonNumber(str):
    """A number as it is written in the file."""


@dataclass(frozen=True, kw_only=True)
class JsonLines(Source):
    """A file of JSON lines that DuckDB reads as it is."""

    lines: Text

    def rows(self, connection: duckdb.DuckDBPyConnection, x: int, y: int) -> Iterator[Row]:
        """Yield the objects of the file."""
        x_name, y_name = self.columns[x].name, self.columns[y].name
        for line, members in objects(self.lines, skip=self.sound_rows(connection, x, y)):
            yield Row(f"line {line}", written(members.get(x_name)), written(members.get(y_name)))


def open_json_lines(text: Text) -> Source:
    """Return the file of JSON lines as a source.

    Raises:
        DataError: a line that is not a JSON object, or too many columns.
    """
    values: dict[str, list[str | None]] = {}
    for _, members in islice(objects(text), _SAMPLE):
        for name, value in members.items():
            values.setdefault(name, []).append(written(value))
    if not values:
        raise DataError(f"{quoted(text.file)} must hold points. Got an empty file.")
    check_columns(len(values), text.file)
    columns = tuple(_column(name, sample, text) for name, sample in values.items())
    table = "read_json($path, format = 'newline_delimited', columns = $types, compression = 'uncompressed')"
    return JsonLines(
        file=text.file,
        data=text.data,
        columns=columns,
        table=table,
        parameters={"path": pattern(text.data), "types": dict.fromkeys(values, "JSON")},
        dialect=text.dialect,
        lines=text,
    )


def _column(name: str, sample: list[str | None], text: Text) -> Column:
    value = f"nullif(CAST({identifier(name)} AS VARCHAR), 'null')"
    return column_of_text(name, value, sample, text.dialect)


def objects(text: Text, skip: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number and the members of each object, numbers as they are written."""
    for line, content in text.lines(skip):
        if not content.strip():
            continue
        try:
            value = parsed(content)
        except (ValueError, RecursionError) as error:
            got = plain(str(error)) if isinstance(error, ValueError) else "one nested too deep"
            raise DataError(
                f"{quoted(text.file)}, line {line}: must be a JSON object. Got {got}. Correct it."
            ) from None
        if not isinstance(value, dict):
            raise DataError(
                f"{quoted(text.file)}, line {line}: must be a JSON object. Got {plain(value)}. Write one a line."
            )
        yield line, value


def parsed(content: str) -> Any:
    """Return a JSON value, its numbers as they are written.

    Raises:
        ValueError: no JSON, or an object that names a member twice.
    """
    return json.loads(
        content, parse_int=JsonNumber, parse_float=JsonNumber, parse_constant=JsonNumber, object_pairs_hook=_members
    )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object, each of another name."""
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{plain(next(name for name in names if names.count(name) > 1))} twice in one object")
    return members


def written(value: Any) -> str | None:
    """Return a number as it is written, anything else as JSON that is no number, and null as None."""
    return value if value is None or isinstance(value, JsonNumber) else json.dumps(value)
