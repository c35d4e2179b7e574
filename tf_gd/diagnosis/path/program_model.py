"""Whether a program fits a line: its residuals m x + c - y, or its squared loss, stand among its numbers.

The prediction alone says nothing: logistic regression computes m x + c as well.
"""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.path.candidates import Pair, PointsCandidate
from tf_gd.diagnosis.path.program_loss import loss_of
from tf_gd.diagnosis.path.program_record import Record
from tf_gd.diagnosis.path.samplings import Sampling
from tf_gd.diagnosis.path.term_arrays import Array

TOLERANCE = 1e-5


def predicts_a_line(record: Record, pair: Pair, sampling: Sampling, points: PointsCandidate) -> bool:
    """Return whether the program computed the loss, or m x + c - y of one of the first states."""
    if loss_of(record, pair, sampling, points) is not None:
        return True
    x, y = points.x.values, points.y.values
    for m, c in sampling.states[:3]:
        if m == 0 or c == 0:
            continue
        line = m * x + c
        for wanted in (line - y, y - line):
            if np.ptp(wanted) > 0 and _is_there(record, wanted):
                return True
    return False


def _is_there(record: Record, wanted: Array) -> bool:
    scale = TOLERANCE * (np.abs(wanted).max() or 1.0)
    for table in record.tables:
        if table.values.size == wanted.size and np.abs(table.values.ravel() - wanted).max() <= scale:
            return True
    single = [series for series in record.series if series.width == 1]
    return any(
        sum(bool((np.abs(series.values - one) <= scale).any()) for one in wanted) == wanted.size for series in single
    )
