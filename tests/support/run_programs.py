"""Run a program and judge its steps in this very process: quick, for corpora of programs that we wrote ourselves."""

import contextlib
import io
import os
import sys
import warnings
from pathlib import Path

import numpy as np

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path import tracer
from tf_gd.diagnosis.path.program_check import check_record
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.program import LearnerProgram


def check_text(text: str, folder: Path, name: str = "program.py", reduction: str | None = None) -> GradientCheck:
    """Return the check of a program's text."""
    path = folder / name
    path.write_text(text)
    program = LearnerProgram(os.fspath(path))
    before = dict(sys.modules), list(sys.path), list(sys.argv), sys.gettrace()
    try:
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            record = tracer.run(program, {})
    finally:
        sys.modules["__main__"] = before[0]["__main__"]
        sys.path[:], sys.argv[:] = before[1], before[2]
        sys.settrace(before[3])
    if program.fault is not None and "OverflowError" not in program.fault.message:
        raise program.fault
    return check_record(ProgramRecord.read(record), program.source, reduction)
