"""The many points on which a derivation is tried besides the readable ones: what is rare in data, on purpose.

A gradient can be right on sixteen quarters and wrong for one point, for an odd number of them, for more than a
hundred, for duplicates, zeros, thirds, for numbers of a thousandth or of thousands, for a negative c, for a large
rate, or from the twentieth call on. Every set is the same in every run. The round ones come first, so that what a
report shows is readable wherever it can be.

The right gradient is affine in m and c, so five sums over a set, worked out once in exact arithmetic, give the right
answer at every line, with the size that bounds its rounding.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.line.running_error import ExactValue
from tf_gd.points import Points

LineValues = tuple[float, float]

ROUND_LINES: tuple[LineValues, ...] = (
    (0.0, 0.0),
    (2.0, 1.0),
    (-2.0, 1.0),
    (2.0, -3.0),
    (-0.5, -0.25),
    (0.5, 30.0),
    (0.0, -3.0),
)
FAR_LINES: tuple[LineValues, ...] = ((1000.5, -250.25), (3.0, -1000.0), (-0.001, 0.002), (1 / 3, -2 / 3))
RATES = (0.1, 3 / 32, 0.01, 1e-4, 0.3, 1.0, 0.25, 3.0, 1e-6, 0.07, 0.5)


@dataclass(frozen=True, eq=False)
class PointSet:
    """Points, the lines to ask about, and in words what is special about them.

    Attributes:
        words: such as "one point".
        x, y: shape [n], floats.
        lines: (m, c).
    """

    words: str
    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    lines: tuple[LineValues, ...]

    @property
    def n(self) -> int:
        """The number of points."""
        return len(self.x)

    @property
    def determines_a_line(self) -> bool:
        """Whether there are three points or more, with two different x: otherwise a function may refuse."""
        return self.n > 2 and bool((self.x != self.x[0]).any())

    @cached_property
    def _sums(self) -> tuple[Fraction, ...]:
        x, y = ([Fraction(float(value)) for value in values] for values in (self.x, self.y))
        products = [one * other for one, other in zip(x, y, strict=True)]
        sizes = (sum(map(abs, x)), sum(map(abs, y)), sum(map(abs, products)))
        return tuple(map(Fraction, (sum(one * one for one in x), sum(x), sum(products), sum(y), *sizes)))

    @property
    def reach(self) -> Fraction:
        """N + sum(|x_i|): how many times an underflow can count."""
        return self.n + self._sums[4]

    def sums_at(self, m: Fraction, c: Fraction) -> tuple[ExactValue, ExactValue]:
        """Return 2 sum(e_i x_i) and 2 sum(e_i)."""
        xx, x, xy, y, size_x, size_y, size_xy = self._sums
        for_m = ExactValue(m * xx + c * x - xy, abs(m) * xx + abs(c) * size_x + size_xy)
        for_c = ExactValue(m * x + c * self.n - y, abs(m) * size_x + abs(c) * self.n + size_y)
        return 2 * for_m, 2 * for_c


def _set(words: str, x: Any, y: Any, lines: tuple[LineValues, ...] = ROUND_LINES) -> PointSet:
    points = Points(np.array(x, dtype=float), np.array(y, dtype=float))
    return PointSet(words, np.array(points.x), np.array(points.y), lines)


@lru_cache
def point_sets() -> tuple[PointSet, ...]:
    """Return every set, the round ones first, the small ones before the large."""
    return (*_round(), *_random())


def _round() -> tuple[PointSet, ...]:
    many = np.arange(1.0, 131.0)
    return (
        _set("one point", [2], [5]),
        _set("two points", [1, 3], [2, -4]),
        _set("three points", [1, 2, 4], [3, 1, 5]),
        _set("all x equal", [2, 2, 2, 2], [1, 3, 4, -2]),
        _set("duplicates and zeros", [0, 0, 1, 1, 2, 3, 3, 3, -2], [0, 1, 1, 1, 0, 2, 2, 7, -1]),
        _set("points on the line", [1, 2, 3, -1, 0, 5], [3, 5, 7, -1, 1, 11]),
        _set("values of a thousandth", [0.001, 0.002, 0.0045, 0.003, 0.0015], [0.002, -0.001, 0.0035, 0.001, 0.0045]),
        _set("values of thousands", [1000, 2500, -4000, 3000, 1500, 2000, 500], [3000, -1000, 2000, 7000, 0, 400, 90]),
        _set("130 points", many, (many * 7) % 31 - 3, (*ROUND_LINES[:4], *FAR_LINES[:2])),
    )


def _random() -> tuple[PointSet, ...]:
    random = np.random.default_rng(8)
    draw = random.standard_normal

    def lines(number: int) -> tuple[LineValues, ...]:
        sizes = 10.0 ** random.uniform(-3, 3, (number, 2)) * random.choice([-1.0, 1.0], (number, 2))
        return tuple((float(m), float(c)) for m, c in sizes)

    rising = np.sort(random.uniform(1, 9, 17))
    seven, far = draw(7) * 1500, 1900 + np.arange(33.0)
    return (
        _set("17 thirds", np.arange(-8, 9) / 3, draw(17) / 3, (*ROUND_LINES, *FAR_LINES, *lines(6))),
        _set("17 rising points", rising, rising * 2 + draw(17), (*ROUND_LINES, *FAR_LINES, *lines(6))),
        _set("64 points", draw(64) * 5, draw(64) * 5, (*ROUND_LINES[2:], *lines(4))),
        _set("seven large values", seven, draw(7) * 900, (*ROUND_LINES[:3], *FAR_LINES, *lines(4))),
        _set("years", far, far * 0.3 + draw(33), (*ROUND_LINES[:3], *lines(3))),
        _set("five millionths", draw(5) * 1e-6, draw(5) * 1e-6, (*ROUND_LINES[:2], *FAR_LINES[2:], (1e-4, -3e-6))),
        _set("values of a thousandth, 24", draw(24) / 999, draw(24) / 999, ((0.0, 0.0), (0.003, -0.002), *lines(4))),
        _set("four millions", draw(4) * 1e6, draw(4) * 1e6, (*ROUND_LINES[:2], *lines(2))),
        _set("131 points", draw(131) * 8, draw(131) * 8, (*ROUND_LINES[1:4], *lines(4))),
        _set("1,030 points", draw(1030), draw(1030), (*ROUND_LINES[1:2], *lines(1))),
    )
