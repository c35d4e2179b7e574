"""`read_points`: from a file of any format to validated points."""

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.points import Points
from tf_gd.tables.advice import FileError, advised
from tf_gd.tables.columns import Choice, Selector, choose, choose_one, quoted
from tf_gd.tables.database import connect
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.numbers import EXACT_INTEGERS, fault, misspelling
from tf_gd.tables.numpy_files import points_of, read_npy, read_npz
from tf_gd.tables.opening import ARRAYS, look_into, one_line_errors, regular_file, source_of
from tf_gd.tables.source import Source
from tf_gd.tables.temporary_folder import Aside


def read_points(
    path: str | os.PathLike[str],
    x: Selector = None,
    y: Selector = None,
    *,
    skip_invalid: bool = False,
    delimiter: str | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    skip_rows: int = 0,
    comment: str | None = None,
    na: str | float | tuple[str | float, ...] | list[str | float] = (),
    sheet: str | int | None = None,
    format: str | None = None,
) -> Points:
    r"""Return the points in a file.

    What the file is, is told from its content: text in columns (commas, semicolons, tabs, bars or white space), JSON
    (an array of objects, an object of columns, an object a line), .xlsx, Parquet, `.npy` (an array of shape [n, k]) or
    `.npz` (arrays of shape [n]); also alone in a `.gz`, `.bz2` or `.zip`. What is in doubt is an error that names the
    keyword to add.

    Args:
        path: the file; "-" is standard input.
        x: a column's name, or its position from 0; digits are a position where no column has them as its name. Without
            it the column called x, or the one that is left where there are just two numeric columns.
        y: likewise.
        skip_invalid: leave out rows of which a value is missing (nothing, NaN, or one of `na`), and say so in
            `Points.skipped` and `Points.first_skipped`; what is neither a number nor missing stays an error.
        delimiter: what stands between two fields: one character, "tab", "comma", "semicolon", "bar" or "whitespace".
        decimal: the decimal mark, "." or ",".
        thousands: the mark that groups digits, for example ",".
        encoding: of text; without it UTF-8, or what a byte order mark says.
        header: whether the first row names the columns.
        skip_rows: how many lines to pass over at the start; blank lines count.
        comment: what starts a comment, for example "#".
        na: the text that stands for a missing value, or several.
        sheet: of a spreadsheet, by its name or its position from 0; without it the first.
        format: csv, json, jsonl, parquet, xlsx, npy or npz, where the content does not tell.

    Returns:
        Points of float64, or of the floating dtype that the file stores. Text is rounded once, to the
        nearest float64.

    Raises:
        InvalidArgumentError: a keyword is not what it must be, or the file's format has no such thing.
        DataError: the file cannot be read, a value is missing, not a number, not finite or too large (its
            line or row is named, from 1), or it is in doubt which columns are meant.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "stars.txt")
        ...     _ = file.write_text("star;distance;speed\nS. Mag;0,032;170\nL. Mag;0,034;290\n")
        ...     read_points(file, x="distance", y="speed", decimal=",").x
        array([0.032, 0.034])
    """
    dialect = Dialect(delimiter, decimal, thousands, encoding, header, skip_rows, comment, na, sheet, format)  # type: ignore[arg-type]
    return _points_of(path, dialect, x, y, skip_invalid, choose)


def read_column(
    path: str | os.PathLike[str], x: Selector = None, *, skip_invalid: bool = False, **dialect: Any
) -> tuple[npt.NDArray[Any], str]:
    """Return one column of numbers in a file, and its name; the arguments as for `read_points`.

    Args:
        path: the file; a single column will do.
        x: the column's name or position; without it the one called x, or the only one of numbers.
        skip_invalid: leave out rows of which the value is missing.
        dialect: how the file is written.
    """
    points = _points_of(path, Dialect(**dialect), x, x, skip_invalid, choose_one)
    return points.x, points.x_name


def _points_of(
    path: str | os.PathLike[str], dialect: Dialect, x: Selector, y: Selector, skip_invalid: bool, pick: Choice
) -> Points:
    """Return the points in a file, or what would read it as advice."""
    keywords: dict[str, Any] = {name: getattr(dialect, name) for name in dialect.said}
    keywords |= {"x": x, "y": y, "skip_invalid": skip_invalid, "pick": pick}
    if os.fspath(path) == "-":
        return _standard_input(keywords)
    file = regular_file(path)
    return advised(partial(_read, file), keywords, file.stat().st_size)


def _standard_input(keywords: dict[str, Any]) -> Points:
    """Return the points on standard input, by way of a private temporary file."""
    with tempfile.TemporaryDirectory(prefix="tf-gd-") as folder:
        file = Path(folder, "standard-input.csv")
        with file.open("wb") as copy:
            if hasattr(sys.stdin, "buffer"):
                shutil.copyfileobj(sys.stdin.buffer, copy)
            else:  # a program has put text in its place
                copy.write(sys.stdin.read().encode())
        try:
            regular_file(file)
            return advised(partial(_read, file), keywords, file.stat().st_size)
        except FileError as error:
            complaint = error.complaint.replace(quoted(file), "standard input")
            raise FileError(complaint, error.remedies, error.otherwise) from None
        except DataError as error:
            raise DataError(str(error).replace(quoted(file), "standard input")) from None


def _read(file: Path, x: Selector, y: Selector, skip_invalid: bool, pick: Choice, **dialect_options: Any) -> Points:
    """Return the points in a regular file."""
    with one_line_errors(file), Aside() as aside:
        contents = look_into(file, Dialect(**dialect_options), aside)
        if contents.format in ARRAYS:
            read = read_npy if contents.format == "npy" else read_npz
            return points_of(file, read(file, contents.data, x, y, pick), contents.dialect, skip_invalid)
        for copy in (False, True):  # again, where DuckDB did not understand what Python does
            points = _fetch(source_of(contents, aside, copy), x, y, skip_invalid, pick)
            if points is not None:
                return points
    raise DataError(f"{quoted(file)} cannot be read as text in columns. Save it as UTF-8 CSV.")


def _fetch(source: Source, x: Selector, y: Selector, skip_invalid: bool, pick: Choice) -> Points | None:
    """Return the two columns of `source` as points; None where DuckDB cannot read them, though nothing is wrong."""
    import duckdb

    at = pick(source.columns, x, y, source.file)
    columns = [source.columns[position] for position in at]
    absent = [column.missing if skip_invalid else "false" for column in columns]
    values = ", ".join(f"{column.sql}, {missing}" for column, missing in zip(columns, absent, strict=True))
    test = misspelling if skip_invalid else fault
    with connect([source.data]) as connection:
        source.check_weight(connection)
        try:
            query = f"SELECT * FROM (SELECT {values} FROM {source.table}) AS points(x, missing_x, y, missing_y)"
            fetched = connection.execute(query, source.parameters).fetchnumpy()
        except duckdb.Error:
            wrong = source.first_fault(connection, *at, test=test)
            if wrong:
                raise wrong from None
            return None
        arrays = [np.ma.filled(fetched[name], np.nan) for name in "xy"]
        missing = [np.ma.filled(fetched[f"missing_{name}"], False).astype(bool) for name in "xy"]
        there = [values[~absent] for values, absent in zip(arrays, missing, strict=True)]
        if not all(_sound(values, column.exact) for values, column in zip(there, columns, strict=True)):
            wrong = source.first_fault(connection, *at, test=test)
            if wrong:
                raise wrong
            if not all(np.isfinite(values).all() for values in there):
                return None
        left_out = missing[0] | missing[1]
        first = source.first_missing(connection, *at) if left_out.any() else []
    if not arrays[0][~left_out].size:
        raise DataError(f"{quoted(source.file)} must hold at least one point. Got none below the header.")
    x_values, y_values = (values[~left_out] if left_out.any() else values for values in arrays)
    return Points(x_values, y_values, columns[0].name, columns[1].name).with_skipped(int(left_out.sum()), first)


def _sound(values: npt.NDArray[Any], exact: bool) -> bool:
    """Say whether every value is finite, and none may be an integer that was rounded."""
    if not np.isfinite(values).all():
        return False
    return not (exact and values.size and np.abs(values).max() >= EXACT_INTEGERS)
