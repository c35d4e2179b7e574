"""A process of its own for somebody's program: it is loaded there once, asked, and ended, whatever it does.

The child computes no verdict. The parent asks, compares and judges; what comes back are numbers and text, limited in
length. The limits on memory and time are set in `child.py`. This protects from accidents (endless loops, floods of
output, `os._exit`, forks, threads, a changed NumPy), not from malice: the file can do whatever the user who runs it
can do. Nothing is written to disk.

    with Sandbox("homework.py", time_limit=20, memory_limit=4096) as sandbox:
        loaded = sandbox.load()                  # runs the file once, as a module called "learner"
        loaded.functions                         # {"gradient": [["m", "positional", False], ...], ...}
        replies = sandbox.ask("gradient", [((0.0, 1.0, x, y), {}), ...])   # many calls, one message
        record = sandbox.run("tf_gd.diagnosis.path.tracer", steps=300)     # a job of ours, inside the child

- `load(name)` runs the program once; as `name="__main__"` its `if __name__ == "__main__":` part runs too. What it
  raises is `loaded.fault`; what it defined before that can still be asked.
- `ask(function, calls)`: each call is (arguments, keywords). Arguments are Python numbers, text, None, lists,
  fractions, decimals, NumPy scalars and arrays of numbers or fractions; each call gets copies. A reply is what
  `calling.answer` returns: {"value": ...} or {"raised": ...}, with "changed".
- `run(job, **options)` imports the module `job` of this package in the child and calls `job.run(program, options)`.
  `program` is a `program.Program`: `.compile()`, `.prepare(name)`, `.execute(name)`, `.filename` (the `co_filename`
  of its frames), `.source`. What `run` returns must be what JSON holds; at most 64 MB of it are taken. A job that runs
  the program itself sets `program.module` with `prepare`, and the functions can be asked afterwards. A job that
  notes `program.fault` has it come back in `sandbox.fault`.

Each of them raises `Misbehaved` where the program hangs, crashes or ends the process: `name` and `message` say how,
`line` where. The time limit holds for all messages together, and only while the program runs. Notebooks are taken
wherever files are: see `program_source`.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tf_gd.diagnosis.answers import fault_of, listed, mapping, parameters, replies_of
from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.child_process import ChildProcess
from tf_gd.diagnosis.limits import MEMORY_LIMIT, TIME_LIMIT
from tf_gd.diagnosis.pipe import Arguments, pack
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.errors import DataError, invalid, plain

STARTUP = 120.0  # seconds that importing NumPy or TensorFlow may take on a busy machine; they count for nobody
MOST_MEGABYTES = 1 << 40  # practically no limit, and what systems can count

Question = tuple[Sequence[Any], Mapping[str, Any]]


@dataclass(frozen=True)
class Loaded:
    """What a program defines: functions by name, with their parameters; every name; and what ended it early."""

    functions: dict[str, list[list[Any]] | None]
    names: list[str]
    fault: Misbehaved | None


class Sandbox:
    """A child process with one program in it; a context manager, at whose end nothing is left running.

    Args:
        path: a Python file or a notebook.
        time_limit: seconds for the program and its functions.
        memory_limit: megabytes that the program may allocate, where the system can limit it.

    Attributes:
        source: the program's text.
        fault: what ended the program before its end, as far as it is known.

    Raises:
        DataError: the file cannot be read; when entered, that Python does not start within the limit.
        InvalidArgumentError: a limit is not above 0.
    """

    def __init__(
        self, path: str | os.PathLike[str], time_limit: float = TIME_LIMIT, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        if not time_limit > 0:
            raise invalid("time_limit", "a number of seconds above 0", time_limit)
        if not memory_limit > 0:
            raise invalid("memory_limit", "a number of megabytes above 0", memory_limit)
        self.source = _read(os.fspath(path))
        self.time_limit, self.memory_limit = min(time_limit, 1e6), min(memory_limit, MOST_MEGABYTES)
        self.fault: Misbehaved | None = None
        self.used = 0.0  # seconds
        self._child: ChildProcess | None = None

    def __enter__(self) -> "Sandbox":
        try:
            self._child = ChildProcess(self.source, self.time_limit, self.memory_limit)
            self._child.receive(STARTUP)
        except Misbehaved as error:  # before it has seen the file
            self._end()
            wanted = "enough megabytes for Python to start in a process of its own"
            got = f"{self.memory_limit}, with which it {'did not answer' if error.name == 'hangs' else 'ended'}"
            raise DataError(f"`memory_limit` must be {wanted}. Got {got}. Allow more.") from None
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def load(self, name: str = "learner") -> Loaded:
        """Run the program, unless it ran, and return what it defines."""
        answer = self._exchange({"do": "load", "name": name})
        functions = mapping(answer.get("functions"))
        names = [str(one) for one in listed(answer.get("names"))]
        return Loaded({str(key): parameters(value) for key, value in functions.items()}, names, self.fault)

    def ask(self, function: str, calls: Sequence[Question]) -> list[Reply]:
        """Call one of the program's functions many times, and return a reply to each call."""
        arguments = Arguments()
        encoded = [
            [[arguments.encode(one) for one in positional], {key: arguments.encode(one) for key, one in named.items()}]
            for positional, named in calls
        ]
        answer = self._exchange({"do": "ask", "function": function, "arrays": arguments.table, "calls": encoded})
        return replies_of(answer, len(calls))

    def run(self, job: str, own_work: float = 0.0, library: float = 0.0, **options: Any) -> dict[str, Any]:
        """Run a job of this package in the child, and return its record.

        Args:
            job: the module.
            library: seconds beyond the limit for what a library does before the program's own work, such as a first
                graph of TensorFlow's; they count for nobody.
            own_work: seconds that the job may take for itself; they count for nobody. A job that asks for some
                watches the program's functions itself.
            options: what the job takes.
        """
        message = {"do": "run", "job": job, "options": options}
        return mapping(self._exchange(message, own_work, library).get("record"))

    def _exchange(self, message: dict[str, Any], own_work: float = 0.0, library: float = 0.0) -> dict[str, Any]:
        """Send a message and return the answer; a fault in it that leaves nothing else is raised."""
        if self._child is None:
            raise Misbehaved("exits", "The program has ended.")
        seconds, begun = self.time_limit - self.used + library, time.monotonic()
        if seconds <= 0:
            raise self._child.hangs()
        try:
            self._child.send(pack({**message, "seconds": seconds}), seconds)
            answer = self._child.receive(seconds + own_work)
        finally:
            self.used += max(time.monotonic() - begun - own_work - library, 0.0)
        return self._without_fault(answer)

    def _without_fault(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return an answer, its fault noted; a fault that leaves nothing else is raised."""
        fault = fault_of(answer.get("fault"))
        self.fault = fault or self.fault
        if fault is not None and len(answer) == 1:
            raise fault
        return answer

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()


def _read(path: str) -> ProgramSource:
    try:
        return ProgramSource.read(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError as error:
        reason = str(error)
    raise DataError(f"`file` must be a Python file or a notebook that can be read. Got {plain(path)}: {reason}.")
