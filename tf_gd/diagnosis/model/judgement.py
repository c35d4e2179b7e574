"""The verdict on a hand-derived gradient: right, wrong, or cannot tell, and what should be known besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tf_gd.diagnosis.gradient_check import Finding, Verdict
from tf_gd.diagnosis.model.asking_the_loss import FIRST, MOST_SLOPES, contradicted, located, look_beside
from tf_gd.diagnosis.model.beside_kinks import Side
from tf_gd.diagnosis.model.element_ruling import Element, Ruling
from tf_gd.diagnosis.model.evidence_of_model import ModelEvidence
from tf_gd.diagnosis.model.model_problem import LARGE, largest_first
from tf_gd.diagnosis.model.untold import untold
from tf_gd.points.arrays import Floats

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


def judge(evidence: ModelEvidence, known: Mapping[str, str] = MappingProxyType({})) -> ModelJudgement:
    """Return the verdict; `known` are remarks on the hand-derived gradient itself."""
    elements = _elements(evidence)
    if any(element.ruling.rejects or element.at_kink for element in elements.values()):
        look_beside(evidence)
        elements = _elements(evidence)
    wrong = [index for index, element in elements.items() if element.ruling.rejects]
    remarks = [*_remarks(evidence, list(elements.values())), *known.items()]
    if wrong:
        return ModelJudgement("wrong", _outside(evidence, wrong), remarks, elements, wrong)
    agree = evidence.believed and not evidence.off.any()
    if len(evidence.heard) < evidence.problem.size and not agree and not _admitted(evidence, evidence.hand):
        look_beside(evidence)
        evidence.listen(_largest(evidence))
        if (found := located(evidence)) is not None:
            evidence.listen([found])
        elements = _elements(evidence)
        wrong = [index for index, element in elements.items() if element.ruling.rejects]
        if wrong or contradicted(evidence):
            unslope = [] if wrong else [("not-the-slope", _NOT_THE_SLOPE)]
            return ModelJudgement("wrong", unslope, remarks, elements, wrong)
    unknown = [element for element in elements.values() if element.ruling is Ruling.UNKNOWN]
    reasons, zeros = untold(evidence, unknown)
    return ModelJudgement("cannot-tell" if reasons else "right", reasons, remarks + zeros, elements, [])


_NOT_THE_SLOPE = (
    "Along random directions over all parameters your gradient is not the slope of the loss, though no single "
    "element stands out."
)


def _admitted(evidence: ModelEvidence, gradient: Floats) -> bool:
    """Whether the loss admits a gradient along every direction over many elements."""
    whole = [one for one in evidence.directions.values() if not one.parameter]
    return all(one.admits(gradient) for one in (whole if evidence.trusted else evidence.directions.values()))


def _outside(evidence: ModelEvidence, wrong: list[int]) -> list[Finding]:
    """Return what is wrong where all that is wrong lies at kinks."""
    if any(evidence.sides.get(index) is not Side.OUTSIDE for index in wrong):
        return []
    label, value = evidence.problem.label(wrong[0]), float(evidence.hand[wrong[0]])
    return [
        (
            "no-subgradient",
            f"The loss has a kink here, as where two numbers tie in a maximum, or at the corner of |z| or a ReLU: a "
            f"gradient must be a mixture of those beside it. Yours ({label} is {value:.6g}) is none. Where several "
            "elements tie, give the gradient to one of them, or share it out: not all of it to each.",
        )
    ]


def _elements(evidence: ModelEvidence) -> dict[int, Element]:
    """Return the elements that were heard, and those that differ; many that differ need not all be heard."""
    heard = {index: evidence.element(index) for index in [*evidence.heard, *list(evidence.sides)[:_MOST_ELEMENTS]]}
    differing = [index for index in evidence.worst()[:_MOST_ELEMENTS] if index not in heard]
    accepted = all(element.ruling.accepts for element in heard.values())
    if heard and accepted and _admitted(evidence, evidence.hand) and not _admitted(evidence, evidence.tensorflow):
        return heard  # the loss sides with the hand-derived gradient
    return heard | {index: evidence.element(index) for index in differing}


def _largest(evidence: ModelEvidence) -> list[int]:
    weights = abs(evidence.hand) * evidence.problem.scales
    return largest_first(weights, MOST_SLOPES if evidence.problem.size <= LARGE else FIRST)


def _remarks(evidence: ModelEvidence, elements: list[Element]) -> list[Finding]:
    """Return what is no mistake in the derivation, but should be known."""
    said = []
    kinks = [element for element in elements if element.at_kink or element.side is Side.SUBGRADIENT]
    if kinks:
        said.append(("kink", _of_kink(kinks, evidence.differentiates)))
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
    return said


_FLOAT32 = (
    "TensorFlow's own function holds a constant in float32 (as tf.nn.gelu and tf.nn.leaky_relu do), so its gradient "
    "differs from yours in the eighth digit. That is no mistake of yours."
)


def _of_kink(elements: list[Element], differentiates: bool) -> str:
    chosen = " TensorFlow takes one of them." if differentiates else ""
    seen = next(((element.label, element.slope) for element in elements if element.at_kink), None)
    if seen is None or seen[1] is None:
        return f"The loss has a kink at {_some(elements)}: every mixture of the gradients beside it passes.{chosen}"
    label, slope = seen
    assert slope is not None
    return (
        f"The loss has a kink within {slope.kink:.2g} of {_some(elements)}: at {label} its slope is {slope.left:.6g} "
        f"on the left and {slope.right:.6g} on the right. A value between the two is a subgradient, and passes, where "
        f"those of all elements together are a mixture of the gradients beside the kink.{chosen}"
    )


def _some(elements: list[Element]) -> str:
    return _first_of([element.label for element in elements])


def _first_of(labels: list[str]) -> str:
    return ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
