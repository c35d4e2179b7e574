"""The steps of two series on two columns of points, as far as their numbers are finite."""

from __future__ import annotations

import numpy as np

from tf_gd.diagnosis.path.candidates import CandidateVector, Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.path_check import LARGEST, unit_of
from tf_gd.diagnosis.path.path_steps import UNITS, PathSteps, steps_kept
from tf_gd.diagnosis.path.term_arrays import Array


def steps_of(pair: Pair, sampling: Sampling, points: PointsCandidate) -> PathSteps | None:
    """Return the steps of a reading, as far as their numbers are finite; None where there is none."""
    states = finite(sampling.states[: steps_kept(points.x.values.size) + 1])
    if len(states) < 2:
        return None
    unit = _unit(pair, states, points.x, points.y)
    x, y = points.x.values, points.y.values
    return PathSteps(states[:-1], states[1:], x, y, unit, intercept=pair.intercept)


def finite(states: Array) -> Array:
    """Return the states before the first that is not finite, or too large to compute with."""
    with np.errstate(all="ignore"):
        fine = np.isfinite(states).all(axis=1) & (np.abs(states).max(axis=1) < LARGEST)
    return states if fine.all() else states[: int(np.argmin(fine))]


def _unit(pair: Pair, states: Array, x: CandidateVector, y: CandidateVector) -> float:
    """Return the unit roundoff of the coarsest dtype that m, c, x and y had."""
    dtypes = {*pair.m.dtypes, *pair.c.dtypes, x.dtype, y.dtype}
    return max([unit_of(states, UNITS["float64"]), *(UNITS[name] for name in dtypes if name in UNITS)])
