"""A program's functions, asked in this very process: quick, for corpora of programs that we wrote ourselves."""

import contextlib
import io
import os
from pathlib import Path
from typing import Any

from tf_gd.diagnosis import child
from tf_gd.diagnosis.file_check import check_functions
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.pipe import pack, unpack
from tf_gd.diagnosis.program import LearnerProgram
from tf_gd.diagnosis.sandbox import Sandbox


class HereSandbox(Sandbox):
    """A sandbox without a process: every message is packed, answered by the child's own code, and read as ever."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        self.program = LearnerProgram(os.fspath(path))

    def __enter__(self) -> "HereSandbox":
        return self

    def _exchange(self, message: dict[str, Any], *limits: float) -> dict[str, Any]:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = child.answer_to(self.program, unpack(pack(message)[4:]))
        return self._without_fault(unpack(pack(answer)[4:]))


def functions_of(text: str, folder: Path, reduction: Any = None, call: str | None = None) -> dict[str, GradientCheck]:
    """Return the checks of the functions of a program's text."""
    path = folder / "learner.py"
    path.write_text(text, encoding="utf-8")
    with HereSandbox(path) as sandbox:
        return check_functions(sandbox, sandbox.load(), reduction, call)
