"""Whether a program fits a line, and which loss it computes.

Its residuals m x + c - y, its derivatives or its loss stand among its numbers. The prediction m x + c alone says less,
for logistic regression computes it as well: it counts where the source calls no nonlinear function.
"""

from __future__ import annotations

import ast

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_steps import steps_kept
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramRecord
from tf_gd.diagnosis.path.statements import Statements
from tf_gd.diagnosis.path.step_factors import shares
from tf_gd.points.arrays import Floats
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

TOLERANCE = 1e-5  # relative; a loss is computed in few operations, and may be float32
NONLINEAR = ("exp", "expit", "sigmoid", "log", "tanh", "softmax", "relu", "log1p", "sigmoid_", "sin", "cos")
FEWEST_ROWS, MOST_ROWS = 6, 20


class LineModel:
    """A program's numbers, compared with those of a line through the first states of a reading."""

    def __init__(
        self, record: ProgramRecord, statements: Statements, pair: Pair, sampling: Sampling, points: PointsCandidate
    ) -> None:
        self.record, self.pair, self.sampling, self.points = record, pair, sampling, points
        self.nonlinear = is_nonlinear(statements)

    def is_fitted(self) -> bool:
        """Return whether the program computes the loss, the residuals or the derivatives of the line."""
        if losses_of(self.record, self.pair, self.sampling, self.points):
            return True
        telling = [(m, c) for m, c in self.sampling.states[:4] if m != 0 and (c != 0 or not self.pair.intercept)][:3]
        arrays = any(self._is_there(wanted) for m, c in telling for wanted in self._arrays(m, c))
        return arrays or self._has_derivatives() or any(map(self._follows, self._scalars()))

    def _arrays(self, m: float, c: float) -> list[Floats]:
        line = m * self.points.x.values + c
        residuals = line - self.points.y.values
        return [residuals, -residuals, *([] if self.nonlinear else [line])]

    def _scalars(self) -> list[NumberSeries]:
        own = (self.pair.m.place, self.pair.c.place)
        return [one for one in self.record.series if one.width == 1 and not one.is_constant and one.place not in own]

    def _is_there(self, wanted: Floats) -> bool:
        if np.ptp(wanted) == 0:
            return False
        scale = TOLERANCE * (np.abs(wanted).max() or 1.0)
        for table in self.record.tables:
            if table.values.size == wanted.size and np.abs(table.values.ravel() - wanted).max() <= scale:
                return True
        return any(
            sum(bool((np.abs(series.values - one) <= scale).any()) for one in wanted) == wanted.size
            for series in self._scalars()
        )

    def _states_at(self, series: NumberSeries) -> tuple[npt.NDArray[np.intp], Floats]:
        """Return the rows of a series that were read between two states, and these states."""
        index = np.searchsorted(self.sampling.clocks, series.clocks, side="right") - 1
        rows = np.flatnonzero(index >= 0)[:MOST_ROWS]
        return rows, self.sampling.states[index[rows]]

    def _follows(self, series: NumberSeries) -> bool:
        """Return whether each value of a series is the residual of some point at the line of its time."""
        rows, states = self._states_at(series)
        values = series.values[rows]
        if len(rows) < FEWEST_ROWS or len(np.unique(values)) < FEWEST_ROWS:
            return False
        with np.errstate(all="ignore"):
            line = states[:, :1] * self.points.x.values + states[:, 1:]
            scale = TOLERANCE * (np.abs(line) + np.abs(self.points.y.values))
            wanted = [line - self.points.y.values, self.points.y.values - line, *([] if self.nonlinear else [line])]
            return any(
                bool((np.abs(values[:, None] - one) <= scale).any(axis=1).mean() > 0.9) for one in wanted
            )  # fmt: skip

    def _has_derivatives(self) -> bool:
        """Return whether two series hold the derivatives of one of the four losses at every state."""
        return all(any(self._is_derivative(series, which) for series in self._scalars()) for which in (0, 1))

    def _is_derivative(self, series: NumberSeries, which: int) -> bool:
        rows, states = self._states_at(series)
        if len(rows) < 3:
            return False
        x, y = self.points.x.values, self.points.y.values
        with np.errstate(all="ignore"):
            e = states[:, :1] * x + states[:, 1:] - y
            sums = 2 * (e * x if which == 0 else e).sum(axis=1)
            size = 2 * np.abs(e * x if which == 0 else e).sum(axis=1)
            values = np.abs(series.values[rows])
            return any(
                bool((np.abs(values - share * np.abs(sums)) <= TOLERANCE * share * size).all() and sums.any())
                for share in shares(len(x)).values()
            )


def is_nonlinear(statements: Statements) -> bool:
    """Return whether a source calls a function that makes something else of a line, such as exp."""
    return not called_names(statements).isdisjoint(NONLINEAR)


def called_names(statements: Statements) -> set[str]:
    """Return the last names of all that a source calls."""
    called = (one.func for one in ast.walk(statements.tree) if isinstance(one, ast.Call))
    return {str(getattr(one, "attr", getattr(one, "id", ""))) for one in called}


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
        spread = TOLERANCE * squares + UNIT_ROUNDOFFS["float32"] * np.sum(4 * np.abs(residuals) * sizes, axis=1)
    matched_losses = {
        _match(series, int(line), sampling, (squares, spread), len(x))
        for series in record.series
        if series.width == 1 and names.is_loss(series.place)
        for line in dict.fromkeys(series.lines.tolist())
    }
    return [loss for loss in shares(len(x)) if loss in matched_losses]


def _match(series: NumberSeries, line: int, sampling: Sampling, known: tuple[Floats, Floats], n: int) -> str | None:
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
