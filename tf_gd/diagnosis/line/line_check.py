"""Check a hand-derived gradient or update of the line, and name the mistake in it.

The right gradient is affine in (m, c), so on given points three evaluations determine it and a fourth
confirms it. What comes back is compared in exact rational arithmetic where the function takes Fractions, else
to within the rounding bound; then every entry of the catalogue is compared in the same way.

A wrong scale, and m and c updated one after the other, lead to the same best line, only at another pace. So
the line that comes out at the end proves nothing about an update: single updates are looked at.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck, Verdict
from tf_gd.diagnosis.line import line_report as report
from tf_gd.diagnosis.line.asking import GRADIENT, UPDATE, Answer, Subject, ask, require_arguments, subject_of
from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.evidence import Observation, explains, in_one_precision, unit_of
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.matching import blind_spots, explanation
from tf_gd.diagnosis.line.probes import LINES, points_for, probes
from tf_gd.diagnosis.line.unclassified import describe, describe_update
from tf_gd.diagnosis.line.updates import (
    FLOAT64_RATE,
    RATES,
    STEPS,
    UPDATES,
    Step,
    StepFormula,
    as_tensorflow,
    on_paper,
    with_gradient,
)
from tf_gd.errors import DataError
from tf_gd.line import Reduction, check_reduction
from tf_gd.points import Points

GradientFunction = Callable[..., Any]
UpdateFunction = Callable[..., Any]

__all__ = ["CATALOGUE", "UPDATES", "check_line_gradient", "check_update"]


def check_line_gradient(
    gradient: GradientFunction,
    x: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    reduction: Reduction = "sum",
) -> GradientCheck:
    """Check a hand-derived gradient of the line's squared loss, and name the mistake in it.

    Args:
        gradient: called as `gradient(m, c, x, y)` with two numbers and two arrays of shape [n]; returns
            (dL/dm, dL/dc) as a tuple, a list, an array or a `Gradient`. Positive means that the loss grows with the
            parameter. It may compute in any floating dtype.
        x, y: points to try it on, shape [n] each, passed on in their own dtype. Best left out: ours tell every
            mistake of the catalogue from every other.
        reduction: the loss is the "sum" or the "mean" of the squared residuals.

    Returns:
        A `GradientCheck`: `ok`, `diagnosis` [(name, message), ...] with the likeliest first, and the report as
        `str()`. Where the given points cannot tell two mistakes apart, both are listed.

    Raises:
        InvalidArgumentError: `gradient` is no function, `reduction` is unknown, or only one of x and y is given.
        DataError: see `Points`; or the right gradient is too large for the points' dtype.

    Example:
        >>> def gradient(m, c, x, y):
        ...     e = m * x + c - y
        ...     return np.sum(e * x), np.sum(e)
        >>> check = check_line_gradient(gradient)
        >>> check.ok, [name for name, message in check.diagnosis]
        (False, ['missing-factor-2'])
    """
    check_reduction(reduction, ("sum", "mean"))
    points = points_for(x, y)
    _require_room(points, reduction)
    subject = subject_of(GRADIENT, gradient)
    try:
        require_arguments(GRADIENT, subject)
        seen = observe_gradient(subject, points, reduction)
    except Misbehaved as fault:
        return of_fault("gradient", fault)
    thinning = "" if x is None else report.of_thinning(points.n, np.size(x))
    if explains(right, seen):
        hidden = [] if x is None else blind_spots(seen)
        return GradientCheck("right", [], report.of_right(seen, hidden) + thinning, [], reduction)
    found = explanation(seen)
    diagnosis = found.diagnosis(reduction) or describe(subject, seen, points)
    return GradientCheck("wrong", diagnosis, report.of_wrong(seen, diagnosis, found) + thinning, [], reduction)


def of_fault(what: str, fault: Misbehaved) -> GradientCheck:
    """Return the check of a function that gave nothing to compare, or the wrong things."""
    verdict: Verdict = "cannot-tell" if fault.name in NOT_COMPARED else "wrong"
    lines = {} if fault.line is None else {fault.name: fault.line}
    return GradientCheck(verdict, [(fault.name, fault.message)], report.of_fault(what, fault), lines=lines)


def observe_gradient(gradient: Subject, points: Points, reduction: Reduction) -> list[Observation]:
    """Return what `gradient` answers on `points`: in floats and, where it takes them, in Fractions.

    Raises:
        Misbehaved: see `witness.ask`.
    """
    number = points.x.dtype.type

    def answer(m: float, c: float, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> Answer:
        return ask(GRADIENT, gradient, number(m), number(c), x, y)

    floats = [
        Observation(probe, answer(*line, np.array(points.x), np.array(points.y)))
        for probe, line in zip(probes(points, reduction), LINES, strict=True)
    ]
    unit = unit_of(lambda x, y: answer(1, 1, x, y), points.x.dtype)
    return in_one_precision(floats, unit) + _observe_exactly(gradient, floats)


def _observe_exactly(gradient: Subject, floats: Sequence[Observation]) -> list[Observation]:
    """Return the same questions asked in Fractions, or nothing where the answers do not come back exact."""
    exact = []
    for observation in floats:
        question = observation.points
        x, y = (np.array([value.value for value in vector], dtype=object) for vector in (question.x, question.y))
        try:
            answer = ask(GRADIENT, gradient, question.m.value, question.c.value, x, y)
        except Misbehaved:
            return []
        if answer.unit != 0:
            return []
        exact.append(Observation(question, answer))
    return exact


def _require_room(points: Points, reduction: Reduction) -> None:
    """Raise `DataError` where even the right gradient overflows the points' dtype."""
    largest = Fraction(float(np.finfo(points.x.dtype).max)) if points.x.dtype.kind == "f" else Fraction(2) ** 127
    if any(term.size > largest for probe in probes(points, reduction) for term in probe.under(right)):
        raise DataError(
            f"`x` and `y` must be small enough for their gradient to fit {points.x.dtype.name}. "
            f"Got values up to {np.abs([points.x, points.y]).max():.3g}. Divide them by a power of ten."
        )


def check_update(update: UpdateFunction, reduction: Reduction = "sum") -> GradientCheck:
    """Check a hand-written update of m and c, and name the mistake in it.

    Args:
        update: called as `update(m, c, x, y, learning_rate)` with numbers and two arrays of shape [n]; returns the
            new (m, c) as a tuple, a list, an array or a `Line`. It computes the gradient itself.
        reduction: the loss is the "sum" or the "mean" of the squared residuals.

    Returns:
        A `GradientCheck`. With `ok` true, `diagnosis` may hold the remark `float64-learning-rate`: right on paper,
        but TensorFlow rounds the learning rate to float32.

    Raises:
        InvalidArgumentError: `update` is no function, or `reduction` is unknown.

    Example:
        >>> def update(m, c, x, y, learning_rate):
        ...     m = m - learning_rate * np.sum(2 * (m * x + c - y) * x)
        ...     c = c - learning_rate * np.sum(2 * (m * x + c - y))
        ...     return m, c
        >>> check = check_update(update)
        >>> check.ok, [name for name, message in check.diagnosis]
        (False, ['sequential-m-first'])
    """
    check_reduction(reduction, ("sum", "mean"))
    subject = subject_of(UPDATE, update)
    try:
        require_arguments(UPDATE, subject)
        seen = observe_update(subject, reduction)
    except Misbehaved as fault:
        return of_fault("update", fault)
    if explains(as_tensorflow(on_paper), seen, STEPS):
        return GradientCheck("right", [], report.of_remarks("update", []), [], reduction)
    if explains(on_paper, seen, STEPS):
        return GradientCheck("right", [], report.of_remarks("update", [FLOAT64_RATE]), [FLOAT64_RATE], reduction)
    named = _update_alone(seen, reduction)
    pair = [] if named else _update_pair(seen, reduction)
    diagnosis = named or pair or describe_update(seen)
    return GradientCheck("wrong", diagnosis, report.of_wrong_update(seen, diagnosis, bool(pair)), [], reduction)


def observe_update(update: Subject, reduction: Reduction) -> list[Observation]:
    """Return what `update` answers on our points, at each line and each learning rate.

    Raises:
        Misbehaved: see `witness.ask`.
    """
    points = points_for(None, None)

    def answer(m: float, c: float, x: npt.NDArray[Any], y: npt.NDArray[Any], rate: float) -> Answer:
        return ask(UPDATE, update, float(m), float(c), x, y, rate)

    seen = [
        Observation(
            Step(probe, Fraction(rate)),
            answer(*line, np.array(points.x), np.array(points.y), rate),
        )
        for rate in RATES
        for probe, line in zip(probes(points, reduction), LINES, strict=True)
    ]
    return in_one_precision(seen, unit_of(lambda x, y: answer(1, 1, x, y, RATES[0]), points.x.dtype))


def _update_alone(seen: Sequence[Observation], reduction: Reduction) -> list[tuple[str, str]]:
    """Return the mistakes that explain every answer: of the update or, failing that, of its gradient."""
    return [(entry.name, entry.message) for entry in UPDATES if _step_explains(entry.formula, seen)] or [
        (mistake.name, f"The update is right but for its gradient. {mistake.message(reduction)}")
        for mistake in CATALOGUE
        if _step_explains(with_gradient(on_paper, mistake.formula), seen)
    ]


def _update_pair(seen: Sequence[Observation], reduction: Reduction) -> list[tuple[str, str]]:
    """Return a mistake of the update and one of the gradient in it that explain every answer together."""
    for entry, mistake in product(UPDATES, CATALOGUE):
        if _step_explains(with_gradient(entry.formula, mistake.formula), seen):
            return [
                (entry.name, f"Two mistakes come together, this one and `{mistake.name}`. {entry.message}"),
                (mistake.name, f"The gradient in it is wrong as well. {mistake.message(reduction)}"),
            ]
    return []


def _step_explains(formula: StepFormula, seen: Sequence[Observation]) -> bool:
    """Return whether a formula explains every answer, at the rate as given or rounded to float32."""
    return explains(formula, seen, STEPS) or explains(as_tensorflow(formula), seen, STEPS)
