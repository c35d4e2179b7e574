"""Check a program as it stands: run it, watch it train, and judge the steps that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, shortened
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path import watching
from tf_gd.diagnosis.path.candidates import trained_numbers
from tf_gd.diagnosis.path.explanations import WITHOUT_SIGN
from tf_gd.diagnosis.path.given_names import Given
from tf_gd.diagnosis.path.path_check import as_check
from tf_gd.diagnosis.path.path_judgement import entry
from tf_gd.diagnosis.path.path_remarks import WholeDescent
from tf_gd.diagnosis.path.program_model import called_names, is_nonlinear
from tf_gd.diagnosis.path.program_record import ProgramRecord
from tf_gd.diagnosis.path.program_search import SURE, ProgramSearch
from tf_gd.diagnosis.path.program_stopping import stopping_remarks
from tf_gd.diagnosis.path.source_lines import SourceLines
from tf_gd.diagnosis.path.statements import Statements
from tf_gd.diagnosis.path.trials import Descent
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.diagnosis.sandbox import Sandbox
from tf_gd.errors import DataError

JOB = "tf_gd.diagnosis.path.tracer"
TENSORFLOW_WORK = 60.0  # seconds for its first graphs, sessions and models, on a machine that is busy
OVERFLOWS = ("OverflowError", "FloatingPointError")  # a descent that runs away may end so, and its steps say why


class NoDescent(DataError):  # noqa: N818 (it says what was not there)
    """No descent was found in a program; the message says what was looked at, and what to name."""


def check_program(
    sandbox: Sandbox, reduction: str | None = None, given: Mapping[str, str] | None = None
) -> GradientCheck:
    """Run the program of a sandbox, and judge the steps that it takes.

    Args:
        sandbox: with the program, which has not run yet.
        reduction: the loss that is meant; None takes whichever makes the steps right.
        given: names or expressions of the program for "m", "c", "x", "y" and "rate", as far as the user gave them.

    Raises:
        Misbehaved: the program did not come to its end.
        NoDescent: it shows no descent.
    """
    names = Given(given or {})
    library = TENSORFLOW_WORK if b"tensorflow" in sandbox.source.text else 0.0
    seconds = sandbox.time_limit if library else None  # from TensorFlow's first step on
    record = ProgramRecord.read(sandbox.run(JOB, library=library, names=names.expressions(), seconds=seconds))
    return check_record(record, sandbox.source, reduction, names, sandbox.fault)


def check_record(
    record: ProgramRecord,
    source: ProgramSource,
    reduction: str | None = None,
    given: Given | None = None,
    fault: Misbehaved | None = None,
    wrong: bool = True,
) -> GradientCheck:
    """Judge the steps in a record; what ended the program after them is told as a remark.

    Without `wrong` only right steps are looked for, which is quick.

    Raises:
        NoDescent: there are none of a line.
        Misbehaved: there are none, or none that can be explained, before the program failed.
    """
    statements = Statements(source.text)
    search = ProgramSearch(record, statements, reduction, given)
    descent = search.find(wrong)
    if fault is not None and any(name in fault.message for name in OVERFLOWS):
        fault = None
    if fault is not None and (descent is None or _says_little(descent)):
        raise fault
    if descent is None:
        raise NoDescent(_nothing_found(search, source))
    first = descent
    if first.judgement.verdict != "wrong":
        descent = next((one for one in search.others(first) if _is_named(one)), first)
    check = _checked(source, record, statements, descent, first)
    return check if fault is None else _with_fault(check, fault)


def _says_little(descent: Descent) -> bool:
    """Return whether a descent that was cut short cannot be judged."""
    verdict = descent.judgement.verdict
    return verdict == "cannot-tell" or (verdict == "wrong" and not _is_named(descent))


def _is_named(descent: Descent) -> bool:
    """Return whether the steps are wrong, by a mistake that surely explains them."""
    return descent.judgement.verdict == "wrong" and descent.judgement.sure < SURE


def _with_fault(check: GradientCheck, fault: Misbehaved) -> GradientCheck:
    """Return the check with a remark on what ended the program."""
    head, _, rest = check.report.partition("\n\n")
    report = f"{head}\n\nremark: {entry(fault.name, fault.message)}\n\n{rest}"
    lines = {**check.lines, **({fault.name: fault.line} if fault.line else {})}
    return replace(check, remarks=[*check.remarks, (fault.name, fault.message)], report=report, lines=lines)


def _checked(
    source: ProgramSource, record: ProgramRecord, statements: Statements, descent: Descent, first: Descent
) -> GradientCheck:
    """Return the check of a descent, with the lines of the program; `first` is one that was judged before it."""
    where = SourceLines(record, statements, descent.pair, descent.sampling)
    if descent.judgement.names == ("ascent",) and where.takes_absolute_values():  # of residuals that are all negative
        descent = replace(descent, judgement=replace(descent.judgement, names=(WITHOUT_SIGN,)))
    whole_descent = _whole_descent(record, descent)
    stops = stopping_remarks(record, statements, whole_descent) if descent.judgement.verdict != "wrong" else []
    what = _what(descent)
    if first.pair is not descent.pair and (
        line := SourceLines(record, statements, first.pair, first.sampling).update("m")
    ):
        what += f" Another descent, at {source.place(line)}, is judged {first.judgement.verdict}."
    check = as_check(descent.judgement, whole_descent, [(name, message) for name, message, _ in stops], what)
    alone = descent.judgement.alone
    lines = {
        name: line
        for position, (name, _) in enumerate(check.diagnosis)
        if (line := where.of(name, alone[position : position + 1]))
    }
    lines |= {name: line for name, _ in check.remarks if (line := where.update("m"))}
    lines |= {name: line for name, _, line in stops}
    return with_lines(check, lines, source)


def with_lines(check: GradientCheck, lines: Mapping[str, int], source: ProgramSource) -> GradientCheck:
    """Return the check with the line of the program in each message."""
    line_quotes = {
        name: f"Your {source.place(line)}: `{shortened(source.line(line), 100)}`."
        for name, line in lines.items()
        if source.line(line)
    }
    diagnosis = [
        (name, f"{line_quotes[name]} {text}" if name in line_quotes else text) for name, text in check.diagnosis
    ]
    remarks = [(name, f"{line_quotes[name]} {text}" if name in line_quotes else text) for name, text in check.remarks]
    report = check.report
    for name, text in line_quotes.items():
        report = report.replace(f"{name}\n    ", f"{name}\n    {text}\n    ", 1)
    return replace(check, diagnosis=diagnosis, remarks=remarks, report=report, lines=dict(lines))


def _whole_descent(record: ProgramRecord, descent: Descent) -> WholeDescent:
    """Return the whole descent: all points, and m and c at the program's end."""
    finals = [series.at_end for series in (descent.pair.m, descent.pair.c)]
    states = descent.sampling.states
    final = states[-1] if None in finals or not descent.sampling.is_last else np.array(finals, dtype=np.float64)
    complete = record.complete and len(states) - 1 < 400
    x, y = descent.points.x.values, descent.points.y.values
    return WholeDescent(x, y, final, len(states) - 1 if complete else None, descent.pair.intercept)


def _what(descent: Descent) -> str:
    """Return what was taken for m, c, x and y."""
    pair, points = descent.pair, descent.points
    c = f"c is `{pair.c.name}`" if pair.intercept else "there is no c (a line through the origin, y = m x)"
    return f"m is `{pair.m.name}`, {c}, x is `{points.x.name}`, y is `{points.y.name}`."


def _nothing_found(search: ProgramSearch, source: ProgramSource) -> str:
    """Return what was looked at, and what to name."""
    numbers = list(dict.fromkeys(name for pair in search.pairs for name in (pair.m.name, pair.c.name)))[:6]
    vectors = list(dict.fromkeys(name for one in search.points for name in (one.x.name, one.y.name)))[:6]
    summary = f"numbers that change: {', '.join(numbers) or 'none'}; arrays: {', '.join(vectors) or 'none'}"
    return (
        f"No descent of a line y = m x + c was found in it ({summary}).{_why_not(search, source)} Name them: --m, --c, "
        "--x, --y and --rate take names or expressions of the program."
    )


def _why_not(search: ProgramSearch, source: ProgramSource) -> str:
    """Return what kept the program from showing one, or speaks for another model than a line; "" where nothing does."""
    if search.record.exited is not None:
        place = source.place(search.record.exited)
        return f" It ended itself with sys.exit() at {place}: remove that call, or train before it."
    if not search.record.complete:
        return (
            f" It was followed for {watching.IDLE:,} lines that trained nothing, and not further: take out what it "
            "prints, or repeats, before it trains."
        )
    if "fit" in called_names(search.statements) and any(pair.m.scope == "TensorFlow" for pair in search.pairs):
        return " Keras draws its batches at random: with batch_size=len(x) in fit its steps can be followed."
    trained = trained_numbers(search.record, search.statements)
    if is_nonlinear(search.statements) and any(
        "exp" in name or "sigmoid" in name for name in called_names(search.statements)
    ):
        return " It computes exp, as logistic regression does: that is not a line."
    if len(trained) > 2:
        return f" It trains more than two numbers ({', '.join(trained[:6])}): that is not a line, which has m and c."
    return ""


__all__ = ["Misbehaved", "NoDescent", "check_program"]
