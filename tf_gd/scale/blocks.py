"""One reading of the data: the sums of a stretch of points, fast in floating point or exact.

Both ways return the same `Sums`: exact numbers, so that adding two of them loses nothing.
"""

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError

Vector = npt.NDArray[Any]

ROW = 8192  # points in one BLAS call: few enough that OpenBLAS does not start threads of its own
ROWS = 4  # rows in one block: its three vectors stay in a core's second-level cache
LIMB = 21  # bits: a product of two limbs, added ROW = 2^13 times, stays within 2^53


class Sums(NamedTuple):
    """sum(x), sum(y), sum(x^2), sum(x y), sum(y^2), each an exact number."""

    x: Fraction
    y: Fraction
    xx: Fraction
    xy: Fraction
    yy: Fraction

    def plus(self, other: "Sums") -> "Sums":
        """Return the sums over both sets of points."""
        return Sums(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def unshifted(n: int, shift: tuple[float, float], sums: tuple[float, float, float, float, float]) -> Sums:
    """Return the sums over x and y from those over dx = x - shift[0] and dy = y - shift[1], without rounding."""
    x0, y0 = map(Fraction, shift)
    x, y, xx, xy, yy = map(Fraction, sums)
    return Sums(
        x + n * x0,
        y + n * y0,
        xx + x0 * (2 * x + n * x0),
        xy + x0 * y + y0 * (x + n * x0),
        yy + y0 * (2 * y + n * y0),
    )


def fast_sums(x: Vector, y: Vector) -> Sums:
    """Return the sums over a stretch of points, each rounded a few times; exact where float64 would overflow.

    One of the points is subtracted from all first: numbers far from zero then cancel without rounding.
    """
    shift = _median_of_three(x), _median_of_three(y)
    with np.errstate(all="ignore"):
        parts = _shifted_sums(x, y, shift)
    if not _is_safe(parts, x.size):
        return exact_sums(x, y)
    (xx, xy, dx), (_, yy, dy) = ([math.fsum(column) for column in row] for row in parts.transpose(1, 2, 0).tolist())
    return unshifted(x.size, shift, (dx, dy, xx, xy, yy))


def _median_of_three(values: Vector) -> float:
    """Return one of the values, not an outlier if most are not."""
    return float(sorted((values[0], values[values.size // 2], values[-1]))[1])


def _shifted_sums(x: Vector, y: Vector, shift: tuple[float, float]) -> npt.NDArray[np.float64]:
    """Return [[sum(dx dx), sum(dx dy), sum(dx)], [sum(dy dx), sum(dy dy), sum(dy)]] per row of points: [rows, 2, 3].

    The six sums of a row are one matrix product, [dx, dy] times [dx, dy, 1], so the block is read once.
    """
    block = np.empty((3, min(ROWS, -(-x.size // ROW)), ROW))
    block[2] = 1.0
    left, right = block[:2].transpose(1, 0, 2), block.transpose(1, 2, 0)
    size = block[0].size
    parts = []
    for start in range(0, x.size, size):
        for side, values, centre in zip(block.reshape(3, -1), (x, y), shift, strict=False):
            piece = values[start : start + size]
            np.subtract(piece, centre, out=side[: piece.size])
            side[piece.size :] = 0.0
        parts.append(left @ right)
    return np.concatenate(parts)


def _is_safe(parts: npt.NDArray[np.float64], n: int) -> bool:
    """Whether nothing overflowed, and nothing that underflowed can be seen in the last bit of the squares."""
    squares = parts[:, (0, 1), (0, 1)].sum(axis=0)
    return bool(np.isfinite(parts).all() and (squares > n * 2.0**-960).all() and (squares < 2.0**1020).all())


def exact_sums(x: Vector, y: Vector) -> Sums:
    """Return the sums over a stretch of points without any rounding.

    Each number is cut into limbs of 21 bits on a common grid; the products of limbs, added up by BLAS, are whole
    numbers under 2^53, so no addition rounds, in whatever order.

    References:
        Ozaki, Ogita, Oishi, Rump (2012), Error-free transformations of matrix multiplication by using fast
        routines of matrix multiplication and its applications.
    """
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("`x` and `y` must be finite.")
    total = Sums(*[Fraction(0)] * 5)
    for start in range(0, x.size, ROW):
        total = total.plus(_exact_block(x[start : start + ROW], y[start : start + ROW]))
    return total


class _Limbs(NamedTuple):
    """A vector as a sum of whole-number vectors: values = sum over k of limbs[k] 2^-grid[k], |limbs| <= 2^20."""

    limbs: npt.NDArray[np.float64]
    grid: list[int]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> "_Limbs":
        grid = [LIMB - 1 - math.frexp(float(np.abs(values).max()))[1]]
        limbs = [np.rint(np.ldexp(values, grid[0]))]
        rest = values - np.ldexp(limbs[0], -grid[0])
        while rest.any():
            grid.append(min(grid[-1] + LIMB, 1074))  # the smallest float64 is 2^-1074
            limbs.append(np.rint(np.ldexp(rest, grid[-1])))
            rest = rest - np.ldexp(limbs[-1], -grid[-1])
        return cls(np.stack(limbs), grid)

    def dot(self, other: "_Limbs") -> Fraction:
        """Return the exact dot product of the two vectors."""
        products = (self.limbs @ other.limbs.T).tolist()
        finest = max(self.grid) + max(other.grid)
        total = sum(
            int(value) << (finest - i - j)
            for row, i in zip(products, self.grid, strict=True)
            for value, j in zip(row, other.grid, strict=True)
        )
        return Fraction(total) / Fraction(2) ** finest


def _exact_block(x: Vector, y: Vector) -> Sums:
    one = _Limbs(np.ones((1, x.size)), [0])
    x_limbs, y_limbs = (_Limbs.of(values.astype(np.float64)) for values in (x, y))
    return Sums(one.dot(x_limbs), one.dot(y_limbs), x_limbs.dot(x_limbs), x_limbs.dot(y_limbs), y_limbs.dot(y_limbs))
