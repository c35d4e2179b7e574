"""Watching a program while it runs: after each of its statements, read what the statement may have changed.

`sys.monitoring` where Python has it (3.12), `sys.settrace` else. A line that ran often enough is not read any more,
and once nothing but such lines run for long, the watch ends; the program goes on at its own speed, and its final
values are read at its end.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from tf_gd.diagnosis.path.places import Place
from tf_gd.diagnosis.path.recorder import Recorder
from tf_gd.diagnosis.path.statements import Statement, Statements

OFTEN = 400  # times a line is read
IDLE = 2_000_000  # lines in a row that had nothing new, at a microsecond each: a flood of output, a long loop
MOST_LINES = 4_000_000

_INNER = ("<lambda>", "<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>")

# Called after each statement that calls something: to read values that no name of the statement leads to.
Hook = Callable[[FrameType, int], None]


class Watch:
    """Follows the frames of one file, and tells a `Recorder` what its statements left behind."""

    def __init__(self, filename: str, statements: Statements, recorder: Recorder) -> None:
        self.filename, self.statements, self.recorder = filename, statements, recorder
        self.hook: Hook | None = None
        self.ended = False
        self._pending: dict[FrameType, Statement | None] = {}
        self._counts: dict[int, int] = {}
        self._settled: set[int] = set()  # lines that were read often enough
        self._lines = self._idle = 0

    def is_own(self, code: CodeType) -> bool:
        """Return whether code belongs to the program and is worth following."""
        return code.co_filename == self.filename and code.co_name not in _INNER

    def entered(self, frame: FrameType) -> None:
        """A function was called: record its arguments."""
        self._pending[frame] = None
        code = frame.f_code
        if code.co_name == "<module>" or self._is_often(code.co_firstlineno):
            return
        self.recorder.tick()
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        names = (frame.f_locals,)
        again = code.co_firstlineno in self.statements.recursive
        for name in arguments:
            place: Place = (("name", name),)
            self.recorder.read(scope_of(code), place, names, code.co_firstlineno, changes_only=not again)

    def line(self, frame: FrameType, number: int) -> None:
        """A line is about to run: read what the statement before it changed."""
        self._lines += 1
        before, settled = self._pending.get(frame), number in self._settled
        if settled and before is None:
            self._idle += 1
        else:
            statement = self.statements.by_line.get(number)
            if before is not None and (before is not statement or before.first == before.last):
                self._read(frame, before, at_end=before is not statement)
            self._pending[frame] = None if settled else statement
        if self._idle > IDLE or self._lines > MOST_LINES:
            self.ended = True

    def returned(self, frame: FrameType, value: Any) -> None:
        """A function is about to return: read its last statement, its result and its final values."""
        before = self._pending.pop(frame, None)
        if before is not None and not self.ended:
            self._read(frame, before, at_end=True)
        code = frame.f_code
        if code.co_name == "<module>" or self._is_often(-code.co_firstlineno):
            return
        scope = scope_of(code)
        if (not self.ended and isinstance(value, int | float)) or hasattr(value, "dtype"):
            self.recorder.value(scope, f"{code.co_name}()", value, code.co_firstlineno)
        again = code.co_firstlineno in self.statements.recursive
        self.recorder.final(scope, (frame.f_locals, frame.f_globals), again)

    def _read(self, frame: FrameType, statement: Statement, at_end: bool) -> None:
        """Read a statement that has run once more; a loop on one line, whose turns may be silent, at its end too."""
        if self._is_often(statement.first):
            return
        changes_only = at_end and statement.is_loop_on_one_line
        self.recorder.tick()
        names = (frame.f_locals, frame.f_globals)
        for place in statement.places:
            self.recorder.read(owner_of(place, frame.f_code), place, names, statement.first, changes_only)
        for place in statement.maybe:
            self.recorder.read(owner_of(place, frame.f_code), place, names, statement.first, changes_only=True)
        for expression in statement.indexed:
            self.recorder.indexed(expression, frame.f_globals, frame.f_locals, statement.first)
        for place, index in statement.elements:
            self.recorder.element(owner_of(place, frame.f_code), place, index, names, statement.first)
        if statement.calls and self.hook is not None:
            self.hook(frame, statement.first)

    def _is_often(self, line: int) -> bool:
        """Count a line, and return whether it was read often enough; then what follows it is not looked at either."""
        count = self._counts[line] = self._counts.get(line, 0) + 1
        if count <= OFTEN:
            self._idle = 0
            return False
        self._idle += 1
        statement = self.statements.by_line.get(line)
        if statement is not None and not statement.is_loop_on_one_line:
            self._settled.update(range(statement.first, statement.last + 1))
        return True


def scope_of(code: CodeType) -> str:
    """Return the name of the function, or "" for the program itself."""
    return "" if code.co_name == "<module>" else str(getattr(code, "co_qualname", code.co_name))


def owner_of(place: Place, code: CodeType) -> str:
    """Return the scope that a place's first name belongs to: another one where it is `nonlocal` or `global`."""
    own, name = scope_of(code), place[0][1]
    if not own or name in code.co_varnames or name in code.co_cellvars:
        return own
    return own.rpartition(".<locals>.")[0] if name in code.co_freevars else ""


class Tracing:
    """A watch by `sys.settrace`."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __enter__(self) -> None:
        threading.settrace(self._called)
        sys.settrace(self._called)

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)
        threading.settrace(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        watch = self.watch
        if event != "call" or watch.ended or not watch.is_own(frame.f_code):
            return None
        watch.entered(frame)
        return self._local

    def _local(self, frame: FrameType, event: str, argument: Any) -> Any:
        watch = self.watch
        if event == "line":
            watch.line(frame, frame.f_lineno)
            if watch.ended:
                self._end(frame)
        elif event == "return":
            watch.returned(frame, argument)
        return self._local

    def _end(self, frame: FrameType) -> None:
        """Follow no more lines: only the return of the functions that are running."""
        functions = 0
        now: FrameType | None = frame
        while now is not None:
            if self.watch.is_own(now.f_code):
                now.f_trace_lines = False
                functions += now.f_code.co_name != "<module>"
            now = now.f_back
        if not functions:
            sys.settrace(None)


class Monitoring:
    """A watch by `sys.monitoring`, which costs nothing where nothing is watched."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.monitoring: Any = getattr(sys, "monitoring", None)
        self.tool = 3

    def __enter__(self) -> None:
        monitoring, events = self.monitoring, self.monitoring.events
        monitoring.use_tool_id(self.tool, "tf-gd")
        for event, function in (
            (events.PY_START, self._started),
            (events.LINE, self._line),
            (events.PY_RETURN, self._returned),
        ):
            monitoring.register_callback(self.tool, event, function)
        monitoring.set_events(self.tool, events.PY_START | events.LINE | events.PY_RETURN)

    def __exit__(self, *error: object) -> None:
        self.monitoring.set_events(self.tool, 0)
        self.monitoring.free_tool_id(self.tool)

    def _started(self, code: CodeType, offset: int) -> Any:
        if not self.watch.is_own(code):
            return self.monitoring.DISABLE
        if not self.watch.ended:
            self.watch.entered(sys._getframe(1))
        return None

    def _line(self, code: CodeType, number: int) -> Any:
        if not self.watch.is_own(code):
            return self.monitoring.DISABLE
        self.watch.line(sys._getframe(1), number)
        if self.watch.ended:
            self.monitoring.set_events(self.tool, self.monitoring.events.PY_RETURN)
        return None

    def _returned(self, code: CodeType, offset: int, value: Any) -> Any:
        if not self.watch.is_own(code):
            return self.monitoring.DISABLE
        frame = sys._getframe(1)
        if not self.watch.ended or frame in self.watch._pending:
            self.watch.returned(frame, value)
        return None


def watching(watch: Watch) -> Tracing | Monitoring:
    """Return the context manager that watches, by the means that this Python has."""
    return Monitoring(watch) if hasattr(sys, "monitoring") else Tracing(watch)
