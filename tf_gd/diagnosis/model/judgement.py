"""The verdict on a hand-derived gradient: right, wrong, or cannot tell, and what should be known besides."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tf_gd.diagnosis.gradient_check import Finding, Verdict
from tf_gd.diagnosis.model.asking_the_loss import FIRST, MOST_SLOPES, contradicted, located, look_beside
from tf_gd.diagnosis.model.beside_kinks import Side
from tf_gd.diagnosis.model.element_verdict import Element, ElementVerdict
from tf_gd.diagnosis.model.model_measurements import ModelMeasurements
from tf_gd.diagnosis.model.model_problem import LARGE, largest_first
from tf_gd.diagnosis.model.untold import untold
from tf_gd.points.arrays import Floats

_MOST_ELEMENTS = 1000  # that differ, the worst first; TensorFlow's values stand for the others


@dataclass(frozen=True)
class ModelJudgement:
    """What the measurements add up to.

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


def judge(measured: ModelMeasurements, known: Mapping[str, str] = MappingProxyType({})) -> ModelJudgement:
    """Return the verdict; `known` are remarks on the hand-derived gradient itself."""
    elements = _elements(measured)
    if any(element.verdict.rejects or element.at_kink for element in elements.values()):
        look_beside(measured)
        elements = _elements(measured)
    wrong = [index for index, element in elements.items() if element.verdict.rejects]
    remarks = [*_remarks(measured, list(elements.values())), *known.items()]
    if wrong:
        return ModelJudgement("wrong", _outside(measured, wrong), remarks, elements, wrong)
    agree = measured.believed and not measured.off.any()
    if len(measured.element_slopes) < measured.problem.size and not agree and not _admitted(measured, measured.hand):
        look_beside(measured)
        measured.ask_at(_largest(measured))
        if (index_at_fault := located(measured)) is not None:
            measured.ask_at([index_at_fault])
        elements = _elements(measured)
        wrong = [index for index, element in elements.items() if element.verdict.rejects]
        if wrong or contradicted(measured):
            unslope = [] if wrong else [("not-the-slope", _NOT_THE_SLOPE)]
            return ModelJudgement("wrong", unslope, remarks, elements, wrong)
    unknown = [element for element in elements.values() if element.verdict is ElementVerdict.UNKNOWN]
    reasons, zeros = untold(measured, unknown)
    return ModelJudgement("cannot-tell" if reasons else "right", reasons, remarks + zeros, elements, [])


_NOT_THE_SLOPE = (
    "Along random directions over all parameters your gradient is not the slope of the loss, though no single "
    "element stands out."
)


def _admitted(measured: ModelMeasurements, gradient: Floats) -> bool:
    """Whether the loss admits a gradient along every direction over many elements."""
    whole = [one for one in measured.directions.values() if not one.parameter]
    return all(one.admits(gradient) for one in (whole if measured.trusted else measured.directions.values()))


def _outside(measured: ModelMeasurements, wrong: list[int]) -> list[Finding]:
    """Return what is wrong where all that is wrong lies at kinks."""
    if any(measured.sides.get(index) is not Side.OUTSIDE for index in wrong):
        return []
    label, value = measured.problem.label(wrong[0]), float(measured.hand[wrong[0]])
    return [
        (
            "no-subgradient",
            f"The loss has a kink here, as where two numbers tie in a maximum, or at the corner of |z| or a ReLU: a "
            f"gradient must be a mixture of those beside it. Yours ({label} is {value:.6g}) is none. Where several "
            "elements tie, give the gradient to one of them, or share it out: not all of it to each.",
        )
    ]


def _elements(measured: ModelMeasurements) -> dict[int, Element]:
    """Return the elements at which the loss was asked, and those that differ, of which it need not be asked at all."""
    indices = [*measured.element_slopes, *list(measured.sides)[:_MOST_ELEMENTS]]
    asked = {index: measured.element(index) for index in indices}
    differing = [index for index in measured.worst()[:_MOST_ELEMENTS] if index not in asked]
    accepted = all(element.verdict.accepts for element in asked.values())
    if asked and accepted and _admitted(measured, measured.hand) and not _admitted(measured, measured.tensorflow):
        return asked  # the slopes of the loss are those of the hand-derived gradient
    return asked | {index: measured.element(index) for index in differing}


def _largest(measured: ModelMeasurements) -> list[int]:
    weights = abs(measured.hand) * measured.problem.scales
    return largest_first(weights, MOST_SLOPES if measured.problem.size <= LARGE else FIRST)


def _remarks(measured: ModelMeasurements, elements: list[Element]) -> list[Finding]:
    """Return what is no mistake in the derivation, but should be known."""
    remarks = []
    kinks = [element for element in elements if element.at_kink or element.side is Side.SUBGRADIENT]
    if kinks:
        remarks.append(("kink", _of_kink(kinks, measured.differentiates)))
    for verdict, name, whose in (
        (
            ElementVerdict.TENSORFLOW_DIFFERS,
            "tensorflow-differs",
            "your value is the slope of the loss and TensorFlow's is not",
        ),
        (ElementVerdict.NEITHER, "not-the-slope", "neither your value nor TensorFlow's is the slope of the loss"),
    ):
        if matches := [element for element in elements if element.verdict is verdict]:
            why = "does the loss stop a gradient, round, or define its own?"
            remarks.append((name, f"At {_some(matches)} {whose}: {why}"))
    if measured.widened:
        remarks.append(("float32-constant", _FLOAT32))
    return remarks


_FLOAT32 = (
    "TensorFlow's own function holds a constant in float32 (as tf.nn.gelu and tf.nn.leaky_relu do), so its gradient "
    "differs from yours in the eighth digit. That is no mistake of yours."
)


def _of_kink(elements: list[Element], differentiates: bool) -> str:
    chosen = " TensorFlow takes one of them." if differentiates else ""
    labelled_slope = next(((element.label, element.slope) for element in elements if element.at_kink), None)
    if labelled_slope is None or labelled_slope[1] is None:
        return f"The loss has a kink at {_some(elements)}: every mixture of the gradients beside it passes.{chosen}"
    label, slope = labelled_slope
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
