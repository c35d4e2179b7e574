"""One way to read a program: two series as m and c, cut into steps, on two columns of points; and its judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tf_gd.diagnosis.path.candidates import USED, Pair, PointsCandidate
from tf_gd.diagnosis.path.loop_rounds import Sampling
from tf_gd.diagnosis.path.mini_batches import Batching
from tf_gd.diagnosis.path.path_check import LARGEST
from tf_gd.diagnosis.path.path_judgement import Judgement
from tf_gd.diagnosis.path.path_steps import PathSteps, steps_kept
from tf_gd.diagnosis.path.state_precision import unit_of_all
from tf_gd.diagnosis.path.statements import Statements
from tf_gd.points.arrays import Floats

PAIRS_TRIED, POINTS_TRIED = 8, 5  # for mistakes
BEHIND = 4.0  # what a pair's score may be less than the best one's
CLEARLY = 3.5  # the score of x and y where the names of both say so
LIKELY = 1.0  # the score of a pair whose names, or whose updates, look like those of m and c
FINER = 1.9  # 2, but for what a program does between its steps


@dataclass(frozen=True, eq=False)
class Descent:
    """A descent that was found in a program, and its judgement."""

    pair: Pair
    points: PointsCandidate
    sampling: Sampling
    judgement: Judgement


@dataclass(frozen=True, eq=False)
class Trial:
    """One way to read a program: this pair, cut into these steps, on these points."""

    pair: Pair
    points: PointsCandidate
    sampling: Sampling
    steps: PathSteps

    def is_finer(self, other: Descent) -> bool:
        """Return whether it takes two steps or more where another reading of the same points takes one."""
        clocks = [one.sampling.clocks for one in (self, other)]
        own, others = (float(one[-1] - one[0]) / (len(one) - 1) for one in clocks)
        return self.points is other.points and FINER * own <= others


def steps_of(pair: Pair, sampling: Sampling, points: PointsCandidate) -> PathSteps | None:
    """Return the steps of a reading, as far as their numbers are finite; None where there is none."""
    states = finite(sampling.states[: steps_kept(points.x.values.size) + 1])
    if len(states) < 2:
        return None
    unit = unit_of_all(states, {*pair.m.dtypes, *pair.c.dtypes, points.x.dtype, points.y.dtype})
    x, y = points.x.values, points.y.values
    return PathSteps(states[:-1], states[1:], x, y, unit, intercept=pair.intercept)


def trials_of(pairs: Sequence[Pair], points: Sequence[PointsCandidate], statements: Statements) -> list[Trial]:
    """Return the ways to read a program, the likeliest first."""
    scored_trials = [
        (_score(pair, one, sampling, statements) - 0.05 * index, pair, sampling, one)
        for pair in pairs
        for index, sampling in enumerate(pair.samplings)
        for one in points
    ]
    ordered = sorted(scored_trials, key=lambda one: -one[0])
    read = ((pair, sampling, one, steps_of(pair, sampling, one)) for _, pair, sampling, one in ordered)
    return [Trial(pair, one, sampling, steps) for pair, sampling, one, steps in read if steps is not None]


def _score(pair: Pair, points: PointsCandidate, sampling: Sampling, statements: Statements) -> float:
    """Return how much speaks for a reading: names, whether x, and not y, is multiplied by m, and what came first.

    An array that is there only after the first state holds residuals, if not a batch.
    """
    by_m = [statements.forms.multiplies(pair.m.name, one.name) for one in (points.x, points.y)]
    late = sum(bool(one.clock > sampling.clocks[0]) for one in (points.x, points.y))
    return pair.score + points.score + USED * (by_m[0] - by_m[1]) - late


def likeliest(trials: Sequence[Trial]) -> list[Trial]:
    """Return the readings of the first few pairs, on the first few points each."""
    count: dict[int, int] = {}
    chosen = []
    least = max([LIKELY, *(trial.pair.score - BEHIND for trial in trials)])
    clear = any(trial.points.score > CLEARLY for trial in trials)
    for trial in trials:
        known = count.get(id(trial.sampling), 0)
        if clear and trial.points.score < 0:
            continue  # y and x, where the names say which is which
        if trial.pair.score >= least and known < POINTS_TRIED and (known or len(count) < PAIRS_TRIED):
            count[id(trial.sampling)] = known + 1
            chosen.append(trial)
    return chosen


def finite(states: Floats) -> Floats:
    """Return the states before the first that is not finite, or too large to compute with."""
    with np.errstate(all="ignore"):
        fine = np.isfinite(states).all(axis=1) & (np.abs(states).max(axis=1) < LARGEST)
    return states if fine.all() else states[: int(np.argmin(fine))]


def on_batches(descent: Descent, trial: Trial) -> Descent:
    """Return the descent with what each step used; where that is all points in another order, they are one batch."""
    x, y = trial.steps.x, trial.steps.y
    pairs = np.unique(np.column_stack([x.ravel(), y.ravel()]), axis=0)
    is_one = len(pairs) <= trial.steps.n > 1
    values = (x[0], y[0]) if is_one else (pairs[:, 0], pairs[:, 1])
    named = [replace(one, values=own) for one, own in zip((trial.points.x, trial.points.y), values, strict=True)]
    updated_descent = replace(descent, points=PointsCandidate(named[0], named[1], trial.points.score))
    batching = None if is_one else Batching(trial.steps, trial.steps.n, in_turn=False)
    return (
        replace(updated_descent, judgement=replace(descent.judgement, batching=batching))
        if batching
        else updated_descent
    )
