"""Writing files: whole, or not at all; and finding out beforehand whether they can be written."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tf_gd.errors import DataError, invalid, plain
from tf_gd.tables.atomic import replacing

ColumnValues = Mapping[str, Sequence[Any]]
Where = str | os.PathLike[str]


@contextmanager
def draft_of(path: Where, name: str = "path") -> Iterator[Path]:
    """Hand out a new file to write, which takes the place of `path` at the end; until then, what is there stays.

    A pipe or a device has no such place: it is written to as it is.

    Raises:
        DataError: it cannot be written; `name` is what the message calls it.
    """
    with _said(name, "a file that can be written", path):
        if _is_special(Path(path)):
            yield Path(path)
            return
        target = _followed(Path(path))
        _refuse_session(target, name, path)
        folder = tempfile.TemporaryDirectory(dir=target.parent, prefix=".tf-gd-")
        with folder as aside, replacing(target, Path(aside) / target.name) as draft:
            yield draft
            if target.exists():
                shutil.copymode(target, draft)


def check_file(path: Where, name: str = "path") -> None:
    """Make sure that a file can be written, and leave what is there as it is.

    Raises:
        DataError: it cannot; `name` is what the message calls it.
    """
    target = Path(path)
    with _said(name, "a file that can be written", path):
        if target.is_file() or target.is_dir():
            open(target, "ab").close()  # which changes no file, and refuses a directory
        if not _is_special(target):
            _refuse_session(_followed(target), name, path)
            _try_in(_followed(target).parent)


def check_folder(path: Where, name: str) -> None:
    """Make sure that there is a directory to write files in, or room to make it in; make nothing.

    Raises:
        DataError: there is not; `name` is what the message calls it.
    """
    folder = Path(path)
    if str(folder).encode(errors="ignore") != os.fsencode(folder):  # TensorFlow takes no such names
        raise invalid(name, "a name in UTF-8", os.fspath(path), "Choose another place.")
    with _said(name, "a directory that can be written", path):
        while not _is_there(folder):
            folder = folder.parent
        _try_in(folder)


def make_folder(path: Where, name: str) -> Path:
    """Return a directory to write files in, made where it was not there.

    Raises:
        DataError: it cannot be made, or not written in; `name` is what the message calls it.
    """
    check_folder(path, name)
    folder = Path(path)
    with _said(name, "a directory that can be written", path):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _followed(target: Path) -> Path:
    """Return where a link leads, so that the link stays one."""
    return Path(os.path.realpath(target))


def _refuse_session(target: Path, name: str, path: Where) -> None:
    """Refuse a file of a training session, without which that session could not go on.

    Raises:
        DataError: `target` is one, or lies among them; `name` is what the message calls it.
    """
    folder = target.parent
    own = target if target.name in ("session.json", "manifest.txt", "log.txt", "lock") else folder
    is_named = own is target or folder.name == "rows" or folder.name.startswith("checkpoint-")
    if is_named and all((own.parent / file).is_file() for file in ("session.json", "manifest.txt")):
        raise DataError(
            f"`{name}` must be another file than those of a training session. Got {plain(os.fspath(path))}. "
            "Choose another place."
        )


def _is_there(path: Path) -> bool:
    """Whether there is something of that name; an error where there cannot be."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


def _is_special(target: Path) -> bool:
    """Whether there is something that is no file: a pipe, a device, a directory."""
    return target.exists() and not target.is_file()


def _try_in(folder: Path) -> None:
    """Make a file without a name, which is gone at once: nothing else tells for sure that the system allows it."""
    with tempfile.TemporaryFile(dir=folder):
        pass


@contextmanager
def _said(name: str, wanted: str, path: Where) -> Iterator[None]:
    """Turn what the system says into one line."""
    if not os.fspath(path):
        raise invalid(name, f"{wanted}, by a name that is not empty", path, "Choose another place.")
    try:
        yield
    except OSError as error:
        reason = f"{plain(os.fspath(path))}: {error.strerror or plain(str(error))}"
        raise DataError(f"`{name}` must be {wanted}. Got {reason}. Choose another place.") from None


def check_table(path: Where, name: str = "path") -> Callable[[ColumnValues, Path], None]:
    """Return what writes a table to `path`, by its ending.

    Raises:
        InvalidArgumentError: neither .csv, .json nor .parquet.
    """
    writers: dict[str, Callable[[ColumnValues, Path], None]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}
    ending = Path(path).suffix.lower()
    if ending not in writers:
        raise invalid(name, "a name that ends in .csv, .json or .parquet", os.fspath(path))
    return writers[ending]


def save_table(table: ColumnValues, path: Where) -> None:
    """Write columns of one length to `path`, as .csv, .json or .parquet by its ending.

    Raises:
        InvalidArgumentError: another ending.
        DataError: the file cannot be written.
    """
    write = check_table(path)
    with draft_of(path) as draft:
        write(table, draft)


def _csv(table: ColumnValues, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))


def _json(table: ColumnValues, path: Path) -> None:
    path.write_text(json.dumps(table), encoding="utf-8")


def _parquet(table: ColumnValues, path: Path) -> None:
    import duckdb
    import numpy as np

    columns = {name: np.asarray(values) for name, values in table.items()}
    with duckdb.connect() as connection:
        connection.register("columns", columns)
        connection.table("columns").write_parquet(str(path))
