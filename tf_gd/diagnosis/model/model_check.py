"""The check of a hand-derived gradient: is it right for this model, and if not, which mistake is in it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.gradient_check import Finding, GradientCheck, Verdict
from tf_gd.diagnosis.model import model_report as report
from tf_gd.diagnosis.model.explanation import explain
from tf_gd.diagnosis.model.hand_gradient import GradientFunction, HandGradient
from tf_gd.diagnosis.model.judgement import ModelJudgement, judge
from tf_gd.diagnosis.model.loss_calls import Loss
from tf_gd.diagnosis.model.loss_function import LossFunction, loss_function
from tf_gd.diagnosis.model.measuring import measure
from tf_gd.diagnosis.model.model_measurements import ModelMeasurements
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.model.untold import KINKS
from tf_gd.errors import TfGdError, invalid
from tf_gd.points.arrays import Floats


def check_gradient(
    loss: Loss,
    gradient: GradientFunction,
    *,
    params: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
) -> GradientCheck:
    """Check a hand-derived gradient of any model, and name the mistake in it.

    Three values are compared: the hand-derived gradient, TensorFlow's, and the slope of the loss by central
    differences, which decides where the other two disagree. For a loss in NumPy there are two: by hand, and from
    the loss. All are computed in float64 where the loss and the gradient allow it, so that the
    rounding of a float32 model is not reported as a mistake.

    Args:
        loss: called as `loss(**params, **data)`; returns one real number (or a tuple that starts with it), from
            TensorFlow operations, in graph or eager mode, or from NumPy.
        gradient: called as `gradient(**params, **data)` with NumPy arrays; returns a dict with the names of
            the parameters, or a tuple in their order, or one array where there is one parameter; also
            `(loss, gradient)`. Each has its parameter's shape; positive means that the loss grows with the
            parameter. None stands for 0.
        params: name -> array of any shape, or nested dicts of them, at which the gradient is checked. Best not
            all zero: there, mistakes hide.
        data: name -> array; anything else is passed on as it is.

    Returns:
        A `GradientCheck`: `verdict` "right", "wrong" or "cannot-tell", `diagnosis` [(name, message), ...] with
        the likeliest first, `remarks`, and the report as `str()`, with the tolerance and its reason.

    Raises:
        InvalidArgumentError: params or data are no finite numbers; the loss raises, is not one real number,
            does not depend on the parameters, is not finite, or is random.

    Example:
        >>> import numpy as np, tensorflow as tf
        >>> def loss(w, x, y):
        ...     return tf.reduce_mean(tf.square(tf.linalg.matvec(x, w) - y))
        >>> def gradient(w, x, y):
        ...     return x.T @ (x @ w - y) / len(y)
        >>> x, y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([1.0, 0.0, 2.0])
        >>> check = check_gradient(loss, gradient, params={"w": [0.5, -1.0]}, data={"x": x, "y": y})
        >>> check.ok, [name for name, message in check.diagnosis]
        (False, ['missing-factor-2'])
    """
    for name, function in (("loss", loss), ("gradient", gradient)):
        if not callable(function):
            raise invalid(name, f"a function, called as {name}(**params, **data)", function)
    asked = loss_function(loss, ModelProblem.of(params, data or {}))
    try:
        return checked(asked, HandGradient(gradient))
    finally:
        asked.close()


class Asked(Protocol):
    """A hand-derived gradient, wherever it is; `remarks` are what is no mistake in it, but should be known."""

    remarks: dict[str, str]

    def __call__(self, problem: ModelProblem) -> Floats:
        """Return it, shape [size]."""


def checked(loss: LossFunction, ask: Asked) -> GradientCheck:
    """Measure, judge, and explain what is wrong."""
    try:
        measured = measure(loss, ask, loss.problem)
    except Misbehaved as fault:
        return not_compared(fault)
    judgement = judge(measured, ask.remarks)
    if judgement.verdict != "wrong" and measured.unsettled:
        measured, judgement = _asked_nearby(measured, judgement, ask)
    mistakes = explain(measured, judgement, ask) if judgement.verdict == "wrong" else []
    return _result(measured, judgement, mistakes)


def not_compared(fault: Misbehaved, what: str = "gradient") -> GradientCheck:
    """Return the check of a gradient that gave no numbers to compare, or whose loss could not be used."""
    finding = (fault.name, fault.message)
    verdict: Verdict = "cannot-tell" if fault.name in NOT_COMPARED else "wrong"
    lines = {} if fault.line is None else {fault.name: fault.line}
    return GradientCheck(verdict, [finding], report.of_fault(verdict, finding, what), lines=lines)


def _asked_nearby(
    measured: ModelMeasurements, judgement: ModelJudgement, ask: Asked
) -> tuple[ModelMeasurements, ModelJudgement]:
    """Return what is wrong at other params nearby, off the kinks; else that kinks keep it from being told."""
    for seed in range(_NEARBY):
        try:
            there = measure(measured.loss, ask, measured.problem.nearby(seed))
        except (Misbehaved, TfGdError):
            continue
        nearby_judgement = judge(there, ask.remarks)
        if nearby_judgement.verdict == "wrong":
            return there, replace(nearby_judgement, remarks=[*nearby_judgement.remarks, ("asked-nearby", _ELSEWHERE)])
    if judgement.verdict == "cannot-tell":
        return measured, judgement
    return measured, replace(judgement, verdict="cannot-tell", reasons=[("kinks", KINKS)])


_NEARBY = 3
_ELSEWHERE = (
    "At your params the loss has kinks, at which a wrong gradient may pass. So your gradient was also asked at params "
    "moved by about a tenth, and there it is wrong; the numbers are from there."
)


def _result(measured: ModelMeasurements, judgement: ModelJudgement, mistakes: list[Finding]) -> GradientCheck:
    diagnosis = mistakes or judgement.reasons
    text = report.of_check(judgement, diagnosis, measured)
    return GradientCheck(judgement.verdict, diagnosis, text, judgement.remarks)
