"""The child process: started, written to, read from, and ended, whatever the program in it does."""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import tf_gd
from tf_gd.diagnosis.answers import garbled
from tf_gd.diagnosis.calling import Misbehaved, is_library, plain_text
from tf_gd.diagnosis.pipe import HEADER, BrokenMessageError, length_of, unpack
from tf_gd.diagnosis.program_source import ProgramSource

FLOOD = 1_000_000  # bytes of output; a program that does not end and printed more is told so
GRACE = 30.0  # seconds after the child's own watchdog should have ended it, before the parent does


class ChildProcess:
    """A process with one program in it.

    Attributes:
        source: the program's text.
        time_limit: seconds that the program may take, for messages.
        printed: how many bytes it printed.
    """

    def __init__(self, source: ProgramSource, time_limit: float, memory_limit: int) -> None:
        self.source, self.time_limit = source, time_limit
        self.printed = 0
        self._hung_at = tempfile.TemporaryFile()  # noqa: SIM115 (open until the child has ended)
        self._child = _start(source.path, memory_limit, time_limit, self._hung_at.fileno())

    def send(self, content: bytes, seconds: float) -> None:
        """Write to the child, and read its output meanwhile.

        Raises:
            Misbehaved: it takes no message any more.
        """
        child = self._child
        assert child.stdin is not None
        view, deadline = memoryview(content), time.monotonic() + seconds + GRACE
        try:
            while view:
                self._drain(child)
                if select.select([], [child.stdin], [], 0.05)[1]:
                    view = view[os.write(child.stdin.fileno(), view[:4096]) :]
                elif time.monotonic() > deadline:
                    raise self.hangs()
        except BrokenPipeError:
            raise self._why(child) from None

    def receive(self, seconds: float) -> dict[str, Any]:
        """Read one message, whatever else happens.

        Raises:
            Misbehaved: none comes.
        """
        deadline = time.monotonic() + seconds + GRACE
        header = self._read_exactly(HEADER.size, deadline)
        try:
            return unpack(self._read_exactly(length_of(header), deadline))
        except BrokenMessageError as error:
            raise garbled(str(error)) from None

    def _read_exactly(self, length: int, deadline: float) -> bytes:
        child = self._child
        assert child.stdout is not None
        assert child.stderr is not None
        content = bytearray()
        while len(content) < length:
            self._drain(child)
            if select.select([child.stdout, child.stderr], [], [], 0.05)[0]:
                if not select.select([child.stdout], [], [], 0)[0]:
                    continue
                part = os.read(child.stdout.fileno(), min(length - len(content), 1 << 20))
                if not part:
                    raise self._why(child)
                content += part
            elif child.poll() is not None:
                raise self._why(child)
            elif time.monotonic() > deadline:
                raise self.hangs()
        return bytes(content)

    def _drain(self, child: "subprocess.Popen[bytes]") -> bool:
        """Take what the program printed, and count it. Return whether there was something."""
        assert child.stderr is not None
        if not select.select([child.stderr], [], [], 0)[0]:
            return False
        part = os.read(child.stderr.fileno(), 1 << 20)
        self.printed += len(part)
        return bool(part)

    def _why(self, child: "subprocess.Popen[bytes]") -> Misbehaved:
        """Return the reason why the child is gone."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        for _ in range(1000):
            if not self._drain(child):
                break
        self._hung_at.seek(0)
        text = self._hung_at.read().decode("utf-8", "replace")
        if (at := text.rfind("Timeout (")) >= 0:  # whatever else a program may have written there
            return self.hangs(text[at:])
        if child.returncode is not None and child.returncode < 0:
            name = signal.Signals(-child.returncode).name
            return Misbehaved("crashes", f"Python crashed ({name}). Did the file run out of memory, or call into C?")
        ended = "The file ended the process itself, with os._exit or the like."
        return Misbehaved("exits", f"{ended} Remove the call: a function ends with `return`.")

    def hangs(self, dump: str = "") -> Misbehaved:
        """Return that the program did not end, and at which line it was: `dump` is the watchdog's text."""
        frames = re.findall(r'File "(.*)", line (\d+) in (\S+)', dump)
        theirs = [(file, int(line), name) for file, line, name in frames if not is_library(file)]
        line = theirs[0][1] if theirs else None
        where = f" It was at {self.source.place(theirs[0][1])}, in {plain_text(theirs[0][2])}." if theirs else ""
        limit = f"after {self.time_limit:g} s"
        if self.printed > FLOOD:
            message = (
                f"The file printed {self.printed // 1000:,} kB and had not ended {limit}.{where} Remove its prints."
            )
            return Misbehaved("prints-too-much", message, line)
        advice = "Look for a loop that never ends, or give it more time with --time-limit."
        return Misbehaved("hangs", f"The file had not ended {limit}.{where} {advice}", line)

    def end(self) -> None:
        """End the child and all that it started."""
        child = self._child
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # when all are gone already
                os.killpg(child.pid, signal.SIGKILL)
        elif child.poll() is None:
            child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout, child.stderr, self._hung_at):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _start(path: str, memory_limit: int, time_limit: float, hung_at: int) -> "subprocess.Popen[bytes]":
    """Start the child, with this very package but not the user's folder first on its path."""
    root = str(Path(tf_gd.__file__).resolve().parent.parent)
    code = (
        f"import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; "
        "from tf_gd.diagnosis import child; child.main(*sys.argv[1:])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, path, str(memory_limit), repr(float(time_limit)), str(hung_at)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        pass_fds=(hung_at,),
        env={**os.environ, "MPLBACKEND": "Agg"},  # a program that plots opens no window
        start_new_session=True,  # so that whatever the file starts ends with it
    )
