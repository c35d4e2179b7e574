"""Inside the child process: somebody's program, compiled and run as a module of its own."""

import builtins
import inspect
import linecache
import sys
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, parameters_of, plain_text, tell_error, what_was_raised
from tf_gd.diagnosis.limits import Watchdog
from tf_gd.diagnosis.own_functions import OwnFunction, own_functions
from tf_gd.diagnosis.program_source import ProgramSource

_ORIGINALS = {module: dict(vars(module)) for module in (builtins, np, np.linalg, np.random)}


class LearnerProgram:
    """A program that is run at most once.

    Attributes:
        source: its text.
        watchdog: what ends the process when it hangs.
        filename: the name under which its code is compiled: `frame.f_code.co_filename` of its frames.
        module: what it defines, once it has run (or as far as it came).
        fault: what ended it before its end, or None.
        exited: the line where it called `sys.exit()`, or None.
        kept: what jobs keep from one message to the next.
    """

    def __init__(self, path: str, watchdog: Watchdog | None = None) -> None:
        self.watchdog = watchdog or Watchdog()
        self.source = ProgramSource.read(path)
        self.filename = path
        self.module: ModuleType | None = None
        self.fault: Misbehaved | None = None
        self.exited: int | None = None
        self.kept: dict[str, Any] = {}
        self._functions: dict[str, OwnFunction] = {}

    def compile(self) -> CodeType:
        """Return the code.

        Raises:
            Misbehaved: Python cannot read it.
        """
        text = self.source.text.decode("utf-8", "surrogateescape")
        linecache.cache[self.filename] = (len(text), None, text.splitlines(keepends=True), self.filename)
        try:
            return compile(self.source.text, self.filename, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            at = f", at {self.source.place(line)}" if line else ""
            reason = plain_text(getattr(error, "msg", None) or error)
            message = f"Python cannot read the file: {reason}{at}."
            raise Misbehaved("syntax-error", message, line) from None

    def prepare(self, name: str = "learner") -> ModuleType:
        """Make the module that the code runs in; its folder is last on the path, so that it shadows nothing."""
        module = ModuleType(name)
        module.__file__ = self.filename
        sys.modules[name] = self.module = module
        sys.argv = [self.filename]
        sys.path.append(str(Path(self.filename).resolve().parent))
        return module

    def execute(self, name: str = "learner") -> None:
        """Run the code, once; what it raises becomes `fault`. `sys.exit` is one way to end a program."""
        if self.module is not None:
            return
        code = self.compile()
        try:
            exec(code, self.prepare(name).__dict__)
        except SystemExit as error:
            self.exited = tell_error(error).get("line")
        except Exception as error:
            self.fault = self.of_error(error)

    def restore(self) -> None:
        """Give Python and NumPy back the functions that the program replaced; what it added stays."""
        for module, functions in _ORIGINALS.items():
            vars(module).update(functions)

    def of_error(self, error: BaseException) -> Misbehaved:
        """Return the fault of a program that raised."""
        told = tell_error(error)
        if told["type"] == "MemoryError":
            return Misbehaved("out-of-memory", f"The file {what_was_raised(told)}.", told.get("line"))
        asks = " It asks for input, and nobody answers here: write the value into the file." * (
            told["type"] == "EOFError"
        )
        message = f"The file {what_was_raised(told)} while it was loaded.{asks}"
        return Misbehaved("raises", message, told.get("line"))

    def functions(self) -> dict[str, OwnFunction]:
        """Return what the file itself defines as functions, `name` or `Class.method`, ready to be called."""
        if self.module is not None:
            self._functions = own_functions(self.module, self.filename, self.source.text)
        return self._functions

    def function(self, name: str) -> OwnFunction | None:
        """Return a function by its name; None where the file defines none of that name."""
        return (self._functions or self.functions()).get(name)

    def names(self) -> list[str]:
        """Return every name that the program defines, and `Name.forward` and `Name.backward` of its layers' classes."""
        defined = {} if self.module is None else dict(self.module.__dict__)
        own = getattr(self.module, "__name__", "")
        classes = [name for name, value in defined.items() if inspect.isclass(value) and _is_layer(value, own)]
        return [*map(str, defined), *(f"{name}.{way}" for name in classes for way in ("forward", "backward"))]


def _is_layer(value: type, module: str) -> bool:
    """Whether a class of a module has forward, and a backward that takes what flows back, and perhaps a cache."""
    ways = [vars(value).get("forward"), vars(value).get("backward")]
    if value.__module__ != module or not all(map(inspect.isfunction, ways)):
        return False
    taken = parameters_of(ways[1]) or []
    return 2 <= sum(not has_default for _, kind, has_default in taken if kind == "positional") <= 3
