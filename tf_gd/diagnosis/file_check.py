"""Check a program: the steps that it takes and the functions that it defines, in a process of its own."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line.asking import InChild
from tf_gd.diagnosis.line.line_check import check_line_gradient, check_update, of_fault
from tf_gd.diagnosis.model.model_names import found_in
from tf_gd.diagnosis.sandbox import MEMORY_LIMIT, TIME_LIMIT, Loaded, Sandbox
from tf_gd.errors import DataError, plain
from tf_gd.line import Reduction, loss_factor

OWN_WORK = 600.0  # seconds that the check of a model may take, beside what its functions take


def check_file(
    path: str | os.PathLike[str],
    reduction: Reduction | None = None,
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
    given: Mapping[str, str] | None = None,
) -> dict[str, GradientCheck]:
    """Check a program as it stands, in a process of its own: the steps that it takes, and its functions.

    Args:
        path: a file with `gradient(m, c, x, y)`, `update(m, c, x, y, learning_rate)` or both; or with
            `loss(**params, **data)` in TensorFlow or NumPy, `gradient(**params, **data)` in NumPy, and the dicts
            `params` and `data`; or with layers, `NAME_forward` and `NAME_backward`, and the dict `NAME_inputs`.
        reduction: the loss that is meant, and no other; None takes, for the steps, whichever makes them right.
        time_limit: seconds for the file and its functions.
        memory_limit: megabytes that the file may allocate (where the system can limit it).
        given: names or expressions of the program for "m", "c", "x", "y" and "rate", where they are not found.

    Returns:
        {"path": check, "gradient": check, "relu_backward": check}, as far as the file trains a line and defines them;
        {"file": check} where the file as a whole failed: it raised, hung, printed without end or ended the process.

    Raises:
        DataError: there is no such file, or it defines nothing to check.
        InvalidArgumentError: a limit is not above 0, or `reduction` is unknown.
    """
    if reduction is not None:
        loss_factor(1, reduction)
    with Sandbox(path, time_limit, memory_limit) as sandbox:
        try:
            path_check, why = _path(sandbox, reduction, given or {})
            loaded = sandbox.load()
            checks = _checks(sandbox, loaded, reduction or "sum")
            if not checks and path_check is None and loaded.fault:
                raise loaded.fault
            found = {} if path_check is None else {"path": path_check}
            found |= {name: _outcome(name, check) for name, check in checks.items()}
        except Misbehaved as fault:
            return {"file": of_fault("file", fault)}
    if not found:
        wanted = (
            "functions gradient(m, c, x, y) or update(m, c, x, y, learning_rate) to check; or, for another model, "
            "loss, gradient and params; or a layer, NAME_forward and NAME_backward"
        )
        raise DataError(f"`{plain(str(path))[1:-1]}` must define {wanted}; or train a line. {why}")
    return found


def _path(sandbox: Sandbox, reduction: str | None, given: Mapping[str, str]) -> tuple[GradientCheck | None, str]:
    """Return the check of the steps that the program takes; else None, and why there is none."""
    from tf_gd.diagnosis.path.program_check import NoDescent, check_program

    try:
        return check_program(sandbox, reduction, given), ""
    except NoDescent as none:
        return None, str(none)


def _outcome(what: str, check: Callable[[], GradientCheck]) -> GradientCheck:
    try:
        return check()
    except Misbehaved as fault:
        return of_fault(what, fault)


def _checks(sandbox: Sandbox, loaded: Loaded, reduction: Any) -> dict[str, Callable[[], GradientCheck]]:
    """Return the checks that fit what the file defines."""
    functions = loaded.functions
    wanted: dict[str, Callable[[], GradientCheck]] = {
        name: partial(_of_model, sandbox, name) for name in found_in(functions, loaded.names)
    }
    if "gradient" in functions and "gradient" not in wanted:
        gradient: Any = InChild(sandbox, "gradient", functions["gradient"])
        wanted["gradient"] = lambda: check_line_gradient(gradient, reduction=reduction)
    if "update" in functions:
        update: Any = InChild(sandbox, "update", functions["update"])
        wanted["update"] = lambda: check_update(update, reduction=reduction)
    return wanted


def _of_model(sandbox: Sandbox, name: str) -> GradientCheck:
    seconds = sandbox.time_limit - sandbox.used
    record = sandbox.run("tf_gd.diagnosis.model.model_job", OWN_WORK, what=name, seconds=seconds)
    findings = [[(str(name), str(message)) for name, message in record[key]] for key in ("diagnosis", "remarks")]
    return GradientCheck(record["verdict"], findings[0], str(record["report"]), findings[1], record.get("loss"))
