"""What a check of a path says, as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from tf_gd.diagnosis.path.path_judgement import Judgement

LOSSES = {
    "sum": "sum(e^2)",
    "mean": "sum(e^2) / n",
    "half_sum": "sum(e^2) / 2",
    "half_mean": "sum(e^2) / (2n)",
}

Entries = Sequence[tuple[str, str]]


def report(judgement: Judgement, diagnosis: Entries, remarks: Entries, basis: str) -> str:
    """Return the whole report; `basis` says what was looked at."""
    parts = [_first_line(judgement, diagnosis), *(f"remark: {entry(*one)}" for one in remarks)]
    return "\n\n".join([*parts, *(entry(*one) for one in diagnosis), basis])


def _first_line(judgement: Judgement, diagnosis: Entries) -> str:
    loss = judgement.reading.loss if judgement.reading else None
    under = f" for the loss {LOSSES[loss]}" if loss else ""
    if judgement.verdict == "right":
        return f"RIGHT{under}: every step is gradient descent."
    names = " and ".join(dict.fromkeys(name for name, _ in diagnosis))
    if judgement.verdict == "wrong":
        return f"WRONG{under and f' ({under.strip()})'}: the steps are not plain gradient descent: {names}."
    if [name for name, _ in diagnosis] == ["columns-exchanged"]:
        return "CANNOT TELL: as the columns stand, the steps are not gradient descent."
    return "CANNOT TELL: the steps fit gradient descent, and something else as well."


def entry(name: str, message: str) -> str:
    """Return the name, and the message under it; what it cites from the derivation stands in a line of its own."""
    paragraphs = re.split(r" (?=(?:Line|Equation) \d: )", message)
    text = "\n\n".join(textwrap.fill(paragraph, 96, break_on_hyphens=False) for paragraph in paragraphs)
    return f"{name}\n{textwrap.indent(text, '    ')}"
