"""Check the functions in somebody's file without trusting it to end, to be quiet or to be right.

The file runs in a child process with a time limit and a memory limit, its output thrown away. This protects
from accidents, not from malice: the file can do whatever the user who runs it can do.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import tf_gd
from tf_gd.diagnosis.calling import Misbehaved, is_library
from tf_gd.diagnosis.child import OUTCOME, STUCK
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line import line_report as report
from tf_gd.errors import DataError, invalid, plain
from tf_gd.line import Reduction, check_reduction

TIME_LIMIT, MEMORY_LIMIT = 20.0, 4096  # seconds, megabytes
FLOOD = 1_000_000  # bytes of output after which the child is ended
STARTUP = 120.0  # seconds that importing NumPy or TensorFlow may take, on a busy machine, before the limit counts


def check_file(
    path: str | os.PathLike[str],
    reduction: Reduction = "sum",
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
) -> dict[str, GradientCheck]:
    """Check the functions that a Python file defines, in a process of its own.

    Args:
        path: a file with `gradient(m, c, x, y)`, `update(m, c, x, y, learning_rate)` or both; or with
            `loss(**params, **data)` in TensorFlow, `gradient(**params, **data)` in NumPy, and the dicts `params`
            and `data`.
        reduction: "sum" or "mean"; see `check_line_gradient`.
        time_limit: seconds for the file and its functions.
        memory_limit: megabytes that the file may allocate (where the system can limit it).

    Returns:
        {"gradient": check, "update": check}, as far as the file defines them; {"file": check} where the file as a
        whole failed: it raised, hung, printed without end or ended the process.

    Raises:
        DataError: there is no such file, or it defines nothing to check.
        InvalidArgumentError: a limit is not above 0, or `reduction` is unknown.
    """
    check_reduction(reduction)
    if not time_limit > 0:
        raise invalid("time_limit", "a number of seconds above 0", time_limit)
    if not memory_limit > 0:
        raise invalid("memory_limit", "a number of megabytes above 0", memory_limit)
    _require_file(Path(path))
    with tempfile.TemporaryDirectory(prefix="tf-gd-") as folder:
        arguments = [str(path), folder, reduction, str(time_limit), str(memory_limit)]
        try:
            outcome = _run(arguments, folder, time_limit)
        except Misbehaved as fault:
            return {"file": GradientCheck(False, [(fault.name, fault.message)], report.of_fault("file", fault))}
    if "missing" in outcome:
        raise DataError(f"`{plain(str(path))[1:-1]}` must define {outcome['missing']}.")
    return {name: _from_json(entry) for name, entry in outcome.items()}


def _require_file(path: Path) -> None:
    try:
        with open(path, "rb"):
            return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"`file` must be a Python file that can be read. Got {plain(str(path))}: {reason}.") from None


def _from_json(entry: dict[str, Any]) -> GradientCheck:
    return GradientCheck(entry["ok"], [(name, message) for name, message in entry["diagnosis"]], entry["report"])


def _run(arguments: list[str], folder: str, time_limit: float) -> dict[str, Any]:
    """Run the child to its end, whatever it does, and return its outcome.

    Raises:
        Misbehaved: it left none.
    """
    output, outcome = Path(folder, "output.txt"), Path(folder, OUTCOME)
    with open(output, "wb") as sink:
        child = _start(arguments, sink)
    try:
        _watch(child, output, folder, time_limit)
    finally:
        _kill(child)
    if not outcome.exists():
        raise _why(child, folder, time_limit)
    found: dict[str, Any] = json.loads(outcome.read_text(encoding="utf-8"))
    return found


def _start(arguments: list[str], sink: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start the child, with this very package but not the user's folder first on its path."""
    root = str(Path(tf_gd.__file__).resolve().parent.parent)
    code = (
        f"import sys; sys.path[:] = [{root!r}, *filter(None, sys.path)]; "
        "from tf_gd.diagnosis import child; child.main(*sys.argv[1:])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=sink,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that whatever the file starts ends with it
    )


def _watch(child: "subprocess.Popen[bytes]", output: Path, folder: str, time_limit: float) -> None:
    """Wait for the child to end.

    Raises:
        Misbehaved: it prints too much, or does not end; its own watchdog should have ended it long ago.
    """
    deadline = time.monotonic() + time_limit + STARTUP
    while child.poll() is None:
        if output.stat().st_size > FLOOD:
            raise Misbehaved("prints-too-much", f"The file printed more than {FLOOD // 1000} kB. Remove its prints.")
        if time.monotonic() > deadline:
            raise Misbehaved("hangs", _hangs(folder, time_limit))
        time.sleep(0.01)


def _kill(child: "subprocess.Popen[bytes]") -> None:
    """End the child and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):  # when all are gone already
            os.killpg(child.pid, signal.SIGKILL)
    elif child.poll() is None:
        child.kill()
    child.wait()


def _why(child: "subprocess.Popen[bytes]", folder: str, time_limit: float) -> Misbehaved:
    """Return the reason why the child left no outcome."""
    stuck = Path(folder, STUCK)
    if stuck.exists() and stuck.stat().st_size:
        return Misbehaved("hangs", _hangs(folder, time_limit))
    if child.returncode < 0:
        number = signal.Signals(-child.returncode).name
        return Misbehaved("crashes", f"Python crashed ({number}). Did the file run out of memory, or call into C?")
    ended = "The file ended the process itself, with os._exit or the like."
    return Misbehaved("exits", f"{ended} Remove the call: a function ends with `return`.")


def _hangs(folder: str, time_limit: float) -> str:
    """Return that the file did not end, and at which line it was."""
    stuck = Path(folder, STUCK)
    text = stuck.read_text(errors="replace") if stuck.exists() else ""
    lines = re.findall(r'File "(.*)", line (\d+) in (\S+)', text)
    theirs = [(line, name) for file, line, name in lines if not is_library(file)]
    where = f" It was at line {theirs[0][0]}, in {plain(theirs[0][1])[1:-1]}." if theirs else ""
    return f"The file had not ended after {time_limit:g} s.{where} Look for a loop that never ends."
