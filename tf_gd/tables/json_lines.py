"""JSON lines: one object a line, its members the columns."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import Column, quoted
from tf_gd.tables.database import identifier, pattern
from tf_gd.tables.delimited import MAX_COLUMNS, lines
from tf_gd.tables.numbers import double_of
from tf_gd.tables.source import Row, Source

if TYPE_CHECKING:
    import duckdb

_SAMPLE = 200
"""Lines looked at to tell the columns."""


class Number(str):
    """A number as it is written in the file."""


class JsonLines(Source):
    """A file of JSON lines."""

    def rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> Iterator[Row]:
        """Yield the objects of the file."""
        x_name, y_name = self.columns[x].name, self.columns[y].name
        for line, members in _objects(self.file, skip=self.sound_rows(connection, x, y)):
            yield Row(f"line {line}", _written(members.get(x_name)), _written(members.get(y_name)))


def open_json_lines(file: Path) -> Source:
    """Return the file of JSON lines as a source.

    Raises:
        DataError: a line that is not a JSON object, or too many columns.
    """
    numeric: dict[str, bool] = {}
    for _, members in islice(_objects(file), _SAMPLE):
        for name, value in members.items():
            numeric[name] = numeric.get(name, False) or isinstance(value, Number)
    if not numeric:
        raise DataError(f"{quoted(file)} must hold points. Got an empty file.")
    if len(numeric) > MAX_COLUMNS:
        raise DataError(f"{quoted(file)} must have at most {MAX_COLUMNS} columns. Got {len(numeric)}.")
    columns = tuple(_column(name, is_number) for name, is_number in numeric.items())
    table = "read_json($path, format = 'newline_delimited', columns = $types, compression = 'uncompressed')"
    return JsonLines(file, columns, table, {"path": pattern(file), "types": dict.fromkeys(numeric, "JSON")})


def _column(name: str, numeric: bool) -> Column:
    text = f"CAST({identifier(name)} AS VARCHAR)"
    return Column(name, double_of(text), text, numeric)


def _objects(file: Path, skip: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number and the members of each object, numbers as they are written."""
    for line, text in enumerate(lines(file, skip=skip), start=skip + 1):
        if not text.strip():
            continue
        try:
            value = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
        except (ValueError, RecursionError) as error:
            got = plain(str(error)) if isinstance(error, ValueError) else "one nested too deep"
            raise DataError(f"{quoted(file)}, line {line}: must be a JSON object. Got {got}. Correct it.") from None
        if not isinstance(value, dict):
            raise DataError(
                f"{quoted(file)}, line {line}: must be a JSON object. Got {plain(value)}. Write one a line."
            )
        yield line, value


def _written(value: Any) -> str | None:
    """Return a number as it is written, anything else as JSON that is no number, and null as None."""
    return value if value is None or isinstance(value, Number) else json.dumps(value)
