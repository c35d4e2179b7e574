"""One process at a time in a directory.

The operating system holds the lock and lets go of it when the process ends, however it ends. So a lock file that is
left behind by a killed process keeps nobody out, and one that is held is held by a process that lives.
"""

from __future__ import annotations

import errno
import os
import re
import socket
from datetime import datetime, timezone
from pathlib import Path

from tf_gd.errors import SessionError, plain
from tf_gd.session.regular import open_regular


class Lock:
    """The lock on a directory, taken when made.

    Attributes:
        left_by: who held it last and ended without letting go, in words; empty when nobody did.

    Raises:
        SessionError: another process, or another thread of this one, holds it.
        OSError: there is no such directory, or it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        import fcntl  # POSIX; where there is none, neither is this kind of lock

        self.path = directory / "lock"
        self.descriptor = open_regular(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW)
        try:
            holder = os.read(self.descriptor, 200).decode(errors="replace")
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.left_by = os.pread(self.descriptor, 200, 0).decode(errors="replace")
            if not _is_ours(self.left_by):
                raise FileExistsError(errno.EEXIST, "something else than a lock", str(self.path))
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, _myself().encode(), 0)
        except BlockingIOError:
            os.close(self.descriptor)
            raise SessionError(
                f"`session` must be a directory that no other process trains in. Got {plain(str(directory), 200)}, "
                f"in use by {plain(holder)}. Wait until that one ends, or choose another directory."
            ) from None
        except BaseException:
            os.close(self.descriptor)
            raise

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether a file is a lock, as this class leaves it, and nothing that somebody else put there."""
        return path.is_file() and not path.is_symlink() and _is_ours(path.read_bytes()[:200].decode(errors="replace"))

    def check(self) -> None:
        """Make sure that the directory is still the one that was locked.

        Raises:
            OSError: it was removed, or another one has taken its place.
        """
        if not os.path.samestat(os.stat(self.path), os.fstat(self.descriptor)):
            raise FileNotFoundError(0, "another directory has taken its place")

    def close(self) -> None:
        """Let the next process in."""
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)


def _is_ours(content: str) -> bool:
    return not content or re.match(r"process \d+ on ", content) is not None


def _myself() -> str:
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return f"process {os.getpid()} on {socket.gethostname()} since {now}"
