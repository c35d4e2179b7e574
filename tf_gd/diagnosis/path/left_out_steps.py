"""A table that holds every k-th state of a right descent: k steps stand between two rows.

In the directions in which the loss is curved, k right steps multiply the distance from the best line by
(1 - factor * curvature)^k each. No mistake of the catalogue does so in both directions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tf_gd.diagnosis.path.path_steps import PathSteps
from tf_gd.diagnosis.path.step_factors import FactorReading, Rate, shares
from tf_gd.points.arrays import Floats
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

MOST_LEFT_OUT = 1000
FEWEST_ROWS = 3  # two say nothing: one number of steps and one rate can always explain them


@dataclass(frozen=True)
class LeftOut:
    """How many steps stand between two rows, at which factor in front of the sum's derivatives.

    `every` is 0 where all rows after the first are the best line, so that nothing tells how they came there.
    """

    every: int
    factor: float
    reading: FactorReading


class Distances:
    """The states of a table as distances from the best line, in the two directions of the curvature."""

    def __init__(self, steps: PathSteps) -> None:
        x, y, n = steps.x, steps.y, steps.n
        curvatures, directions = np.linalg.eigh(2 * np.array([[x @ x, x.sum()], [x.sum(), n]]))
        self.curvatures = np.maximum(curvatures, np.finfo(float).tiny)
        m = float((x - x.mean()) @ (y - y.mean()) / ((x - x.mean()) @ (x - x.mean())))
        best = np.array([m, y.mean() - m * x.mean()])
        states = np.vstack([steps.before[:1], steps.after])
        self.distances = (states - best) @ directions
        condition = float(self.curvatures[1] / self.curvatures[0])
        size = np.abs(states).max() + np.abs(best).max()
        self.slack = 4 * (n + 10) * (steps.unit + UNIT_ROUNDOFFS["float64"]) * size * np.sqrt(condition)
        self.slack += 4 * steps.resolution

    def end_at_once(self) -> bool:
        """Return whether every row after the first is the best line."""
        return bool((np.abs(self.distances[1:]) <= 2 * self.slack).all())

    def ratio(self) -> tuple[int, float]:
        """Return by what the rows multiply one of the distances: that one which tells it best, and the ratio."""
        before, after = self.distances[:-1], self.distances[1:]
        row, which = np.unravel_index(np.argmax(np.abs(after)), after.shape)
        return int(which), float(after[row, which] / before[row, which])

    def are_explained(self, every: int, factor: float) -> bool:
        """Return whether so many steps at this factor explain every row."""
        shrinks = (1 - factor * self.curvatures) ** every
        off = np.abs(self.distances[1:] - shrinks * self.distances[:-1])
        return bool((off <= self.slack * (1 + every * 1e-2) * (1 + np.abs(shrinks))).all())


def left_out_steps(steps: PathSteps, rates: Sequence[Rate], losses: Sequence[str]) -> LeftOut | None:
    """Return how many right steps stand between two rows; None where no number of them explains the table."""
    if steps.num_steps + 1 < FEWEST_ROWS or np.ptp(steps.x) == 0:
        return None
    with np.errstate(all="ignore"):
        distances = Distances(steps)
        if distances.end_at_once():
            return LeftOut(0, 0.0, FactorReading(None, None))
        for every, factor, reading in _guesses(distances, steps.n, rates, losses):
            if distances.are_explained(every, factor):
                return LeftOut(every, factor, reading)
    return None


def _guesses(
    distances: Distances, n: int, rates: Sequence[Rate], losses: Sequence[str]
) -> Iterator[tuple[int, float, FactorReading]]:
    which, ratio = distances.ratio()
    curvature = float(distances.curvatures[which])
    if not (np.isfinite(ratio) and ratio != 0):
        return
    for rate in rates:
        for loss in losses:
            factor = rate.value * shares(n)[loss]
            every = np.log(abs(ratio)) / np.log(abs(1 - factor * curvature))
            if np.isfinite(every) and 1.5 <= every < MOST_LEFT_OUT:
                yield round(every), factor, FactorReading(loss, rate.value)
    for every in range(2, MOST_LEFT_OUT) if not rates else ():
        for factor in _factors(ratio, every, curvature):
            yield every, factor, FactorReading(losses[0] if len(losses) == 1 else None, None)


def _factors(ratio: float, every: int, curvature: float) -> Iterator[float]:
    """Yield the factors at which so many steps shrink a distance by this ratio."""
    root: float = abs(ratio) ** (1 / every)
    roots: Floats = np.array([root, -root] if every % 2 == 0 else [np.sign(ratio) * root])
    if every % 2 == 1 or ratio > 0:
        yield from (float(factor) for factor in (1 - roots) / curvature if factor > 0)
