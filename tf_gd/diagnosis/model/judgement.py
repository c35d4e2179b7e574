"""The verdict on a hand-derived gradient: right, wrong, or cannot tell, and what should be known besides."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.gradient_check import Finding, Verdict
from tf_gd.diagnosis.model.asking_the_loss import MOST_SLOPES, contradicted, located
from tf_gd.diagnosis.model.element_ruling import Element, Ruling
from tf_gd.diagnosis.model.evidence_of_model import ModelEvidence
from tf_gd.diagnosis.model.model_problem import Vector, largest_first
from tf_gd.errors import TfGdError

_RADII = (0.5, 2.0, 8.0)  # of other points, in the parameters' sizes: a dead ReLU is alive at one of them
_MOST_ELEMENTS = 1000  # that differ, the worst first; TensorFlow's values stand for the others


@dataclass(frozen=True)
class ModelJudgement:
    """What the evidence adds up to.

    Attributes:
        verdict: "right", "wrong" or "cannot-tell".
        reasons: why it cannot tell, and what to change.
        remarks: what is no mistake, but should be known.
        elements: those at which the loss was asked, or which are wrong.
        wrong: the indices of the wrong elements.
    """

    verdict: Verdict
    reasons: list[Finding]
    remarks: list[Finding]
    elements: dict[int, Element]
    wrong: list[int]


def judge(evidence: ModelEvidence, nones: Iterable[str] = ()) -> ModelJudgement:
    """Return the verdict."""
    elements = _elements(evidence)
    wrong = [index for index, element in elements.items() if element.ruling.rejects]
    remarks = _remarks(evidence, list(elements.values()), nones)
    if wrong:
        return ModelJudgement("wrong", [], remarks, elements, wrong)
    if len(evidence.heard) < evidence.problem.size and not evidence.admits("", evidence.hand):
        evidence.listen(_largest(evidence))
        if (found := located(evidence)) is not None:
            evidence.listen([found])
        elements = _elements(evidence)
        wrong = [index for index, element in elements.items() if element.ruling.rejects]
        if wrong or contradicted(evidence):
            unslope = [] if wrong else [("not-the-slope", _NOT_THE_SLOPE)]
            return ModelJudgement("wrong", unslope, remarks, elements, wrong)
    unknown = [element for element in elements.values() if element.ruling is Ruling.UNKNOWN]
    reasons, zeros = _untold(evidence, unknown)
    return ModelJudgement("cannot-tell" if reasons else "right", reasons, remarks + zeros, elements, [])


_NOT_THE_SLOPE = (
    "Along random directions over all parameters your gradient is not the slope of the loss, though no single "
    "element stands out."
)


def _elements(evidence: ModelEvidence) -> dict[int, Element]:
    """Return the elements that were heard, and those that differ; many that differ need not all be heard."""
    heard = {index: evidence.element(index) for index in evidence.heard}
    excess = evidence.off / np.maximum(evidence.tolerance.values, np.finfo(float).tiny)
    differing = [index for index in largest_first(excess, _MOST_ELEMENTS) if excess[index] and index not in heard]
    accepted = all(element.ruling.accepts for element in heard.values())
    if heard and accepted and evidence.admits("", evidence.hand) and not evidence.admits("", evidence.tensorflow):
        return heard  # the loss sides with the hand-derived gradient
    return heard | {index: evidence.element(index) for index in differing}


def _largest(evidence: ModelEvidence) -> list[int]:
    weights = abs(evidence.hand) * evidence.problem.scales
    return largest_first(weights, MOST_SLOPES)


def _untold(evidence: ModelEvidence, unknown: list[Element]) -> tuple[list[Finding], list[Finding]]:
    """Return why a wrong sign or factor of 2 could have passed, and remarks on gradients that are always 0."""
    if not np.any(evidence.hand) and not np.nan_to_num(evidence.tensorflow).any() and not evidence.audible:
        return [("zero-gradient", _ZERO)], []
    if not evidence.audible:
        return [("lost-in-rounding", _inaudible(evidence))], []
    if unknown:
        return [("lost-in-rounding", _differ(unknown))], []
    hidden = [name for name in evidence.problem.slices if not _told(evidence, name)]
    always = [name for name in hidden if _is_always_zero(evidence, name)]
    here = [name for name in hidden if name not in always]
    zeros = [("zero-gradient", f"The gradient of {_list(always)} is 0 here and at other points.")] if always else []
    return ([("hidden-parameter", _hidden(here, evidence))] if here else []), zeros


_ZERO = (
    "The gradient is 0 here, so most mistakes cannot show: a wrong sign or a factor of 2 would pass. "
    "Try other params, such as random ones."
)


def _inaudible(evidence: ModelEvidence) -> str:
    largest = max(evidence.hand.max(initial=0), -evidence.hand.min(initial=0))
    return (
        f"The loss, {evidence.loss.value(evidence.problem):.6g}, is known to {evidence.slopes.noise:.1g} only, and "
        f"your gradient ({largest:.2g} at most) changes it by less: a wrong sign or a factor of 2 would pass. "
        "Try another point, where the gradient is larger; float64 in place of float32; or a loss without the large "
        "constant, or on another scale."
    )


def _differ(unknown: list[Element]) -> str:
    labels = ", ".join(element.label for element in unknown[:3])
    return (
        f"At {labels} your value and TensorFlow's differ, but rounding hides the loss's own slope: "
        "try another point, where the gradient is larger, or another scale of the loss."
    )


def _hidden(names: list[str], evidence: ModelEvidence) -> str:
    part = np.concatenate([np.arange(evidence.hand.size)[evidence.problem.slices[name]] for name in names])
    largest = float(abs(evidence.hand[part]).max(initial=0.0))
    return (
        f"The gradient of {_list(names)} is {largest:.2g} at most here, lost in rounding: a wrong sign or a factor "
        "of 2 in it would pass. Is the model saturated, or at its optimum? Try another point, such as smaller params "
        "or smaller data."
    )


def _told(evidence: ModelEvidence, name: str) -> bool:
    """Whether a wrong sign or a factor of 2 in the gradient of a parameter would show."""
    part = evidence.problem.slices[name]
    indices = range(part.start, part.stop)
    if part.start == part.stop:
        return True
    if any(slope.kink is not None for index, slope in evidence.heard.items() if index in indices):
        return True
    if evidence.differentiates:
        values = np.maximum(abs(evidence.hand[part]), abs(evidence.tensorflow[part]))
        return bool((values > 4 * evidence.tolerance.values[part]).any())
    along = name if name in evidence.directions else ""
    return evidence.hears(along) or any(
        slope.hears(float(evidence.hand[index])) for index, slope in evidence.heard.items() if index in indices
    )


def _is_always_zero(evidence: ModelEvidence, name: str) -> bool:
    """Whether the gradient of a parameter is practically zero at other points, too."""
    problem, part = evidence.problem, evidence.problem.slices[name]
    if not evidence.differentiates:
        return _slope_is_zero(evidence, name, problem.vector)
    rng = np.random.default_rng(5)
    for radius in _RADII:
        there = problem.at(problem.vector + radius * problem.scales * rng.uniform(-1, 1, problem.size))
        try:
            values: Vector = evidence.loss.gradient(there)
        except TfGdError:
            return False
        floor = 4 * evidence.tolerance.values[part].max(initial=0.0) + 1e-13 * abs(values).max(initial=0.0)
        if (abs(values[part]) > floor).any():
            return False
    return True


def _slope_is_zero(evidence: ModelEvidence, name: str, here: Vector) -> bool:
    """Whether the loss does not move at all along a parameter, near or far."""
    direction = evidence.directions.get(name, evidence.directions[""])
    values = [evidence.loss.value(evidence.problem.at(here + step * direction)) for step in (-1.0, -0.1, 0.1, 1.0)]
    return max(values) - min(values) <= 64 * evidence.slopes.noise


def _remarks(evidence: ModelEvidence, elements: list[Element], nones: Iterable[str]) -> list[Finding]:
    """Return what is no mistake in the derivation, but should be known."""
    said = []
    kinks = [element for element in elements if element.at_kink]
    if kinks:
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
    if evidence.widened:
        said.append(("float32-constant", _FLOAT32))
    if nones:
        said.append(("none-gradient", f"Your gradient of {_list(sorted(nones))} is None, which is read as 0."))
    return said


_FLOAT32 = (
    "TensorFlow's own function holds a constant in float32 (as tf.nn.gelu and tf.nn.leaky_relu do), so its gradient "
    "differs from yours in the eighth digit. That is no mistake of yours."
)


def _of_kink(elements: list[Element]) -> str:
    slope = elements[0].slope
    assert slope is not None
    assert slope.kink is not None
    return (
        f"The loss has a kink within {slope.kink:.2g} of {_some(elements)}: at {elements[0].label} its slope "
        f"is {slope.left:.6g} on the left and {slope.right:.6g} on the right. Every value between the two is "
        "a subgradient, and is accepted; TensorFlow takes one of them."
    )


def _some(elements: list[Element]) -> str:
    labels = [element.label for element in elements]
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
