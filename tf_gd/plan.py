"""A descent that was asked for, with every argument checked, before anything starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError
from tf_gd.learning_rate import applied_learning_rate, automatic_rate
from tf_gd.line import Line, Reduction, check_reduction
from tf_gd.moments.moments import Moments
from tf_gd.points import Points
from tf_gd.validation import check_count, check_dtype, check_start, check_tolerance

LearningRate = float | Callable[[], float] | Literal["auto"]
AnyCourse = TypeVar("AnyCourse", bound="Course")

MOST_STEPS_A_STRETCH = 10_000
MOST_STEPS_A_RUN = 10**7  # their rows take 400 MB in float64
POINTS_A_STRETCH = 10**8  # about half a second's work


@dataclass(frozen=True, kw_only=True)
class Course:
    """From where, how fast and how far to descend; the same for every engine.

    Attributes:
        curvature: of the loss over the points.
        dtype: of the parameters and all arithmetic.
        learning_rate: a number or a callable; "auto" is resolved.
        num_steps, start, reduction, tolerance, record_every: as for `train`.
    """

    curvature: Curvature
    dtype: np.dtype[Any]
    learning_rate: float | Callable[[], float]
    num_steps: int
    start: Line
    reduction: Reduction
    tolerance: float | None
    record_every: int

    @cached_property
    def applied_rate(self) -> float:
        """The learning rate as TensorFlow applies it."""
        return float(applied_learning_rate(self.learning_rate, self.dtype))

    @property
    def reached(self) -> float | None:
        """The tolerance in the dtype of the descent, as the engines compare with it."""
        return None if self.tolerance is None else float(self.dtype.type(self.tolerance))

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

    def replace(self: AnyCourse, **changes: Any) -> AnyCourse:
        """Return the course with some fields changed."""
        return type(self)(**{field.name: getattr(self, field.name) for field in fields(self)} | changes)


@dataclass(frozen=True, kw_only=True)
class Plan(Course):
    """A course over points in memory, for any engine.

    Attributes:
        points: in the dtype of the descent.
        steps_per_run: as for `train`.
    """

    points: Points
    steps_per_run: int | None

    @classmethod
    def of(
        cls,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        dtype: npt.DTypeLike = "float64",
        reduction: Reduction = "sum",
        steps_per_run: int | None = None,
        **course: Any,
    ) -> Plan:
        """Return the plan, or raise what `train` raises."""
        check_reduction(reduction)
        points = Points(x, y).astype(check_dtype(dtype))
        if steps_per_run is not None:
            check_count("steps_per_run", steps_per_run, least=1, most=MOST_STEPS_A_RUN)
        curvature = Curvature.of(points.x.astype(np.float64), reduction)
        checked = _checked(curvature, points.x.dtype, **course)
        return cls(points=points, reduction=reduction, steps_per_run=steps_per_run, **checked)

    @property
    def stretch(self) -> int:
        """How many steps to make between two looks at the clock."""
        if self.steps_per_run is not None and self.steps_per_run > 1:
            return self.steps_per_run
        return max(1, min(MOST_STEPS_A_STRETCH, POINTS_A_STRETCH // self.points.n))


@dataclass(frozen=True, kw_only=True)
class MomentsPlan(Course):
    """A course over points of which only the moments are at hand, for the engine "moments".

    Attributes:
        moments: the sums over the points.
    """

    moments: Moments

    @classmethod
    def of(cls, moments: Moments, *, reduction: Reduction = "sum", **course: Any) -> MomentsPlan:
        """Return the plan, in float64, or raise what `train` raises."""
        checked = _checked(moments.curvature(reduction), np.dtype(np.float64), **course)
        return cls(moments=moments, reduction=reduction, **checked)


def _checked(
    curvature: Curvature,
    dtype: np.dtype[Any],
    *,
    learning_rate: LearningRate,
    num_steps: int,
    start: tuple[float, float] = (0.0, 0.0),
    tolerance: float | None = None,
    record_every: int = 1,
) -> dict[str, Any]:
    """Return the fields of a course, checked, with the learning rate "auto" resolved."""
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
        "tolerance": check_tolerance(tolerance),
        "record_every": check_count("record_every", record_every, least=1),
    }
