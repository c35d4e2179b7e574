"""What a program's own lines say of a finding: where it stands, and whether the program takes it back."""

from collections.abc import Sequence
from dataclasses import replace

from tf_gd.diagnosis import function_lines
from tf_gd.diagnosis.calling import Misbehaved, shortened
from tf_gd.diagnosis.function_candidates import Candidate
from tf_gd.diagnosis.gradient_check import Finding, GradientCheck
from tf_gd.diagnosis.line.asking import UPDATE
from tf_gd.diagnosis.line.line_check import of_fault
from tf_gd.diagnosis.line.named_mistakes import RIGHT_BUT_FOR_ITS_GRADIENT
from tf_gd.diagnosis.program_source import ProgramSource

NONLINEAR = {"exp", "sigmoid", "expit", "softmax", "tanh", "log", "relu", "cross_entropy", "sin", "cos"}
UPDATE_OF_C = ("sequential-m-first", "intercept-moved-twice", "only-m")  # the line that moves c is the wrong one


def with_lines(source: ProgramSource, names: Sequence[str], check: GradientCheck) -> GradientCheck:
    """Return the check with the line of the file that each finding is about, and that line's text in the message.

    Args:
        source: the program.
        names: of the function; or of two, for m and for c.
        check: of it.
    """
    known = function_lines.functions(source)
    if not check.diagnosis or not known.keys() >= set(names):
        return check
    lines = dict(check.lines)
    located_findings: list[Finding] = []
    report = str(check)
    for finding, message in check.diagnosis:
        if finding not in lines:
            which = 1 if _is_about_c(finding, message) else 0
            lines[finding] = function_lines.line_of_result(known[names[which % len(names)]], which)
            place, text = source.place(lines[finding]), source.line(lines[finding])
            location_note = f"Your {place}: `{text}`."
            report = report.replace(f"{finding}\n    ", f"{finding} ({place}: {text})\n    ", 1)
            message = f"{message} {location_note}"
        located_findings.append((finding, message))
    return replace(check, diagnosis=located_findings, lines=lines, report=report)


def _is_about_c(finding: str, message: str) -> bool:
    core_message = message.removeprefix(RIGHT_BUT_FOR_ITS_GRADIENT)
    if finding in UPDATE_OF_C or core_message.startswith(("dL/dc", "In dL/dc", "Only m moves", "c moves", "The dL/dc")):
        return True
    pairs = (("your dL/dc is", "your dL/dm is"), ("your new c is", "your new m is"))
    return any(of_c in message and of_m not in message for of_c, of_m in pairs)


def taken_back(
    source: ProgramSource, checks: dict[str, GradientCheck], candidates: list[Candidate]
) -> dict[str, GradientCheck]:
    """Return the checks without a mistake that right steps disprove, as those with minus the gradient do.

    The steps are those of an update, or of a descent that nothing calls.
    """
    sources = function_lines.functions(source)
    gradients = {one.name for one in candidates if UPDATE not in one.kinds}
    steps = [name for name, check in checks.items() if check.ok and name not in gradients and name in sources]
    for one in candidates:
        check = checks.get(one.name)
        if UPDATE in one.kinds or check is None or check.verdict != "wrong":
            continue
        used = {function_lines.called_as(source, name) for name in one.names}
        right = next((checks[name] for name in steps if used <= function_lines.computes(sources[name], sources)), None)
        if right is not None:
            checks[one.name] = right_in_use(check, right.loss)
    return checks


def in_order(source: ProgramSource, one: Candidate, check: GradientCheck) -> GradientCheck:
    """Return the check of a gradient that gives dL/dc first, with the line of the program that says so."""
    line = one.taken_at or one.said_at
    if not check.ok or line is None:
        return check
    place, text = source.place(line), shortened(source.line(line), 100)
    if one.taken_at:
        name, explanation = "taken-back", f"It returns dL/dc first, and your {place} takes it so: `{text}`."
    else:
        name, explanation = (
            "order-of-results",
            f"It returns dL/dc first, and dL/dm second, as your {place} says: `{text}`. ",
        )
        explanation += "Take them in that order."
    report = f"{check.report}\n\nremark: {name}\n    {explanation}"
    return replace(check, report=report, remarks=[*check.remarks, (name, explanation)])


def right_in_use(check: GradientCheck, loss: str | None) -> GradientCheck:
    """Return the check of a gradient whose steps are right, whatever its sign, order or factor."""
    names = [name for name, _ in check.diagnosis]
    explanation = f"It is used in steps that are right, which take this back: {', '.join(names)}."
    remark = ("taken-back", f"{explanation} By itself it is another function than the gradient.")
    report = f"RIGHT as it is used.\n\nremark: taken-back\n    {remark[1]}"
    return GradientCheck("right", [], report, [*check.remarks, remark], loss)


def of_another_model(source: ProgramSource, name: str, check: GradientCheck) -> GradientCheck:
    """Return the check of a function that computes what no line needs: no mistake of a line explains it."""
    calls = nonlinear_calls(source, name)
    if not calls or any(not finding.startswith("unlisted") for finding, _ in check.diagnosis):
        return check
    explanation = (
        f"{name} calls {min(calls)}, which the gradient of a line does not need: it seems to be another model's. "
    )
    explanation += "For that one, define loss, gradient and the dicts params and data."
    return of_fault(name, Misbehaved("cannot-check", explanation))


def nonlinear_calls(source: ProgramSource, name: str) -> set[str]:
    """Return what a function calls that no gradient of a line needs, such as exp."""
    known = function_lines.functions(source)
    return function_lines.computes(known[name], known) & NONLINEAR if name in known else set()
