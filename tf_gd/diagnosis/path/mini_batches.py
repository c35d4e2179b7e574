"""Which points a step used, where it did not use them all: one point at a time, or a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.rate_fit import fit
from tf_gd.diagnosis.path.step_rules import right_move

FEWEST = 2  # steps; a single step on one point tells nothing of how the points are taken
LARGEST_SEARCHED = 400  # points: every size of batch up to this is tried


@dataclass(frozen=True)
class Batching:
    """Steps that each use some of the points.

    Attributes:
        steps: each with its own points; steps on a shorter last batch are left out.
        short: the steps on a shorter last batch; None where there is none.
        size: of a batch.
        in_turn: whether the points are taken in their order.
    """

    steps: PathSteps
    size: int
    in_turn: bool
    short: PathSteps | None = None


def batchings(steps: PathSteps) -> Iterator[Batching]:
    """Yield the ways of taking the points in turn: one at a time, then in batches of each size."""
    n = steps.n
    if steps.x.ndim != 1 or n < 2 or steps.num_steps < FEWEST:
        return
    for size in range(1, min(n, LARGEST_SEARCHED)):
        yield in_turn(steps, size)


def in_turn(steps: PathSteps, size: int) -> Batching:
    """Return the steps on consecutive points, `size` at a time, from the first again after the last."""
    count = -(-steps.n // size)
    batch = np.arange(steps.num_steps) % count
    whole = np.flatnonzero((batch + 1) * size <= steps.n)
    rows = batch[whole, None] * size + np.arange(size)
    rest = np.flatnonzero((batch + 1) * size > steps.n)
    last = batch[rest, None] * size + np.arange(steps.n % size or size)
    short = steps.part(rest).on_rows(last) if rest.size else None
    return Batching(steps.part(whole).on_rows(rows), size, True, short)


def right_batching(steps: PathSteps) -> Batching | None:
    """Return the batches under which the right update explains every step, if there are any."""
    for batching in batchings(steps):
        few = batching.steps.part(slice(0, 6))
        parts = (few, batching.steps, batching.short)
        if few.num_steps and all(part is None or _is_right(part) for part in parts):
            return batching
    return _one_at_random(steps)


def _is_right(steps: PathSteps) -> bool:
    factor = fit(steps, right_move(steps))
    return factor is not None and factor.value > 0 and np.isfinite(factor.slack)


def _one_at_random(steps: PathSteps) -> Batching | None:
    """Return the steps on one point each, wherever it lies: m moves by x times as much as c."""
    if steps.x.ndim != 1 or steps.n < 2 or steps.num_steps < FEWEST + 1:
        return None
    with np.errstate(all="ignore"):
        ratio = steps.moved[:, 0] / steps.moved[:, 1]
    if not np.isfinite(ratio).all():
        return None
    nearest = np.abs(steps.x[None, :] - ratio[:, None]).argmin(axis=1)
    rows = _same_x(steps, nearest)
    if np.unique(steps.x[rows]).size < 2:
        return None  # always the same point: that is a mistake, not a choice
    chosen = steps.on_rows(rows[:, None])
    return Batching(chosen, 1, False) if _is_right(chosen) else None


def _same_x(steps: PathSteps, nearest: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the point of each step; among points with one x the one whose residual fits the commonest factor."""
    residuals = steps.before[:, :1] * steps.x + steps.before[:, 1:] - steps.y
    with np.errstate(all="ignore"):
        factors = -steps.moved[:, 1:] / residuals
    usual = np.median(factors[np.arange(len(nearest)), nearest])
    off = np.where(steps.x[None, :] == steps.x[nearest][:, None], np.abs(factors - usual), np.inf)
    return np.asarray(np.nan_to_num(off, nan=np.inf).argmin(axis=1))
