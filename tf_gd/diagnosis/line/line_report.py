"""What a check of somebody's derivation says, as text: each number labelled as whose it is."""

import re
import textwrap
from collections.abc import Sequence
from fractions import Fraction

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.line.evidence import Observation, bound
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import Explanation
from tf_gd.diagnosis.line.unclassified import digits


def of_fault(what: str, fault: Misbehaved) -> str:
    """Return the report on a function that gave no numbers to compare."""
    verdict = "CANNOT TELL" if fault.name in NOT_COMPARED else "WRONG"
    return f"{verdict}: your {what} could not be compared.\n\n{_entry(fault.name, fault.message)}"


def of_remarks(what: str, diagnosis: Sequence[tuple[str, str]]) -> str:
    """Return the report on a right function about which there is something to remark, or nothing."""
    remarks = "".join(f"\n\nremark: {_entry(name, message)}" for name, message in diagnosis)
    return f"RIGHT: your {what} does what the derivation says.{remarks}"


def of_right(seen: Sequence[Observation], blind: Sequence[str]) -> str:
    """Return the report on a right gradient; `blind` names the mistakes that could not have shown."""
    hidden = f"\n\nThese points could not have shown: {', '.join(blind)}. Leave out x and y to rule them out."
    return f"RIGHT: dL/dm and dL/dc match the derivation.\n\n{table(seen)}{hidden if blind else ''}"


def of_wrong(seen: Sequence[Observation], diagnosis: Sequence[tuple[str, str]], found: Explanation) -> str:
    """Return the report on a wrong gradient."""
    parts = [f"WRONG: dL/dm and dL/dc do not match the derivation: {_names(diagnosis, found.together)}."]
    if len(found.mistakes) > 1 and not found.together:
        parts.append("These points cannot tell these mistakes apart; leave out x and y to learn which it is.")
    parts += [_entry(*entry) for entry in diagnosis]
    return "\n\n".join([*parts, table(seen)])


def _names(diagnosis: Sequence[tuple[str, str]], together: bool) -> str:
    return (" and " if together else " or ").join(dict.fromkeys(name for name, _ in diagnosis))


def of_wrong_update(seen: Sequence[Observation], diagnosis: Sequence[tuple[str, str]], together: bool) -> str:
    """Return the report on a wrong update."""
    entries = "\n\n".join(_entry(name, message) for name, message in diagnosis)
    rows = [("", "m yours", "m right", "c yours", "c right")]
    for one in seen[:4]:
        truth = one.probe.moved()
        rows.append((_line(one), *_interleaved(one.answer.values, [term.value for term in truth])))
    rate = f"    Each row is one update at learning_rate {float(seen[0].probe.learning_rate)} from that line."
    verdict = f"WRONG: the new m and c do not match the derivation: {_names(diagnosis, together)}."
    return "\n\n".join([verdict, entries, _columns(rows), rate])


def _entry(name: str, message: str) -> str:
    """Return the name, and the message under it; what it cites from the derivation stands in a line of its own."""
    paragraphs = re.split(r" (?=Line \d: )", message)
    text = "\n\n".join(textwrap.fill(paragraph, 96, break_on_hyphens=False) for paragraph in paragraphs)
    return f"{name}\n{textwrap.indent(text, '    ')}"


def of_thinning(used: int, given: int) -> str:
    """Return the note that not all points were tried, where that is so."""
    return f"\n\nTried on {used} of the {given} points given, evenly spaced." if used < given else ""


def table(seen: Sequence[Observation]) -> str:
    """Return whose number is whose, at each line that was tried."""
    rows = [("", "dL/dm yours", "dL/dm right", "dL/dc yours", "dL/dc right")]
    for one in seen[:4]:
        truth = [term.value for term in one.points.under(right)]
        rows.append((_line(one), *_interleaved(one.answer.values, truth)))
    return f"{_columns(rows)}\n\n    {_basis(seen)}"


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


def _basis(seen: Sequence[Observation]) -> str:
    """Return on how many points, and how closely, the numbers were compared."""
    points = f"On {seen[0].points.n} point{'s' if seen[0].points.n > 1 else ''}"
    if seen[-1].answer.unit == 0:
        return f"{points}, compared exactly: your function also takes fractions."
    widest = max(bound(term, one.points, one.answer.unit) for one in seen for term in one.points.under(right))
    return f"{points}; rounding accounts for a difference of at most {float(widest):.2g}."
