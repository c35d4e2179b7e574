"""TensorFlow's path and the hand-written one, compared bit by bit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tf_gd.descent import confirm_order, run
from tf_gd.errors import DescentWarning
from tf_gd.line import Gradient, Line, Reduction
from tf_gd.moments.moments import Moments
from tf_gd.plan import LearningRate, Plan
from tf_gd.points import Points
from tf_gd.progress import Progress, check_progress
from tf_gd.summation.order import Order, Vector, known
from tf_gd.trajectory import SERIES, Trajectory
from tf_gd.verify.rounding import RoundingBound, ulp_distance


@dataclass(frozen=True)
class Comparison:
    """TensorFlow's trajectory beside the hand-written one.

    `bool(comparison)` is `comparison.ok`; `str(comparison)` is the report.

    Attributes:
        ok: whether every number is the same, or else apart by no more than rounding explains.
        identical: whether every bit of every series is the same.
        max_ulp: for each series, the largest distance in units in the last place; 0 only where all bits agree.
        bound_used: whether the rounding bound decided, because the bits differ.
        ratio: for each series, the largest distance as a fraction of its rounding bound; over 1 is too far.
        tensorflow, manual: the two trajectories.
        order: the order of addition, confirmed by probing; None where TensorFlow's is none that is known.
        errors: for each engine and component of its final gradient, the distance from the true gradient at that
            line, found in rational arithmetic, and the rounding bound on it; empty where it is not finite.
        moments_ratio: how far the engine "moments" is from the hand-written path where both are finite, at most, as a
            fraction of the same rounding bound; it has no part in `ok`.
    """

    ok: bool
    identical: bool
    max_ulp: dict[str, int]
    bound_used: bool
    ratio: dict[str, float]
    tensorflow: Trajectory
    manual: Trajectory
    order: Order | None
    errors: dict[str, dict[str, tuple[float, float]]]
    moments_ratio: float

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        from tf_gd.verify.comparison_report import render

        return render(self)


def check(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate = "auto",
    num_steps: int = 100,
    start: tuple[float, float] = (0.0, 0.0),
    dtype: npt.DTypeLike = "float64",
    reduction: Reduction = "sum",
    on_progress: Progress | None = None,
) -> Comparison:
    """Train in TensorFlow and by hand, and compare gradients, updates and the whole way, series by series.

    Args:
        x, y: shape [n] each, finite.
        learning_rate, num_steps, start, dtype, reduction, on_progress: as for `train`.

    Returns:
        A `Comparison`.

    Raises:
        DataError: the points cannot be used.
        InvalidArgumentError: any other argument is not what it must be.

    Example:
        >>> comparison = check([0.0, 1.0, 2.0], [1.0, 3.0, 4.0], learning_rate=0.1, num_steps=10)
        >>> comparison.identical, comparison.max_ulp["loss"]
        (True, 0)
    """
    plan = Plan.of(
        x, y, learning_rate=learning_rate, num_steps=num_steps, start=start, dtype=dtype, reduction=reduction
    )
    if plan.warning:
        warnings.warn(plan.warning, DescentWarning, stacklevel=2)
    return check_plan(plan, on_progress)


def check_plan(plan: Plan, on_progress: Progress | None = None) -> Comparison:
    """Carry out a plan in TensorFlow and by hand, every step recorded, and compare."""
    check_progress(on_progress)
    plan = plan.replace(record_every=1)
    order = confirm_order(plan.points)
    return compare(plan, run(plan, "tensorflow", on_progress), run(plan, "manual", on_progress), order)


def compare(plan: Plan, theirs: Trajectory, ours: Trajectory, order: Order | None) -> Comparison:
    """Compare two trajectories of one plan: bits first, then the rounding bound."""
    rows = min(len(theirs), len(ours))
    pairs = {name: (getattr(theirs, name)[:rows], getattr(ours, name)[:rows]) for name in SERIES}
    max_ulp = {name: int(np.max(ulp_distance(*pair))) for name, pair in pairs.items()}
    together = len(theirs) == len(ours)
    identical = together and not any(max_ulp.values())
    ratio = dict.fromkeys(SERIES, 0.0) if identical else _ratios(plan, pairs, order)
    return Comparison(
        ok=identical or (together and max(ratio.values()) <= 1.0),
        identical=identical,
        max_ulp=max_ulp,
        bound_used=not identical,
        ratio=ratio,
        tensorflow=theirs,
        manual=ours,
        order=order,
        errors={path.engine: _errors(plan, path) for path in (theirs, ours)},
        moments_ratio=_moments_ratio(plan, ours, order),
    )


def _moments_ratio(plan: Plan, ours: Trajectory, order: Order | None) -> float:
    """Return how far the engine "moments" is from the hand-written path, as a fraction of the rounding bound."""
    jumped = run(plan, "moments")
    rows = min(len(jumped), len(ours))
    pairs = {name: (getattr(ours, name)[:rows], getattr(jumped, name)[:rows]) for name in SERIES}
    finite = np.all([np.isfinite(side.astype(np.float64)) for pair in pairs.values() for side in pair], axis=0)
    end = rows if finite.all() else int(np.argmin(finite))
    both = {name: (left[:end], right[:end]) for name, (left, right) in pairs.items()}
    return max(_ratios(plan, both, order).values()) if end else 0.0


def _ratios(plan: Plan, pairs: dict[str, tuple[Vector, Vector]], order: Order | None) -> dict[str, float]:
    """Return, for each series, the largest distance as a fraction of its bound; infinity where only one is finite."""
    left = {name: pair[0].astype(np.float64) for name, pair in pairs.items()}
    bound = RoundingBound.of(plan.points, plan.reduction, order)
    with np.errstate(all="ignore"):
        limits = bound.trajectory(left, plan.applied_rate)
        return {name: _ratio(left[name], pairs[name][1].astype(np.float64), limits[name]) for name in SERIES}


def _ratio(left: Vector, right: Vector, limit: Vector) -> float:
    """Return the largest |left - right| / limit; two numbers that are not finite must be the same."""
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    apart = np.where(same, 0.0, np.abs(left - right) / limit)
    return float(np.max(np.where(np.isnan(apart), np.inf, apart)))


def _errors(plan: Plan, path: Trajectory) -> dict[str, tuple[float, float]]:
    """Return, for each component of the final gradient, its distance from the true one and the bound on that."""
    names, got = ("gradient_m", "gradient_c"), [float(value) for value in path.gradient]
    line = [float(value) for value in path.line]
    if not np.all(np.isfinite([*line, *got])):
        return {}
    true = exact_gradient(plan.points, Line(*line), plan.reduction)
    bounds = RoundingBound.of(plan.points, plan.reduction, known(plan.points.n, plan.points.x.dtype)).gradient(*line)
    off = [float(abs(Fraction(value) - want)) for value, want in zip(got, true, strict=True)]
    return {name: (error, float(bound) / 2) for name, error, bound in zip(names, off, bounds, strict=True)}


def exact_gradient(points: Points, line: Line, reduction: Reduction = "sum") -> Gradient:
    """Return the true gradient at `line`, in rational arithmetic: the referee between two that were rounded.

    Args:
        points: the observations, each taken as the exact number that its dtype holds.
        line: slope and intercept, finite.
        reduction: "sum" or "mean".

    Returns:
        (dL/dm, dL/dc) as `fractions.Fraction`.

    Example:
        >>> exact_gradient(Points([1.0], [0.5]), Line(0.1, 0.0)).c == 2 * (Fraction(0.1) - Fraction(0.5))
        True
    """
    x, y = (values.astype(np.float64) for values in points)
    moments = Moments.of(x, y, exact=True)
    dm, dc = moments.exact_gradient(Fraction(float(line.m)), Fraction(float(line.c)))
    scale = Fraction(1, moments.n) if reduction == "mean" else Fraction(1)
    return Gradient(dm * scale, dc * scale)
