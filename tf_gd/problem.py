"""Everything that a descent is about, in one place: said once, checked before anything starts, and never changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError
from tf_gd.learning_rate import applied_learning_rate, automatic_rate
from tf_gd.line import Line, Reduction, check_mean, check_reduction, scales
from tf_gd.points import Points
from tf_gd.summation.evaluation import Scales
from tf_gd.summation.order import Order, expected
from tf_gd.validation import (
    check_count,
    check_dtype,
    check_loss_scale,
    check_start,
    check_tolerance,
)

if TYPE_CHECKING:
    from tf_gd.moments.moments import Moments

LearningRate = float | Callable[[], float] | Literal["auto"]

MOST_STEPS_A_CHUNK = 10_000
MOST_STEPS_A_RUN = 10**7  # their rows take 400 MB in float64
POINTS_A_CHUNK = 10**8  # about half a second's work


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is asked of a descent; the same for every engine.

    Attributes:
        points: in the dtype of the descent; None where only the moments are at hand.
        moments: the sums over the points, where they were given or computed already.
        curvature: of the loss over the points.
        dtype: of the parameters and all arithmetic.
        learning_rate: a number or a callable; "auto" is resolved.
        num_steps, start, reduction, loss_scale, tolerance, record_every, steps_per_run: as for `train`.
        order: the order of addition over all points; None from moments, where nothing is added.
        order_is: whether that order is "expected" of TensorFlow on this machine, was "confirmed" by probing, or could
            not be: TensorFlow's is "unknown", and this is another one.
    """

    points: Points | None
    moments: Moments | None
    curvature: Curvature
    dtype: np.dtype[Any]
    learning_rate: float | Callable[[], float]
    num_steps: int
    start: Line
    reduction: Reduction
    loss_scale: float | None
    tolerance: float | None
    record_every: int
    steps_per_run: int | None
    order: Order | None
    order_is: Literal["expected", "confirmed", "unknown"] = "expected"

    @classmethod
    def of(
        cls,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        dtype: npt.DTypeLike = "float64",
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
        **descent: Any,
    ) -> Problem:
        """Return the problem over points in memory, or raise what `train` raises.

        Args:
            x, y, dtype, reduction, loss_scale: as for `train`.
            **descent: `learning_rate` and `num_steps`, a number, and what else `train` takes.
        """
        check_reduction(reduction)
        points = Points(x, y).astype(check_dtype(dtype))
        check_mean(points, reduction)
        curvature = Curvature.of(points.x.astype(np.float64), reduction, loss_scale)
        order = expected(points.n, points.x.dtype)
        checked = _checked(curvature, points.x.dtype, loss_scale, **descent)
        return cls(points=points, moments=None, reduction=reduction, order=order, **checked)

    @classmethod
    def of_moments(
        cls, moments: Moments, *, reduction: Reduction = "sum", loss_scale: float | None = None, **descent: Any
    ) -> Problem:
        """Return the problem, in float64, over points of which only the moments are at hand."""
        curvature = moments.curvature(reduction, loss_scale)
        checked = _checked(curvature, np.dtype(np.float64), loss_scale, **descent)
        return cls(points=None, moments=moments, reduction=reduction, order=None, **checked)

    @property
    def n(self) -> int:
        """The number of points."""
        if self.points is not None:
            return self.points.n
        assert self.moments is not None
        return self.moments.n

    @cached_property
    def applied_rate(self) -> float:
        """The learning rate as TensorFlow applies it."""
        return float(applied_learning_rate(self.learning_rate, self.dtype))

    @property
    def reached(self) -> float | None:
        """The tolerance in the dtype of the descent, as the engines compare with it."""
        return None if self.tolerance is None else float(self.dtype.type(self.tolerance))

    @property
    def scales(self) -> Scales:
        """How the reduction enters each point's terms and the loss."""
        return scales(self.n, self.dtype, self.reduction, self.loss_scale)

    @property
    def chunk(self) -> int:
        """How many steps to make between two looks at the clock."""
        if self.steps_per_run is not None and self.steps_per_run > 1:
            return self.steps_per_run
        return max(1, min(MOST_STEPS_A_CHUNK, POINTS_A_CHUNK // self.n))

    @property
    def confirmed_order(self) -> Order | None:
        """The order of addition, if TensorFlow was seen to use it."""
        return self.order if self.order_is == "confirmed" else None

    @property
    def warning(self) -> str | None:
        """Why this descent will not get where its author wants, if it will not."""
        limit, best = self.curvature.max_learning_rate, self.curvature.best_learning_rate
        if self.curvature.is_singular:
            return "All x are equal: the slope cannot be identified, and the line found depends on the start."
        if self.applied_rate >= limit:
            return (
                f"The learning rate {self.applied_rate:.6g} is not under {limit:.6g}, the largest stable one for these "
                f"points: the descent will not converge. The best one is {best:.6g}."
            )
        return None


def _checked(
    curvature: Curvature,
    dtype: np.dtype[Any],
    loss_scale: float | None,
    *,
    learning_rate: LearningRate,
    num_steps: int,
    start: tuple[float, float] = (0.0, 0.0),
    tolerance: float | None = None,
    record_every: int = 1,
    steps_per_run: int | None = None,
) -> dict[str, Any]:
    """Return the fields that say how to descend, checked, with the learning rate "auto" resolved."""
    rate = learning_rate
    if isinstance(rate, str) and rate == "auto":
        if not curvature.best_learning_rate > 0:
            raise DataError("`x` must have squares that fit float64, for a learning rate of its own. Scale the points.")
        rate = automatic_rate(curvature.best_learning_rate, dtype)
    applied_learning_rate(rate, dtype)
    return {
        "curvature": curvature,
        "dtype": dtype,
        "learning_rate": rate,
        "num_steps": check_count("num_steps", num_steps, least=0),
        "start": Line(*check_start(start, dtype)),
        "loss_scale": check_loss_scale(loss_scale),
        "tolerance": check_tolerance(tolerance),
        "record_every": check_count("record_every", record_every, least=1),
        "steps_per_run": None
        if steps_per_run is None
        else check_count("steps_per_run", steps_per_run, 1, MOST_STEPS_A_RUN),
    }


def _at_once(steps_per_run: int | None) -> int | None:
    return None if steps_per_run is None else check_count("steps_per_run", steps_per_run, 1, MOST_STEPS_A_RUN)
