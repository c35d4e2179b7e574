"""Inside the child process: run somebody's program as it stands, and write down what it does to its numbers.

`program_check` starts it, through `Sandbox.run`. The record is plain: series of numbers with the line after which
each was read, and arrays. No verdict is made here.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tf_gd.diagnosis.calling import answer
from tf_gd.diagnosis.path.recorder import Recorder
from tf_gd.diagnosis.path.statements import Statements
from tf_gd.diagnosis.path.tensorflow_values import TensorFlowValues
from tf_gd.diagnosis.path.watching import Watch, watching
from tf_gd.diagnosis.pipe import decode, decode_array
from tf_gd.diagnosis.program import LearnerProgram


def run(program: LearnerProgram, options: dict[str, Any]) -> dict[str, Any]:
    """Run the program, watched, and return the record; with `call`, one of its functions, once the program has run.

    Raises:
        Misbehaved: Python cannot read the program.
    """
    program.compile()
    recorder = Recorder()
    watch = Watch(program.filename, Statements(program.source.text), recorder)
    seconds = options.get("seconds")
    restarts = [partial(program.watchdog.restart, seconds)] if seconds else []
    variables = TensorFlowValues(program.filename, recorder, *restarts)
    if variables.install():
        watch.hook = variables.after_call
    with watching(watch):
        if "call" in options:
            _call(program, recorder, **options["call"])
        else:
            program.execute("__main__")
    _final(program, recorder)
    record = recorder.record()
    _expressions(program, options.get("names") or {}, record)
    return {**record, "complete": not watch.ended, "exited": program.exited}


def _call(
    program: LearnerProgram,
    recorder: Recorder,
    function: str,
    arguments: list[Any],
    keywords: dict[str, Any],
    arrays: Any,
    own_points: bool = False,
) -> None:
    """Call a function of the program; what it returns or raises does not matter, its steps are watched.

    With `own_points` it takes none: those that it reads stand among the names of the program.
    """
    if own_points and program.module is not None:
        for name, value in program.module.__dict__.items():
            if not name.startswith("_"):
                recorder.value("", name, value, 0)
    table = [decode_array(entry) for entry in arrays]
    given = {name: decode(value, table) for name, value in keywords.items()}
    for name, value in given.items():  # what it reads from outside, no statement of it shows
        recorder.value("", name, value, 0)
    answer(program.function(function), [decode(one, table) for one in arguments], given)  # type: ignore[arg-type]


def _final(program: LearnerProgram, recorder: Recorder) -> None:
    if program.module is not None:
        recorder.final("", (program.module.__dict__,))


def _expressions(program: LearnerProgram, names: dict[str, str], record: dict[str, Any]) -> None:
    """Add what the user's own expressions give at the program's end: {"x": "data[:, 0]", ...}."""
    recorder = Recorder()
    for what, expression in names.items():
        try:
            value = eval(expression, program.module.__dict__ if program.module else {})
        except Exception as error:
            record.setdefault("expressions", {})[what] = f"{type(error).__name__}: {error}"
            continue
        recorder.value("", what, value, 0)
    told = recorder.record()
    record["asked"] = told["series"] + told["arrays"]
