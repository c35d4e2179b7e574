"""Open regular files only: a pipe of the same name would keep whoever opens it waiting."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def open_regular(path: Path, flags: int) -> int:
    """Return a descriptor of the regular file at `path`, opened with `flags`, without waiting for anybody.

    Raises:
        OSError: it cannot be opened, or is something else.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return descriptor


def read_regular(path: Path) -> bytes:
    """Return the content of the regular file at `path`.

    Raises:
        OSError: it cannot be read, or is something else.
    """
    with open(open_regular(path, os.O_RDONLY), "rb") as file:
        return file.read()
