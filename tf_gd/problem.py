"""Everything that a descent is about, in one place: said once, checked before anything starts, and never changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature, steepest_limit
from tf_gd.errors import DataError, invalid
from tf_gd.learning_rate import (
    applied_learning_rate,
    automatic_rate,
    resolved_rate,
)
from tf_gd.line import Line
from tf_gd.moments.least_loss import least_loss_rate
from tf_gd.moments.moments import Moments
from tf_gd.moments.standardization import Standardization, standardized
from tf_gd.points import Points
from tf_gd.reduction import Reduction, check_mean, check_reduction, loss_factor, scales
from tf_gd.summation.line_sums import Scales
from tf_gd.summation.order import Order, expected
from tf_gd.summation.schedule import Schedule, in_turn
from tf_gd.validation import (
    check_dtype,
    check_ending,
    check_loss_scale,
    check_program,
)

LearningRate = float | Callable[[], float] | Callable[[Any], Any] | Sequence[float] | npt.NDArray[Any] | Literal["auto"]

Batches = int | Sequence[npt.ArrayLike] | npt.NDArray[Any] | None

MOST_STEPS_A_CHUNK = 10_000
POINTS_A_CHUNK = 10**8  # about half a second's work


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is asked of a descent; the same for every engine.

    Attributes:
        points: in the dtype of the descent; None where only the moments are at hand.
        moments: the sums over the points, where they were given or computed already.
        curvature: of the loss over the points.
        dtype: of the parameters and all arithmetic.
        automatic: whether the learning rate was derived, and not given.
        learning_rate: a number, or an array of one for each step as they are applied; all else is resolved.
        num_steps, start, reduction, loss_scale, tolerance, record_every, steps_per_run: as for `train`.
        order: the order of addition over all points; None from moments, where nothing is added.
        constants, intercept: as for `train`.
        batches: index arrays, taken in turn, or None.
        batch_orders: the order of addition for each length of a batch.
        regrouped: whether the residual is added as TensorFlow does it where the points are constants.
        order_is: whether that order is "expected" of TensorFlow on this machine, was "confirmed" by probing, or could
            not be: TensorFlow's is "unknown", and this is another one.
        default_tolerance: whether the tolerance is what the arithmetic allows, and not one that was asked for.
        scaling: how x was centred and scaled, where it was; then points, moments, curvature and start are those of z.
    """

    points: Points | None
    moments: Moments | None
    curvature: Curvature
    dtype: np.dtype[Any]
    learning_rate: Any
    num_steps: int
    start: Line
    reduction: Reduction
    loss_scale: float | None
    tolerance: float | None
    record_every: int
    steps_per_run: int | None
    order: Order | None
    automatic: bool = False
    constants: bool = False
    intercept: bool = True
    batches: tuple[npt.NDArray[np.int64], ...] | None = None
    batch_orders: Mapping[int, Order] = field(default_factory=dict)
    regrouped: bool = False
    order_is: Literal["expected", "confirmed", "unknown"] = "expected"
    scaling: Standardization | None = None
    default_tolerance: bool = False

    @classmethod
    def of(
        cls,
        x: npt.ArrayLike | Points | Moments,
        y: npt.ArrayLike | None = None,
        *,
        learning_rate: LearningRate,
        num_steps: int,
        dtype: npt.DTypeLike = "float64",
        reduction: Reduction = "sum",
        loss_scale: float | None = None,
        constants: bool = False,
        intercept: bool = True,
        batches: Batches = None,
        standardize: bool = False,
        **ending: Any,
    ) -> Problem:
        """Return the problem over points or moments, or raise what `train` raises.

        Args:
            x, y: shape [n] each; or `Points` or `Moments` in place of both.
            learning_rate, dtype, reduction, loss_scale, constants, intercept, batches, standardize: as for `train`.
            num_steps: a number.
            **ending: `start`, `tolerance`, `record_every` and `steps_per_run`, as for `train`.
        """
        check_reduction(reduction)
        data = _checked_data(x, y, check_dtype(dtype), reduction, batches)
        kind = dtype_of(data)
        ends = check_ending(kind, num_steps, **ending)
        form = check_program(constants, intercept, batches, data.n)
        scaling, data = standardized(data, kind, standardize, intercept)
        over = data if isinstance(data, Points) else None
        problem = cls(
            points=over,
            moments=data if isinstance(data, Moments) else None,
            curvature=_curvature(data, reduction, loss_scale, intercept),
            dtype=kind,
            learning_rate=None,
            reduction=reduction,
            loss_scale=check_loss_scale(loss_scale),
            order=expected(over.n, kind) if over else None,
            batch_orders={n: expected(n, kind) for n in {len(batch) for batch in form["batches"] or ()}},
            regrouped=over is not None and form["constants"],
            scaling=scaling,
            **form,
            start=Line(*ends.pop("start")),
            **ends,
        )
        automatic = isinstance(learning_rate, str) and learning_rate == "auto"
        rate = problem._automatic() if automatic else resolved_rate(learning_rate, num_steps, problem.dtype)
        return replace(problem, learning_rate=rate, automatic=automatic)

    def _automatic(self) -> float:
        """Return the learning rate that "auto" stands for.

        With batches, half of the rate that is stable for each: then no batch is descended past its lowest point.
        """
        best, limit = self.curvature.best_learning_rate, self.max_learning_rate
        if not best > 0:
            raise DataError("`x` must have squares that fit float64, for a learning rate of its own. Scale the points.")
        if self.batches is not None:
            return automatic_rate(limit / 2 if math.isfinite(limit) else best, self.dtype, limit)
        if self.curvature.is_of_m_alone:  # one parameter, whose best rate gets there in one step
            return automatic_rate(best, self.dtype, limit)
        return least_loss_rate(self.sums, self.curvature, self.start, self.loss_factor, self.num_steps, self.dtype)

    @property
    def n(self) -> int:
        """The number of points."""
        return self.data.n

    @property
    def data(self) -> Points | Moments:
        """The points; or their moments, where no more is at hand."""
        data = self.points or self.moments
        assert data is not None
        return data

    @cached_property
    def sums(self) -> Moments:
        """The sums over the points."""
        return self.moments or Moments.of(*self.points)  # type: ignore[misc]  # one of the two is there

    @cached_property
    def loss_factor(self) -> Fraction:
        """By what the loss multiplies the sum of the squared residuals."""
        return loss_factor(self.n, self.reduction, self.loss_scale)

    @cached_property
    def rates(self) -> npt.NDArray[Any]:
        """The learning rate as TensorFlow applies it, shape [1]; or one for each step, shape [num_steps]."""
        if isinstance(self.learning_rate, np.ndarray):
            return self.learning_rate
        return np.array([applied_learning_rate(self.learning_rate, self.dtype)], self.dtype)

    @cached_property
    def applied_rate(self) -> float:
        """The learning rate as TensorFlow applies it; the largest of them, where each step has its own."""
        return float(np.max(self.rates)) if self.rates.size else 0.0

    @cached_property
    def max_learning_rate(self) -> float:
        """The rate at and over which a descent does not converge; with batches, for the steepest of them."""
        if self.batches is None:
            return self.curvature.max_learning_rate
        assert self.points is not None
        limit = steepest_limit(self.points, self.batches, self.reduction, self.loss_scale, self.intercept)
        assert limit is not None
        return limit

    @cached_property
    def schedule(self) -> Schedule | None:
        """The batches as the compiled descent reads them; None for all points at every step."""
        if self.batches is None:
            return None
        return in_turn(self.batches, self.batch_orders.__getitem__, self.scales_of)

    def scales_of(self, n: int) -> Scales:
        """How the reduction enters for a batch of n points."""
        return scales(n, self.dtype, self.reduction, self.loss_scale)

    @property
    def reached(self) -> float | None:
        """The tolerance in the dtype of the descent, as the engines compare with it."""
        return None if self.tolerance is None else float(self.dtype.type(self.tolerance))

    @property
    def scales(self) -> Scales:
        """How the reduction enters each point's terms and the loss."""
        return self.scales_of(self.n)

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
        limit, best = self.max_learning_rate, self.curvature.best_learning_rate
        if self.curvature.is_singular:
            return "All x are equal: the slope cannot be identified, and the line found depends on the start."
        if self.applied_rate >= limit:
            advice = f"The best one is {best:.6g}." if best > 0 else "Scale the points: their squares overflow float64."
            return (
                f"The learning rate {self.applied_rate:.6g} is not under {limit:.6g}, the largest stable one for these "
                f"points: the descent will not converge. {advice}"
            )
        return None


def dtype_of(data: Points | Moments) -> np.dtype[Any]:
    """Return the dtype of a descent over points; float64 over moments."""
    return data.x.dtype if isinstance(data, Points) else np.dtype(np.float64)


def _checked_data(x: Any, y: Any, dtype: np.dtype[Any], reduction: Reduction, batches: Any) -> Points | Moments:
    """Return the points in the dtype of the descent, or the moments, if this descent can be made over them."""
    if isinstance(x, Moments):
        if y is not None:
            raise invalid("y", "left out, where `x` is the moments of the points", y)
        if dtype.name != "float64":
            raise invalid("dtype", "float64 where only the moments are at hand", dtype, "Leave it out.")
        if batches is not None:
            raise invalid("batches", "None with the engine 'moments'", batches, "Take engine='manual'.")
        return x
    points = (x if isinstance(x, Points) else Points(x, y)).astype(dtype)
    check_mean(points.n, dtype, reduction)
    return points


def _curvature(data: Points | Moments, reduction: Reduction, loss_scale: float | None, intercept: bool) -> Curvature:
    if isinstance(data, Moments):
        return data.curvature(reduction, loss_scale, intercept)
    return Curvature.of(data.x.astype(np.float64), reduction, loss_scale, intercept)
