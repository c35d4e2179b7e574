"""The loop, for any engine: descend until the gradient is as close to 0 as was asked  (equations 9 and 10)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from typing import Any, Literal, NamedTuple, Protocol, get_args

import numpy as np

from tf_gd.errors import invalid
from tf_gd.graph import LineGraph, SteppedLineGraph
from tf_gd.line import Line
from tf_gd.loading import is_stranded
from tf_gd.moments.engine import MomentsDescent
from tf_gd.points import Points
from tf_gd.points.arrays import Array
from tf_gd.problem import Problem
from tf_gd.summation.manual_engine import ManualDescent
from tf_gd.summation.order import Order, expected
from tf_gd.summation.probing import reduce_sum, reveal
from tf_gd.trajectory import SERIES, Trajectory, judge
from tf_gd.validation import Progress, check_progress, check_rows

FEW_STEPS = 50  # building the loop inside the graph takes as long as so many runs, one for each step
EngineName = Literal["tensorflow", "manual", "moments"]


class Engine(Protocol):
    """What carries out a descent.

    Attributes:
        all_at_once: whether a descent costs the same for any number of steps, so that it is not cut into chunks.
        model: what can `save` and `restore` the state in TensorFlow's own format; None where nothing can.
    """

    @property
    def all_at_once(self) -> bool: ...

    @property
    def model(self) -> Any: ...

    def advance(
        self, line: Line, stop: int, tolerance: float | None = None, *, step: int = 0, every: int = 1
    ) -> tuple[int, Array, Array]:
        """Descend from `line`, the state after `step` updates, to the step `stop` or to an earlier end.

        The end is the first state whose gradient has no component over `tolerance`, or with a number that is not
        finite.

        Returns:
            The step at which it ended; the rows (m, c, loss, dL/dm, dL/dc) of the steps before it that are multiples
            of `every`, shape [rows, 5]; the row of the last state, shape [1, 5].
        """
        ...


class Chunk(NamedTuple):
    """Some steps of a descent, up to step `done` at the state `line`.

    `kept` are the rows to keep of the steps before `done`, shape [rows, 5]; `last` is the row of `done`, shape [1, 5].
    """

    done: int
    line: Line
    kept: Array
    last: Array


def run(problem: Problem, engine: EngineName = "tensorflow", on_progress: Progress | None = None) -> Trajectory:
    """Solve a problem with an engine, and return the path.

    Raises:
        InvalidArgumentError: see `check_engine`; or `on_progress` is no function.
    """
    check_progress(on_progress)
    check_engine(problem, engine)  # before TensorFlow is probed
    problem = resolve_order(problem, engine)
    kept = []
    with open_engine(problem, engine) as opened:
        for chunk in chunks(opened, problem, problem.start):
            kept += [chunk.kept] if len(chunk.kept) else []  # as much memory as there are rows, not chunks
            if on_progress is not None:
                on_progress(chunk.done, problem.num_steps)
    return trajectory(problem, engine, chunk.done, np.concatenate([*kept, chunk.last]))


def trajectory(problem: Problem, engine: EngineName, done: int, rows: Array) -> Trajectory:
    """Return the path of a descent that has ended after `done` steps, from the rows that it kept and the final one."""
    step = np.append(np.arange(0, done, problem.record_every), done)
    order = order_used(problem, engine)
    outcome, message = judge(done, rows[0], rows[-1], problem.curvature, problem.applied_rate, problem.reached)
    return Trajectory(
        step,
        **dict(zip(SERIES, rows.T, strict=True)),
        outcome=outcome,
        message=message,
        engine=engine,
        learning_rate=problem.applied_rate,
        max_learning_rate=problem.max_learning_rate,
        reduction=problem.reduction,
        order=order,
        x_mean=problem.scaling.mean if problem.scaling else None,
        x_sd=problem.scaling.sd if problem.scaling else None,
        loss_scale=problem.loss_scale,
        intercept=problem.intercept,
        num_batches=None if problem.batches is None else len(problem.batches),
        num_rates=max(1, np.unique(problem.rates).size),
    )


def check_engine(problem: Problem, engine: Any) -> None:
    """Make sure that there is such an engine, and that it can solve the problem.

    Raises:
        InvalidArgumentError: there is none, or it cannot.
    """
    if engine not in get_args(EngineName):
        raise invalid("engine", "'tensorflow', 'manual' or 'moments'", engine)
    if problem.points is None and engine != "moments":
        raise invalid("engine", "'moments', where only the moments are at hand", engine)
    if engine != "moments":
        check_rows(problem.num_steps, problem.record_every)
    elif problem.batches is not None or problem.rates.size != 1:
        what, value = ("batches", "batches") if problem.batches is not None else ("learning_rate", "several rates")
        raise invalid(what, "all points and one rate with the engine 'moments'", value, "Take engine='manual'.")


def open_engine(problem: Problem, engine: EngineName) -> AbstractContextManager[Engine]:
    """Return the engine, ready to descend; `check_engine` comes before it."""
    if engine == "moments":
        return nullcontext(MomentsDescent(problem))
    if engine == "tensorflow":
        few = problem.steps_per_run is None and problem.num_steps <= FEW_STEPS
        stepped = few or problem.steps_per_run == 1 or problem.constants or problem.batches is not None
        return SteppedLineGraph.of(problem) if stepped else LineGraph.of(problem)
    return nullcontext(ManualDescent.of(problem))


def chunks(engine: Engine, problem: Problem, line: Line, done: int = 0, longest: int | None = None) -> Iterator[Chunk]:
    """Descend from a line, `done` steps from the start, chunk by chunk until the end; at least one comes.

    `longest` is the largest number of steps in a chunk; the problem's own choice when left out.
    """
    size = problem.num_steps if engine.all_at_once else longest or problem.chunk
    while True:
        stop = min(done + size, problem.num_steps)
        done, kept, last = engine.advance(line, stop, problem.tolerance, step=done, every=problem.record_every)
        line = Line(*last[0, :2])
        yield Chunk(done, line, kept, last)
        if done < stop or done >= problem.num_steps:
            return


def resolve_order(problem: Problem, engine: EngineName) -> Problem:
    """Return the problem with the order of addition that TensorFlow uses in this process, found by probing it.

    By hand, TensorFlow is not loaded for that: where it is not there, the order is the one to expect.
    """
    by_hand = engine == "manual" and "tensorflow" in sys.modules and not is_stranded()
    return confirm_order(problem) if by_hand else problem


def confirm_order(problem: Problem) -> Problem:
    """Return the problem with the order of addition that was found by probing TensorFlow, if it is a known one."""
    if problem.points is None or problem.order_is != "expected":
        return problem
    lengths = problem.batch_orders or [problem.n]
    orders = {length: _probed(length, problem.dtype) for length in lengths}
    regrouped = regroups(problem.n, problem.dtype) if problem.constants else False
    known_orders = {length: order for length, order in orders.items() if order is not None}
    if len(known_orders) < len(orders) or regrouped is None:
        return replace(problem, order_is="unknown")
    order_fields = {"batch_orders": known_orders} if problem.batch_orders else {"order": known_orders[problem.n]}
    return replace(problem, order_is="confirmed", regrouped=regrouped, **order_fields)


def order_of_sum(n: int, dtype: np.dtype[Any]) -> Order:
    """Return the order in which TensorFlow adds n elements here, found by probing; the one to expect where unknown."""
    return _probed(n, dtype) or expected(n, dtype)


@cache
def _probed(n: int, dtype: np.dtype[Any]) -> Order | None:
    """Look at how TensorFlow adds n elements, which no longer changes once it has a session in a process."""
    with reduce_sum(n, dtype) as added:
        return reveal(added, n, dtype)


@cache
def regroups(n: int, dtype: np.dtype[Any]) -> bool | None:
    """Return whether TensorFlow adds the residual of n constant points as `(m x - y) + c`; None: in another way yet.

    Found out by one update of a graph with constants: with m x = y = 2^k so large that c = 1 is rounded away, the
    residual is 0 as it is written, and 1 when it is regrouped; the update shows which.
    """
    kind: Any = np.dtype(dtype).type
    large = kind(2.0**12 if np.dtype(dtype).itemsize == 2 else 2.0**60)
    points = Points(np.ones(n, kind), np.full(n, large))
    with SteppedLineGraph(points, 0.5, "mean", constants=True) as line_graph:
        rows = line_graph.descend(Line(large, kind(1)), 1)
    moved = rows[1, 1] != rows[0, 1]
    ones = np.asarray([0.0, 1.0], kind)
    return bool(moved) if rows[0, 2] == ones[int(moved)] else None


def order_used(problem: Problem, engine: EngineName) -> str:
    """Say in which order an engine added, and how that is known."""
    if engine == "tensorflow":
        return "TensorFlow's own"
    if engine == "moments":
        return "none: the sums over the points are exact, or rounded far less than a step would round"
    return {
        "confirmed": f"TensorFlow's, confirmed by probing: {problem.order}",
        "unknown": f"not TensorFlow's, whose order is none that is known: {problem.order}",
        "expected": f"expected of TensorFlow's common build on this machine, not probed: {problem.order}",
    }[problem.order_is]
