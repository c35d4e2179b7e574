"""`read_points`: from a file of any format to validated points."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.points import Points
from tf_gd.tables.columns import Selector, choose, quoted
from tf_gd.tables.database import connect
from tf_gd.tables.numbers import EXACT_INTEGERS
from tf_gd.tables.numpy_files import read_npy, read_npz
from tf_gd.tables.opening import one_line_errors, open_source, regular_file
from tf_gd.tables.source import Source

ARRAYS = {".npy": read_npy, ".npz": read_npz}


def read_points(path: str | os.PathLike[str], x: Selector = None, y: Selector = None) -> Points:
    r"""Return the points in a file.

    Args:
        path: CSV, TSV, Parquet, JSON lines (`.jsonl`, `.ndjson`, `.json`), `.npy` (an array of shape [n, k])
            or `.npz` (arrays of shape [n]), told by the ending; "-" is CSV on standard input.
        x: a column's name, or its position from 0; digits are a position where no column has them as its
            name. Without `x` and `y` the file must have just two numeric columns, taken in order.
        y: likewise.

    Returns:
        Points of float64, or of the floating dtype that the file stores. Text is rounded once, to the
        nearest float64.

    Raises:
        DataError: the file cannot be read, a value is missing, not a number, not finite or too large (its
            line or row is named, from 1), or it is in doubt which columns are meant.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "stars.csv")
        ...     _ = file.write_text("star,distance,speed\nS. Mag,0.032,170\nL. Mag,0.034,290\n")
        ...     read_points(file, x="distance", y="speed").y
        array([170., 290.])
    """
    if os.fspath(path) == "-":
        return _standard_input(x, y)
    file = regular_file(path)
    with one_line_errors(file):
        if file.suffix.lower() in ARRAYS:
            return ARRAYS[file.suffix.lower()](file, x, y)
        return _fetch(open_source(file), x, y)


def _standard_input(x: Selector, y: Selector) -> Points:
    """Return the points of the CSV on standard input, by way of a private temporary file."""
    with tempfile.TemporaryDirectory(prefix="tf-gd-") as folder:
        file = Path(folder, "standard-input.csv")
        with file.open("wb") as copy:
            if hasattr(sys.stdin, "buffer"):
                shutil.copyfileobj(sys.stdin.buffer, copy)
            else:  # a program has put text in its place
                copy.write(sys.stdin.read().encode())
        try:
            return read_points(file, x, y)
        except DataError as error:
            raise DataError(str(error).replace(quoted(file), "standard input")) from None


def _fetch(source: Source, x: Selector, y: Selector) -> Points:
    """Return the two columns of `source` as points."""
    import duckdb

    at = choose(source.columns, x, y, source.file)
    x_column, y_column = (source.columns[position] for position in at)
    query = f"SELECT {x_column.sql} AS x, {y_column.sql} AS y FROM {source.table}"
    with connect([source.file]) as connection:
        source.check_weight(connection)
        try:
            fetched = connection.execute(query, source.parameters).fetchnumpy()
        except duckdb.Error as error:
            raise source.first_fault(connection, *at) or error from None
        arrays = fetched["x"], fetched["y"]
        if not (_sound(arrays[0], x_column.exact) and _sound(arrays[1], y_column.exact)):
            wrong = source.first_fault(connection, *at)
            if wrong:
                raise wrong
    if not arrays[0].size:
        raise DataError(f"{quoted(source.file)} must hold at least one point. Got none below the header.")
    return Points(*arrays, x_column.name, y_column.name)


def _sound(values: npt.NDArray[Any], exact: bool) -> bool:
    """Say whether every value is there and finite, and none may be an integer that was rounded."""
    if np.ma.is_masked(values) or not np.isfinite(values).all():
        return False
    return not (exact and values.size and np.abs(values).max() >= EXACT_INTEGERS)
