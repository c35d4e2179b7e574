"""Which loss a program computes: the numbers that it calls loss or cost, compared with the four."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.path import names
from tf_gd.diagnosis.path.candidates import Pair, PointsCandidate
from tf_gd.diagnosis.path.path_steps import steps_kept
from tf_gd.diagnosis.path.program_record import Record, Series
from tf_gd.diagnosis.path.samplings import Sampling
from tf_gd.diagnosis.path.step_factors import shares
from tf_gd.diagnosis.path.term_arrays import Array

TOLERANCE = 1e-5  # relative; a loss is computed in few operations, and may be float32
MOST_ROWS = 20


def loss_of(record: Record, pair: Pair, sampling: Sampling, points: PointsCandidate) -> str | None:
    """Return the loss whose numbers the program computes; None where it computes none of them."""
    x, y = points.x.values, points.y.values
    if x.ndim != 1:
        return None
    states = sampling.states[: steps_kept(x.size)]
    with np.errstate(all="ignore"):
        residuals = states[:, :1] * x + states[:, 1:] - y
        squares = np.sum(residuals * residuals, axis=1)
    for series in record.series:
        if series.width == 1 and names.is_loss(series.place):
            for line in dict.fromkeys(series.lines.tolist()):
                found = _match(series, int(line), sampling, squares, len(x))
                if found is not None:
                    return found
    return None


def _match(series: Series, line: int, sampling: Sampling, squares: Array, n: int) -> str | None:
    """Return the loss that a series has after one line, every time that it was read there."""
    rows = np.flatnonzero(series.lines == line)[:MOST_ROWS]
    for offset in (-1, -2, 0):  # the loss of the newest state, of the one before, or of the next
        index = np.searchsorted(sampling.clocks, series.clocks[rows], side="right") + offset
        kept = (index >= 0) & (index < len(squares))
        values, sums = series.values[rows][kept], squares[np.clip(index, 0, len(squares) - 1)][kept]
        usable = np.isfinite(values) & np.isfinite(sums) & (sums > 0)
        if not usable.any():
            continue
        for loss, share in shares(n).items():
            if (np.abs(values - share * sums)[usable] <= TOLERANCE * share * sums[usable]).all():
                return loss
    return None
