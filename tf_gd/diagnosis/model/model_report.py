"""What the check of a model's gradient says, as text: each number labelled as whose it is."""

import textwrap
from collections.abc import Sequence

from tf_gd.diagnosis.model.tolerance import DOUBLE, LAMBDA, SINGLE, TRIALS, Sensitivity
from tf_gd.diagnosis.model.verdict import Element, Ruling

Finding = tuple[str, str]
MOST_ROWS = 12
HEADS = ("", "by hand", "TensorFlow", "from the loss", "+/-", "by hand - TensorFlow", "tolerance", "")


def of_fault(finding: Finding) -> str:
    """Return the report on a gradient that gave no numbers to compare."""
    return f"WRONG: your gradient could not be compared.\n\n{_entry(finding)}"


def of_check(
    mistakes: Sequence[Finding],
    remarks: Sequence[Finding],
    elements: Sequence[Element],
    rounding: Sensitivity,
) -> str:
    """Return the report on a gradient that was compared."""
    names = " or ".join(dict.fromkeys(name for name, _ in mistakes))
    head = (
        f"WRONG: your gradient is not that of the loss: {names}."
        if names
        else "RIGHT: your gradient is that of the loss."
    )
    entries = [*map(_entry, mistakes), *(f"remark: {_entry(remark)}" for remark in remarks)]
    return "\n\n".join([head, *entries, _table(elements), _reason(rounding)])


def remarks(elements: Sequence[Element]) -> list[Finding]:
    """Return what is no mistake in the derivation, but should be known."""
    said = []
    if kinks := [element for element in elements if element.slope is not None and element.slope.kink is not None]:
        said.append(("kink", _of_kink(kinks)))
    for ruling, name, whose in (
        (
            Ruling.TENSORFLOW_DIFFERS,
            "tensorflow-differs",
            "your value is the slope of the loss and TensorFlow's is not",
        ),
        (Ruling.NEITHER, "not-the-slope", "neither your value nor TensorFlow's is the slope of the loss"),
    ):
        if found := [element for element in elements if element.ruling is ruling]:
            why = "does the loss stop a gradient, round, or define its own?"
            said.append((name, f"At {_some(found)} {whose}: {why}"))
    if all(element.by_hand == element.tensorflow == 0 for element in elements):
        said.append(("zero-gradient", "The gradient is 0 here, so most mistakes cannot show: try other params."))
    return said


def _of_kink(elements: Sequence[Element]) -> str:
    slope = elements[0].slope
    assert slope is not None
    assert slope.kink is not None
    return (
        f"The loss has a kink within {slope.kink:.2g} of {_some(elements)}: at {elements[0].label} its slope "
        f"is {slope.left:.6g} on the left and {slope.right:.6g} on the right. Every value between the two is "
        "a subgradient, and is accepted; TensorFlow takes one of them."
    )


def _entry(finding: Finding) -> str:
    name, message = finding
    return f"{name}\n{textwrap.indent(textwrap.fill(message, 96, break_on_hyphens=False), '    ')}"


def _table(elements: Sequence[Element]) -> str:
    """Return the numbers, the wrong elements first where there are too many to show."""
    shown = list(elements)
    if len(shown) > MOST_ROWS:
        worst = sorted(shown, key=lambda element: (element.ruling.accepts, element.tolerance - abs(element.difference)))
        kept = {id(element) for element in worst[:MOST_ROWS]}
        shown = [element for element in shown if id(element) in kept]
    rows = [HEADS, *(_row(element) for element in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    lines = ["    " + "  ".join(map(str.rjust, row, widths)).rstrip() for row in rows]
    hidden = len(elements) - len(shown)
    return "\n".join(lines + [f"    ... and {hidden} more elements"] * (hidden > 0))


def _row(element: Element) -> tuple[str, ...]:
    slope = ("", "") if element.slope is None else (f"{element.slope.value:.10g}", f"{element.slope.error:.1g}")
    mark = "" if element.ruling.accepts else "<- wrong"
    return (
        element.label,
        f"{element.by_hand:.10g}",
        f"{element.tensorflow:.10g}",
        *slope,
        f"{element.difference:.2g}",
        f"{element.tolerance:.2g}",
        mark,
    )


def _reason(rounding: Sensitivity) -> str:
    """Return why the tolerance is what it is, and how the slope of the loss was found."""
    dtype = {DOUBLE: "float64", SINGLE: "float32"}.get(rounding.unit, "the narrowest dtype")
    walk = f"up to N roundings add up like a random walk, {LAMBDA:g} sqrt(N)"
    formula, why = (
        (f"{LAMBDA:g} N", f"{walk}, and may all go one way, sqrt(N)")
        if rounding.unit == DOUBLE
        else (f"{LAMBDA:g} sqrt(N)", walk)
    )
    text = (
        f"Tolerance: {rounding.factor:.4g} times the distance that the value moves when every input moves by "
        f"one unit in the last place of {dtype} (root mean square of {TRIALS} random trials). "
        f"{rounding.factor:.4g} = {formula} for N = {rounding.num_inputs} inputs: {why}. From the loss: "
        "central differences, extrapolated, with their estimated error."
    )
    return textwrap.indent(textwrap.fill(text, 96, break_on_hyphens=False), "    ")


def _some(elements: Sequence[Element]) -> str:
    labels = [element.label for element in elements]
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
