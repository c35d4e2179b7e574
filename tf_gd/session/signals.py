"""Ctrl-C and SIGTERM while a session trains: the first asks it to stop at a safe place, the second stops it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupted(KeyboardInterrupt):
    """A session was stopped by Ctrl-C or SIGTERM; its state is kept, and the message says how to go on.

    Attributes:
        exit_code: for a command that ends because of it: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, message: str, signum: int = signal.SIGINT) -> None:
        super().__init__(message)
        self.exit_code = 128 + signum


class Listening:
    """While entered, in the main thread, a first SIGINT or SIGTERM is noted in `heard`; a second one raises.

    A signal that the process ignores stays ignored, and the handlers before are put back.
    """

    def __init__(self) -> None:
        self.heard: int | None = None
        self.before: dict[int, Any] = {}

    def _note(self, signum: int, frame: FrameType | None) -> None:
        self.obey()
        self.heard = signum

    def obey(self) -> None:
        """Stop, if a signal was heard."""
        if self.heard is not None:
            raise KeyboardInterrupt

    def __enter__(self) -> Listening:
        if threading.current_thread() is threading.main_thread():
            for signum in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(signum) not in (signal.SIG_IGN, None):
                    self.before[signum] = signal.signal(signum, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for signum, handler in self.before.items():
            signal.signal(signum, handler)
