"""Parquet: the columns carry their types, and a row is known by its number."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tf_gd.errors import DataError
from tf_gd.tables.columns import Column, quoted
from tf_gd.tables.database import connect, identifier, pattern
from tf_gd.tables.dialect import PLAIN, Dialect
from tf_gd.tables.numbers import double_of, missing_in, without_missing
from tf_gd.tables.source import SAMPLE, Row, Source
from tf_gd.tables.unpacking import most_bytes

if TYPE_CHECKING:
    import duckdb

_FLOATS = {"FLOAT", "DOUBLE"}
_SMALL = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}
_LARGE = {"BIGINT", "UBIGINT"}


ALWAYS_READ = 2**30  # bytes that points may take in memory, however little the file weighs


class Parquet(Source):
    """A Parquet file."""

    adds: ClassVar[str] = "sum"

    @property
    def numbered(self) -> str:
        """The table function that also gives each row's number, from 0."""
        return self.table.replace("$path", "$path, file_row_number = true")

    def sample(self, connection: "duckdb.DuckDBPyConnection", columns: str) -> str:
        """Return the query for rows at the start, in the middle and at the end: the file may be sorted."""
        last = self.count(connection) - 1
        ranges = ((start, start + SAMPLE - 1) for start in {0, last // 2, max(0, last - SAMPLE + 1)})
        return " UNION ALL ".join(
            f"SELECT {columns} FROM {self.numbered} WHERE file_row_number BETWEEN {start} AND {end}"
            for start, end in ranges
        )

    def count(self, connection: "duckdb.DuckDBPyConnection") -> int:
        """Return the number of rows, which stands in the file's footer."""
        count: int = connection.execute(f"SELECT count(*) FROM {self.table}", self.parameters).fetchall()[0][0]
        return count

    def check_weight(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Refuse the few kilobytes that stand for billions of rows."""
        count = self.count(connection)
        limit = most_bytes(self.file, ALWAYS_READ)
        if 16 * count > limit:
            raise DataError(f"{quoted(self.file)} must unpack to at most {limit} bytes. Got {count} rows. Split it.")

    def rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> Iterator[Row]:
        """Yield the rows that may be at fault, numbered from 1, in the file's order."""
        chosen = self.columns[x], self.columns[y]
        texts = ", ".join(column.text for column in chosen)
        suspicious = " OR ".join(column.suspicious for column in chosen)
        cursor = connection.execute(
            f"SELECT file_row_number + 1, {texts} FROM {self.numbered} WHERE {suspicious}", self.parameters
        )
        while chunk := cursor.fetchmany(1000):
            for number, x_text, y_text in chunk:
                yield Row(f"row {number}", x_text, y_text)


def open_parquet(file: Path, data: Path, dialect: Dialect = PLAIN) -> Source:
    """Return the Parquet file as a source, its bytes in `data`; DuckDB's errors pass."""
    table, parameters = "read_parquet($path, hive_partitioning = false)", {"path": pattern(data)}
    with connect([data]) as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}", parameters).fetchall()
    columns = tuple(_column(name, kind, dialect) for name, kind, *_ in described)
    return Parquet(file=file, data=data, columns=columns, table=table, parameters=parameters, dialect=dialect)


def _column(name: str, kind: str, dialect: Dialect) -> Column:
    """Return the column of DuckDB's type `kind`; a FLOAT stays float32, and a DECIMAL is rounded once."""
    value = identifier(name)
    text = f"CAST({value} AS VARCHAR)"
    if kind not in _FLOATS:
        value = f"CAST({value} AS DOUBLE)" if kind in _SMALL | _LARGE else double_of(text)
    return Column(
        name=name,
        sql=without_missing(value, text, dialect),
        text=text,
        numeric=kind in _FLOATS | _SMALL | _LARGE or kind.startswith(("DECIMAL", "DATE", "TIMESTAMP", "HUGEINT")),
        exact=kind not in _FLOATS | _SMALL,
        missing=missing_in(value, text, dialect),
    )
