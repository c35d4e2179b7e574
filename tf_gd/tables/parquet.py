"""Parquet: the columns carry their types, and a row is known by its number."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tf_gd.errors import DataError
from tf_gd.tables.columns import Column, quoted
from tf_gd.tables.database import connect, identifier, pattern
from tf_gd.tables.numbers import double_of
from tf_gd.tables.source import Row, Source

if TYPE_CHECKING:
    import duckdb

_FLOATS = {"FLOAT", "DOUBLE"}
_SMALL = {"TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT", "UINTEGER"}
_LARGE = {"BIGINT", "UBIGINT"}


MAX_EXPANSION = 100
"""How many times its own weight a file may take as points in memory ..."""
ALWAYS_UNPACKED = 2**30
"""... or up to this many bytes, whichever is more."""


class Parquet(Source):
    """A Parquet file."""

    def check_weight(self, connection: "duckdb.DuckDBPyConnection") -> None:
        """Refuse the few kilobytes that stand for billions of rows."""
        (count,) = connection.execute(f"SELECT count(*) FROM {self.table}", self.parameters).fetchall()[0]
        limit = max(ALWAYS_UNPACKED, MAX_EXPANSION * self.file.stat().st_size)
        if 16 * count > limit:
            raise DataError(f"{quoted(self.file)} must unpack to at most {limit} bytes. Got {count} rows. Split it.")

    def rows(self, connection: "duckdb.DuckDBPyConnection", x: int, y: int) -> Iterator[Row]:
        """Yield the rows, numbered from 1, in the file's order."""
        texts = f"{self.columns[x].text}, {self.columns[y].text}"
        cursor = connection.execute(f"SELECT {texts} FROM {self.table}", self.parameters)
        number = 0
        while chunk := cursor.fetchmany(1000):
            for x_text, y_text in chunk:
                number += 1
                yield Row(f"row {number}", x_text, y_text)


def open_parquet(file: Path) -> Source:
    """Return the Parquet file as a source; DuckDB's errors pass."""
    table, parameters = "read_parquet($path, hive_partitioning = false)", {"path": pattern(file)}
    with connect([file]) as connection:
        described = connection.execute(f"DESCRIBE SELECT * FROM {table}", parameters).fetchall()
    return Parquet(file, tuple(_column(name, kind) for name, kind, *_ in described), table, parameters)


def _column(name: str, kind: str) -> Column:
    """Return the column of DuckDB's type `kind`; a FLOAT stays float32, and a DECIMAL is rounded once."""
    value = identifier(name)
    text = f"CAST({value} AS VARCHAR)"
    if kind in _FLOATS | _SMALL:
        return Column(name, value if kind in _FLOATS else f"CAST({value} AS DOUBLE)", text, exact=False)
    if kind in _LARGE:
        return Column(name, f"CAST({value} AS DOUBLE)", text)
    return Column(name, double_of(text), text, numeric=kind.startswith("DECIMAL"))
