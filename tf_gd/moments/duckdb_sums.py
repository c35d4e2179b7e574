"""The one query: a file's count and shifted sums, added by DuckDB on all cores.

    n, sum(dx), sum(dy), sum(dx^2 - xx), sum(dx dy - xy), sum(dy^2 - yy)      with dx = x - x0, dy = y - y0

What is subtracted, the `Origin`, is put back as exact numbers.
"""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from tf_gd.errors import DataError
from tf_gd.moments.moments import Moments
from tf_gd.moments.shift import Origin, Vector
from tf_gd.tables.advice import FileError
from tf_gd.tables.numbers import EXACT_INTEGERS, rounding_fault
from tf_gd.tables.source import Source

if TYPE_CHECKING:
    import duckdb

POLL = 0.1
"""Seconds between two reports of progress."""


Sums = tuple[float, float, float, float, float]
Progress = Callable[[float], None]


class Total(NamedTuple):
    """What a reading gives: rows, numbers in x and in y, the largest that may be a rounded integer, and the sums."""

    n: int
    n_x: int
    n_y: int
    largest: float
    sums: Sums
    origin: Origin

    @property
    def complete(self) -> bool:
        """Whether every row held two finite numbers (and no sum overflowed)."""
        return self.n == self.n_x == self.n_y and all(map(math.isfinite, self.sums))

    def moments(self) -> Moments:
        """Return the moments: what was subtracted from the products is added as exact numbers."""
        if not all(map(math.isfinite, self.sums)):
            return Moments.from_shifted(self.n, self.origin[:2], self.sums)  # says that they overflowed
        kept = zip(self.sums[2:], self.origin[2:], strict=True)
        products = (Fraction(total) + self.n * Fraction(part) for total, part in kept)
        return Moments.from_shifted(self.n, self.origin[:2], (*self.sums[:2], *products))


class Aggregates:
    """The query over two columns of one file.

    Args:
        connection: an open connection that may read the file.
        source: the file.
        at: the positions of the x and the y column.
    """

    def __init__(self, connection: "duckdb.DuckDBPyConnection", source: Source, at: tuple[int, int]) -> None:
        self.connection, self.source, self.at = connection, source, at
        columns = [source.columns[position] for position in at]
        self.columns = f"CAST({columns[0].sql} AS DOUBLE) AS x, CAST({columns[1].sql} AS DOUBLE) AS y"
        self.points = f"(SELECT {self.columns} FROM {source.table})"
        exact = [name for name, column in zip("xy", columns, strict=True) if column.exact]
        self.largest = f"max(greatest({', '.join(f'abs({name})' for name in exact)}))" if exact else "0"
        self.origin = Origin.middle(*self._sample())

    def _sample(self) -> tuple[Vector, Vector]:
        """Return some points, those of them that are finite."""
        rows = self._rows(self.source.sample(self.connection, self.columns))
        points = np.array(rows, dtype=np.float64).reshape(-1, 2)
        points = points[np.isfinite(points).all(axis=1)]
        return points[:, 0], points[:, 1]

    def total(self, where: str = "true", on_progress: Progress | None = None) -> Total:
        """Return the count and the sums of all rows.

        Args:
            where: an SQL condition on x and y; never text from outside.
            on_progress: called with the percentage done, now and then.
        """
        products = ("dx", "dy", "dx * dx - $xx", "dx * dy - $xy", "dy * dy - $yy")
        added = ", ".join(f"{self.source.adds}({product})" for product in products)
        n, n_x, n_y, largest, *values = self._rows(
            f"SELECT count(*), count(x), count(y), {self.largest}, {added} FROM "
            f"(SELECT x, y, x - $x0 AS dx, y - $y0 AS dy FROM {self.points} WHERE {where})",
            on_progress,
            **dict(zip(("x0", "y0", "xx", "xy", "yy"), self.origin, strict=True)),
        )[0]
        sums = cast(Sums, tuple(math.nan if value is None else value for value in values))
        return Total(n, n_x, n_y, largest or 0.0, sums, self.origin)

    def count_invalid(self) -> int:
        """Return the number of rows without two finite numbers."""
        bad = "NOT coalesce(isfinite(x) AND isfinite(y), false)"
        count: int = self._rows(f"SELECT count(*) FROM {self.points} WHERE {bad}")[0][0]
        return count

    def refuse(self, invalid: int, error: DataError | None) -> None:
        """Raise the error that counts the rows without two finite numbers and names the first.

        Without an error to raise, nothing is wrong but DuckDB's reading.
        """
        if error is None:
            return
        count = f"There {'is 1 such row' if invalid == 1 else f'are {invalid} such rows'} in all"
        if isinstance(error, FileError):
            raise FileError(f"{error.complaint}. {count}", error.remedies, error.otherwise)
        raise DataError(f"{error} {count}.")

    def refuse_rounded(self, total: Total) -> None:
        """Raise the error for an integer that float64 has rounded, if there is one."""
        if total.largest >= EXACT_INTEGERS:
            error = self.source.first_fault(self.connection, *self.at, test=rounding_fault)
            if error:
                raise error

    def _rows(self, query: str, on_progress: Progress | None = None, **values: float) -> list[Any]:
        """Run `query` to its end; where DuckDB cannot, say what is wrong with the file."""
        import duckdb

        parameters = {**self.source.parameters, **values}
        try:
            if on_progress is None:
                return self.connection.execute(query, parameters).fetchall()
            return self._watched(query, parameters, on_progress)
        except duckdb.Error as error:
            raise self.source.first_fault(self.connection, *self.at) or error from None

    def _watched(self, query: str, parameters: dict[str, Any], on_progress: Progress) -> list[Any]:
        """Run `query` in a thread of its own and report until it ends; what interrupts here ends it there."""
        percent = 0.0
        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(lambda: self.connection.execute(query, parameters).fetchall())
            try:
                while True:
                    try:
                        return running.result(POLL)
                    except StillRunning:
                        percent = max(percent, self.connection.query_progress())  # -1 before and after
                        on_progress(percent)
            except BaseException:
                self.connection.interrupt()
                raise
