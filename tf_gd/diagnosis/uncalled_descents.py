"""Functions that hold a descent and that nothing calls: they are called with points of ours, and their steps judged."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.findings_in_program import bending_calls
from tf_gd.diagnosis.function_candidates import descents
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.line.asking import DESCENT
from tf_gd.diagnosis.line.conventions import Convention, conventions
from tf_gd.diagnosis.path.program_check import JOB, NoDescent, check_record
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.pipe import Arguments
from tf_gd.diagnosis.sandbox import Loaded, Sandbox

X = np.array([0.25, 0.5, 1.0, -0.75, 1.5, 0.0, 1.25])
Y = np.array([1.5, 1.25, 3.0, -1.0, 3.75, 0.75, 2.5])
M, C, RATE = 0.25, -0.5, 0.0625
MOST_WAYS = 12
OF_ANYTHING = ("unlisted", "sign-turns", "returns-the-parameters")
OF_THE_POINTS = ("rate-too-large", "too-few-steps", "stops-early")  # remarks that say nothing of the program


def check_uncalled(sandbox: Sandbox, loaded: Loaded, reduction: str | None) -> dict[str, GradientCheck]:
    """Return the checks of the functions that descend, by their names, where they could be called."""
    source = sandbox.source
    names = [name for name in descents(loaded, source) if not bending_calls(source, name)]
    checks = {name: _check(sandbox, name, loaded, reduction) for name in names}
    return {name: check for name, check in checks.items() if check is not None and (check.ok or _is_named(check))}


def _check(sandbox: Sandbox, name: str, loaded: Loaded, reduction: str | None) -> GradientCheck | None:
    """Call a function in the ways that its names allow, until its steps are right or else have a name."""
    ways, _ = conventions(DESCENT, loaded.functions[name])
    found: list[GradientCheck] = []
    for check in _checks(sandbox, name, ways[:MOST_WAYS], reduction):
        found.insert(0 if check.ok or (_is_named(check) and not any(map(_is_named, found))) else len(found), check)
        if check.ok or (_is_named(check) and all(form.role != "theta" for _, _, form in ways[0].forms)):
            break
    return next(iter(found), None)


def _is_named(check: GradientCheck) -> bool:
    """Return whether a mistake with a name explains the steps; else they may be those of any other model."""
    return bool(check.diagnosis) and not check.diagnosis[0][0].startswith(OF_ANYTHING)


def _checks(sandbox: Sandbox, name: str, ways: list[Convention], reduction: str | None) -> Iterator[GradientCheck]:
    for way in ways:
        encoded = Arguments()
        positional, named = way.question(M, C, X, Y, RATE)
        call: dict[str, Any] = {"function": name, "arguments": [encoded.encode(one) for one in positional]}
        call["keywords"] = {key: encoded.encode(value) for key, value in named.items()}
        try:
            record = ProgramRecord.read(sandbox.run(JOB, call={**call, "arrays": encoded.table}))
            yield _without_ours(check_record(record, sandbox.source, reduction), name)
        except (Misbehaved, NoDescent):
            continue


def _without_ours(check: GradientCheck, name: str) -> GradientCheck:
    """Return the check without what it says of our points, and with what was done."""
    said = f"Nothing in the file calls {name}: it was called with {X.size} points of ours."
    remarks = [one for one in check.remarks if one[0] not in OF_THE_POINTS]
    text = check.report
    for remark, _ in check.remarks:
        if remark in OF_THE_POINTS:
            before, found, rest = text.partition(f"remark: {remark}\n")
            text = before + rest.partition("\n\n")[2] if found else text
    text = f"{text}\n\nremark: called-with-our-points\n    {said}"
    lines = {key: line for key, line in check.lines.items() if key not in OF_THE_POINTS}
    return GradientCheck(
        check.verdict, check.diagnosis, text, [*remarks, ("called-with-our-points", said)], check.loss, lines
    )
