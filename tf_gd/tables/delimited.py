"""CSV and TSV: the delimiter and the header are told from the first records, and doubt is an error.

DuckDB's own detection is not asked: it may take a first row for a header, or `1,5;2,5` for two columns with
a comma between them, and a wrong number is worse than an error.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import Column, quoted
from tf_gd.tables.database import pattern
from tf_gd.tables.numbers import double_of, looks_numeric
from tf_gd.tables.source import Row, Source

if TYPE_CHECKING:
    import duckdb

DELIMITERS = {".csv": ",;\t|", ".tsv": "\t"}
MAX_LINE = 2_000_000
"""The longest line that is read, in bytes: DuckDB's own limit."""
MAX_COLUMNS = 10_000
_TABLE = (
    "read_csv($path, auto_detect = false, header = false, skip = $skip, delim = $delimiter, quote = '\"', "
    "escape = '\"', compression = 'none', columns = $types, max_line_size = $longest)"
)
_SAMPLE = 200
"""Records looked at to tell the delimiter, the header and the numeric columns."""


class Record(NamedTuple):
    """One record of a CSV file: the line on which it starts, from 1, and its fields."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class Delimited(Source):
    """A CSV file whose delimiter and first data record are known."""

    delimiter: str
    first: int

    @property
    def lines_before(self) -> int:
        """How many lines stand before the first row, at least."""
        return self.first

    def rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> Iterator[Row]:
        """Yield the records as DuckDB reads them, refusing those that it refuses."""
        width, ahead = len(self.columns), self.first + self.sound_rows(connection, x, y)
        if ahead and _has_quotes(self.file, ahead):  # a record may be many lines: read them all
            behind: Iterator[Record] = islice(records(self.file, self.delimiter, same_ends=True), self.first, None)
        else:
            behind = records(self.file, self.delimiter, same_ends=True, skip=ahead)
        for line, fields in behind:
            if fields and (len(fields) < width or any(fields[width:])):
                raise self.error(f"line {line}", f"must have {width} fields. Got {len(fields)}")
            if fields:
                yield Row(f"line {line}", fields[x], fields[y])


def open_delimited(file: Path) -> Source:
    """Return the CSV or TSV file as a source.

    Raises:
        DataError: empty, not UTF-8, a line or a row too long, or doubt about the delimiter or the header.
    """
    delimiter = _delimiter(file, DELIMITERS[file.suffix.lower()])
    sample = list(islice(records(file, delimiter), _SAMPLE))
    at = next((index for index, record in enumerate(sample) if record.fields), None)
    if at is None:
        raise DataError(f"{quoted(file)} must hold points. Got an empty file.")
    if len(sample[at].fields) > MAX_COLUMNS:
        raise DataError(f"{quoted(file)} must have at most {MAX_COLUMNS} columns. Got {len(sample[at].fields)}.")
    header = _is_header(sample[at], file)
    columns = _columns(sample[at], sample[at + header :], header)
    parameters = {
        "path": pattern(file),
        "skip": at + header,
        "delimiter": delimiter,
        "types": {column.text: "VARCHAR" for column in columns},
        "longest": MAX_LINE,
    }
    return Delimited(file, columns, _TABLE, parameters, delimiter, at + header)


def _columns(first: Record, body: list[Record], header: bool) -> tuple[Column, ...]:
    """Return the columns; to DuckDB they are c0, c1 and so on, whatever the file calls them."""
    return tuple(
        Column(
            name=name.strip() if header else f"column {position}",
            sql=double_of(f"c{position}"),
            text=f"c{position}",
            numeric=any(looks_numeric(record.fields[position]) for record in body if len(record.fields) > position),
        )
        for position, name in enumerate(first.fields)
    )


def records(
    file: Path, delimiter: str, strict: bool = True, same_ends: bool = False, skip: int = 0
) -> Iterator[Record]:
    """Yield the records of a CSV file, blank lines included (as no fields).

    Args:
        file: where it is.
        delimiter: what stands between two fields.
        strict: refuse quotes that do not close, or that close inside a field.
        same_ends: refuse lines that end in another way than the first, as DuckDB does.
        skip: how many lines to pass over.

    Raises:
        DataError: bytes that are not UTF-8, a line that is too long, or what `strict` and `same_ends` refuse.
    """
    line = skip + 1
    text = lines(file, same_ends, skip)
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=strict)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise _line_error(file, line, f"must be CSV. Got {plain(str(error).split(' - ')[0])}") from None
        if fields is None:
            return
        yield Record(line, fields)
        line = skip + reader.line_num + 1


def lines(file: Path, same_ends: bool = False, skip: int = 0) -> Iterator[str]:
    """Yield the lines of a text file behind the first `skip`, none of them longer than `MAX_LINE`."""
    first_end = b""
    with file.open("rb") as stream:
        for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE + 1), b""), start=1):
            first_end = first_end or _end(line)
            if number <= skip:
                continue
            if len(line) > MAX_LINE:
                raise _line_error(file, number, f"must be at most {MAX_LINE} bytes long")
            if same_ends and _end(line) not in (b"", first_end):
                ends = plain(first_end.decode()), plain(_end(line).decode())
                raise _line_error(file, number, f"must end as line 1 does, in {ends[0]}. Got {ends[1]}")
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                raise _line_error(file, number, "must be UTF-8 text. Got other bytes") from None
            if "\0" in text:
                raise _line_error(file, number, "must be text. Got a NUL byte")
            yield text


def _end(line: bytes) -> bytes:
    return line[len(line.rstrip(b"\r\n")) :]


def _has_quotes(file: Path, count: int) -> bool:
    """Say whether there is a quote in the first `count` lines."""
    with file.open("rb") as stream:
        return any(b'"' in line for line in islice(stream, count))


def _line_error(file: Path, line: int, complaint: str) -> DataError:
    return DataError(f"{quoted(file)}, line {line}: {complaint}. Correct it, or save the file as UTF-8 CSV.")


def _delimiter(file: Path, candidates: str) -> str:
    """Return the delimiter that the first records use."""
    first_line = next((line for line in lines(file) if line.strip()), "")
    present = [delimiter for delimiter in candidates if delimiter in first_line and _widths(file, delimiter)[0] > 1]
    if len(present) > 1:
        present = [delimiter for delimiter in present if len(set(_widths(file, delimiter))) == 1] or present
    if len(present) > 1:
        shown = " and ".join(plain(delimiter) for delimiter in present)
        raise DataError(f"{quoted(file)} must use one delimiter. Got {shown}. Quote the fields that hold the other.")
    return present[0] if present else candidates[0]


def _widths(file: Path, delimiter: str) -> list[int]:
    """Return the numbers of fields of the first records."""
    sample = islice(records(file, delimiter, strict=False), _SAMPLE)
    return [len(record.fields) for record in sample if record.fields]


def _is_header(record: Record, file: Path) -> bool:
    """Say whether the first record names the columns: no number in it, or nothing else."""
    numbers = [looks_numeric(field) for field in record.fields if field.strip()]
    if any(numbers) and not all(numbers):
        raise DataError(
            f"{quoted(file)}, line {record.line}: must be all names (a header) or all numbers. Got both. "
            "Add a header line, or rename the columns that are called by a number."
        )
    return not any(numbers)
