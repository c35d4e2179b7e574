"""Steps on the points that a program had at hand at the time: batches that it cut itself, or drew at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import CandidateVector, Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_steps import UNITS, PathSteps
from tf_gd.diagnosis.path.program_record import READ, ProgramArray, ProgramRecord
from tf_gd.diagnosis.path.term_arrays import Array

FEWEST = 3
MOST_STEPS = 60
MOST_CANDIDATES = 12

Clocks = npt.NDArray[np.int64]


def batch_trials(record: ProgramRecord, pair: Pair, sampling: Sampling) -> Iterator[tuple[PointsCandidate, PathSteps]]:
    """Yield the steps with the points of each, for every two changing arrays or numbers that may be x and y."""
    states = sampling.states[: MOST_STEPS + 1]
    if len(states) <= FEWEST or not np.isfinite(states).all():
        return
    found = _changing(record, pair, sampling.clocks[1 : len(states)])
    order = sorted(permutations(found, 2), key=lambda two: -names.x_score(two[0][0]) - names.y_score(two[1][0]))
    for (x_name, x), (y_name, y) in order[: MOST_CANDIDATES * 3]:
        if x.shape == y.shape and len(np.unique(x, axis=0)) > 1:  # the same point every time is no choice of points
            steps = PathSteps(states[:-1], states[1:], x, y, UNITS["float64"], intercept=pair.intercept)
            vectors = [
                CandidateVector(name, name, values.ravel(), "float64", 0) for name, values in ((x_name, x), (y_name, y))
            ]
            yield PointsCandidate(vectors[0], vectors[1], 0.0), steps


def _changing(record: ProgramRecord, pair: Pair, clocks: Clocks) -> list[tuple[str, Array]]:
    """Return (name, numbers at each step) of what changes from step to step: shape [steps, batch] each."""
    found: list[tuple[str, Array]] = []
    tables: dict[tuple[str, str], list[tuple[int, Array]]] = {}
    for table in record.tables:
        for name, column in _columns(table):
            tables.setdefault((table.scope, name), []).append((table.clock, column))
    for (_, name), kept in tables.items():
        sizes = {values.shape for _, values in kept}
        if len(kept) > FEWEST and len(sizes) == 1 and len(next(iter(sizes))) == 1:
            found.append((name, _at(np.array([clock for clock, _ in kept]), np.array([v for _, v in kept]), clocks)))
    for series in sorted(record.series, key=lambda one: one.scope != READ):
        others = (pair.m.place, pair.c.place)
        if series.width == 1 and not series.is_constant and series.place not in others:
            found.append((series.last_name, _at(series.clocks, series.values[:, None], clocks)))
    return found[: 2 * MOST_CANDIDATES]


def _columns(table: ProgramArray) -> Iterator[tuple[str, Array]]:
    """Yield the columns of a table that are not one number throughout, as a column of ones is."""
    values = table.values if table.values.ndim == 2 else table.values[:, None]
    several = values.shape[1] > 1
    for index in range(values.shape[1]):
        if not several or np.ptp(values[:, index]) > 0:
            yield f"{table.name}[:, {index}]" if several else table.name, values[:, index]


def _at(known: Clocks, values: Array, clocks: Clocks) -> Array:
    """Return the values that were known at each clock."""
    return np.asarray(values[np.maximum(np.searchsorted(known, clocks, side="right") - 1, 0)])
