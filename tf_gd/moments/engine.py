"""The engine "moments": a whole trajectory from the sums over the points, whatever the number of points and steps."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid
from tf_gd.line import Line
from tf_gd.moments.closed_form import ClosedForm, Steps
from tf_gd.moments.quadratic import representable
from tf_gd.moments.stopping import first_at_or_under
from tf_gd.validation import MOST_STEPS, check_rows

if TYPE_CHECKING:
    from tf_gd.problem import Problem


class MomentsDescent:
    """A descent over fixed points whose states are computed, not walked to.

    Args:
        problem: over points in memory; or over moments, and then all is in float64.
    """

    all_at_once = True
    model = None

    def __init__(self, problem: Problem) -> None:
        self.start, self.dtype, self.rate = problem.start, problem.dtype, problem.applied_rate
        fixed = Fraction(float(problem.start.c))
        self.moments = problem.sums if problem.intercept else problem.sums.with_fixed_intercept(fixed)
        if not problem.curvature.is_singular:
            representable(self.moments.least_squares())
        self.scale = problem.loss_factor

    def advance(
        self, line: Line, stop: int, tolerance: float | None = None, *, step: int = 0, every: int = 1
    ) -> tuple[int, npt.NDArray[Any], npt.NDArray[Any]]:
        """Compute what is left of a descent after `step` updates, from its start; see `descent.Engine`."""
        reached = None if tolerance is None else float(self.dtype.type(tolerance))
        steps, rows = self.sample(self.start, stop, reached, every)
        return int(steps[-1]), rows[np.searchsorted(steps, step) : -1], rows[-1:]

    def sample(
        self, start: Line, num_steps: int, tolerance: float | None = None, record_every: int = 1
    ) -> tuple[Steps, npt.NDArray[Any]]:
        """Return steps, shape [rows], and their rows (m, c, loss, dL/dm, dL/dc), the last state included.

        The descent ends, as one that walks does, at the first state whose gradient has no component over `tolerance`,
        at the first state with a number that is not finite in the points' dtype, or after `num_steps` updates.

        Raises:
            InvalidArgumentError: more rows than memory should hold, or steps past 2^63 - 2.
        """
        if num_steps >= MOST_STEPS:
            raise invalid("num_steps", 'a whole number under 2^63 - 1 for the engine "moments"', num_steps)
        record_every = min(record_every, MOST_STEPS)
        descent = ClosedForm.of(self.moments, start, self.rate, self.scale)
        last = self._end(descent, num_steps)
        if tolerance is not None:
            met = first_at_or_under(descent, tolerance, last)
            last = last if met is None else met
        check_rows(last, record_every)
        steps = np.append(np.arange(0, last, record_every), last)
        return steps, self._rows(descent, steps)

    def _end(self, descent: ClosedForm, num_steps: int) -> int:
        """Return the first step with a number that is not finite, or else `num_steps`.

        Every size is a sum of growing and shrinking sequences, so it is convex in the step: once out of range, always.
        """

        def is_lost(step: int) -> bool:
            return not np.isfinite(self._rows(descent, np.array([step]))).all()

        return bisect_left(range(num_steps), True, key=is_lost) if is_lost(num_steps) else num_steps

    def _rows(self, descent: ClosedForm, steps: Steps) -> npt.NDArray[Any]:
        with np.errstate(over="ignore"):
            return descent.rows(steps).astype(self.dtype)
