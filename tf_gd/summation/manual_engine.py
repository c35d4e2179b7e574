"""The engine "manual": the descent by hand, in TensorFlow's order of addition, without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tf_gd.points.arrays import Array
from tf_gd.summation.compilation import prepare
from tf_gd.summation.flush_to_zero import flushed
from tf_gd.summation.line_sums import Evaluation, Scales
from tf_gd.summation.order import Order
from tf_gd.summation.schedule import Schedule, whole

if TYPE_CHECKING:
    from tf_gd.problem import Problem


class ManualDescent:
    """The hand-written descent over fixed points; with the methods of `graph.LineGraph`.

    Args:
        x, y: the points, shape [n] each, of one floating dtype.
        rates: the learning rate as it is applied, or one for each step from 0 on.
        scales: how the reduction enters, see `Scales`.
        order: the order of addition.
        regrouped: whether the residual is added as TensorFlow does it where the points are constants in its graph.
        intercept: whether c is a parameter; else it stays where it starts.
        schedule: the batches, taken in turn; all points at every step when left out.
    """

    all_at_once = False
    model = None

    def __init__(
        self,
        x: Array,
        y: Array,
        rates: Any,
        scales: Scales,
        order: Order,
        *,
        regrouped: bool = False,
        intercept: bool = True,
        schedule: Schedule | None = None,
    ) -> None:
        self.dtype, self.batched = x.dtype, schedule is not None
        self.evaluation = Evaluation(x, y, scales, order, regrouped, intercept)
        compiled = self.evaluation.compiled
        self.rates = np.atleast_1d(np.asarray(rates, compiled.dtype))
        self.schedule = schedule or whole(x.size, compiled.leaves, float(compiled.first_sum), scales)

    @classmethod
    def of(cls, problem: Problem) -> ManualDescent:
        """Return the descent of a problem over points in memory."""
        assert problem.points is not None
        assert problem.order is not None
        return cls(
            problem.points.x,
            problem.points.y,
            problem.rates,
            problem.scales,
            problem.order,
            regrouped=problem.regrouped,
            intercept=problem.intercept,
            schedule=problem.schedule,
        )

    def descend(self, start: Any, num_steps: int, tolerance: float | None = None) -> Array:
        """Return the rows (m, c, loss, dL/dm, dL/dc) of a descent: the start, then the state after each update.

        Args:
            start: where to begin, (m, c).
            num_steps: the largest number of updates.
            tolerance: stop at the first state whose gradient has no component over it, in absolute value.

        Returns:
            Shape [rows, 5], at most `num_steps + 1` rows. The first state with a number that is not finite is the last.
        """
        _, kept, last = self.advance(start, num_steps, tolerance)
        return np.concatenate([kept, last])

    def advance(
        self, line: Any, stop: int, tolerance: float | None = None, *, step: int = 0, every: int = 1
    ) -> tuple[int, Array, Array]:
        """Descend from a line; see `descent.Engine`."""
        row = np.zeros(5, self.dtype)
        row[:2] = line
        row = row.astype(self.rates.dtype)
        threshold = self.rates.dtype.type(-1.0 if tolerance is None else self.dtype.type(tolerance))
        kept = np.empty((max(0, -(-stop // every) - -(-step // every)), 5), self.rates.dtype)
        walk = self._walk if self.batched or len(self.evaluation.pieces) == 1 else self._walk_on_threads
        step, rows = walk(row, stop, threshold, step, every, kept)
        return step, kept[:rows].astype(self.dtype), row[None].astype(self.dtype)

    def _walk(self, row: Array, stop: int, threshold: Any, step: int, every: int, kept: Array) -> tuple[int, int]:
        """Make all steps in one compiled loop."""
        from tf_gd.summation import kernel

        e, plan, dtype = self.evaluation, self.schedule, self.rates.dtype
        points = *e.vectors, plan.indices, plan.batches, plan.leaves
        sizes = plan.sizes.astype(dtype), dtype.type(plan.factor)
        kind = e.form, e.compiled.kind, e.compiled.lanes, e.free
        arguments = *points, *sizes, self.rates, threshold, step, stop, every, *kind, row, kept
        prepare(kernel.descend, *arguments)
        with flushed():
            step, rows = kernel.descend(*arguments)
        return int(step), int(rows)

    def _walk_on_threads(
        self, row: Array, stop: int, threshold: Any, step: int, every: int, kept: Array
    ) -> tuple[int, int]:
        """Make the same steps, each on several threads: the same loop as `kernel.descend`."""
        from tf_gd.summation import kernel

        rows, kind = 0, self.evaluation.compiled.kind
        prepare(kernel.move, row, self.rates[0], kind)
        prepare(kernel.ends, row, threshold)
        with self.evaluation.at_work() as evaluation:
            while True:
                evaluation(row)
                if step == stop or kernel.ends(row, threshold):
                    return step, rows
                if step % every == 0:
                    kept[rows] = row
                    rows += 1
                kernel.move(row, self.rates[step if len(self.rates) > 1 else 0], kind)
                step += 1
