"""The loop, for any engine: descend until the gradient is as close to 0 as was asked  (equation 9)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from tf_gd import graph, order
from tf_gd.data import Points
from tf_gd.errors import DescentWarning, invalid
from tf_gd.line import Line, Reduction
from tf_gd.manual import ManualDescent
from tf_gd.outcome import judge
from tf_gd.plan import LearningRate, Plan
from tf_gd.probing import reveal
from tf_gd.scale.engine import MomentsDescent
from tf_gd.trajectory import SERIES, Trajectory

Engine = Literal["tensorflow", "manual", "moments"]
Progress = Callable[[int, int], None]


class Descends(Protocol):
    """An engine: `descend` returns the rows (m, c, loss, dL/dm, dL/dc) of at most `num_steps` updates."""

    def descend(self, start: Line, num_steps: int, tolerance: float | None = None) -> npt.NDArray[Any]: ...


def train(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    learning_rate: LearningRate,
    num_steps: int,
    engine: Engine = "tensorflow",
    start: tuple[float, float] = (0.0, 0.0),
    dtype: npt.DTypeLike = "float64",
    reduction: Reduction = "sum",
    tolerance: float | None = None,
    record_every: int = 1,
    on_progress: Progress | None = None,
    steps_per_run: int | None = None,
) -> Trajectory:
    """Fit `y = m x + c` by gradient descent and return the path.

    Args:
        x, y: shape [n] each, finite.
        learning_rate: alpha, above 0. A Python float is rounded to float32 first, as TensorFlow does; `np.float64(...)`
            stays as it is. "auto" is the rate that converges in the fewest steps. May be a callable that returns one.
        num_steps: the largest number of updates, 0 or above.
        engine: "tensorflow"; "manual", which gives the same bits without it; or "moments", whose steps cost the same
            for any number of points.
        start: (m, c) to begin with.
        dtype: "float64", "float32", "float16" or "bfloat16": of the points, the parameters and all arithmetic.
        reduction: the loss is the "sum" or the "mean" of the squared residuals.
        tolerance: stop at the first state whose gradient has no component over it, in absolute value.
        record_every: keep the rows of every so-manieth step; the final state is always kept.
        on_progress: called with (step, num_steps) every now and then.
        steps_per_run: steps inside one `Session.run`; 1 is the classic loop, one run a step. Chosen when left out.

    Returns:
        A `Trajectory`. It ends early where the tolerance is met or a number is no longer finite.

    Raises:
        DataError: the points cannot be used, or do not fit `dtype`.
        InvalidArgumentError: any other argument is not what it must be.

    Warns:
        DescentWarning: the rate is at or over the largest stable one, or all x are equal.

    Example:
        >>> path = train([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], learning_rate="auto", num_steps=200, engine="manual")
        >>> round(float(path.line.m), 6), round(float(path.line.c), 6)
        (2.0, 1.0)
    """
    plan = Plan.of(
        x,
        y,
        learning_rate=learning_rate,
        num_steps=num_steps,
        start=start,
        dtype=dtype,
        reduction=reduction,
        tolerance=tolerance,
        record_every=record_every,
        steps_per_run=steps_per_run,
    )
    if plan.warning:
        warnings.warn(plan.warning, DescentWarning, stacklevel=2)
    return run(plan, engine, on_progress)


def run(plan: Plan, engine: Engine = "tensorflow", on_progress: Progress | None = None) -> Trajectory:
    """Carry out a plan with an engine, and return the path.

    Raises:
        InvalidArgumentError: unknown `engine`.
    """
    if engine not in get_args(Engine):
        raise invalid("engine", "'tensorflow', 'manual' or 'moments'", engine)
    if engine == "moments":
        step, rows = _sample(plan, on_progress)
    else:
        with _open(plan, engine) as descends:
            step, rows = _walk(descends, plan, on_progress)
    outcome, message = judge(int(step[-1]), rows[0], rows[-1], plan.curvature, plan.applied_rate, plan.reached)
    return Trajectory(
        step,
        **dict(zip(SERIES, rows.T, strict=True)),
        outcome=outcome,
        message=message,
        engine=engine,
        learning_rate=plan.applied_rate,
        max_learning_rate=plan.curvature.max_learning_rate,
        reduction=plan.reduction,
        order=order_used(plan.points, engine),
    )


def _open(plan: Plan, engine: Engine) -> AbstractContextManager[Descends]:
    """Return the engine, ready to descend."""
    what = plan.points, plan.learning_rate, plan.reduction
    if engine == "tensorflow":
        return graph.SteppedLineGraph(*what) if plan.steps_per_run == 1 else graph.LineGraph(*what)
    if "tensorflow" in sys.modules:
        confirm_order(plan.points)
    return nullcontext(ManualDescent(*what))


def _walk(engine: Descends, plan: Plan, on_progress: Progress | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Descend stretch by stretch; return the steps and the rows to keep, the final one included."""
    line, done, ended = plan.start, 0, False
    steps, kept = [], []
    while not ended:
        wanted = min(plan.stretch, plan.num_steps - done)
        rows = engine.descend(line, wanted, plan.tolerance)
        here = np.arange(done, done + len(rows))
        line, done = Line(*rows[-1, :2]), int(here[-1])
        ended = len(rows) <= wanted or done == plan.num_steps
        keep = here % plan.record_every == 0
        keep[-1] = ended  # otherwise the next stretch starts with this very row
        steps.append(here[keep])
        kept.append(rows[keep])
        if on_progress is not None:
            on_progress(done, plan.num_steps)
    return np.concatenate(steps), np.concatenate(kept)


def _sample(plan: Plan, on_progress: Progress | None) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Compute the rows to keep, without walking; return the steps and the rows."""
    engine = MomentsDescent(plan.points, plan.learning_rate, plan.reduction)
    steps, rows = engine.sample(plan.start, plan.num_steps, plan.reached, plan.record_every)
    if on_progress is not None:
        on_progress(int(steps[-1]), plan.num_steps)
    return steps, rows


def confirm_order(points: Points) -> order.Order | None:
    """Look, once in a process, at how TensorFlow adds so many numbers; None where it is in no way that is known."""
    n, dtype = points.n, points.x.dtype
    if not order.was_probed(n, dtype):
        with graph.reduce_sum(n, dtype) as reduce_sum:
            order.remember(n, dtype, reveal(reduce_sum, n, dtype))
    return order.confirmed(n, dtype)


def order_used(points: Points, engine: Engine) -> str:
    """Say in which order an engine added, and how that is known."""
    n, dtype = points.n, points.x.dtype
    if engine == "tensorflow":
        return "TensorFlow's own"
    if engine == "moments":
        return "none: the sums over the points are exact, or rounded far less than a step would round"
    if order.confirmed(n, dtype):
        return f"TensorFlow's, confirmed by probing: {order.confirmed(n, dtype)}"
    if order.was_probed(n, dtype):
        return f"not TensorFlow's, whose order is none that is known: {order.expected(n, dtype)}"
    return f"expected of TensorFlow's common build on this machine, not probed: {order.expected(n, dtype)}"
