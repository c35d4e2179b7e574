"""TensorFlow's path and the hand-written one, compared bit by bit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.descent import check_engine, confirm_order, run
from tf_gd.errors import invalid
from tf_gd.line import Gradient, Line
from tf_gd.moments.moments import Moments
from tf_gd.moments.rational import rounded
from tf_gd.points import Points
from tf_gd.points.arrays import Array
from tf_gd.problem import Problem
from tf_gd.reduction import Reduction, loss_factor
from tf_gd.trajectory import SERIES, Trajectory
from tf_gd.validation import MOST_ROWS, Progress, check_progress
from tf_gd.verify.comparison import Comparison
from tf_gd.verify.rounding import RoundingBound, ulp_distance


def check_problem(problem: Problem, on_progress: Progress | None = None) -> Comparison:
    """Solve a problem in TensorFlow and by hand, compare every step, and keep those that are to be recorded."""
    check_progress(on_progress)
    if problem.num_steps >= MOST_ROWS:
        raise invalid(
            "num_steps",
            f"under {MOST_ROWS:,} where every step of TensorFlow's path and of the one by hand is compared",
            problem.num_steps,
            "Compare fewer, or train with engine='manual' (--engine manual).",
        )
    check_engine(problem, "tensorflow")
    every = problem.record_every
    problem = confirm_order(replace(problem, record_every=1))
    whole = compare(problem, run(problem, "tensorflow", on_progress), run(problem, "manual", on_progress))
    return replace(whole, tensorflow=_recorded(whole.tensorflow, every), manual=_recorded(whole.manual, every))


def _recorded(path: Trajectory, every: int) -> Trajectory:
    """Return the trajectory with the steps that are multiples of `every`, and the last."""
    if every == 1:
        return path
    kept = (path.step % every == 0) | (path.step == path.step[-1])
    return replace(path, **{name: getattr(path, name)[kept] for name in ("step", *SERIES)})


def compare(problem: Problem, theirs: Trajectory, ours: Trajectory) -> Comparison:
    """Compare two trajectories of one problem: bits first, then the rounding bound."""
    rows = min(len(theirs), len(ours))
    pairs = {name: (getattr(theirs, name)[:rows], getattr(ours, name)[:rows]) for name in SERIES}
    max_ulp = {name: int(np.max(ulp_distance(*pair))) for name, pair in pairs.items()}
    together = len(theirs) == len(ours)
    identical = together and not any(max_ulp.values())
    ratio = dict.fromkeys(SERIES, 0.0) if identical else _ratios(problem, pairs)
    return Comparison(
        ok=identical or (together and max(ratio.values()) <= 1.0),
        identical=identical,
        max_ulp=max_ulp,
        bound_used=not identical,
        ratio=ratio,
        tensorflow=theirs,
        manual=ours,
        order=problem.confirmed_order,
        errors={path.engine: _errors(problem, path) for path in (theirs, ours)},
        moments_ratio=_moments_ratio(problem, ours),
    )


def _moments_ratio(problem: Problem, ours: Trajectory) -> float | None:
    """Return how far the engine "moments" is from the hand-written path, as a fraction of the rounding bound."""
    if problem.batches is not None or problem.rates.size != 1:
        return None  # that engine takes all points at one rate
    jumped = run(problem, "moments")
    rows = min(len(jumped), len(ours))
    pairs = {name: (getattr(ours, name)[:rows], getattr(jumped, name)[:rows]) for name in SERIES}
    finite = np.all([np.isfinite(side.astype(np.float64)) for pair in pairs.values() for side in pair], axis=0)
    end = rows if finite.all() else int(np.argmin(finite))
    both = {name: (left[:end], right[:end]) for name, (left, right) in pairs.items()}
    return max(_ratios(problem, both).values()) if end else 0.0


def _ratios(problem: Problem, pairs: dict[str, tuple[Array, Array]]) -> dict[str, float]:
    """Return, for each series, the largest distance as a fraction of its bound; infinity where only one is finite."""
    left = {name: pair[0].astype(np.float64) for name, pair in pairs.items()}
    bound = RoundingBound.of_problem(problem, problem.confirmed_order)
    with np.errstate(all="ignore"):
        limits = bound.trajectory(left, problem.applied_rate)
        return {name: _ratio(left[name], pairs[name][1].astype(np.float64), limits[name]) for name in SERIES}


def _ratio(left: Array, right: Array, limit: Array) -> float:
    """Return the largest |left - right| / limit; two numbers that are not finite must be the same."""
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    apart = np.where(same, 0.0, np.abs(left - right) / limit)
    return float(np.max(np.where(np.isnan(apart), np.inf, apart)))


def _errors(problem: Problem, path: Trajectory) -> dict[str, tuple[float, float]]:
    """Return, for each component of the final gradient, its distance from the true one and the bound on that."""
    names, got = ("gradient_m", "gradient_c"), [float(value) for value in path.gradient]
    line = [float(path.m[-1]), float(path.c[-1])]
    if not np.all(np.isfinite([*line, *got])):
        return {}
    if problem.points is None or problem.batches is not None:
        return {}
    true: Any = exact_gradient(problem.points, Line(*line), problem.reduction, problem.loss_scale)
    bounds = RoundingBound.of_problem(problem, problem.order).gradient(*line)
    off = [rounded(abs(Fraction(value) - want)) for value, want in zip(got, true, strict=True)]
    errors = {name: (error, float(bound) / 2) for name, error, bound in zip(names, off, bounds, strict=True)}
    return errors if problem.intercept else {"gradient_m": errors["gradient_m"]}


def exact_gradient(
    points: Points, line: Line, reduction: Reduction = "sum", loss_scale: float | None = None
) -> Gradient:
    """Return the true gradient at `line`, in rational arithmetic: the rounded ones are compared with it.

    Args:
        points: the observations, each taken as the exact number that its dtype holds.
        line: slope and intercept, finite.
        reduction, loss_scale: see `loss_factor`.

    Returns:
        (dL/dm, dL/dc) as `fractions.Fraction`.

    Example:
        >>> exact_gradient(Points([1.0], [0.5]), Line(0.1, 0.0)).dc == 2 * (Fraction(0.1) - Fraction(0.5))
        True
    """
    x, y = (values.astype(np.float64) for values in points)
    moments = Moments.of(x, y, exact=True)
    dm, dc = moments.exact_gradient(Fraction(float(line.m)), Fraction(float(line.c)))
    scale = loss_factor(moments.n, reduction, loss_scale)
    exact: Any = (dm * scale, dc * scale)  # fractions, where a gradient has floats
    return Gradient(*exact)
