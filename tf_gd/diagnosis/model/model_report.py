"""What the check of a model's gradient says, as text: each number labelled as whose it is."""

import re
import textwrap
from collections.abc import Sequence

import numpy as np

from tf_gd.diagnosis.gradient_check import Finding, Verdict
from tf_gd.diagnosis.model.element_verdict import Element
from tf_gd.diagnosis.model.finite_differences import DOUBLE, SINGLE
from tf_gd.diagnosis.model.judgement import ModelJudgement
from tf_gd.diagnosis.model.model_measurements import ModelMeasurements
from tf_gd.diagnosis.model.model_problem import largest_first
from tf_gd.diagnosis.model.tolerance import LAMBDA, Tolerance

MOST_ROWS = 12
HEADS = ("", "by hand", "TensorFlow", "from the loss", "+/-", "by hand - TensorFlow", "tolerance", "")
_AT_FAULT = re.compile(r"`(loss|forward|inputs|params|data)\b")  # as the message of an error begins
TWO_HEADS = ("", "by hand", "from the loss", "+/-", "by hand - the loss", "tolerance", "")


def of_fault(verdict: Verdict, finding: Finding, what: str = "gradient") -> str:
    """Return the report on a gradient that gave no numbers to compare; the first line says what is at fault."""
    at_fault = _AT_FAULT.match(finding[1])
    summary = f"{at_fault[1]} cannot be used" if at_fault else f"{what} could not be compared"
    return f"{verdict.upper().replace('-', ' ')}: your {summary}.\n\n{_entry(finding)}"


def of_check(judgement: ModelJudgement, diagnosis: Sequence[Finding], measured: ModelMeasurements) -> str:
    """Return the report on a gradient that was compared."""
    names = " or ".join(dict.fromkeys(name for name, _ in diagnosis))
    head = {
        "right": "RIGHT: your gradient is that of the loss.",
        "wrong": f"WRONG: your gradient is not that of the loss: {names}.",
        "cannot-tell": f"CANNOT TELL: nothing contradicts your gradient, but a wrong one would pass, too: {names}.",
    }[judgement.verdict]
    entries = [*map(_entry, diagnosis), *(f"remark: {_entry(remark)}" for remark in judgement.remarks)]
    return "\n\n".join([head, *entries, _table(judgement, measured), _reason(measured)])


def _entry(finding: Finding) -> str:
    name, message = finding
    return f"{name}\n{textwrap.indent(textwrap.fill(message, 96, break_on_hyphens=False), '    ')}"


def _table(judgement: ModelJudgement, measured: ModelMeasurements) -> str:
    """Return the numbers, the wrong elements first where there are too many to show."""
    shown = _shown(judgement, measured)
    heads = HEADS if measured.differentiates else TWO_HEADS
    rows = [heads, *(_row(element, measured.differentiates) for element in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    lines = ["    " + "  ".join(map(str.rjust, row, widths)).rstrip() for row in rows]
    hidden = measured.problem.size - len(shown)
    return "\n".join(lines + [f"    ... and {hidden} more elements"] * (hidden > 0))


def _shown(judgement: ModelJudgement, measured: ModelMeasurements) -> list[Element]:
    size = measured.problem.size
    if size <= MOST_ROWS:
        return [measured.element(index) for index in range(size)]
    worst = sorted(judgement.elements.items(), key=lambda item: (not item[1].verdict.rejects, -_excess(item[1])))
    indices = [index for index, _ in worst[:MOST_ROWS]]
    if len(indices) < MOST_ROWS:
        largest = largest_first(abs(measured.hand), 2 * MOST_ROWS)
        indices += [index for index in largest if index not in indices][: MOST_ROWS - len(indices)]
    return [measured.element(index) for index in sorted(indices)]


def _excess(element: Element) -> float:
    return float(np.nan_to_num(abs(element.difference))) - element.tolerance


def _row(element: Element, three: bool) -> tuple[str, ...]:
    slope = ("", "") if element.slope is None else (f"{element.slope.value:.10g}", f"{element.slope.error:.1g}")
    values = _values(element) if three else (f"{element.by_hand:.10g}",)
    mark = "<- wrong" if element.verdict.rejects else ""
    compared = ("", "") if np.isnan(element.difference) else (f"{element.difference:.2g}", f"{element.bound:.2g}")
    return (element.label, *values, *slope, *compared, mark)


def _values(element: Element) -> tuple[str, str]:
    if element.agrees:
        return f"{element.by_hand:.10g}", f"{element.tensorflow:.10g}"
    return apart(element.by_hand, element.tensorflow)


def apart(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with ten digits, or as many as it takes to see that they differ."""
    for digits in range(10, 18):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if first == second or texts[0] != texts[1]:
            break
    return texts


def _reason(measured: ModelMeasurements) -> str:
    """Return why the tolerance is what it is, and how the slope of the loss was found."""
    text = (
        f"{_of_tolerance(measured.tolerance)} From the loss: central differences, extrapolated, with their "
        "estimated error; along random directions over all parameters, and at single elements."
    )
    if not measured.differentiates:
        text = (
            "The loss is not in TensorFlow, so two values are compared and not three: your gradient, and the slope of "
            f"the loss. {text}"
        )
    return textwrap.indent(textwrap.fill(text, 96, break_on_hyphens=False), "    ")


def _of_tolerance(tolerance: Tolerance) -> str:
    dtype = {DOUBLE: "float64", SINGLE: "float32"}.get(tolerance.unit, "the narrowest dtype")
    size = f"{tolerance.factor:.4g}"
    if not tolerance.trials:
        return (
            f"Tolerance: {size} = {LAMBDA:g} sqrt(N) roundings of {dtype} of a parameter's largest element, for "
            f"N = {tolerance.num_inputs} inputs."
        )
    walk = f"up to N roundings add up like a random walk, {LAMBDA:g} sqrt(N)"
    formula, why = (
        (f"{LAMBDA:g} N", f"{walk}, and may all go one way, sqrt(N)")
        if tolerance.unit == DOUBLE
        else (f"{LAMBDA:g} sqrt(N)", walk)
    )
    return (
        f"Tolerance: {size} times the distance that the value moves when every input moves by one unit in the last "
        f"place of {dtype} (typical of {tolerance.trials} random trials). {size} = {formula} for "
        f"N = {tolerance.num_inputs} inputs: {why}."
    )
