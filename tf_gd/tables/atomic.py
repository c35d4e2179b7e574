"""Files that are whole or not there: written beside their place, flushed to the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path, draft: Path) -> Iterator[Path]:
    """Hand out `draft`; the file or directory that is written there takes the place of `path`, or nothing does.

    Args:
        path: the final name, in the same file system.
        draft: a name that nobody else uses.

    Raises:
        OSError: it cannot be written; what was at `path` before is still there.
    """
    try:
        yield draft
        for file in [*draft.iterdir()] if draft.is_dir() else []:
            flush(file)
        flush(draft)
        os.replace(draft, path)
    except BaseException:
        if not draft.is_dir():
            with suppress(OSError):
                draft.unlink()
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
