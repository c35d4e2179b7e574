"""The three standard streams of the command line, whatever they are: closed, full, a pipe that nobody reads, ASCII."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any


class TolerantFile(io.FileIO):
    """A file descriptor whose failing writes are remembered, and not raised: the command still ends with its own code.

    Attributes:
        failure: why something could not be written; None where all was, or where the reader has gone.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write what can be written."""
        try:
            while (written := super().write(data)) is None:  # a full pipe that does not block
                select.select([], [self], [])
            return written
        except OSError as error:
            if error.errno != errno.EPIPE:
                self.failure = error
            return len(data)


def settle_streams() -> TolerantFile:
    """Make all three streams usable, and return the file behind stdout.

    A closed descriptor is opened on the null device: else the next file that is opened, a user's perhaps, would get its
    number, and with it whatever a library prints.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    stdout, sys.stdout = _tolerant(1, sys.stdout)
    _, sys.stderr = _tolerant(2, sys.stderr)
    return stdout


def _tolerant(descriptor: int, stream: Any) -> tuple[TolerantFile, io.TextIOWrapper]:
    """Return the file and the text stream on a descriptor, in the encoding of `stream`."""
    file = TolerantFile(descriptor, "w", closefd=False)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    buffered = io.BufferedWriter(file)
    return file, io.TextIOWrapper(buffered, encoding, errors="backslashreplace", line_buffering=True)
