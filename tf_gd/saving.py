"""Writing a table to a file: whole, or not at all."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tf_gd.errors import DataError, invalid, plain

Table = Mapping[str, Sequence[Any]]


def save_table(table: Table, path: str | os.PathLike[str]) -> None:
    """Write columns of one length to `path`, as .csv, .json or .parquet by its ending.

    Raises:
        InvalidArgumentError: another ending.
        DataError: the file cannot be written.
    """
    target = Path(path)
    writers: dict[str, Callable[[Table, Path], None]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}
    if target.suffix.lower() not in writers:
        raise invalid("path", "a name that ends in .csv, .json or .parquet", str(path))
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".tf-gd-") as aside:
            draft = Path(aside) / target.name
            writers[target.suffix.lower()](table, draft)
            os.replace(draft, target)
    except OSError as error:
        raise DataError(f"Cannot write {plain(str(path))}: {error.strerror}. Choose another place.") from None


def _csv(table: Table, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def _json(table: Table, path: Path) -> None:
    path.write_text(json.dumps(table), encoding="utf-8")


def _parquet(table: Table, path: Path) -> None:
    import duckdb
    import numpy as np

    columns = {name: np.asarray(values) for name, values in table.items()}
    with duckdb.connect() as connection:
        connection.register("columns", columns)
        connection.table("columns").write_parquet(str(path))
