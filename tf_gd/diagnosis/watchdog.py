"""Inside the child process: a watchdog outside Python's control, which ends the process when a program hangs."""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

_start, _rest = faulthandler.dump_traceback_later, faulthandler.cancel_dump_traceback_later

SHORTEST = 1e-3  # seconds; it cannot be set to less


class Watchdog:
    """Ends this process after some seconds, and writes at which line it was.

    Args:
        file: a descriptor of a file that the parent reads afterwards. It is none that the program prints to: a
            program that prints without end would write into the middle of it, or keep it waiting.
    """

    def __init__(self, file: int = 2) -> None:
        self._file = file

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let what follows take so many seconds."""
        self.restart(seconds)
        try:
            yield
        finally:
            _rest()

    def restart(self, seconds: float) -> None:
        """Let what goes on take so many seconds from now on."""
        _start(seconds if seconds > SHORTEST else SHORTEST, exit=True, file=self._file)  # the program may replace max

    @staticmethod
    def rest() -> None:
        """Watch no longer, until the next time."""
        _rest()
