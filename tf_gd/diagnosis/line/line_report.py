"""What a check of somebody's derivation says, as text: each number labelled as whose it is."""

import re
import textwrap
from collections.abc import Sequence
from fractions import Fraction

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.losses import FORMULAS
from tf_gd.diagnosis.line.matching import Observation, bound
from tf_gd.diagnosis.line.named_mistakes import Named
from tf_gd.diagnosis.line.trial import Tried
from tf_gd.diagnosis.line.unclassified import digits
from tf_gd.reduction import Reduction


def of_fault(what: str, fault: Misbehaved) -> str:
    """Return the report on a function that gave no numbers to compare."""
    unknown = "did not come to its end" if what == "file" else "could not be called"
    verdict = f"CANNOT TELL: your {{}} {unknown}" if fault.name in NOT_COMPARED else "WRONG: your {} is not right"
    return f"{verdict.format(what)}.\n\n{_entry(fault.name, fault.message)}"


def _remarks(remarks: Sequence[Finding]) -> str:
    return "".join(f"\n\nremark: {_entry(name, message)}" for name, message in remarks)


def of_right(is_update: bool, tried: Tried, loss: Reduction, remarks: Sequence[Finding], exactly: bool) -> str:
    """Return the report on a right function: for which loss, and what was tried."""
    numbers = "the new m and c" if is_update else "dL/dm and dL/dc"
    closely = "exactly, in fractions, and to within rounding" if exactly else "to within rounding"
    basis = f"    Tried on {tried.sets} data sets, {tried.questions} questions; compared {closely}."
    verdict = f"RIGHT for the loss {FORMULAS[loss]}: {numbers} match the derivation."
    return f"{verdict}\n\n{basis}{_remarks(remarks)}"


def of_right_on_given(observations: Sequence[Observation], blind: Sequence[str]) -> str:
    """Return the report on a gradient that is right on given points; `blind` names what could not have shown."""
    verdict = f"RIGHT on these points for the loss {FORMULAS[observations[0].points.reduction]}: dL/dm and dL/dc match."
    hidden = f"\n\nThese points could not have shown: {', '.join(blind)}. Leave out x and y to rule them out."
    return f"{verdict}\n\n{table(observations)}{hidden if blind else ''}"


def of_wrong(named: Named, remarks: Sequence[Finding]) -> str:
    """Return the report on a wrong gradient or update."""
    is_update = not hasattr(named.observations[0].probe, "e")
    what = "the new m and c do" if is_update else "dL/dm and dL/dc do"
    parts = [f"WRONG: {what} not match the derivation: {_names(named.diagnosis, named.together)}."]
    if len(named.diagnosis) > 1 and not named.together:
        parts.append("These points cannot tell these mistakes apart; leave out x and y to learn which it is.")
    parts += [_entry(*entry) for entry in named.diagnosis]
    if named.given:
        parts.append(table(named.observations))
    return "\n\n".join(parts) + _remarks(remarks)


def of_rare(what: str, finding: Finding, remarks: Sequence[Finding]) -> str:
    """Return the report on a function that is wrong on some of the many points."""
    return f"WRONG: your {what} is right on some points only.\n\n{_entry(*finding)}{_remarks(remarks)}"


def _names(diagnosis: Sequence[Finding], together: bool) -> str:
    return (" and " if together else " or ").join(dict.fromkeys(name for name, _ in diagnosis))


def _entry(name: str, message: str) -> str:
    """Return the name, and the message under it; what it cites from the derivation stands in a line of its own."""
    paragraphs = re.split(r" (?=Equation \d: |Your (?:cell \d+, )?line \d+: )", message)
    text = "\n\n".join(textwrap.fill(paragraph, 96, break_on_hyphens=False) for paragraph in paragraphs)
    return f"{name}\n{textwrap.indent(text, '    ')}"


def of_thinning(used: int, given: int) -> str:
    """Return the note that not all points were tried, where that is so."""
    return f"\n\nTried on {used} of the {given} points given, evenly spaced." if used < given else ""


def table(observations: Sequence[Observation]) -> str:
    """Return whose number is whose, at each line that was tried."""
    rows = [("", "dL/dm yours", "dL/dm right", "dL/dc yours", "dL/dc right")]
    for one in observations[:4]:
        truth = [term.value for term in one.points.under(right)]
        rows.append((_line(one), *_interleaved(one.answer.values, truth)))
    return f"{_columns(rows)}\n\n    {_basis(observations)}"


def _line(one: Observation) -> str:
    return f"m={float(one.points.m.value):g}, c={float(one.points.c.value):g}"


def _interleaved(yours: Sequence[Fraction], truth: Sequence[Fraction]) -> tuple[str, str, str, str]:
    return _digits(yours[0]), _digits(truth[0]), _digits(yours[1]), _digits(truth[1])


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("    " + "  ".join(map(str.rjust, row, widths)) for row in rows)


def _digits(number: Fraction) -> str:
    try:
        return repr(float(number))
    except OverflowError:
        return digits(number)


def _basis(observations: Sequence[Observation]) -> str:
    """Return on how many points, and how closely, the numbers were compared."""
    points = f"On {observations[0].points.n} point{'s' if observations[0].points.n > 1 else ''}"
    if observations[-1].answer.unit == 0:
        return f"{points}, compared exactly: your function also takes fractions."
    widest = max(bound(term, one.points, one.answer.unit) for one in observations for term in one.points.under(right))
    return f"{points}; rounding accounts for a difference of at most {float(widest):.2g}."
