"""Check the steps of a descent, whoever took them and in whatever language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path import path_judgement
from tf_gd.diagnosis.path.left_out_steps import left_out_steps
from tf_gd.diagnosis.path.path_judgement import Judgement, report
from tf_gd.diagnosis.path.path_judging import RIGHT, SINGLE, TOGETHER, Attempt, attempt, judge
from tf_gd.diagnosis.path.path_remarks import WholeDescent, remarks
from tf_gd.diagnosis.path.path_steps import PathSteps, steps_kept
from tf_gd.diagnosis.path.rate_fit import Factor
from tf_gd.diagnosis.path.state_precision import resolution_of, unit_of_points
from tf_gd.diagnosis.path.step_factors import PathContext, Rate
from tf_gd.diagnosis.path.unfitting_rate import rate_that_fits_no_loss
from tf_gd.errors import DataError, invalid
from tf_gd.points import Points, as_vector
from tf_gd.points.arrays import Floats
from tf_gd.reduction import REDUCTIONS

MOST_STEPS = 100_000
EXCHANGED = "columns-exchanged"
LARGEST = 1e100  # beyond this a diverging path tells nothing more, and its squares overflow


def check_path(
    m: npt.ArrayLike,
    c: npt.ArrayLike,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: float | None = None,
    reduction: str | None = None,
) -> GradientCheck:
    """Check the steps of a descent, and name the mistake in them.

    Args:
        m, c: slope and intercept before the first step and after each step, shape [steps + 1].
        x, y: the points, shape [n].
        learning_rate: the rate that was meant. Where it is not known it is fitted, and a constant factor is then no
            mistake.
        reduction: the loss: "sum", "mean", "half_sum" or "half_mean", and then no other is right; None takes
            whichever makes the steps right.

    Returns:
        A `GradientCheck`. `verdict` is "right", "wrong", or "cannot-tell" where a mistake explains the steps as well
        as the right update does; `diagnosis` and `remarks` hold (name, message), the likeliest first; `loss` is the
        one under which the steps are right, or under which the mistake is named.

    Raises:
        DataError: m and c, or x and y, differ in length, are not numbers, or hold fewer than two states.
        InvalidArgumentError: unknown `reduction`, or a learning rate that is not a finite number above 0.

    Example:
        >>> x, y, m, c = np.array([0.0, 1.0, 3.0]), np.array([1.0, 2.5, 7.0]), [0.5], [0.0]
        >>> for _ in range(5):
        ...     m.append(m[-1] - 0.02 * np.sum(2 * (m[-1] * x + c[-1] - y) * x))
        ...     c.append(c[-1] - 0.02 * np.sum(2 * (m[-1] * x + c[-1] - y)))
        >>> check = check_path(m, c, x, y, learning_rate=0.02)
        >>> check.verdict, check.loss, [name for name, message in check.diagnosis]
        ('wrong', 'sum', ['sequential-m-first'])
    """
    if reduction is not None and reduction not in REDUCTIONS:
        raise invalid("reduction", f"one of {', '.join(REDUCTIONS)}, or None", reduction)
    points = Points(x, y)
    states, integers = _states(m, c)
    context = PathContext(_rates(learning_rate), reduction)
    return check_states(states, points, context, integers)


def check_states(states: Floats, points: Points, context: PathContext, integers: bool = False) -> GradientCheck:
    """Return the check of a path of states, shape [steps + 1, 2]; NaN and infinity may stand at its end."""
    judgement = judge_states(states, points, context, integers)
    unfit = rate_that_fits_no_loss(judgement, context.rates)
    done = (len(states) - 1) * int(judgement.numbers.get("every", 1))
    descent = WholeDescent(points.x.astype(np.float64), points.y.astype(np.float64), states[-1], done)
    return as_check(judgement, descent, unfit)


def as_check(
    judgement: Judgement, descent: WholeDescent, extra: Sequence[tuple[str, str]] = (), what: str = ""
) -> GradientCheck:
    """Return a judgement with its words, and with the remarks where the steps are right; `extra` ones come first."""
    notes = [*extra, *(remarks(judgement, descent) if judgement.verdict == "right" else [])]
    diagnosis = messages(judgement)
    basis = _basis(judgement, descent) + (f"\n    {what}" if what else "")
    return GradientCheck(
        judgement.verdict,
        diagnosis,
        remarks=notes,
        loss=judgement.reading.loss if judgement.reading else None,
        report=report(judgement, diagnosis, notes, basis),
    )


def judge_states(states: Floats, points: Points, context: PathContext, integers: bool = False) -> Judgement:
    """Return the judgement of a path; numbers that were rounded when they were written are taken as such."""
    wide = states.astype(np.float64)
    finite = np.isfinite(wide).all(axis=1) & (np.abs(wide).max(axis=1) < LARGEST)
    stop = int(np.argmin(finite)) if not finite.all() else len(states)
    if stop < 2:
        raise DataError("`m` and `c` must be finite before and after the first step at least. Record from the start.")
    kept = wide[: min(stop, steps_kept(points.n) + 1)]
    x, y = (values.astype(np.float64) for values in points)
    steps = PathSteps(kept[:-1], kept[1:], x, y, unit_of_points(states, points))
    rounded = replace(steps, resolution=resolution_of(kept))
    if not rounded.resolution:
        return judge(steps, context, integers, (*RIGHT, *SINGLE, *OF_TABLES, *TOGETHER))
    exact = attempt(steps, context, integers, (*RIGHT, *SINGLE))
    if exact is not None and (exact.verdict != "wrong" or exact.sure < 1.5):
        return exact
    return judge(rounded, context, integers, (*RIGHT, *OF_TABLES, *SINGLE, *TOGETHER))


def _every_kth(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement of right steps of which the table holds every k-th."""
    losses = [context.reduction] if context.reduction else list(REDUCTIONS)
    for part in (steps, steps.part(slice(0, -1))):  # the last row may be that of the last step
        subsampling = left_out_steps(part, context.rates, losses)
        if subsampling is not None and not subsampling.every:
            return Judgement("cannot-tell", (), part, subsampling.reading, numbers={"every": 0}, sure=1.4)
        if subsampling is not None:
            factor = Factor(subsampling.factor, 0.0)
            return Judgement(
                "right", (), part, subsampling.reading, factor, numbers={"every": subsampling.every}, sure=1.4
            )
    return None


def _exchanged(steps: PathSteps, context: PathContext) -> Judgement | None:
    """Return the judgement of right steps where m and c have changed places in the table."""
    judgement = attempt(
        replace(steps, before=steps.before[:, ::-1], after=steps.after[:, ::-1]), context, attempts=RIGHT[:1]
    )
    if judgement is None or judgement.verdict != "right":
        return None
    return replace(judgement, verdict="cannot-tell", names=(EXCHANGED,), sure=1.4)


OF_TABLES: tuple[Attempt, ...] = (_every_kth, _exchanged)


def messages(judgement: Judgement) -> list[tuple[str, str]]:
    """Return (name, message) of each mistake; for "cannot-tell" what the steps fit as well, and what would tell."""
    loss = judgement.reading.loss if judgement.reading else None
    if judgement.verdict == "cannot-tell":
        name = EXCHANGED if EXCHANGED in judgement.names else "cannot-tell"
        return [(name, _what_would_tell(judgement))]
    together = len(judgement.names) > 1
    named_messages = []
    for position, name in enumerate(judgement.names):
        others = [other for other in judgement.names if other != name]
        both = f"Two mistakes come together, this one and `{others[0]}`. " if together and others else ""
        alone = judgement.alone[position : position + 1]
        text = path_judgement.message(name, loss, alone, **judgement.numbers)
        named_messages.append((name, both + (_in_a_pair(text) if together else text)))
    return named_messages


def _in_a_pair(text: str) -> str:
    """Return the words of a mistake without what they say of the other derivative."""
    return text.replace("; dL/dm is right", "").replace("; dL/dc is right", "")


def _what_would_tell(judgement: Judgement) -> str:
    if judgement.names == (EXCHANGED,):
        return "m and c are exchanged: with the second as the slope and the first as the intercept every step is right."
    if "every" in judgement.numbers:
        return "From the second row on the table holds the best line, however it came there. Give a row for every step."
    if not judgement.names:
        return "m and c start at the best line, so nothing moves. Start elsewhere, for example at m = 0, c = 0."
    others = ", ".join(judgement.names)
    steps = judgement.steps.num_steps
    more = "Run three steps or more" if steps < 3 else "Run more steps"
    return (
        f"The {steps} step{'s fit' if steps > 1 else ' fits'} the right update, and also: {others}. {more}, from a "
        "start where neither m nor c is 0, such as m = 0.5, c = 0.5: that tells them apart."
    )


def _basis(judgement: Judgement, descent: WholeDescent) -> str:
    reading = judgement.reading
    at = f", learning_rate {reading.rate:g}" if reading and reading.rate is not None else ""
    count = judgement.steps.num_steps
    if judgement.numbers.get("every"):
        return (
            f"    Judged on {count + 1} rows of {judgement.numbers['every']} steps, over {len(descent.x)} points{at}."
        )
    return f"    Judged on {count:,} step{'s' if count > 1 else ''} over {len(descent.x)} points{at}."


def _states(m: npt.ArrayLike, c: npt.ArrayLike) -> tuple[Floats, bool]:
    """Return the states as one array, and whether they were stored as whole numbers."""
    series = []
    for name, values in (("m", m), ("c", c)):
        vector = as_vector(name, np.asarray(values).reshape(-1) if np.ndim(values) == 2 else values)
        series.append(vector)
    if series[0].size != series[1].size:
        raise DataError(f"`m` and `c` must have one length. Got {series[0].size} and {series[1].size}.")
    if series[0].size < 2:
        raise DataError("`m` and `c` must hold two states or more: before the first step, and after each. Got one.")
    integers = all(isinstance(values, np.ndarray) and values.dtype.kind in "iu" for values in (m, c))
    return np.column_stack(series)[: MOST_STEPS + 1], integers


def _rates(learning_rate: Any) -> list[Rate]:
    if learning_rate is None:
        return []
    try:
        value = float(learning_rate)
    except (TypeError, ValueError):
        value = float("nan")
    if not (np.isfinite(value) and value > 0) or isinstance(learning_rate, bool):
        raise invalid("learning_rate", "a finite number above 0, or None", learning_rate)
    return with_float32([Rate(value)])


def with_float32(rates: Sequence[Rate]) -> list[Rate]:
    """Return the rates, and each as TensorFlow applies it: rounded to float32."""
    return [other for rate in rates for other in (rate, replace(rate, value=float(np.float32(rate.value))))]
