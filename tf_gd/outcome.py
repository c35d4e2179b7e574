"""Why a descent stopped, and the sentence that says so."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature


class Outcome(Enum):
    """Why a descent stopped; each value is a sentence that says what to do next."""

    CONVERGED = "The gradient is at or under the tolerance. Nothing more to do."
    STEP_LIMIT = "All the steps that were asked for are done. Raise num_steps to come closer."
    DIVERGED = "The loss grows without bound. Lower learning_rate under the largest stable one."


def judge(
    step: int,
    first: npt.NDArray[Any],
    last: npt.NDArray[Any],
    curvature: Curvature,
    rate: float,
    tolerance: float | None,
) -> tuple[Outcome, str]:
    """Return why a descent stopped, and a sentence with the numbers of this very run.

    Args:
        step: the number of updates that were made.
        first, last: the rows (m, c, loss, dL/dm, dL/dc) of the first and the final state.
        curvature: of the points.
        rate: the learning rate as it was applied.
        tolerance: as given to `train`, in the dtype of the run.
    """
    limit = curvature.max_learning_rate
    largest = float(np.max(np.abs(last[3:])))
    if not np.all(np.isfinite(last)):
        return Outcome.DIVERGED, _overflow(step, last, limit, rate)
    if tolerance is not None and largest <= tolerance:
        return Outcome.CONVERGED, (
            f"After {step:,} steps the largest component of the gradient is {largest:.3g}, "
            f"at or under the tolerance {tolerance:.3g}."
        )
    if rate >= limit and last[2] > first[2]:
        return Outcome.DIVERGED, (
            f"The loss grew from {float(first[2]):.6g} to {float(last[2]):.6g} in {step:,} steps; "
            f"the learning rate must stay under {limit:.6g} for these points."
        )
    return Outcome.STEP_LIMIT, _unfinished(step, largest, curvature, rate, tolerance)


def _overflow(step: int, last: npt.NDArray[Any], limit: float, rate: float) -> str:
    """Say which number was lost first, and whether the rate or the size of the numbers is to blame."""
    names = ("m", "c", "Loss", "dL/dm", "dL/dc")
    index = next(i for i in (2, 3, 4, 0, 1) if not np.isfinite(last[i]))
    what = f"{names[index]} became {'NaN' if np.isnan(last[index]) else 'infinite'} at step {step:,}"
    if rate >= limit:
        return f"{what}; the learning rate must stay under {limit:.6g} for these points."
    return f"{what}, with a stable learning rate: the numbers are too large for {last.dtype.name}. Scale the points."


def _unfinished(step: int, largest: float, curvature: Curvature, rate: float, tolerance: float | None) -> str:
    """Say how far a descent came, and how many more steps it takes."""
    said = f"All {step:,} steps are done; the largest component of the gradient is {largest:.3g}"
    if tolerance is None:
        return f"{said}."
    with np.errstate(all="ignore"):
        digits = max(1e-9, float(np.log10(largest / np.float64(tolerance))))
    more = curvature.steps_to(digits, rate) if np.isfinite(digits) else np.inf
    advice = f"about {more:,.0f} more are needed" if np.isfinite(more) else "more steps alone will not get there"
    return f"{said}, over the tolerance {tolerance:.3g}; {advice}."
