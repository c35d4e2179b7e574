"""Functions that nothing calls, and that hold a descent, or a step of it at a rate of their own.

They are called with points of ours, and their steps are judged.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.findings_in_program import nonlinear_calls, with_lines
from tf_gd.diagnosis.function_candidates import descents, steps_at_own_rate
from tf_gd.diagnosis.function_lines import numbers_in
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line.asking import DESCENT, STEP, InChild
from tf_gd.diagnosis.line.call_words import said_outright
from tf_gd.diagnosis.line.conventions import Convention, conventions
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine
from tf_gd.diagnosis.path.path_check import check_states, with_float32
from tf_gd.diagnosis.path.program_check import JOB, NoDescent, check_record
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.path.step_factors import PathContext, Rate
from tf_gd.diagnosis.pipe import Arguments
from tf_gd.diagnosis.sandbox import Loaded, Sandbox
from tf_gd.points import Points

X = np.array([0.25, 0.5, 1.0, -0.75, 1.5, 0.0, 1.25])
Y = np.array([1.5, 1.25, 3.0, -1.0, 3.75, 0.75, 2.5])
M, C, RATE = 0.25, -0.5, 0.0625
MOST_WAYS = 12
STEPS = 12  # of a function that makes one step
OF_ANYTHING = ("unlisted", "sign-turns", "returns-the-parameters")
OF_THE_POINTS = ("rate-too-large", "too-few-steps", "stops-early")  # remarks that say nothing of the program


def check_uncalled(sandbox: Sandbox, loaded: Loaded, reduction: str | None) -> dict[str, GradientCheck]:
    """Return the checks of the functions that descend, by their names, where they could be called."""
    source = sandbox.source
    checks = {
        name: check(sandbox, name, loaded, reduction)
        for check, names in ((_check, descents(loaded, source)), (_check_steps, steps_at_own_rate(loaded, source)))
        for name in names
        if not nonlinear_calls(source, name)
    }
    return {name: check for name, check in checks.items() if check is not None}


def _check(sandbox: Sandbox, name: str, loaded: Loaded, reduction: str | None) -> GradientCheck | None:
    """Call a function in the ways that its names allow, until its steps are right or else have a name."""
    return _judge_ways(sandbox, name, conventions(DESCENT, loaded.functions[name])[0], reduction)


def check_said(sandbox: Sandbox, loaded: Loaded, call: str, reduction: str | None) -> dict[str, GradientCheck]:
    """Return the check of the descent that `--call` names, called as it says, with points of ours or its own."""
    parsed_call = said_outright(DESCENT, call)
    ways = conventions(DESCENT, [[name, "positional", False] for name in parsed_call.arguments])[0]
    check = _judge_ways(sandbox, parsed_call.function, [parsed_call.with_literals(way) for way in ways], reduction)
    return {} if check is None else {parsed_call.function: check}


def _judge_ways(sandbox: Sandbox, name: str, ways: list[Convention], reduction: str | None) -> GradientCheck | None:
    """Return the check of a descent in the first way to call it in which its steps are right, or else have a name."""
    ours = any(map(_takes_points, ways))
    records: dict[Any, ProgramRecord] = {}  # by their numbers, for most ways give the same
    for record in _records(sandbox, name, ways[:MOST_WAYS]):
        numbers = frozenset((one.name, one.values.tobytes()) for one in record.series)
        if numbers not in records:
            records[numbers] = record
            check = _judged(record, sandbox, name, reduction, ours, wrong=False)
            if check is not None and check.ok:
                return check
    likely = sorted(records.values(), key=_mixes_shapes)
    checks = (_judged(record, sandbox, name, reduction, ours) for record in likely)
    return next((check for check in checks if check is not None and (check.ok or _is_named(check))), None)


def _mixes_shapes(record: ProgramRecord) -> bool:
    """Return whether predictions were a column where y was a vector, or the other way round: y was passed wrongly."""
    vectors = [one.values for one in record.tables if one.values.size == X.size]
    shapes = {one.shape for one in vectors if (one.ravel() == Y).all()}
    computed = {one.shape for one in vectors if not any((one.ravel() == known).all() for known in (X, Y))}
    return bool(shapes and computed and not shapes & computed)


def _check_steps(sandbox: Sandbox, name: str, loaded: Loaded, reduction: str | None) -> GradientCheck | None:
    """Call a function that makes one step, again and again, until its steps are right or else have a name."""
    subject = InChild(sandbox, name, loaded.functions[name])
    rates = [Rate(number, named=False, in_update=True) for number in numbers_in(sandbox.source, name)]
    named: list[GradientCheck] = []
    for way in conventions(STEP, subject.parameters)[0][:MOST_WAYS]:
        try:
            states = _states(Tested(STEP, subject, way))
        except Misbehaved:
            continue
        check = check_states(states, Points(X, Y), PathContext(with_float32(rates), reduction))
        if check.ok:
            return _without_ours(check, name)
        if _is_named(check):
            named.append(with_lines(sandbox.source, [name], _without_ours(check, name)))
    return next(iter(named), None)


def _states(tested: Tested) -> Any:
    """Return where a step after the other leads."""
    states = [(M, C)]
    for _ in range(STEPS):
        (answer,) = tested.answers([(TrialLine(*states[-1]), X, Y)])
        states.append((float(answer.values[0]), float(answer.values[1])))
    return np.array(states)


def _is_named(check: GradientCheck) -> bool:
    """Return whether a mistake with a name explains the steps; else they may be those of any other model."""
    name = check.diagnosis[0][0] if check.diagnosis else "unlisted"
    return name == "unlisted-factor" or not name.startswith(OF_ANYTHING)


def _takes_points(way: Convention) -> bool:
    """Return whether a function is given points; else it reads those of its program."""
    return any(form.role in ("x", "y", "table") for _, _, form in way.forms)


def _records(sandbox: Sandbox, name: str, ways: list[Convention]) -> Iterator[ProgramRecord]:
    """Yield what a function does when it is called in each way."""
    for way in ways:
        encoded = Arguments()
        positional, named = way.question(M, C, X, Y, RATE)
        call: dict[str, Any] = {"function": name, "arguments": [encoded.encode(one) for one in positional]}
        call["own_points"] = not _takes_points(way)
        call["keywords"] = {key: encoded.encode(value) for key, value in named.items()}
        try:
            yield ProgramRecord.read(sandbox.run(JOB, call={**call, "arrays": encoded.table}))
        except Misbehaved:
            continue


def _judged(
    record: ProgramRecord, sandbox: Sandbox, name: str, reduction: str | None, ours: bool, wrong: bool = True
) -> GradientCheck | None:
    """Return the check of the steps in a record; None where there are none, or none that are right without `wrong`."""
    try:
        check = check_record(record, sandbox.source, reduction, wrong=wrong)
    except (Misbehaved, NoDescent):
        return None
    return _without_ours(check, name) if ours else check


def _without_ours(check: GradientCheck, name: str) -> GradientCheck:
    """Return the check without what it says of our points, and with what was done."""
    explanation = f"Nothing in the file calls {name}: it was called with {X.size} points of ours."
    remarks = [one for one in check.remarks if one[0] not in OF_THE_POINTS]
    text = check.report
    for remark, _ in check.remarks:
        if remark in OF_THE_POINTS:
            before, separator, rest = text.partition(f"remark: {remark}\n")
            text = before + rest.partition("\n\n")[2] if separator else text
    text = f"{text}\n\nremark: called-with-our-points\n    {explanation}"
    lines = {key: line for key, line in check.lines.items() if key not in OF_THE_POINTS}
    return GradientCheck(
        check.verdict, check.diagnosis, text, [*remarks, ("called-with-our-points", explanation)], check.loss, lines
    )
