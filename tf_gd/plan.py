"""A descent that was asked for, with every argument checked, before anything starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tf_gd.arguments import check_count, check_dtype, check_start, check_tolerance
from tf_gd.curvature import Curvature
from tf_gd.data import Points
from tf_gd.line import Line, Reduction, check_reduction
from tf_gd.manual import applied_learning_rate

LearningRate = float | Callable[[], float] | Literal["auto"]

MOST_STEPS_A_STRETCH = 10_000
POINTS_A_STRETCH = 10**8  # about half a second's work


@dataclass(frozen=True)
class Plan:
    """What to descend on, from where, how fast and how far; the same for every engine.

    Attributes:
        points: in the dtype of the descent.
        learning_rate: a number or a callable; "auto" is resolved.
        num_steps, start, reduction, tolerance, record_every, steps_per_run: as for `train`.
    """

    points: Points
    learning_rate: float | Callable[[], float]
    num_steps: int
    start: Line
    reduction: Reduction
    tolerance: float | None
    record_every: int
    steps_per_run: int | None

    @classmethod
    def of(
        cls,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        *,
        learning_rate: LearningRate,
        num_steps: int,
        start: tuple[float, float] = (0.0, 0.0),
        dtype: npt.DTypeLike = "float64",
        reduction: Reduction = "sum",
        tolerance: float | None = None,
        record_every: int = 1,
        steps_per_run: int | None = None,
    ) -> Plan:
        """Return the plan, or raise what `train` raises."""
        check_reduction(reduction)
        points = Points(x, y).astype(check_dtype(dtype))
        line = Line(*check_start(start, points.x.dtype))
        check_count("num_steps", num_steps, least=0)
        check_count("record_every", record_every, least=1)
        if steps_per_run is not None:
            check_count("steps_per_run", steps_per_run, least=1)
        if isinstance(learning_rate, str) and learning_rate == "auto":
            learning_rate = Curvature.of(points.x.astype(np.float64), reduction).best_learning_rate
        applied_learning_rate(learning_rate, points.x.dtype)
        enough = check_tolerance(tolerance)
        return cls(points, learning_rate, num_steps, line, reduction, enough, record_every, steps_per_run)

    @cached_property
    def curvature(self) -> Curvature:
        """The curvature of the loss over the points."""
        return Curvature.of(self.points.x.astype(np.float64), self.reduction)

    @cached_property
    def applied_rate(self) -> float:
        """The learning rate as TensorFlow applies it."""
        return float(applied_learning_rate(self.learning_rate, self.points.x.dtype))

    @property
    def reached(self) -> float | None:
        """The tolerance in the dtype of the descent, as the engines compare with it."""
        return None if self.tolerance is None else float(self.points.x.dtype.type(self.tolerance))

    @property
    def stretch(self) -> int:
        """How many steps to make between two looks at the clock."""
        if self.steps_per_run is not None and self.steps_per_run > 1:
            return self.steps_per_run
        return max(1, min(MOST_STEPS_A_STRETCH, POINTS_A_STRETCH // self.points.n))

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

    def replace(self, **changes: Any) -> Plan:
        """Return the plan with some fields changed."""
        return Plan(**{name: changes.get(name, getattr(self, name)) for name in self.__dataclass_fields__})
