"""The limits of a program, on its time and its memory, and how its own process keeps them."""

import faulthandler
from collections.abc import Iterator
from contextlib import contextmanager

_start, _rest = faulthandler.dump_traceback_later, faulthandler.cancel_dump_traceback_later

TIME_LIMIT, MEMORY_LIMIT = 20.0, 4096  # seconds, megabytes, where nothing else is asked for
SHORTEST = 1e-3  # seconds; it cannot be set to less


class Watchdog:
    """Ends this process after some seconds, from outside of Python's control, and writes at which line it was.

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


def limit_memory(megabytes: int) -> None:
    """Limit what this process may allocate beyond what it has, where the system can."""
    try:
        import resource

        with open("/proc/self/status") as status:
            there = next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:")), 0)
    except (ImportError, OSError):  # Windows; no /proc
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = there + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
