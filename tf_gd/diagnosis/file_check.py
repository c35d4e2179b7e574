"""Check a program: the steps that it takes and the functions that it defines, in a process of its own."""

import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

from tf_gd.diagnosis import function_lines
from tf_gd.diagnosis.calling import Misbehaved, exactly, printable
from tf_gd.diagnosis.gradient_check import Finding, GradientCheck
from tf_gd.diagnosis.line.asking import GRADIENT, UPDATE, Call, InChild
from tf_gd.diagnosis.line.conventions import conventions, counts_steps, role_of, said_outright
from tf_gd.diagnosis.line.line_check import check_line_gradient, check_update, of_fault
from tf_gd.diagnosis.line.losses import LOSSES, require_loss, share
from tf_gd.diagnosis.line.point_sets import point_sets
from tf_gd.diagnosis.model.asked_in_child import check_model
from tf_gd.diagnosis.model.model_names import found_in
from tf_gd.diagnosis.sandbox import MEMORY_LIMIT, TIME_LIMIT, Loaded, Sandbox
from tf_gd.errors import DataError, invalid, plain
from tf_gd.reduction import Reduction

UPDATE_OF_C = ("sequential-m-first", "intercept-moved-twice", "only-m")  # the line that moves c is the wrong one
_SAYS_GRADIENT = ("grad", "deriv", "partial", "slope_of", "backward", "djd", "dld")
_SAYS_UPDATE = ("update", "step", "descen", "train_once", "move")
_SAYS_LOSS = ("loss", "cost", "mse", "error", "objective", "rss", "sse")


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
        DataError: there is no such file, or it defines nothing to check.
        InvalidArgumentError: a limit is not above 0, `reduction` is unknown, or `call` is no call.
    """
    require_loss(reduction)
    with Sandbox(path, time_limit, memory_limit) as sandbox:
        try:
            steps, why = _path(sandbox, reduction, given or {})
            loaded = sandbox.load()
            found = {} if steps is None else {"path": steps}
            if loaded.functions or steps is None:
                found |= check_functions(sandbox, loaded, reduction, call, steps)
        except Misbehaved as fault:
            return {"file": of_fault("file", fault)}
    if not found:
        wanted = (
            "It must train a line, or it must define functions gradient(m, c, x, y) or update(m, c, x, y, "
            "learning_rate); or, for another model, loss, gradient and params; or a layer, NAME_forward and "
            "NAME_backward."
        )
        raise DataError(f"`{plain(str(path))[1:-1]}` has nothing to check. {why} {wanted}")
    return found


@dataclass(frozen=True)
class Candidate:
    """A function that is checked, as a gradient or as an update."""

    name: str
    kind: Call
    certain: bool  # whether its name says outright what it is


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
    models = {name: _of_model(sandbox, name) for name in found_in(loaded.functions, loaded.names)}
    if models:
        return models
    called = function_lines.called_in(sandbox.source)
    candidates = [one for one in _candidates(loaded, call) if steps is None or one.certain or one.name not in called]
    if not candidates and loaded.fault and steps is None:
        raise loaded.fault
    loss = reduction or (loss_of(sandbox, loaded) if candidates else None)
    loss = loss or (steps.loss if steps is not None and steps.ok else None)  # type: ignore[assignment]
    checks = {one.name: _check(sandbox, loaded, one, loss, call) for one in candidates}
    silent = [one.name for one in candidates if _says_nothing(one, checks[one.name], steps is not None, called)]
    if steps is not None or any(check.compared for check in checks.values()):
        checks = {name: check for name, check in checks.items() if name not in silent}
    checks = {name: _in_order(sandbox, loaded, name, check) for name, check in checks.items()}
    checks = taken_back(sandbox, checks, candidates)
    if steps is not None and steps.ok:
        used = {name: check for name, check in checks.items() if check.verdict == "wrong" and name in called}
        checks |= {name: forgiven(check, steps.loss) for name, check in used.items()}
    return checks


def _says_nothing(one: Candidate, check: GradientCheck, has_steps: bool, called: Set[str]) -> bool:
    """Return whether a function could not be called, and need not be: the steps say what it does, or nobody asked."""
    return not check.compared and (not one.certain or (has_steps and one.name in called))


def _candidates(loaded: Loaded, call: str | None) -> Iterator[Candidate]:
    """Yield the functions whose name or arguments say gradient or update."""
    outright = None if call is None else _outright(loaded, call)
    for name, parameters in loaded.functions.items():
        if outright is not None:
            if name == outright.name:
                yield outright
            continue
        names = [one for one, _, _ in parameters or ()]
        says = name.lower().replace("_", "")
        if name in ("gradient", "update"):
            yield Candidate(name, GRADIENT if name == "gradient" else UPDATE, True)
        elif not any(map(counts_steps, names)) and not any(word in says for word in _SAYS_LOSS):
            yield from _by_arguments(name, says, names, parameters)


def _by_arguments(name: str, says: str, names: list[str], parameters: Any) -> Iterator[Candidate]:
    """Yield a function whose arguments hold a line, points and perhaps a rate, and nothing else."""
    has_rate = any(role_of(one) == "rate" for one in names)
    kind = UPDATE if has_rate else GRADIENT
    words = _SAYS_UPDATE + _SAYS_GRADIENT if has_rate else _SAYS_GRADIENT
    ways, certain = conventions(kind, parameters) if names else ([], False)
    if ways and (any(word in says for word in words) or (certain and has_rate)):
        yield Candidate(name, kind, False)


def _outright(loaded: Loaded, call: str) -> Candidate:
    """Return the function that `call` names."""
    has_rate = any(role_of(word.strip()) == "rate" for word in call.partition("(")[2].rstrip(") ").split(","))
    kind = UPDATE if has_rate else GRADIENT
    name, _ = said_outright(kind, call)
    if name not in loaded.functions:
        known = ", ".join(loaded.functions) or "none"
        raise invalid("call", "a call of a function that the file defines", call, f"It defines: {known}.")
    return Candidate(name, kind, True)


def _check(sandbox: Sandbox, loaded: Loaded, one: Candidate, loss: Reduction | None, call: str | None) -> GradientCheck:
    """Check one function; a fault of it, or of the program in it, is its check."""
    subject: Any = InChild(sandbox, one.name, loaded.functions[one.name])
    kind = replace(one.kind, name=one.name)
    try:
        if one.kind is GRADIENT:
            check = check_line_gradient(subject, reduction=loss, call=call, named=kind)
        else:
            check = check_update(subject, reduction=loss, call=call, named=kind)
    except Misbehaved as fault:
        return of_fault(one.name, fault)
    return with_lines(sandbox, one.name, check)


def _path(sandbox: Sandbox, reduction: str | None, given: Mapping[str, str]) -> tuple[GradientCheck | None, str]:
    """Return the check of the steps that the program takes; else None, and why there is none."""
    from tf_gd.diagnosis.path.program_check import NoDescent, check_program

    try:
        return check_program(sandbox, reduction, given), ""
    except NoDescent as none:
        return None, str(none)


def with_lines(sandbox: Sandbox, name: str, check: GradientCheck) -> GradientCheck:
    """Return the check with the line of the file that each finding is about, and that line's text in the message."""
    function = function_lines.functions(sandbox.source).get(name)
    if function is None or not check.diagnosis:
        return check
    lines = dict(check.lines)
    found: list[Finding] = []
    report = str(check)
    for finding, message in check.diagnosis:
        if finding not in lines:
            lines[finding] = function_lines.line_of_result(function, 1 if _is_about_c(finding, message) else 0)
            place, text = sandbox.source.place(lines[finding]), sandbox.source.line(lines[finding])
            said = f"Your {place}: `{text}`."
            report = report.replace(f"{finding}\n    ", f"{finding} ({place}: {text})\n    ", 1)
            message = f"{message} {said}"
        found.append((finding, message))
    return replace(check, diagnosis=found, lines=lines, report=report)


def _is_about_c(finding: str, message: str) -> bool:
    return finding in UPDATE_OF_C or message.startswith(("dL/dc", "In dL/dc", "Only m moves", "c moves", "The dL/dc"))


def taken_back(
    sandbox: Sandbox, checks: dict[str, GradientCheck], candidates: list[Candidate]
) -> dict[str, GradientCheck]:
    """Return the checks without an accusation that an update takes back: a right step with minus the gradient."""
    sources = function_lines.functions(sandbox.source)
    updates = [one.name for one in candidates if one.kind is UPDATE and one.name in checks]
    for one in candidates:
        check = checks.get(one.name)
        if one.kind is UPDATE or check is None or check.verdict != "wrong":
            continue
        callers = [name for name in updates if name in sources and one.name in function_lines.calls(sources[name])]
        right = next((checks[name] for name in callers if checks[name].ok), None)
        if right is not None:
            checks[one.name] = forgiven(check, right.loss)
    return checks


def _in_order(sandbox: Sandbox, loaded: Loaded, name: str, check: GradientCheck) -> GradientCheck:
    """Return the check of a gradient without the accusation that its results are swapped, where they are used so."""
    roles = [role for one, _, _ in loaded.functions.get(name) or () if (role := role_of(one)) in ("m", "c")]
    if [finding for finding, _ in check.diagnosis] != ["swapped"] or roles != ["m", "c"]:
        return check
    line = function_lines.intercept_first(sandbox.source, name)
    if line is None:
        return check
    place, text = sandbox.source.place(line), sandbox.source.line(line)
    said = f"It returns dL/dc first, and your {place} takes it so: `{printable(text, 100)}`."
    report = f"RIGHT as it is used.\n\nremark: taken-back\n    {said}"
    return GradientCheck("right", [], report, [*check.remarks, ("taken-back", said)], check.loss)


def forgiven(check: GradientCheck, loss: str | None) -> GradientCheck:
    """Return the check of a gradient whose steps are right, whatever its sign, order or factor."""
    names = [name for name, _ in check.diagnosis]
    said = f"It is used in steps that are right, which take this back: {', '.join(names)}."
    remark = ("taken-back", f"{said} By itself it is another function than the gradient.")
    report = f"RIGHT as it is used.\n\nremark: taken-back\n    {remark[1]}"
    return GradientCheck("right", [], report, [*check.remarks, remark], loss)


def loss_of(sandbox: Sandbox, loaded: Loaded) -> Reduction | None:
    """Return the loss that a function of the file computes, where one does: its numbers decide, not its name."""
    for name, parameters in loaded.functions.items():
        if any(word in name.lower() for word in _SAYS_LOSS) and parameters:
            ways, _ = conventions(GRADIENT, parameters)
            for way in ways[:8]:
                points = [one for one in point_sets() if 2 < one.n < 10][:2]
                questions = [way.question(2.0, 1.0, one.x.copy(), one.y.copy()) for one in points]
                try:
                    replies = sandbox.ask(name, questions)
                except (Misbehaved, TypeError):
                    return None
                for loss in LOSSES:
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


def _of_model(sandbox: Sandbox, name: str) -> GradientCheck:
    """Check a gradient of any model, or a layer, where the file says what model it is."""
    try:
        return check_model(sandbox, name)
    except Misbehaved as fault:
        return of_fault(name, fault)
