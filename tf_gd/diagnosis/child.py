"""Inside the child process: load somebody's file once, then answer questions about it.

`sandbox` starts this module; nothing else should. It computes no verdict: it calls what it is told to call, and
returns numbers and text. See `sandbox` for the messages.
"""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved, answer
from tf_gd.diagnosis.limits import Watchdog, limit_memory
from tf_gd.diagnosis.pipe import (
    HEADER,
    BrokenMessageError,
    decode,
    decode_array,
    length_of,
    pack,
    unpack,
)
from tf_gd.diagnosis.program import LearnerProgram

_exit, _getpid, _write = os._exit, os.getpid, os.write


class ProgramInChild:
    """The program, and the two ends of the pipe."""

    def __init__(self, path: str, time_limit: float, watchdog: Watchdog) -> None:
        self.questions, self.replies = _private_pipes()
        self.program = LearnerProgram(path, watchdog)
        self.time_limit = time_limit
        self.pid = _getpid()
        self.inbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def serve(self) -> None:
        """Answer one message after another; the end of the parent is the end of this process and its group."""
        threading.Thread(target=self._listen, daemon=True).start()
        self.send({"ready": True})
        while True:
            message = unpack(self.inbox.get())
            self.send(self._within_limits(message))

    def send(self, message: dict[str, Any]) -> None:
        """Write a message; a process that the program forked, and that came back here, ends instead."""
        if _getpid() != self.pid:
            _exit(0)
        try:
            content = memoryview(pack(message))
        except (BrokenMessageError, TypeError, ValueError) as error:
            content = memoryview(pack(_fault(Misbehaved("cannot-check", f"The answer cannot be sent: {error}."))))
        while content:
            content = content[_write(self.replies, content) :]

    def _listen(self) -> None:
        """Read questions; when the parent is gone, end everything that was started here."""
        with open(self.questions, "rb", closefd=False) as stream:
            while len(header := stream.read(HEADER.size)) == HEADER.size:
                self.inbox.put(stream.read(length_of(header)))
        if _getpid() == self.pid:
            if hasattr(os, "killpg"):
                os.killpg(0, signal.SIGKILL)
            _exit(1)

    def _within_limits(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a message says, under the watchdog."""
        with self.program.watchdog.within(float(message["seconds"])):
            return answer_to(self.program, message)


def answer_to(program: LearnerProgram, message: dict[str, Any]) -> dict[str, Any]:
    """Do what a message says, and return the answer, or the fault that is one."""
    try:
        return _ACTIONS[message["do"]](program, message)
    except Misbehaved as fault:
        return _fault(fault)
    except MemoryError:
        return _fault(Misbehaved("out-of-memory", "The memory that the file may allocate ran out."))
    except Exception as error:
        why = f"The question could not be asked ({type(error).__name__}). Does the file replace functions of Python?"
        return _fault(Misbehaved("cannot-check", why))


def _load(program: LearnerProgram, message: dict[str, Any]) -> dict[str, Any]:
    program.execute(message.get("name", "learner"))
    return {
        "functions": {name: one.parameters for name, one in program.functions().items()},
        "names": program.names(),
        **(_fault(program.fault) if program.fault else {}),
    }


def _ask(program: LearnerProgram, message: dict[str, Any]) -> dict[str, Any]:
    if program.module is None:
        program.execute()
    function = program.function(message["function"])
    if function is None:
        raise Misbehaved("cannot-check", "The file has no such function any more.")
    arrays = [decode_array(entry) for entry in message["arrays"]]
    return {"replies": [_answer(function, call, arrays) for call in message["calls"]]}


def _answer(function: Callable[..., Any], call: list[Any], arrays: list[Any]) -> dict[str, Any]:
    positional, keywords = call
    arguments = [decode(value, arrays) for value in positional]
    return answer(function, arguments, {name: decode(value, arrays) for name, value in keywords.items()})


def _run(program: LearnerProgram, message: dict[str, Any]) -> dict[str, Any]:
    """Run a job of ours: `run(program, options)` of a module in this package."""
    job = import_module(message["job"])
    record = job.run(program, message["options"])
    return {"record": record, **(_fault(program.fault) if program.fault else {})}


_ACTIONS: dict[str, Callable[[LearnerProgram, dict[str, Any]], dict[str, Any]]] = {
    "load": _load,
    "ask": _ask,
    "run": _run,
}


def _fault(fault: Misbehaved) -> dict[str, Any]:
    return {"fault": [fault.name, fault.message, fault.line]}


def _private_pipes() -> tuple[int, int]:
    """Move the pipe away from the standard streams: the program reads nothing, and what it prints is not ours."""
    questions, replies = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115 (they stay open)
    sys.stdout = open(1, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    return questions, replies


def main(path: str, memory_limit: str, time_limit: str, hung_at: str) -> None:
    """Serve until the parent is gone."""
    child = ProgramInChild(path, float(time_limit), Watchdog(int(hung_at)))
    import_module("ml_dtypes")  # which cannot be imported once a program has replaced functions of NumPy
    if b"tensorflow" in child.program.source.text:
        from tf_gd.loading import load_tensorflow, without_keras

        with nullcontext() if child.program.source.may_use_keras() else without_keras():
            load_tensorflow()  # takes seconds that are none of the learner's time
    limit_memory(int(memory_limit))
    child.serve()
