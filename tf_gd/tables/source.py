"""A file of points as DuckDB sees it, whatever its format."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from tf_gd.errors import DataError
from tf_gd.tables.advice import FileError
from tf_gd.tables.columns import Column, quoted
from tf_gd.tables.dialect import PLAIN, Dialect
from tf_gd.tables.numbers import fault, is_missing, misspelling, otherwise, remedies

if TYPE_CHECKING:
    import duckdb


SAMPLE = 2048
"""How many rows in a sample, or in each part of it."""

OpeningTest = Callable[[str | None, Dialect], str | None]
"""What is wrong with a value as it is written, or None."""


class Row(NamedTuple):
    """One point as it is written: where it stands ("line 7"), and both numbers as text, None if absent."""

    place: str
    x: str | None
    y: str | None


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file of points: its columns, and how to read them.

    Args:
        file: its name.
        data: what DuckDB reads: the file itself, what was unpacked from it, or a copy in plain CSV.
        columns: its columns, in order.
        table: the SQL table function that reads it, with `$name` parameters.
        parameters: the values of those parameters.
        dialect: how it is written.
    """

    file: Path
    data: Path
    columns: tuple[Column, ...]
    table: str
    parameters: dict[str, Any]
    dialect: Dialect = PLAIN

    adds: ClassVar[str] = "fsum"
    """The SQL aggregate that adds its values; parsing text costs more than compensation does."""

    def sample(self, connection: "duckdb.DuckDBPyConnection", columns: str) -> str:
        """Return the query for `columns` of a few rows that stand for all."""
        return f"SELECT {columns} FROM {self.table} LIMIT {SAMPLE}"

    def rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> Iterator[Row]:
        """Yield the observations one by one, slowly, as text: to find out what is wrong with them."""
        raise NotImplementedError

    def check_weight(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Raise `DataError` when the file unpacks to far more than it weighs; text does not."""

    @property
    def lines_before(self) -> int:
        """How many lines stand before the first row, at least."""
        return 0

    @property
    def commas(self) -> bool:
        """Whether a comma separates the fields, so that one within a number groups its digits."""
        return False

    def sound_rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> int:
        """Return how many rows DuckDB can pass over, because the first fault lies behind them."""
        import duckdb

        suspicious = f"{self.columns[x].suspicious} OR {self.columns[y].suspicious}"
        numbered = f"SELECT row_number() OVER () AS number, {suspicious} AS suspicious FROM {self.table}"
        try:
            query = f"SELECT min(number) FROM ({numbered}) WHERE suspicious"
            number = connection.execute(query, self.parameters).fetchall()[0][0]
        except duckdb.Error as error:  # it names the line, from 1; the two before it may be a header or belong to it
            line_match = re.search(r"\bline:? (\d+)", str(error), re.IGNORECASE)
            number = int(line_match[1]) - self.lines_before - 1 if line_match else 1
        return max(0, (number or 1) - 1)

    def first_fault(
        self, connection: "duckdb.DuckDBPyConnection", x: int, y: int, test: OpeningTest = fault
    ) -> DataError | None:
        """Return the error for the first value that fails the test, or the first row that cannot be read."""
        try:
            for row in self.rows(connection, x, y):
                for position, text in ((x, row.x), (y, row.y)):
                    wrong = test(text, self.dialect)
                    if wrong:
                        complaint = f"{quoted(self.columns[position].name)} {wrong}"
                        return FileError(
                            f"{quoted(self.file)}, {row.place}: {complaint}",
                            remedies(text, self.dialect, self.commas),
                            otherwise(text),
                        )
        except DataError as error:
            return error
        return None

    def first_unskippable(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> DataError | None:
        """Return the error for the first value that is neither a number nor missing; None where there is none."""
        chosen = self.columns[x], self.columns[y]
        wrong = " OR ".join(f"({column.suspicious} AND NOT {column.missing})" for column in chosen)
        count = connection.execute(f"SELECT count(*) FROM {self.table} WHERE {wrong}", self.parameters).fetchall()[0][0]
        return self.first_fault(connection, x, y, misspelling) if count else None

    def first_missing(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int, limit: int = 3) -> list[str]:
        """Return where the first rows with a missing value are, and what is there instead of a number."""
        told = []
        for row in self.rows(connection, x, y):
            for position, text in ((x, row.x), (y, row.y)):
                if is_missing(text, self.dialect):
                    got = "nothing" if text is None or not text.strip() else text.strip()[:40]
                    told.append(f"{row.place} ({self.columns[position].name[:40]}: {got})")
                    break
            if len(told) == limit:
                break
        return told

    def error(self, place: str, complaint: str) -> DataError:
        """Return the error for something wrong at `place` in this file."""
        return FileError(f"{quoted(self.file)}, {place}: {complaint}")
