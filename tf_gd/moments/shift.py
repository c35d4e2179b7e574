"""What to subtract before adding up, so that running sums stay near zero, where adding rounds little.

A plain sum of 10^8 squares loses 4 of its 16 digits; with what the squares are on average taken from each, none that
matters. The origin comes from a small sample. A bad one costs digits, never the answer: it is put back exactly.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]


class Origin(NamedTuple):
    """What is subtracted before adding: from x, from y, and from their products."""

    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    @classmethod
    def middle(cls, x: Vector, y: Vector) -> "Origin":
        """Return the origin in the middle of some points, 0 where float64 ends."""
        if not x.size:
            return cls()
        with np.errstate(all="ignore"):
            x0, y0 = (_finite(np.median(values)) for values in (x, y))
            dx, dy = x - x0, y - y0
            return cls(x0, y0, *(_few_bits(np.mean(product)) for product in (dx * dx, dx * dy, dy * dy)))


def _finite(value: np.floating[Any]) -> float:
    return float(value) if np.isfinite(value) else 0.0


def _few_bits(value: np.floating[Any]) -> float:
    """Return `value` to 8 significant bits, so that subtracting it from small whole numbers is exact."""
    mantissa, exponent = math.frexp(_finite(value))
    return math.ldexp(round(mantissa * 256), exponent - 8)
