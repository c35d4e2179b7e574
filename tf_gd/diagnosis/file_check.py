"""Check a program: the steps that it takes and the functions that it defines, in a process of its own."""

import os
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from tf_gd.diagnosis import function_lines
from tf_gd.diagnosis.calling import Misbehaved, exactly
from tf_gd.diagnosis.findings_in_program import in_order, of_another_model, right_in_use, taken_back, with_lines
from tf_gd.diagnosis.function_candidates import Candidate, candidates, says_descent
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.limits import MEMORY_LIMIT, TIME_LIMIT
from tf_gd.diagnosis.line.argument_names import counts_steps, derivative_of, says_loss
from tf_gd.diagnosis.line.asking import GRADIENT, Call
from tf_gd.diagnosis.line.conventions import conventions
from tf_gd.diagnosis.line.line_check import check_as, of_fault
from tf_gd.diagnosis.line.losses import require_loss, share
from tf_gd.diagnosis.line.point_sets import point_sets
from tf_gd.diagnosis.line.probes import points_for
from tf_gd.diagnosis.model.asked_in_child import check_model
from tf_gd.diagnosis.model.model_check import not_compared
from tf_gd.diagnosis.model.model_names import found_in
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.diagnosis.sandbox import Loaded, Sandbox
from tf_gd.diagnosis.uncalled_descents import check_said, check_uncalled
from tf_gd.errors import DataError, plain
from tf_gd.reduction import REDUCTIONS, Reduction


class NothingToCheck(DataError):  # noqa: N818 (it says what was not there)
    """A file trains no line and defines nothing to check; the message says what would be."""


def check_file(
    path: str | os.PathLike[str],
    reduction: Reduction | None = None,
    time_limit: float = TIME_LIMIT,
    memory_limit: int = MEMORY_LIMIT,
    given: Mapping[str, str] | None = None,
    call: str | None = None,
) -> dict[str, GradientCheck]:
    """Check a program or a notebook as it stands: the steps that it takes, and the functions that it defines.

    Args:
        path: a file with a gradient of the line, an update of its two parameters, or both, whose names or arguments
            say so, such as `gradient(m, c, x, y)` or `compute_gradient(x, y, w, b)`; or with `loss(**params, **data)`
            in TensorFlow or NumPy, `gradient(**params, **data)` in NumPy, and the dicts `params` and `data`; or with
            layers, `NAME_forward` and `NAME_backward`, and the dict `NAME_inputs`.
        reduction: "sum", "mean", "half_sum" or "half_mean"; None for the loss that the file defines or, where it
            defines none, for whichever makes its functions right.
        time_limit: seconds for the file and its functions.
        memory_limit: megabytes that the file may allocate (where the system can limit it).
        given: names or expressions of the program for "m", "c", "x", "y" and "rate", where they are not found.
        call: how a function is called, outright: "compute_gradient(x, y, w, b)".

    Returns:
        {"path": check} where the program trains a line, and a check for each function, by its name; {"file": check}
        where the file as a whole failed: it raised, hung, printed without end or ended the process.

    Raises:
        DataError: there is no such file; `NothingToCheck` where it defines nothing to check.
        InvalidArgumentError: a limit is not above 0, `reduction` is unknown, or `call` is no call.
    """
    require_loss(reduction)
    with Sandbox(path, time_limit, memory_limit) as sandbox:
        try:
            steps, why = _path(sandbox, reduction, given or {})
            loaded = sandbox.load()
            checks = {} if steps is None else {"path": steps}
            if loaded.functions or steps is None:
                checks |= check_functions(sandbox, loaded, reduction, call, steps)
        except Misbehaved as fault:
            return {"file": of_fault("file", fault)}
    if not checks:
        raise nothing_to_check(os.fspath(path), why, loaded, sandbox.source)
    return checks


def check_functions(
    sandbox: Sandbox,
    loaded: Loaded,
    reduction: Reduction | None = None,
    call: str | None = None,
    steps: GradientCheck | None = None,
) -> dict[str, GradientCheck]:
    """Return the checks of the functions of a program that was loaded.

    Args:
        sandbox, loaded: the program.
        reduction, call: see `check_file`.
        steps: the check of the steps that the program takes; functions that it calls are judged by them, unless they
            are called `gradient` or `update`.

    Raises:
        Misbehaved: the program failed before it defined a function to check.
    """
    if call is not None and says_descent(loaded, sandbox.source, call):
        return check_said(sandbox, loaded, call, reduction)
    called, known = function_lines.called_in(sandbox.source), candidates(loaded, sandbox.source, call)
    of_a_line = {name for one in known for name in one.names if name.endswith(".backward")}
    models = [name for name in found_in(loaded.functions, loaded.names) if steps is None or "." not in name]
    if models := [name for name in models if name not in of_a_line]:
        return {name: _of_model(sandbox, name) for name in models}
    wanted = [one for one in known if steps is None or one.certain or not called.intersection(one.names)]
    loss = reduction or (loss_of(sandbox, loaded) if wanted else None)
    loss = loss or (steps.loss if steps is not None and steps.ok else None)  # type: ignore[assignment]
    checks = {one.name: _check(sandbox, loaded, one, loss, call) for one in wanted}
    silent = [one.name for one in wanted if _says_nothing(one, checks[one.name], steps is not None, called)]
    if steps is None and call is None:
        checks |= check_uncalled(sandbox, loaded, loss)
    if steps is not None or any(check.compared for check in checks.values()):
        checks = {name: check for name, check in checks.items() if name not in silent}
    if not checks and loaded.fault and steps is None:
        raise loaded.fault
    checks = taken_back(sandbox.source, checks, wanted)
    if steps is not None and steps.ok:
        wrong = {name: check for name, check in checks.items() if check.verdict == "wrong"}
        used = {
            name: check for name, check in wrong.items() if function_lines.called_as(sandbox.source, name) in called
        }
        checks |= {name: right_in_use(check, steps.loss) for name, check in used.items()}
    return checks


def _says_nothing(one: Candidate, check: GradientCheck, has_steps: bool, called: Set[str]) -> bool:
    """Return whether a function could not be called, and need not be: the steps say what it does, or nobody asked."""
    return not check.compared and (not one.certain or (has_steps and one.name in called))


def _check(sandbox: Sandbox, loaded: Loaded, one: Candidate, loss: Reduction | None, call: str | None) -> GradientCheck:
    """Check a function as what it may be: the first that makes it right, else the first whose mistake has a name."""
    checks = []
    for kind in one.kinds:
        checks.append(_check_as(kind, sandbox, loaded, one, loss, call))
        if checks[-1].ok:
            return checks[-1]
    named = [check for check in checks if check.diagnosis and not check.diagnosis[0][0].startswith("unlisted")]
    return next((check for check in named if check.compared), checks[-1])


def _check_as(
    kind: Call, sandbox: Sandbox, loaded: Loaded, one: Candidate, loss: Reduction | None, call: str | None
) -> GradientCheck:
    """Check a function as a gradient or an update; a fault of it, or of the program in it, is its check."""
    try:
        subject, points = one.subject(sandbox, loaded), points_for(None, None)
        check = check_as(replace(kind, name=one.name), subject, points, loss, None, call)
    except Misbehaved as fault:
        return of_fault(one.name, fault)
    if check.verdict == "wrong":
        check = of_another_model(sandbox.source, one.names[0], check)
    return with_lines(sandbox.source, one.names, in_order(sandbox.source, one, check))


def _path(sandbox: Sandbox, reduction: str | None, given: Mapping[str, str]) -> tuple[GradientCheck | None, str]:
    """Return the check of the steps that the program takes; else None, and why there is none."""
    from tf_gd.diagnosis.path.program_check import NoDescent, check_program

    try:
        return check_program(sandbox, reduction, given), ""
    except NoDescent as none:
        return None, str(none)


def _of_model(sandbox: Sandbox, name: str) -> GradientCheck:
    """Check a gradient of any model, or a layer, where the file says what model it is."""
    try:
        return check_model(sandbox, name)
    except Misbehaved as fault:
        return not_compared(fault, name)


def loss_of(sandbox: Sandbox, loaded: Loaded) -> Reduction | None:
    """Return the loss that a function of the file computes, where one does: its numbers decide, not its name."""
    for name, parameters in loaded.functions.items():
        if says_loss(name) and parameters:
            ways, _ = conventions(GRADIENT, parameters)
            for way in ways[:8]:
                points = [one for one in point_sets() if 2 < one.n < 10][:2]
                questions = [way.question(2.0, 1.0, one.x.copy(), one.y.copy()) for one in points]
                try:
                    replies = sandbox.ask(name, questions)
                except (Misbehaved, TypeError):
                    return None
                for loss in REDUCTIONS:
                    if all(_is_loss(reply, one, loss) for reply, one in zip(replies, points, strict=True)):
                        return loss
    return None


def _is_loss(reply: dict[str, Any], points: Any, loss: Reduction) -> bool:
    """Return whether a reply is the loss of these points at m = 2, c = 1."""
    value = reply.get("value", ["none"])
    numbers = [value[2]] if value[0] == "number" else value[3] if value[0] == "array" else []
    number = exactly(numbers[0]) if len(numbers) == 1 else None
    wanted = float(share(loss, points.n)) * float(sum((2 * points.x + 1 - points.y) ** 2))
    return number is not None and abs(float(number) - wanted) <= 1e-9 * abs(wanted)


_WANTED = (
    "It must train a line, or it must define functions gradient(m, c, x, y) or update(m, c, x, y, learning_rate); or, "
    "for another model, loss, gradient and params; or a layer, NAME_forward and NAME_backward, or a class with "
    "forward(x) and backward(dout), and inputs."
)
_ROLES = {4: "m, c, x, y", 5: "m, c, x, y, learning_rate"}


def nothing_to_check(path: str, why: str, loaded: Loaded, source: ProgramSource) -> NothingToCheck:
    """Return the error, with what would make the file's own functions checkable."""
    name = plain(path)[1:-1]
    run = function_lines.run_by(source)
    advice = next(
        (suggestion for key, parameters in loaded.functions.items() if (suggestion := _advice(key, parameters, run))),
        "",
    )
    return NothingToCheck(f"`{name}` has nothing to check. {why} {_WANTED} {advice}".rstrip())


def _advice(function: str, parameters: list[list[Any]] | None, run: Set[str]) -> str:
    """Return what to do for one function; nothing where its arguments are no line and points."""
    names = [name for name, kind, default in parameters or () if kind == "positional" and not default]
    if derivative_of(function.rpartition(".")[2]):
        return f"{function} gives one derivative: write the function for the other one too, with the same arguments."
    if any(map(counts_steps, names)) and function.rpartition(".")[2] not in run:
        return (
            f"Nothing calls {function}: call it at the end of the file, with your points; its steps are then watched."
        )
    if len(names) not in _ROLES:
        return ""
    instruction = (
        f"{function} takes ({', '.join(names)}): if it is a gradient or a step, say what these are, in their order"
    )
    return f'{instruction}, with --call "{function}({_ROLES[len(names)]})".'
