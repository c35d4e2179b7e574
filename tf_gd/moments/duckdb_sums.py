"""One file's moments: DuckDB reads its two columns in the file's order, and each chunk of rows is added up.

The chunks are those of points in memory, so a file has the moments of the same points in memory, in every bit.
"""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from functools import reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tf_gd.errors import DataError
from tf_gd.moments.batches import StreamError, batches
from tf_gd.moments.quadratic import Quadratic
from tf_gd.moments.sums import CHUNK, ChunkSums
from tf_gd.points.arrays import Floats
from tf_gd.tables.advice import FileError
from tf_gd.tables.numbers import EXACT_INTEGERS, rounding_fault
from tf_gd.tables.source import Source

if TYPE_CHECKING:
    import duckdb

Percent = Callable[[float], None]


class Total(NamedTuple):
    """What a reading gives: the sums, None where no row is left; how many rows were left out; the first of them."""

    sums: Quadratic | None
    skipped: int
    first_skipped: list[str]


class FileSums:
    """The sums over two columns of one file.

    Args:
        connection: an open connection that may read the file.
        source: the file.
        at: the positions of the x and the y column.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection", source: Source, at: tuple[int, int]) -> None:
        self.connection, self.source, self.at = connection, source, at
        columns = [source.columns[position] for position in at]
        self.exact = [column.exact for column in columns]
        x, y = (f"CAST({column.sql} AS DOUBLE)" for column in columns)
        self.columns = f"{x} AS x, {y} AS y"
        self.points = f"SELECT {self.columns} FROM {source.table}"

    def total(self, skip_invalid: bool, on_progress: Percent | None = None) -> Total:
        """Read the file once and return its sums.

        Args:
            skip_invalid: leave out rows of which a value is missing.
            on_progress: called with the percentage done, now and then.

        Raises:
            DataError: a row without two finite numbers, or an integer that float64 cannot hold; the first is named.
            duckdb.Error: DuckDB cannot read the file, and nothing is wrong with it.
        """
        taken, n, largest = ChunkSums(), 0, 0.0
        with closing(self._chunks(on_progress)) as chunks:
            for x, y in chunks:
                n += x.size
                try:
                    taken.add(x, y)
                except DataError:  # a number that is not finite
                    if not skip_invalid:
                        break
                    valid = np.isfinite(x) & np.isfinite(y)
                    if not valid.any():
                        continue
                    x, y = x[valid], y[valid]
                    taken.add(x, y)
                largest = max([largest, *(_largest(v) for v, exact in zip((x, y), self.exact, strict=True) if exact)])
        parts = taken.parts()
        total = reduce(Quadratic.plus, parts) if parts else None
        skipped = n - (total.n if total else 0)
        if skipped:
            self._refuse(skip_invalid)
        if largest >= EXACT_INTEGERS:
            self._refuse_rounded()
        return Total(total, skipped, self.source.first_missing(self.connection, *self.at) if skipped else [])

    def _chunks(self, on_progress: Percent | None) -> Generator[tuple[Floats, Floats]]:
        """Yield `CHUNK` rows after another, and what is left; valid until the next ones are asked for."""
        buffer, filled = np.empty((2, CHUNK)), 0
        for columns in self._batches():
            done = 0
            while done < columns[0].size:
                taken = min(CHUNK - filled, columns[0].size - done)
                if taken == CHUNK:  # a whole chunk is read where it lies
                    yield columns[0][done : done + CHUNK], columns[1][done : done + CHUNK]
                    done += CHUNK
                    continue
                for row, values in zip(buffer, columns, strict=True):
                    row[filled : filled + taken] = values[done : done + taken]
                filled, done = filled + taken, done + taken
                if filled == CHUNK:
                    yield buffer[0], buffer[1]
                    filled = 0
            if on_progress is not None:
                on_progress(max(0.0, self.connection.query_progress()))  # -1 before and after
        if filled:
            yield buffer[0, :filled], buffer[1, :filled]

    def _batches(self) -> Iterator[list[Floats]]:
        """Yield the two columns batch by batch; where DuckDB cannot, say what is wrong with the file."""
        import duckdb

        try:
            for name, value in self.source.parameters.items():
                self.connection.execute(f"SET VARIABLE {name} = $value", {"value": value})
            table = re.sub(r"\$(\w+)", r"getvariable('\1')", self.source.table)  # with parameters it would not stream
            yield from batches(self.connection.sql(f"SELECT {self.columns} FROM {table}"))
        except (duckdb.Error, StreamError) as error:
            raise self.source.first_fault(self.connection, *self.at) or duckdb.Error(str(error)) from None

    def _refuse(self, skip_invalid: bool) -> None:
        """Raise the error that names the first row that may not be left out, and counts the invalid ones."""
        import duckdb

        first = self.source.first_unskippable if skip_invalid else self.source.first_fault
        error = first(self.connection, *self.at)
        if error is None and skip_invalid:
            return
        if error is None:
            raise duckdb.DataError("there is no fault in the text")
        bad = "NOT coalesce(isfinite(x) AND isfinite(y), false)"
        number = self._rows(f"SELECT count(*) FROM ({self.points}) WHERE {bad}")[0][0]
        count = f"There {'is 1 such row' if number == 1 else f'are {number} such rows'} in all"
        if isinstance(error, FileError):
            raise FileError(f"{error.complaint}. {count}", error.remedies, error.otherwise)
        raise DataError(f"{error} {count}.")

    def _refuse_rounded(self) -> None:
        """Raise the error for an integer that float64 has rounded, if there is one."""
        error = self.source.first_fault(self.connection, *self.at, test=rounding_fault)
        if error:
            raise error

    def _rows(self, query: str) -> list[Any]:
        """Run `query` to its end; where DuckDB cannot, say what is wrong with the file."""
        import duckdb

        try:
            return self.connection.execute(query, self.source.parameters).fetchall()
        except duckdb.Error as error:
            raise self.source.first_fault(self.connection, *self.at) or error from None


def _largest(values: Floats) -> float:
    """Return the largest absolute value."""
    return max(float(values.max()), -float(values.min()))
