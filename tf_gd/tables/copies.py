"""A table that Python reads row by row, copied into plain CSV aside, so that DuckDB can count and add it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tf_gd.tables.columns import Column
from tf_gd.tables.database import pattern
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.numbers import double_of, looks_numeric, missing_in, nearly_numeric, spelt, without_missing
from tf_gd.tables.source import Row, Source
from tf_gd.tables.temporary_folder import Aside
from tf_gd.tables.text import MAX_LINE

if TYPE_CHECKING:
    import duckdb

TABLE = (
    "read_csv($path, auto_detect = false, header = false, skip = $skip, delim = $delimiter, quote = '\"', "
    "escape = '\"', compression = 'none', columns = $types, max_line_size = $longest)"
)
SAMPLED = 200
"""Rows looked at to tell which columns are numeric."""


class Cells(NamedTuple):
    """One row as it is written: where it stands ("line 7"), and its fields as text, None where there is none."""

    place: str
    fields: Sequence[str | None]


Read = Callable[[], Iterator[Cells]]


@dataclass(frozen=True, kw_only=True)
class Copy(Source):
    """A table of which DuckDB reads a copy."""

    read: Read
    comma: bool = False

    @property
    def commas(self) -> bool:
        """Whether a comma separates the fields."""
        return self.comma

    def rows(self, connection: duckdb.DuckDBPyConnection, x: int, y: int) -> Iterator[Row]:
        """Yield the rows of the file itself."""
        for place, fields in self.read():
            yield Row(place, fields[x], fields[y])


def copied(file: Path, names: Sequence[str], read: Read, dialect: Dialect, aside: Aside, comma: bool = False) -> Source:
    """Return the table that `read` yields as a source, written as plain CSV aside.

    Args:
        file: its name, for messages.
        names: of its columns.
        read: yields its rows from the start, each with a field for every name.
        dialect: how its numbers are written.
        aside: where to write the copy.
        comma: whether a comma separates its fields.
    """
    cells = read()
    sample = list(islice(cells, SAMPLED))
    columns = columns_of(names, [row.fields for row in sample], dialect)
    data = aside.folder / "copy.csv"
    with data.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        for _, fields in chain(sample, cells):
            writer.writerow(["" if text is None else spelt(text, dialect) for text in fields])
    parameters = csv_parameters(data, columns, ",", 0)
    return Copy(
        file=file,
        data=data,
        columns=columns,
        table=TABLE,
        parameters=parameters,
        dialect=dialect,
        read=read,
        comma=comma,
    )


def csv_parameters(data: Path, columns: Sequence[Column], delimiter: str, skip: int) -> dict[str, object]:
    """Return the parameters of `TABLE`."""
    return {
        "path": pattern(data),
        "skip": skip,
        "delimiter": delimiter,
        "types": {column.text: "VARCHAR" for column in columns},
        "longest": 2 * MAX_LINE + 2,
    }


def columns_of(names: Sequence[str], sample: Sequence[Sequence[str | None]], dialect: Dialect) -> tuple[Column, ...]:
    """Return the columns of text; to DuckDB they are c0, c1 and so on, whatever the file calls them."""
    return tuple(
        column_of_text(name, f"c{at}", [fields[at] for fields in sample if len(fields) > at], dialect)
        for at, name in enumerate(names)
    )


def column_of_text(name: str, text: str, sample: Sequence[str | None], dialect: Dialect) -> Column:
    """Return the column whose text is the SQL expression `text`."""
    value = double_of(text)
    return Column(
        name=name,
        sql=without_missing(value, text, dialect),
        text=text,
        numeric=may_be_numeric(sample),
        missing=missing_in(value, text, dialect),
        plain=any(looks_numeric(cell or "") for cell in sample),
    )


def may_be_numeric(sample: Sequence[str | None]) -> bool:
    """Say whether a column may be meant as numbers: one is, or most nearly are."""
    texts = [text.strip().strip('"') for text in sample if text and text.strip()]
    nearly = sum(nearly_numeric(text) for text in texts)
    return any(map(looks_numeric, texts)) or 2 * nearly > len(texts)
