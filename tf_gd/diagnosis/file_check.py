"""Check what a file defines: its functions, in a process of its own."""

import os
from collections.abc import Callable
from typing import Any

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line.asking import InChild
from tf_gd.diagnosis.line.line_check import check_line_gradient, check_update, of_fault
from tf_gd.diagnosis.sandbox import MEMORY_LIMIT, TIME_LIMIT, Loaded, Sandbox
from tf_gd.errors import DataError, plain
from tf_gd.line import Reduction, check_reduction


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
    with Sandbox(path, time_limit, memory_limit) as sandbox:
        try:
            loaded = sandbox.load()
            checks = _checks(sandbox, loaded, reduction)
            if not checks and loaded.fault:
                raise loaded.fault
            found = {name: _outcome(name, check) for name, check in checks.items()}
        except Misbehaved as fault:
            return {"file": of_fault("file", fault)}
    if not found:
        wanted = "functions gradient(m, c, x, y) or update(m, c, x, y, learning_rate) to check"
        raise DataError(f"`{plain(str(path))[1:-1]}` must define {wanted}.")
    return found


def _outcome(what: str, check: Callable[[], GradientCheck]) -> GradientCheck:
    try:
        return check()
    except Misbehaved as fault:
        return of_fault(what, fault)


def _checks(sandbox: Sandbox, loaded: Loaded, reduction: Any) -> dict[str, Callable[[], GradientCheck]]:
    """Return the checks that fit what the file defines."""
    functions, wanted = loaded.functions, {}
    if {"gradient", "loss"} <= functions.keys() and "params" in loaded.names:
        return {"gradient": lambda: _of_model(sandbox)}
    if "gradient" in functions:
        gradient: Any = InChild(sandbox, "gradient", functions["gradient"])
        wanted["gradient"] = lambda: check_line_gradient(gradient, reduction=reduction)
    if "update" in functions:
        update: Any = InChild(sandbox, "update", functions["update"])
        wanted["update"] = lambda: check_update(update, reduction=reduction)
    return wanted


def _of_model(sandbox: Sandbox) -> GradientCheck:
    record = sandbox.run("tf_gd.diagnosis.model.model_job")
    findings = [[(str(name), str(message)) for name, message in record[key]] for key in ("diagnosis", "remarks")]
    return GradientCheck(record["verdict"], findings[0], str(record["report"]), findings[1], record.get("loss"))
