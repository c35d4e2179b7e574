"""The post's aside made visible: trying every line on a grid takes far too long  (section 6).

The grid covers a box that must hold the best line. With r the correlation of x and y, the best slope is
m = r sd(y) / sd(x) and |r| <= 1, so |m| <= sd(y) / sd(x); and c = mean(y) - m mean(x).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError, invalid
from tf_gd.fitting import train
from tf_gd.line import Line
from tf_gd.moments.quadratic import representable
from tf_gd.points import Points
from tf_gd.points.arrays import Floats
from tf_gd.trajectory import Trajectory
from tf_gd.validation import Progress, check_progress

BLOCK = 2**16  # residuals held at a time: they fit the processor's cache
MOST_DIGITS = 9.0


@dataclass(frozen=True)
class Box:
    """The lines to search among: m from `low.m` to `high.m`, c from `low.c` to `high.c`."""

    low: Line
    high: Line

    @classmethod
    def around(cls, points: Points) -> Box:
        """Return the smallest box that holds the best line whatever the correlation is.

        Raises:
            DataError: all x are equal, so every slope fits as well as another.

        Example:
            >>> Box.around(Points([-1.0, 1.0], [0.0, 4.0]))
            Box(low=Line(m=-2.0, c=2.0), high=Line(m=2.0, c=2.0))
        """
        x, y = (vector.astype(np.float64) for vector in points)
        if (x == x[0]).all():
            raise DataError(f"`x` must hold two different values. Got {x[0]} in all of them. Add points elsewhere.")
        with np.errstate(all="ignore"):
            width = np.abs(x).max()  # divided by it, nothing that is squared overflows or underflows
            m = float(np.std(y) / np.std(x / width) / width)
            c, reach = float(np.mean(y)), m * abs(float(np.mean(x)))
        return cls(representable(Line(-m, c - reach)), representable(Line(m, c + reach)))

    @property
    def middle(self) -> Line:
        """The line in the middle."""
        return Line(*((low + high) / 2 for low, high in zip(self.low, self.high, strict=True)))


class GridSearch:
    """A search of the least loss over a grid in a box: 10^digits intervals along m and along c.

    Every line is tried on every point. `best`, `least` and `tried` are up to date at any time, so that a search that
    is interrupted has an answer, too.

    Args:
        points: the observations.
        digits: decimal digits of the box's width to find m and c to, above 0, at most 9.
        box: where to search; `Box.around(points)` when left out.

    Attributes:
        best: the best line so far.
        least: its loss, the sum of squared residuals.
        tried: how many lines were tried.
        evaluations: how many there are to try.

    Raises:
        InvalidArgumentError: `digits` is out of range.
        DataError: all x are equal.

    Example:
        >>> search = GridSearch(Points([0.0, 1.0], [1.0, 3.0]), digits=1)
        >>> search.evaluations, search.run().best
        (121, Line(m=2.0, c=1.0))
    """

    def __init__(self, points: Points, digits: float, box: Box | None = None) -> None:
        if not (math.isfinite(digits) and 0 < digits <= MOST_DIGITS):
            raise invalid("digits", f"a number above 0, at most {MOST_DIGITS:g}", digits)
        self.x, self.y = (vector.astype(np.float64) for vector in points)
        self.box = box or Box.around(points)
        intervals = math.ceil(10.0**digits)
        self.counts = [1 if low == high else intervals + 1 for low, high in zip(*self._ends, strict=True)]
        self.best, self.least, self.tried = self.box.middle, math.inf, 0

    @property
    def _ends(self) -> tuple[Line, Line]:
        return self.box.low, self.box.high

    @property
    def evaluations(self) -> int:
        """The number of lines on the grid."""
        return self.counts[0] * self.counts[1]

    def seconds(self, budget: float = 0.1) -> float:
        """Return how long the search will take, from trying some of its lines for about `budget` seconds."""
        start, tried = time.perf_counter(), 0
        for _, lines in self._blocks():
            self._losses(lines)
            tried += len(lines[1])
            if time.perf_counter() - start > budget:
                break
        return (time.perf_counter() - start) * self.evaluations / tried

    def run(self, on_progress: Progress | None = None) -> GridSearch:
        """Try every line; `on_progress(tried, evaluations)` is called now and then.

        Returns:
            The search itself, done.

        Raises:
            InvalidArgumentError: `on_progress` is no function.
        """
        check_progress(on_progress)
        for done, lines in self._blocks():
            losses = self._losses(lines)
            at = int(np.argmin(losses))
            if losses[at] < self.least:
                self.best, self.least = Line(lines[0], float(lines[1][at])), float(losses[at])
            self.tried = done
            if on_progress is not None:
                on_progress(done, self.evaluations)
        return self

    def _blocks(self) -> Iterator[tuple[int, tuple[float, Floats]]]:
        """Yield (lines tried when this block is done, (m, a block of c))."""
        size, done = max(1, BLOCK // self.x.size), 0
        for row in range(self.counts[0]):
            m = self._value(0, np.array([row]))[0]
            for first in range(0, self.counts[1], size):
                block = np.arange(first, min(first + size, self.counts[1]))
                done += block.size
                yield done, (float(m), self._value(1, block))

    def _value(self, axis: int, index: npt.NDArray[np.int64]) -> Floats:
        """Return the grid's values along m (0) or c (1)."""
        low, high = (end[axis] for end in self._ends)
        share = index / max(1, self.counts[axis] - 1)
        return np.asarray(low + (high - low) * share, dtype=np.float64)

    def _losses(self, lines: tuple[float, Floats]) -> Floats:
        """Return the sum of squared residuals of each of the lines (m, c), over all the points."""
        m, c = lines
        residuals = (m * self.x - self.y) + c[:, None]
        return np.asarray(np.einsum("ij,ij->i", residuals, residuals))


def steps_as_far(points: Points, digits: float) -> float:
    """Return how many steps gradient descent needs for as many digits, at the best rate."""
    return Curvature.of(points.x.astype(np.float64)).steps_to(digits)


def descend_as_far(points: Points, digits: float) -> tuple[Trajectory, float]:
    """Return gradient descent's way to as many digits, from the middle of the box at the best rate, and its seconds.

    Raises:
        DataError: all x are equal.

    Example:
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 4.0])
        >>> descend_as_far(points, digits=2)[0].num_steps == steps_as_far(points, digits=2)
        True
    """
    start, num_steps = Box.around(points).middle, int(steps_as_far(points, digits))
    begun = time.perf_counter()
    path = train(
        *points, learning_rate="auto", num_steps=num_steps, start=start, engine="manual", record_every=num_steps
    )
    return path, time.perf_counter() - begun
