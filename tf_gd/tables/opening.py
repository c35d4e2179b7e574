"""From a path to a source: the content tells the format, and whatever goes wrong is one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tf_gd.errors import DataError, TfGdError, invalid
from tf_gd.tables.columns import quoted
from tf_gd.tables.contents import KINDS, PACKED, kind_of, refuse, refuse_url
from tf_gd.tables.database import reason
from tf_gd.tables.delimited_text import open_delimited
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.json_files import open_json
from tf_gd.tables.parquet_files import open_parquet
from tf_gd.tables.source import Source
from tf_gd.tables.spreadsheets import open_spreadsheet
from tf_gd.tables.temporary_folder import Aside
from tf_gd.tables.text import Text
from tf_gd.tables.unpacking import member_name, unpack

ENDINGS = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".npy", ".npz", ".xlsx")
"""The endings of the files of a directory that are taken for data."""

ARRAYS = ("npy", "npz")
"""Formats that NumPy reads, whole."""

_SAYS = {
    "csv": {"delimiter", "decimal", "thousands", "encoding", "header", "skip_rows", "comment", "na"},
    "json": {"encoding", "na"},
    "parquet": {"na"},
    "npy": {"na"},
    "npz": {"na"},
    "xlsx": {"decimal", "thousands", "header", "skip_rows", "na", "sheet"},
}
"""What can be said of each format."""
_NAMES = {"csv": "text in columns", "json": "JSON", "parquet": "Parquet", "npy": ".npy", "npz": ".npz", "xlsx": ".xlsx"}


class Contents(NamedTuple):
    """A file that was looked into.

    Args:
        file: its name, for messages.
        data: where its bytes are: the file itself, or what was unpacked from it.
        format: csv, json, parquet, xlsx, npy or npz.
        dialect: how it was said to be written.
    """

    file: Path
    data: Path
    format: str
    dialect: Dialect


def look_into(file: Path, dialect: Dialect, aside: Aside) -> Contents:
    """Return what a file holds, unpacked if need be.

    Raises:
        DataError: a kind of file that is not read.
        InvalidArgumentError: something was said that this format has not got.
    """
    data, kind = file, kind_of(file)
    if kind in PACKED and dialect.format not in ARRAYS:
        data = unpack(file, kind, aside.folder)
        kind = kind_of(member_name(file, kind), data)
        if kind in PACKED:
            raise DataError(f"{quoted(file)} must be packed once. Got a packed file in another. Unpack it by hand.")
    kind = {"jsonl": "json"}.get(dialect.format or kind, dialect.format or kind)
    if kind in KINDS:
        raise refuse(file, quoted(file), kind)
    for name in sorted(dialect.said - {"format"} - _SAYS[kind]):
        value = getattr(dialect, name)
        raise invalid(name, f"left out for {_NAMES[kind]}, which {quoted(file)} is", value, "Leave it out.")
    return Contents(file, data, kind, dialect)


def source_of(contents: Contents, aside: Aside, copy: bool = False) -> Source:
    """Return a file that is not of NumPy's as a source.

    Args:
        contents: the file.
        aside: where a copy may be written.
        copy: whether DuckDB must read a plain copy of text, and not the file itself.

    Raises:
        DataError: its columns cannot be told.
    """
    file, data, kind, dialect = contents
    if kind == "parquet":
        return open_parquet(file, data, dialect)
    if kind == "xlsx":
        return open_spreadsheet(file, data, dialect, aside)
    text = Text(file, data, dialect)
    return open_json(text, aside, copy) if kind == "json" else open_delimited(text, aside, copy)


def regular_file(path: str | os.PathLike[str]) -> Path:
    """Return `path` as the path of a file that is there and holds something.

    Raises:
        DataError: it is missing, empty, a directory, a device, or a URL.
    """
    file = Path(path)
    with one_line_errors(file):
        if "://" in os.fspath(path):
            raise refuse_url(str(os.fspath(path)))
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
