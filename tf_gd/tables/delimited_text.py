"""Text in columns: delimiter and header are told from the first records, and doubt is an error.

DuckDB's own detection is not asked: it may take a first row for a header, or `1,5;2,5` for two columns with
a comma between them, and a wrong number is worse than an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tf_gd.errors import DataError
from tf_gd.tables.advice import FileError
from tf_gd.tables.columns import check_columns, quoted
from tf_gd.tables.copies import TABLE, Cells, columns_of, copied, csv_parameters
from tf_gd.tables.delimiters import SAMPLED, delimiter_of, rows_before
from tf_gd.tables.dialect import WHITESPACE
from tf_gd.tables.headers import is_header
from tf_gd.tables.source import Row, Source
from tf_gd.tables.temporary_folder import Aside
from tf_gd.tables.text import Text, TextRecord

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, kw_only=True)
class Delimited(Source):
    """A text file that DuckDB reads as it is."""

    text: Text
    delimiter: str
    first: int

    @property
    def lines_before(self) -> int:
        """How many lines stand before the first row, at least."""
        return self.first

    @property
    def commas(self) -> bool:
        """Whether a comma separates the fields."""
        return self.delimiter == ","

    def rows(self, connection: duckdb.DuckDBPyConnection, x: int, y: int) -> Iterator[Row]:
        """Yield the records as DuckDB reads them, refusing those that it refuses."""
        ahead = self.first + self.sound_rows(connection, x, y)
        table = Table(self.text, self.delimiter, len(self.columns), self.first)
        for place, fields in table.cells(0 if _has_quotes(self.data, ahead) else ahead):
            yield Row(place, fields[x], fields[y])


@dataclass(frozen=True)
class Table:
    """The records of a text file, from the first row on.

    Args:
        text: the file.
        delimiter: what stands between its fields.
        width: how many fields a row has.
        first: how many lines stand before the first row.
    """

    text: Text
    delimiter: str
    width: int
    first: int

    def cells(self, skip: int = 0) -> Iterator[Cells]:
        """Yield the rows; `skip` lines may be passed over unread where no quotes hide line ends.

        Raises:
            DataError: a row of another width.
        """
        for line, fields in self.text.records(self.delimiter, skip=skip):
            if line <= self.first or not fields:
                continue
            if len(fields) < self.width or any(fields[self.width :]):
                raise self._ragged(line, fields)
            yield Cells(f"line {line}", fields[: self.width])

    def _ragged(self, line: int, fields: list[str]) -> DataError:
        complaint = f"{quoted(self.text.file)}, line {line}: must have {self.width} fields. Got {len(fields)}"
        advice = rows_before(self.text)
        if len(fields) == self.width + 1 == 3:  # R writes a name before each row, and none for that column
            advice.insert(0, {"skip_rows": self.first, "header": False, "x": 1, "y": 2})
        return FileError(complaint, advice)


def open_delimited(text: Text, aside: Aside, copy: bool = False) -> Source:
    """Return a text file as a source.

    Args:
        text: the file.
        aside: where a copy may be written.
        copy: whether DuckDB must read one, and not the file itself.

    Raises:
        DataError: empty, bytes that are no text, a line or a row too long, or doubt about the delimiter or the header.
    """
    delimiter = delimiter_of(text)
    sample = list(islice(text.records(delimiter), SAMPLED))
    at = next((index for index, record in enumerate(sample) if record.fields), None)
    if at is None:
        raise DataError(f"{quoted(text.file)} must hold points. Got an empty file.")
    top = sample[at]
    check_columns(len(top.fields), text.file)
    rows = [record.fields for record in sample[at:] if record.fields]
    header = is_header(f"{quoted(text.file)}, line {top.line}", rows, text.dialect, top.line)
    names = [name.strip() for name in top.fields] if header else [f"column {n}" for n in range(len(top.fields))]
    table = Table(text, delimiter, len(names), _first(text, sample, at + header, header))
    if copy or not _reads_as_it_is(text, delimiter, top, header):
        return copied(text.file, names, table.cells, text.dialect, aside, comma=delimiter == ",")
    columns = columns_of(names, rows[header:], text.dialect)
    return Delimited(
        file=text.file,
        data=text.data,
        columns=columns,
        table=TABLE,
        parameters=csv_parameters(text.data, columns, delimiter, table.first),
        dialect=text.dialect,
        text=text,
        delimiter=delimiter,
        first=table.first,
    )


def _first(text: Text, sample: list[TextRecord], at: int, header: bool) -> int:
    """Return how many lines stand before record `at`."""
    if at < len(sample):
        return sample[at].line - 1
    return sample[-1].line if header else sample[-1].line - 1


def _reads_as_it_is(text: Text, delimiter: str, top: TextRecord, header: bool) -> bool:
    """Say whether DuckDB reads the file as `Text` does."""
    dialect = text.dialect
    spelt_plainly = dialect.decimal == "." and dialect.thousands is None
    one_line = not (header and any("\n" in name for name in top.fields))
    return delimiter != WHITESPACE and spelt_plainly and one_line and text.is_plain()


def _has_quotes(data: Path, count: int) -> bool:
    """Say whether there is a quote in the first `count` lines."""
    with data.open("rb") as stream:
        return any(b'"' in line for line in islice(stream, count))
