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
from tf_gd.arguments import check_count, check_dtype, check_start, check_tolerance
from tf_gd.curvature import Curvature
from tf_gd.data import Points
from tf_gd.errors import DescentWarning, invalid
from tf_gd.line import Line, Reduction, check_reduction
from tf_gd.manual import ManualDescent, applied_learning_rate
from tf_gd.outcome import judge
from tf_gd.probing import reveal
from tf_gd.trajectory import SERIES, Trajectory

Engine = Literal["tensorflow", "manual", "moments"]
LearningRate = float | Callable[[], float] | Literal["auto"]
Progress = Callable[[int, int], None]

MOST_STEPS_A_RUN = 10_000
POINTS_A_RUN = 10**8  # points looked at between two calls of `on_progress`: about half a second


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
    check_reduction(reduction)
    points = Points(x, y).astype(check_dtype(dtype))
    line = Line(*check_start(start, points.x.dtype))
    stretch = _stretch(points.n, num_steps, record_every, steps_per_run)
    check_tolerance(tolerance)
    if engine not in get_args(Engine):
        raise invalid("engine", "'tensorflow', 'manual' or 'moments'", engine)
    curvature = Curvature.of(points.x.astype(np.float64), reduction)
    rate = curvature.best_learning_rate if isinstance(learning_rate, str) and learning_rate == "auto" else learning_rate
    applied = float(applied_learning_rate(rate, points.x.dtype))
    _warn(curvature, applied)
    with _open(engine, points, rate, reduction, steps_per_run == 1) as descends:
        step, rows = _walk(descends, line, num_steps, tolerance, record_every, stretch, on_progress)
    reached = None if tolerance is None else float(points.x.dtype.type(tolerance))
    outcome, message = judge(int(step[-1]), rows[0], rows[-1], curvature, applied, reached)
    return Trajectory(
        step,
        **dict(zip(SERIES, rows.T, strict=True)),
        outcome=outcome,
        message=message,
        engine=engine,
        learning_rate=applied,
        max_learning_rate=curvature.max_learning_rate,
        reduction=reduction,
        order=order_used(points, engine),
    )


def _stretch(n: int, num_steps: int, record_every: int, steps_per_run: int | None) -> int:
    """Check the counts, and return how many steps to make between two looks at the clock."""
    check_count("num_steps", num_steps, least=0)
    check_count("record_every", record_every, least=1)
    if steps_per_run is not None and check_count("steps_per_run", steps_per_run, least=1) > 1:
        return steps_per_run
    return max(1, min(MOST_STEPS_A_RUN, POINTS_A_RUN // n))


def _warn(curvature: Curvature, rate: float) -> None:
    """Say before the descent starts that it will not get where its author wants."""
    if curvature.is_singular:
        text = "All x are equal: the slope cannot be identified, and the line found depends on the start."
    elif rate >= curvature.max_learning_rate:
        text = (
            f"The learning rate {rate:.6g} is not under {curvature.max_learning_rate:.6g}, the largest stable one for "
            f"these points: the descent will not converge. The best one is {curvature.best_learning_rate:.6g}."
        )
    else:
        return
    warnings.warn(text, DescentWarning, stacklevel=3)


def _open(
    engine: Engine,
    points: Points,
    learning_rate: float | Callable[[], float],
    reduction: Reduction,
    classic: bool,
) -> AbstractContextManager[Descends]:
    """Return the engine, ready to descend."""
    if engine == "tensorflow":
        return (graph.SteppedLineGraph if classic else graph.LineGraph)(points, learning_rate, reduction)
    if "tensorflow" in sys.modules:
        confirm_order(points)
    return nullcontext(ManualDescent(points, learning_rate, reduction))


def _walk(
    engine: Descends,
    line: Line,
    num_steps: int,
    tolerance: float | None,
    record_every: int,
    stretch: int,
    on_progress: Progress | None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[Any]]:
    """Descend stretch by stretch; return the steps and the rows to keep, the final one included."""
    steps, kept, done, ended = [], [], 0, False
    while not ended:
        wanted = min(stretch, num_steps - done)
        rows = engine.descend(line, wanted, tolerance)
        here = np.arange(done, done + len(rows))
        line, done = Line(*rows[-1, :2]), int(here[-1])
        ended = len(rows) <= wanted or done == num_steps
        keep = here % record_every == 0
        keep[-1] = ended  # otherwise the next stretch starts with this very row
        steps.append(here[keep])
        kept.append(rows[keep])
        if on_progress is not None:
            on_progress(done, num_steps)
    return np.concatenate(steps), np.concatenate(kept)


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
    if order.confirmed(n, dtype):
        return f"TensorFlow's, confirmed by probing: {order.confirmed(n, dtype)}"
    if order.was_probed(n, dtype):
        return f"not TensorFlow's, whose order is none that is known: {order.expected(n, dtype)}"
    return f"expected of TensorFlow's common build on this machine, not probed: {order.expected(n, dtype)}"
