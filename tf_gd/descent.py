"""The loop, for any engine: descend until the gradient is as close to 0 as was asked  (equation 9)."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np
import numpy.typing as npt

from tf_gd import graph
from tf_gd.errors import DescentWarning, invalid
from tf_gd.line import Line, Reduction
from tf_gd.manual import ManualDescent
from tf_gd.moments.engine import MomentsDescent
from tf_gd.moments.moments import Moments
from tf_gd.outcome import judge
from tf_gd.plan import LearningRate, MomentsPlan, Plan
from tf_gd.points import Points
from tf_gd.progress import Progress, check_progress
from tf_gd.summation import order
from tf_gd.summation.probing import reveal
from tf_gd.trajectory import SERIES, Trajectory
from tf_gd.validation import check_dtype, check_rows

Engine = Literal["tensorflow", "manual", "moments"]


class Stretch(NamedTuple):
    """Some steps of a descent, up to step `done` at the state `line`.

    `kept` are the rows to keep of the steps before `done`, shape [rows, 5]; `last` is the row of `done`, shape [1, 5].
    """

    done: int
    line: Line
    kept: npt.NDArray[Any]
    last: npt.NDArray[Any]


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
    course: dict[str, Any] = {
        "learning_rate": learning_rate,
        "num_steps": num_steps,
        "start": start,
        "reduction": reduction,
        "tolerance": tolerance,
        "record_every": record_every,
    }
    plan: Plan | MomentsPlan
    if engine == "moments" and check_dtype(dtype) == np.float64:
        plan = MomentsPlan.of(Moments.of(x, y), **course)  # reads the points once, which Points would do again
    else:
        plan = Plan.of(x, y, dtype=dtype, steps_per_run=steps_per_run, **course)
    if plan.warning:
        warnings.warn(plan.warning, DescentWarning, stacklevel=2)
    return run(plan, engine, on_progress)


def train_moments(
    moments: Moments, *, learning_rate: LearningRate, num_steps: int, on_progress: Progress | None = None, **course: Any
) -> Trajectory:
    """Fit the line to points of which only the moments are at hand: from files larger than memory, say.

    Args:
        moments: the sums over the points.
        learning_rate, num_steps, on_progress: as for `train`.
        **course: `start`, `reduction`, `tolerance` and `record_every`, as for `train`.

    Returns:
        The `Trajectory` of the engine "moments", in float64.

    Raises:
        InvalidArgumentError: an argument is not what it must be.

    Warns:
        DescentWarning: as `train` does.

    Example:
        >>> moments = Moments.of([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train_moments(moments, learning_rate=0.1, num_steps=10**15, record_every=10**14)
        >>> round(float(path.line.m), 12), round(float(path.line.c), 12)
        (2.0, 1.0)
    """
    plan = MomentsPlan.of(moments, learning_rate=learning_rate, num_steps=num_steps, **course)
    if plan.warning:
        warnings.warn(plan.warning, DescentWarning, stacklevel=2)
    return run(plan, "moments", on_progress)


def run(plan: Plan | MomentsPlan, engine: Engine = "tensorflow", on_progress: Progress | None = None) -> Trajectory:
    """Carry out a plan with an engine, and return the path.

    Raises:
        InvalidArgumentError: unknown `engine`, or `on_progress` is no function.
    """
    check_progress(on_progress)
    kept = []
    with open_engine(plan, engine) as descends:
        for stretch in stretches(descends, plan, plan.start):
            kept += [stretch.kept] if len(stretch.kept) else []  # as much memory as there are rows, not stretches
            if on_progress is not None:
                on_progress(stretch.done, plan.num_steps)
    return trajectory(plan, engine, stretch.done, np.concatenate([*kept, stretch.last]))


def trajectory(plan: Plan | MomentsPlan, engine: Engine, done: int, rows: npt.NDArray[Any]) -> Trajectory:
    """Return the path of a descent that has ended after `done` steps, from the rows that it kept and the final one."""
    step = np.append(np.arange(0, done, plan.record_every), done)
    outcome, message = judge(done, rows[0], rows[-1], plan.curvature, plan.applied_rate, plan.reached)
    return Trajectory(
        step,
        **dict(zip(SERIES, rows.T, strict=True)),
        outcome=outcome,
        message=message,
        engine=engine,
        learning_rate=plan.applied_rate,
        max_learning_rate=plan.curvature.max_learning_rate,
        reduction=plan.reduction,
        order=order_used(plan, engine),
    )


def check_engine(plan: Plan | MomentsPlan, engine: Any) -> None:
    """Make sure that there is such an engine, and that it can carry out the plan.

    Raises:
        InvalidArgumentError: there is none, or it cannot.
    """
    if engine not in get_args(Engine):
        raise invalid("engine", "'tensorflow', 'manual' or 'moments'", engine)
    if isinstance(plan, MomentsPlan) and engine != "moments":
        raise invalid("engine", "'moments', where only the moments are at hand", engine)
    if engine != "moments":
        check_rows(plan.num_steps, plan.record_every)


def open_engine(plan: Plan | MomentsPlan, engine: Engine) -> AbstractContextManager[Descends | MomentsDescent]:
    """Return the engine, ready to descend.

    Raises:
        InvalidArgumentError: see `check_engine`.
    """
    check_engine(plan, engine)
    if isinstance(plan, MomentsPlan):
        return nullcontext(MomentsDescent(plan.moments, plan.learning_rate, plan.reduction))
    what = plan.points, plan.learning_rate, plan.reduction
    if engine == "moments":
        return nullcontext(MomentsDescent(*what))
    if engine == "tensorflow":
        return graph.SteppedLineGraph(*what) if plan.steps_per_run == 1 else graph.LineGraph(*what)
    if "tensorflow" in sys.modules and not graph.is_stranded():
        confirm_order(plan.points)
    return nullcontext(ManualDescent(*what))


def stretches(
    engine: Descends | MomentsDescent, plan: Plan | MomentsPlan, line: Line, done: int = 0, longest: int | None = None
) -> Iterator[Stretch]:
    """Descend from a line, `done` steps from the start, stretch by stretch until the end; at least one comes.

    `longest` is the largest number of steps in a stretch; the plan's own choice when left out. From the moments, all
    comes at once.
    """
    if isinstance(engine, MomentsDescent):
        yield _whole(engine, plan, done)
        return
    assert isinstance(plan, Plan)
    ended = False
    while not ended:
        wanted = min(longest or plan.stretch, plan.num_steps - done)
        rows = engine.descend(line, wanted, plan.tolerance)
        kept = rows[-done % plan.record_every : -1 : plan.record_every].copy()  # a view would keep all the rows
        line, done = Line(*rows[-1, :2]), done + len(rows) - 1
        ended = len(rows) <= wanted or done == plan.num_steps
        yield Stretch(done, line, kept, rows[-1:])


def _whole(engine: MomentsDescent, plan: Plan | MomentsPlan, done: int) -> Stretch:
    """Compute all that is left of a descent, without walking."""
    steps, rows = engine.sample(plan.start, plan.num_steps, plan.reached, plan.record_every)
    return Stretch(int(steps[-1]), Line(*rows[-1, :2]), rows[np.searchsorted(steps, done) : -1], rows[-1:])


def confirm_order(points: Points) -> order.Order | None:
    """Look, once in a process, at how TensorFlow adds so many numbers; None where it is in no way that is known."""
    n, dtype = points.n, points.x.dtype
    if not order.was_probed(n, dtype):
        with graph.reduce_sum(n, dtype) as reduce_sum:
            order.remember(n, dtype, reveal(reduce_sum, n, dtype))
    return order.confirmed(n, dtype)


def order_used(plan: Plan | MomentsPlan, engine: Engine) -> str:
    """Say in which order an engine added, and how that is known."""
    if engine == "tensorflow":
        return "TensorFlow's own"
    if isinstance(plan, MomentsPlan) or engine == "moments":
        return "none: the sums over the points are exact, or rounded far less than a step would round"
    n, dtype = plan.points.n, plan.dtype
    if order.confirmed(n, dtype):
        return f"TensorFlow's, confirmed by probing: {order.confirmed(n, dtype)}"
    if order.was_probed(n, dtype):
        return f"not TensorFlow's, whose order is none that is known: {order.expected(n, dtype)}"
    return f"expected of TensorFlow's common build on this machine, not probed: {order.expected(n, dtype)}"
