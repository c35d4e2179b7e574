"""From a path to a source: the ending tells the format, and whatever goes wrong is one line."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tf_gd.errors import DataError, TfGdError
from tf_gd.tables.columns import quoted
from tf_gd.tables.database import reason
from tf_gd.tables.delimited import open_delimited
from tf_gd.tables.json_lines import open_json_lines
from tf_gd.tables.parquet_files import open_parquet
from tf_gd.tables.source import Source

OPENERS: dict[str, Callable[[Path], Source]] = {
    ".csv": open_delimited,
    ".tsv": open_delimited,
    ".parquet": open_parquet,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".json": open_json_lines,
}
"""What reads a file with this ending."""

ENDINGS = (*OPENERS, ".npy", ".npz")
"""The endings of all files that are read."""


def open_source(file: Path) -> Source:
    """Return the file as a source of points.

    Raises:
        DataError: an ending that is not in `OPENERS`, or a file whose columns cannot be told.
    """
    ending = file.suffix.lower()
    if ending not in OPENERS:
        raise DataError(f"{quoted(file)} must end in one of {', '.join(ENDINGS)}. Convert or rename it.")
    with one_line_errors(file):
        return OPENERS[ending](file)


def regular_file(path: str | os.PathLike[str]) -> Path:
    """Return `path` as the path of a file that is there and holds something.

    Raises:
        DataError: it is missing, empty, a directory, a device, or a URL.
    """
    file = Path(path)
    with one_line_errors(file):
        if "://" in os.fspath(path):
            raise DataError(f"{quoted(os.fspath(path))} must be a file on this machine. Download it first.")
        if not file.exists():
            raise DataError(f"{quoted(file)} must be a file. There is none of that name.")
        if not file.is_file():
            raise DataError(
                f"{quoted(file)} must be a file. Got {'a directory' if file.is_dir() else 'something else'}."
            )
        if file.stat().st_size == 0:
            raise DataError(f"{quoted(file)} must hold points. Got an empty file.")
    return file


@contextmanager
def one_line_errors(file: Path) -> Iterator[None]:
    """Turn every error of the libraries that read `file` into a `DataError` of one line."""
    try:
        yield
    except TfGdError:
        raise
    except Exception as error:  # a broken file makes NumPy, zipfile and DuckDB raise nearly anything
        raise DataError(f"{quoted(file)} cannot be read: {reason(error)}") from None
