"""Files that are whole or not there: written aside, flushed to the disk, then renamed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ASIDE = ".aside"


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Hand out a name beside `path`; the file or directory that is written there becomes `path`, or nothing does.

    Raises:
        OSError: it cannot be written; what was at `path` before is still there.
    """
    aside = path.with_name(f".{path.name}{ASIDE}")
    remove(aside)
    try:
        yield aside
        for file in [*aside.iterdir()] if aside.is_dir() else []:
            flush(file)
        flush(aside)
        os.replace(aside, path)
    except BaseException:
        remove(aside)
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file or a directory, if it is there and can be removed."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data`, in hexadecimal.

    Example:
        >>> digest(b"")[:12]
        'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()
