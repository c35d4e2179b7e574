"""What the points say about the rate and the number of steps of a descent that is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tf_gd.curvature import Curvature
from tf_gd.diagnosis.path.path_judgement import Judgement
from tf_gd.points.arrays import Floats

CLOSE = 0.01  # of what the best line and the points' own spread measure: closer than this is close enough

Remark = tuple[str, str]


@dataclass(frozen=True)
class WholeDescent:
    """A whole descent, beside the steps that were judged.

    Attributes:
        x, y: all the points.
        final: m and c at the end, shape [2]; not finite where they overflowed.
        num_steps: how many steps there were; None where that is not known.
        intercept: whether c is trained.
    """

    x: Floats
    y: Floats
    final: Floats
    num_steps: int | None = None
    intercept: bool = True


_NEARLY: Remark = (
    "approximate-gradient",
    "The steps follow the gradient closely, but not to the last digits: as a derivative from small differences of the "
    "loss does, or numbers that were rounded. The exact derivatives are 2 e_i x_i and 2 e_i, added up.",
)


def remarks(judgement: Judgement, descent: WholeDescent) -> list[Remark]:
    """Return (name, message) of each remark about a right descent, the most important first."""
    remark_list: list[Remark] = []
    if judgement.factor is not None:
        remark_list += _rate(judgement, descent)
        remark_list += [] if remark_list or judgement.batching is not None else _steps(judgement, descent)
    if judgement.factors is not None:
        remark_list.append(_changing(judgement.factors))
    if "rate_m" in judgement.numbers:
        remark_list.append(_two_rates(**judgement.numbers))
    if "every" in judgement.numbers:
        remark_list.append(_left_out(judgement.numbers["every"]))
    if judgement.nearly:
        remark_list.append(_NEARLY)
    if judgement.batching is not None:
        remark_list.append(_batches(judgement, descent))
    return remark_list


def _rate(judgement: Judgement, descent: WholeDescent) -> list[Remark]:
    """Return the remark that the rate is too large for these points, if it is."""
    assert judgement.factor is not None
    limit, factor = _limit(judgement, descent), judgement.factor.value
    if factor < limit or (judgement.batching is not None and _is_close_by(descent)):
        return []
    ended = "the numbers overflow" if not np.isfinite(descent.final).all() else "the line runs away"
    largest = _in_rates(judgement, limit)
    rate = judgement.reading.rate if judgement.reading else None
    with_rate = f"With learning_rate {rate:g}" if rate is not None else "At this learning rate"
    bound = f"it must stay under {largest:.3g}" if rate is not None else f"it must be {limit / factor:.3g} of that"
    message = (
        f"{with_rate} {ended}, though every step is right: each step overshoots by more than it corrects. For these "
        f"points {bound}; try {0.5 * largest:.2g}."
        if rate is not None
        else f"{with_rate} {ended}, though every step is right. For these points {bound}, or less."
    )
    return [("rate-too-large", message)]


def _limit(judgement: Judgement, descent: WholeDescent) -> float:
    """Return the largest stable factor: over all points, or the least of those over each batch."""
    if judgement.batching is None:
        return Curvature.of(descent.x, "sum", intercept=descent.intercept).max_learning_rate
    x = np.atleast_2d(judgement.batching.steps.x)
    n = np.full(len(x), float(x.shape[1] * descent.intercept))
    squares, sums = (x * x).sum(axis=1), x.sum(axis=1) * descent.intercept
    largest = (squares + n) / 2 + np.sqrt(
        ((squares - n) / 2) ** 2 + sums**2
    )  # eigenvalue of [[squares, sums], [sums, n]]
    return float(1 / largest.max())


def _is_close_by(descent: WholeDescent) -> bool:
    """Return whether the end is no further from the best line than the points' own spread allows."""
    off = distance(descent)
    return off is not None and off[0] * CLOSE <= 10


def _in_rates(judgement: Judgement, factor: float) -> float:
    """Return a factor in front of the sum's derivatives as a learning rate of the program's own loss."""
    assert judgement.factor is not None
    rate = judgement.reading.rate if judgement.reading and judgement.reading.rate is not None else 1.0
    return factor * rate / judgement.factor.value


def _steps(judgement: Judgement, descent: WholeDescent) -> list[Remark]:
    """Return the remark that the descent ended far from the best line, and how many steps more it takes."""
    assert judgement.factor is not None
    off = distance(descent)
    if off is None or off[0] <= 1:
        return []
    more = steps_to_go(descent, judgement.factor.value)
    if more is None or not math.isfinite(more):
        return []
    count = descent.num_steps
    done = "" if count is None else f"After {count:,} step{'s'[: count != 1]} the line"
    message = (
        f"{done or 'The line'} is still {_line(descent.final, descent)}; the best is {_line(off[1:], descent)}. At "
        f"this rate about {more:,.0f} more {'step is' if more == 1 else 'steps are'} needed."
    )
    return [("too-few-steps", f"{message}{_cure(judgement, descent, more)}")]


def _line(parameters: Sequence[float] | Floats, descent: WholeDescent) -> str:
    return f"y = {parameters[0]:.4g} x" + (
        f" {parameters[1]:+.4g}".replace("+", "+ ").replace("-", "- ", 1) if descent.intercept else ""
    )


def _cure(judgement: Judgement, descent: WholeDescent, more: float) -> str:
    """Return what scaling x would change, where it would change much."""
    if not descent.intercept or Curvature.of(descent.x, "sum").condition_number < 20 or more < 200:
        return ""
    assert judgement.factor is not None
    n = len(descent.x)
    rate = _in_rates(judgement, 0.25 / n)
    steps = math.ceil(math.log(CLOSE / 10) / math.log(0.5))
    loss = judgement.reading.loss if judgement.reading else None
    what = f"a learning rate of {rate:.2g}" if loss is not None else "a rate chosen anew"
    return (
        f" x lies far from 0 for its spread, which makes this slow: use z = (x - x.mean()) / x.std() in place of "
        f"x, and with {what} {steps} steps do. (Then m x + c is m / x.std() * x + c - m * x.mean() / x.std().)"
    )


def distance(descent: WholeDescent) -> tuple[float, float, float] | None:
    """Return how far the end is from the best line, in units of what is close enough; and that line."""
    x, y = descent.x, descent.y
    if not np.isfinite(descent.final).all() or np.ptp(x) == 0:
        return None
    at = (x.mean(), y.mean()) if descent.intercept else (0.0, 0.0)
    centred = x - at[0]
    m = float(np.dot(centred, y - at[1]) / np.dot(centred, centred))
    c = float(at[1] - m * at[0])
    width, height = float(x.std()), float(y.std())
    close = CLOSE * np.array([max(abs(m), height / width), max(abs(c), height)])
    with np.errstate(all="ignore"):
        off = float(np.max(np.abs(descent.final - [m, c]) / np.where(close > 0, close, np.inf)))
    return off, m, c


def steps_to_go(descent: WholeDescent, factor: float) -> float | None:
    """Return how many more steps take the line close to the best one; None where it does not come closer."""
    x, off = descent.x, distance(descent)
    if off is None:
        return None
    both = float(descent.intercept)
    hessian = 2 * np.array([[np.dot(x, x), both * x.sum()], [both * x.sum(), both * len(x)]])
    values, vectors = np.linalg.eigh(hessian)
    shrink = np.abs(1 - factor * values)
    parts = vectors.T @ (descent.final - np.array(off[1:]))
    if (shrink[parts != 0] >= 1).any():
        return None

    def is_close(count: float) -> bool:
        end = np.array(off[1:]) + vectors @ (parts * shrink**count)
        now = distance(replace(descent, final=end))
        return now is not None and now[0] <= 1

    high = 1.0
    while not is_close(high):
        high *= 2
        if high > 1e15:
            return math.inf
    low = high / 2
    while high - low > 0.01 * high and high - low > 1:
        middle = (low + high) / 2
        low, high = (low, middle) if is_close(middle) else (middle, high)
    return _readable(high)


def _readable(count: float) -> float:
    """Return a number of steps in two digits, rounded up."""
    size = 10.0 ** max(0, math.floor(math.log10(count)) - 1)
    return math.ceil(count / size) * size


def _number(descent: WholeDescent) -> int:
    """Return the number of points; those of batches may stand in a descent more than once."""
    return len(np.unique(np.column_stack([descent.x, descent.y]), axis=0))


def _two_rates(rate_m: float | str, rate_c: float | str) -> Remark:
    return (
        "two-rates",
        f"Both derivatives are right, but m moves at the learning rate {rate_m:g} and c at {rate_c:g}. Plain gradient "
        "descent has one rate for both.",
    )


def _left_out(every: float | str) -> Remark:
    return (
        "not-every-step",
        f"The table does not hold every step: right steps explain its rows if {every} of them stand between two rows. "
        "With a row for every step each of them can be checked.",
    )


def _changing(factors: Floats) -> Remark:
    told = factors[np.isfinite(factors)]
    return (
        "rate-changes",
        f"Every step is right, but not at one learning rate: from the first to the last it is multiplied by "
        f"{told[-1] / told[0]:.3g}.",
    )


def _batches(judgement: Judgement, descent: WholeDescent) -> Remark:
    batching = judgement.batching
    assert batching is not None
    if batching.size == 1:
        return (
            "one-point-a-step",
            "Every step uses one point only (stochastic gradient descent), not the gradient over all points: m and c "
            "keep on moving around the best line. For plain gradient descent, add up the derivatives of all points "
            "first, and then update once.",
        )
    return (
        "mini-batches",
        f"Every step uses {batching.size} of the {_number(descent)} points (mini-batches), not the gradient over all "
        "points: m and c keep on moving around the best line.",
    )
