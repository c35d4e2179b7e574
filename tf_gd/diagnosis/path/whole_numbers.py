"""Steps that an integer array cut to whole numbers."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.line.formulas import right
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.term_arrays import Array


def cut_to_whole_numbers(steps: PathSteps) -> tuple[float, float] | None:
    """Return between which factors every step is the right one, cut to whole numbers; None where there is none.

    A step to the whole number k came from anything in [k, k + 1) above 0, and in (k - 1, k] below.
    """
    states = np.vstack([steps.before, steps.after])
    if not (states == np.trunc(states)).all() or np.abs(states).max() >= 2**53:
        return None
    for gradient in (steps.derivatives(right).value, *_one_after_the_other(steps)):
        limits = _limits(steps, gradient)
        if limits is not None:
            return limits
    return None


def _one_after_the_other(steps: PathSteps) -> list[Array]:
    """Return the gradients where m, or c, is stored first: an integer array is filled one element at a time."""
    now = steps.derivatives(right).value
    m_first = steps.derivatives(right, at=np.column_stack([steps.after[:, 0], steps.before[:, 1]])).value
    c_first = steps.derivatives(right, at=np.column_stack([steps.before[:, 0], steps.after[:, 1]])).value
    return [np.column_stack([now[:, 0], m_first[:, 1]]), np.column_stack([c_first[:, 0], now[:, 1]])]


def _limits(steps: PathSteps, gradient: Array) -> tuple[float, float] | None:
    after, before = steps.after, steps.before
    lowest = np.where(after > 0, after, after - 1.0)
    highest = np.where(after < 0, after, after + 1.0)
    with np.errstate(all="ignore"):
        ends = np.stack([(before - lowest) / gradient, (before - highest) / gradient])
    ends = ends[:, gradient != 0]
    if not ends.size or (gradient[before != after] == 0).any():
        return None
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    return (low, high) if low <= high and high > 0 else None
