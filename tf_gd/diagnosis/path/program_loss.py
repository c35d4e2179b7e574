"""Which loss a program computes: the numbers that it calls loss or cost, compared with the four."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_steps import UNITS, steps_kept
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramRecord
from tf_gd.diagnosis.path.step_factors import shares
from tf_gd.diagnosis.path.term_arrays import Array

TOLERANCE = 1e-5  # relative; a loss is computed in few operations, and may be float32
MOST_ROWS = 20


def losses_of(record: ProgramRecord, pair: Pair, sampling: Sampling, points: PointsCandidate) -> list[str]:
    """Return the losses whose numbers the program computes."""
    x, y = points.x.values, points.y.values
    if x.ndim != 1:
        return []
    states = sampling.states[: steps_kept(x.size)]
    with np.errstate(all="ignore"):
        residuals = states[:, :1] * x + states[:, 1:] - y
        squares = np.sum(residuals * residuals, axis=1)
        sizes = np.abs(states[:, :1] * x) + np.abs(states[:, 1:]) + np.abs(y)
        spread = TOLERANCE * squares + UNITS["float32"] * np.sum(4 * np.abs(residuals) * sizes, axis=1)
    found = {
        _match(series, int(line), sampling, (squares, spread), len(x))
        for series in record.series
        if series.width == 1 and names.is_loss(series.place)
        for line in dict.fromkeys(series.lines.tolist())
    }
    return [loss for loss in shares(len(x)) if loss in found]


def _match(series: NumberSeries, line: int, sampling: Sampling, known: tuple[Array, Array], n: int) -> str | None:
    """Return the loss that a series has after one line, every time that it was read there."""
    squares, spread = known
    rows = np.flatnonzero(series.lines == line)[:MOST_ROWS]
    for offset in (-1, -2, 0):  # the loss of the newest state, of the one before, or of the next
        index = np.searchsorted(sampling.clocks, series.clocks[rows], side="right") + offset
        kept = (index >= 0) & (index < len(squares))
        near = np.clip(index, 0, len(squares) - 1)
        values, sums, off = series.values[rows][kept], squares[near][kept], spread[near][kept]
        usable = np.isfinite(values) & np.isfinite(sums) & (sums > 0)
        if not usable.any():
            continue
        for loss, share in shares(n).items():
            if (np.abs(values[usable] - share * sums[usable]) <= share * off[usable]).all():
                return loss
    return None
