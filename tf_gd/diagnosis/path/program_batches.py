"""Steps on the points that a program had at hand at the time: batches that it cut itself, or drew at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import CandidateVector, Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.program_record import READ, ProgramArray, ProgramRecord
from tf_gd.diagnosis.path.state_precision import unit_of_all
from tf_gd.points.arrays import Floats

FEWEST = 3
MOST_STEPS = 60
MOST_CANDIDATES = 12

Clocks = npt.NDArray[np.int64]


def batch_trials(record: ProgramRecord, pair: Pair, sampling: Sampling) -> Iterator[tuple[PointsCandidate, PathSteps]]:
    """Yield the steps with the points of each, for every two changing arrays or numbers that may be x and y."""
    states = sampling.states[: MOST_STEPS + 1]
    if len(states) <= FEWEST or not np.isfinite(states).all():
        return
    changing_series = _changing(record, pair, sampling.clocks[1 : len(states)])
    unit = unit_of_all(states, {*pair.m.dtypes, *pair.c.dtypes})
    order = sorted(permutations(changing_series, 2), key=lambda two: -two[0].as_x - two[1].as_y)
    for (x_name, x, *_), (y_name, y, *_) in order[: MOST_CANDIDATES * 3]:
        # the same points every time are no choice of points
        if x.shape == y.shape and max(len(np.unique(one, axis=0)) for one in (x, y)) > 1:
            steps = PathSteps(states[:-1], states[1:], x, y, unit, intercept=pair.intercept)
            vectors = [
                CandidateVector(name, name, values.ravel(), "float64", 0) for name, values in ((x_name, x), (y_name, y))
            ]
            yield PointsCandidate(vectors[0], vectors[1], 0.0), steps


class _Changing(NamedTuple):
    """What changes from step to step: its name, its numbers at each step, shape [steps, batch], and where it stands."""

    name: str
    values: Floats
    is_read: bool  # at an index, in the formula

    @property
    def as_x(self) -> float:
        """How likely these are the x of the points of a step."""
        return 3.0 * self.is_read + names.x_score(self.name.lower())

    @property
    def as_y(self) -> float:
        """How likely these are the y."""
        return 3.0 * self.is_read + names.y_score(self.name.lower())


def _changing(record: ProgramRecord, pair: Pair, clocks: Clocks) -> list[_Changing]:
    candidates: list[_Changing] = []
    tables: dict[tuple[str, str], list[tuple[int, Floats]]] = {}
    for table in record.tables:
        for name, column in _columns(table):
            tables.setdefault((table.scope, name), []).append((table.clock, column))
    changing = {kept[0][1].shape for kept in tables.values() if len(kept) > FEWEST}
    for (scope, name), kept in tables.items():
        sizes = {values.shape for _, values in kept}
        if (len(kept) > FEWEST or sizes <= changing) and len(sizes) == 1 and len(next(iter(sizes))) == 1:
            values = _at(np.array([clock for clock, _ in kept]), np.array([v for _, v in kept]), clocks)
            candidates.append(_Changing(name.partition("[")[0] if scope == READ else name, values, scope == READ))
    for series in sorted(record.series, key=lambda one: one.scope != READ):
        others = (pair.m.place, pair.c.place)
        if series.width == 1 and not series.is_constant and series.place not in others:
            values = _at(series.clocks, series.values[:, None], clocks)
            candidates.append(_Changing(series.last_name, values, series.scope == READ))
    return candidates[: 2 * MOST_CANDIDATES]


def are_shuffled_apart(record: ProgramRecord, steps: PathSteps) -> bool:
    """Return whether an x meets more than one y: more pairs than the program has points, of the same x and y."""
    numbers = [np.unique(values) for values in (steps.x, steps.y)]
    pairs = len(np.unique(np.column_stack([steps.x.ravel(), steps.y.ravel()]), axis=0))
    columns = (column for table in record.tables for _, column in _columns(table))
    sizes = [column.size for column in columns if np.isin(numbers[0], column).all()]
    return bool(sizes) and len(numbers[1]) <= min(sizes) < pairs


def _columns(table: ProgramArray) -> Iterator[tuple[str, Floats]]:
    """Yield the columns of a table that are not one number throughout, as a column of ones is."""
    values = table.values if table.values.ndim == 2 else table.values[:, None]
    several = values.shape[1] > 1
    for index in range(values.shape[1]):
        if not several or np.ptp(values[:, index]) > 0:
            yield f"{table.name}[:, {index}]" if several else table.name, values[:, index]


def _at(known: Clocks, values: Floats, clocks: Clocks) -> Floats:
    """Return the values that were known at each clock."""
    return np.asarray(values[np.maximum(np.searchsorted(known, clocks, side="right") - 1, 0)])
