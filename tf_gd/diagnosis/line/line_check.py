"""Check a hand-derived gradient or update of the line, and name the mistake in it.

The right gradient is affine in (m, c), so on given points three evaluations determine it and a fourth confirms it.
What comes back is compared in exact rational arithmetic where the function takes fractions, else to within the
rounding bound; then every entry of the catalogue is compared in the same way. A function that is right on the
simple points is then tried on many others, where rarer mistakes show: see `point_sets`.

A wrong scale, and m and c updated one after the other, lead to the same best line, only at another pace. So the line
that comes out at the end proves nothing about an update: single updates are looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.calling import NOT_COMPARED, Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck, Verdict
from tf_gd.diagnosis.line import line_report as report
from tf_gd.diagnosis.line.asking import GRADIENT, UNITS, UPDATE, Call, Subject, subject_of
from tf_gd.diagnosis.line.call_words import is_default, words_of
from tf_gd.diagnosis.line.catalogue import CATALOGUE
from tf_gd.diagnosis.line.choosing import Chosen, choose, is_right
from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.line.losses import require_loss
from tf_gd.diagnosis.line.matching import blind_spots
from tf_gd.diagnosis.line.named_mistakes import Named, name_gradient, name_update
from tf_gd.diagnosis.line.own_examples import with_examples
from tf_gd.diagnosis.line.precision import unit_of
from tf_gd.diagnosis.line.probes import points_for, probes
from tf_gd.diagnosis.line.rare_inputs import describe_rare
from tf_gd.diagnosis.line.tested_function import exactly_asked
from tf_gd.diagnosis.line.trial import Tried, try_everything
from tf_gd.diagnosis.line.updates import FLOAT64_RATE, UPDATES
from tf_gd.errors import DataError
from tf_gd.points import Points
from tf_gd.reduction import REDUCTIONS, Reduction

MOST_NAMED = 24  # ways to call a wrong function under which its mistake is looked for
PLAIN = 12  # the cost of one mistake, be it in one derivative only; see `named_mistakes.Named`

__all__ = ["CATALOGUE", "UPDATES", "check_line_gradient", "check_update"]


def check_line_gradient(
    gradient: Callable[..., Any],
    x: npt.ArrayLike | None = None,
    y: npt.ArrayLike | None = None,
    reduction: Reduction | None = "sum",
    *,
    call: str | None = None,
) -> GradientCheck:
    """Check a hand-derived gradient of the line's squared loss, and name the mistake in it.

    Args:
        gradient: called as `gradient(m, c, x, y)` with two numbers and two arrays of shape [n], or as the names of
            its arguments say (`x, y, w, b`; `theta, X, y`; `b, m, points`); returns (dL/dm, dL/dc), in the order of
            its arguments, as a tuple, list, array, dict, named tuple or `Gradient`. Positive means that the loss
            grows with the parameter. It may compute in any floating dtype.
        x, y: points to try it on, shape [n] each, passed on in their own dtype. Best left out: ours tell every
            mistake of the catalogue from every other, and are many.
        reduction: the loss is the "sum" or the "mean" of the squared residuals, or half of either ("half_sum",
            "half_mean"); None for whichever makes the gradient right.
        call: how it is called, outright, where names do not say it: "compute_gradient(x, y, w, b)".

    Returns:
        A `GradientCheck`: `verdict`, `diagnosis` [(name, message), ...] with the likeliest first, and the report as
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
        >>> check_line_gradient(gradient, reduction=None).loss
        'half_sum'
    """
    require_loss(reduction)
    points = points_for(x, y)
    _require_room(points)
    given = None if x is None else np.size(x)
    return check_as(GRADIENT, gradient, points, reduction, given, call)


def check_update(
    update: Callable[..., Any],
    reduction: Reduction | None = "sum",
    *,
    call: str | None = None,
) -> GradientCheck:
    """Check a hand-written update of m and c, and name the mistake in it.

    Args:
        update: called as `update(m, c, x, y, learning_rate)` with numbers and two arrays of shape [n], or as the names
            of its arguments say; returns the new (m, c), in the order of its arguments, as a tuple, list, array, dict,
            named tuple or `Line`. It computes the gradient itself.
        reduction: as for `check_line_gradient`.
        call: how it is called, outright, where names do not say it: "step(x, y, w, b, lr)".

    Returns:
        A `GradientCheck`. With `ok` true, `remarks` may hold `float64-learning-rate`: right on paper, but TensorFlow
        rounds the learning rate to float32.

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
    require_loss(reduction)
    return check_as(UPDATE, update, points_for(None, None), reduction, None, call)


def of_fault(what: str, fault: Misbehaved) -> GradientCheck:
    """Return the check of a function that gave nothing to compare, or the wrong things."""
    verdict: Verdict = "cannot-tell" if fault.name in NOT_COMPARED else "wrong"
    lines = {} if fault.line is None else {fault.name: fault.line}
    return GradientCheck(verdict, [(fault.name, fault.message)], report.of_fault(what, fault), lines=lines)


def check_as(
    call: Call,
    function: Callable[..., Any] | Subject,
    points: Points,
    reduction: Reduction | None,
    given: int | None,
    call_text: str | None,
) -> GradientCheck:
    """Check a function as `call` names it in messages, under one loss, or under all four where none is named."""
    subject = subject_of(call, function)
    losses = REDUCTIONS if reduction is None else (reduction,)
    try:
        ways = choose(call, subject, points, losses, call_text)
        chosen = ways[0] if len(ways) == 1 else _best_named(ways, losses, strict=reduction is not None)
        unit = unit_of(chosen.tested, points.x.dtype)
        exact = exactly_asked(chosen.tested, points)
        fitting = [loss for loss in losses if is_right(chosen.observations(loss, unit, exact))]
        if not fitting:
            return _wrong(chosen, losses, unit, exact, given, reduction)
        if given is not None:
            return _right_on_given(chosen, fitting[0], unit, exact, given)
        tried = try_everything(chosen.tested, fitting, _coarsest(chosen, unit))
        return _tried(chosen, tried, fitting, bool(exact))
    except Misbehaved as fault:
        return of_fault(call.name, fault)


def _best_named(ways: Sequence[Chosen], losses: Sequence[Reduction], strict: bool) -> Chosen:
    """Return the way of calling a wrong function under which its mistake is explained best; the likeliest of equals."""
    name = name_update if ways[0].tested.is_update else name_gradient
    costs = []  # columns make a broadcast of their own, so they are no second way
    ways = [one for one in ways if one.tested.convention.takes_columns == ways[0].tested.convention.takes_columns]
    for one in ways[:MOST_NAMED]:
        costs.append(name(one, losses, UNITS["float64"], (), strict).cost)
        if costs[-1] <= PLAIN:
            break
    return ways[costs.index(min(costs))]


def _coarsest(chosen: Chosen, unit: Fraction) -> Fraction:
    """Return the unit roundoff at which a function computes: the coarsest that came back, or `unit`."""
    return max(unit, *(answer.unit for answer in chosen.answers))


def _how(chosen: Chosen) -> list[tuple[str, str]]:
    """Return the remark that says how a function was called, where that was not as it stands in the manual."""
    convention = chosen.tested.convention
    return [] if is_default(convention) else [("called-as", words_of(convention))]


def _wrong(
    chosen: Chosen,
    losses: Sequence[Reduction],
    unit: Fraction,
    exact: Sequence[Any],
    given: int | None,
    reduction: Reduction | None,
) -> GradientCheck:
    """Return the check of a function that is wrong on the simple points."""
    name = name_update if chosen.tested.is_update else name_gradient
    named: Named = name(chosen, losses, unit, exact, strict=reduction is not None)
    diagnosis = with_examples(chosen.tested, named.loss, unit, named.diagnosis, chosen.points)
    named = replace(named, diagnosis=diagnosis, given=given is not None)
    how = _how(chosen)
    thinning = "" if given is None else report.of_thinning(chosen.points.n, given)
    return GradientCheck("wrong", named.diagnosis, report.of_wrong(named, how) + thinning, how, named.loss)


def _right_on_given(chosen: Chosen, loss: Reduction, unit: Fraction, exact: Sequence[Any], given: int) -> GradientCheck:
    """Return the check of a gradient that is right on the caller's points."""
    observations = chosen.observations(loss, unit, exact)
    text = report.of_right_on_given(observations, blind_spots(observations)) + report.of_thinning(
        chosen.points.n, given
    )
    return GradientCheck("right", [], text, _how(chosen), loss)


def _tried(chosen: Chosen, tried: Tried, fitting: Sequence[Reduction], exactly: bool) -> GradientCheck:
    """Return the check of a function that is right on the simple points, after it was tried on many."""
    for loss in fitting:
        for reading in ("float32", "paper"):
            if tried.failures.get((loss, reading)) == []:
                remarks = _remarks(chosen, tried, reading)
                text = report.of_right(chosen.tested.is_update, tried, loss, remarks, exactly)
                return GradientCheck("right", [], text, remarks, loss)
    loss = min(fitting, key=lambda one: min(len(tried.failures[key]) for key in tried.failures if key[0] == one))
    finding = describe_rare(chosen.tested, tried, loss)
    how = _how(chosen)
    return GradientCheck("wrong", [finding], report.of_rare(chosen.tested.call.name, finding, how), how, loss)


def _remarks(chosen: Chosen, tried: Tried, reading: str) -> list[tuple[str, str]]:
    """Return what should be known of a right function."""
    remarks = _how(chosen)
    if reading == "paper" and chosen.tested.is_update:
        remarks.append(FLOAT64_RATE)
    if tried.refused:
        sets = ", ".join(tried.refused)
        remarks.append(("refuses", f"It refuses points that determine no line: {sets}. It need not."))
    if tried.overflowed:
        sets = ", ".join(tried.overflowed)
        remarks.append(("overflows", f"On {sets} its numbers grow too large for the dtype in which it computes."))
    return remarks


def _require_room(points: Points) -> None:
    """Raise `DataError` where even the right gradient overflows the points' dtype."""
    largest = Fraction(float(np.finfo(points.x.dtype).max)) if points.x.dtype.kind == "f" else Fraction(2) ** 127
    if any(term.size > largest for probe in probes(points, "sum") for term in probe.under(right)):
        raise DataError(
            f"`x` and `y` must be small enough for their gradient to fit {points.x.dtype.name}. "
            f"Got values up to {np.abs([points.x, points.y]).max():.3g}. Divide them by a power of ten."
        )
