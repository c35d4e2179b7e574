"""One reading of the data: the sums of a stretch of points, fast in floating point or exact.

Both ways return the same `Sums`: exact numbers, so that adding two of them loses nothing.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.moments.threads import on_all_cores

Vector = npt.NDArray[Any]

ROW = 512  # points in a row, which BLAS adds up on its own
ONES = np.ones(ROW)
PART = 16 * ROW  # points whose rows are added up in floating point; the parts are added without rounding
BLOCK = 512 * ROW  # points in one call: 2 MB of x and of y, which the cache holds
LIMB = 20  # bits: a product of two limbs, added 2^13 times, stays within 2^53
EXACT = 2**13  # points in one exact block


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


def unshifted(n: int, shift: tuple[float, float], sums: tuple[float | Fraction, ...]) -> Sums:
    """Return the sums over x and y from those over dx = x - shift[0] and dy = y - shift[1], without rounding."""
    x, y, xx, xy, yy = (Fraction(value) for value in sums)
    if not any(shift):
        return Sums(x, y, xx, xy, yy)
    x0, y0 = map(Fraction, shift)
    return Sums(
        x + n * x0,
        y + n * y0,
        xx + x0 * (2 * x + n * x0),
        xy + x0 * y + y0 * (x + n * x0),
        yy + y0 * (2 * y + n * y0),
    )


def fast_sums(x: Vector, y: Vector) -> Sums:
    """Return the sums over some points, each rounded a few times; exact where float64 would overflow.

    Columns that lie far from zero have one of their values subtracted first, which float64 does without rounding
    for numbers that are close to each other.
    """
    shift = centre(x), centre(y)
    starts = range(0, x.size, BLOCK)
    parts = np.zeros((len(starts), BLOCK // PART, 5))

    def share(todo: Iterator[int]) -> None:
        scratch = Scratch()
        with np.errstate(all="ignore"):
            for start in todo:
                block = slice(start, start + BLOCK)
                sums = _block_sums(scratch.rows(0, x[block], shift[0]), scratch.rows(1, y[block], shift[1]))
                parts[start // BLOCK, : len(sums)] = sums

    on_all_cores(share, starts, worth_a_thread=4)
    columns = parts.reshape(-1, 5).T
    if not _is_safe(columns, x.size):
        return exact_sums(x, y)
    dx, dy, xx, xy, yy = (math.fsum(column) for column in columns.tolist())
    return unshifted(x.size, shift, (dx, dy, xx, xy, yy))


def centre(values: Vector) -> float:
    """Return the value to subtract: their median in a sample, or 0 where many values straddle it or nearly so.

    What is less than a block has to be copied to fill up a row, and then subtracting costs nothing more.
    """
    sample = np.sort(values[:: max(1, values.size // 64)].astype(np.float64))
    low, middle, high = (float(sample[sample.size * quarter // 4]) for quarter in (1, 2, 3))
    with np.errstate(over="ignore"):
        return 0.0 if values.size >= BLOCK and abs(middle) <= 2 * (high - low) else middle


class Scratch:
    """Room for one block of x and of y, so that a thread asks for memory once."""

    def __init__(self) -> None:
        self._room: list[npt.NDArray[np.float64] | None] = [None, None]

    def rows(self, side: int, values: Vector, shift: float) -> npt.NDArray[np.float64]:
        """Return `values - shift` as rows of ROW, filled up with zeros; a view where nothing has to change."""
        if shift == 0 and values.size == BLOCK and values.dtype == np.float64 and values.flags.c_contiguous:
            return values.reshape(-1, ROW)
        room = self._room[side]
        if room is None:
            room = self._room[side] = np.empty(BLOCK)
        count = -(-values.size // ROW)
        np.subtract(values, shift, out=room[: values.size], dtype=np.float64)  # also where values are float32
        room[values.size : count * ROW] = 0.0
        return room[: count * ROW].reshape(count, ROW)


def _block_sums(dx: npt.NDArray[np.float64], dy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return sum(dx), sum(dy), sum(dx^2), sum(dx dy), sum(dy^2) for each few rows of points: shape [parts, 5].

    Each row is added up by BLAS in chains of a few terms: the short rows are what keeps the digits, and their number
    is what makes NumPy let go of its lock. Each is a dot product of its own, for which BLAS takes no second thread:
    the cores have work already.
    """
    sums = np.empty((5, len(dx)))
    in_turn = (0, dx, ONES), (2, dx, dx), (3, dx, dy), (4, dy, dy), (1, dy, ONES)  # while the cache still holds them
    for at, left, right in in_turn:
        _row_dots(left, right, sums[at])
    parts: npt.NDArray[np.float64] = np.add.reduceat(sums.T, range(0, len(dx), PART // ROW), axis=0)
    return parts


def _row_dots(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64], out: npt.NDArray[np.float64]) -> None:
    """Put the dot product of each row of `left` with that of `right` into `out`."""
    if hasattr(np, "vecdot"):  # from NumPy 2.0 on, and a tenth faster
        np.vecdot(left, right, out=out)
    else:
        np.matmul(left[:, None, :], right[..., None], out=out[:, None, None])


def _is_safe(columns: npt.NDArray[np.float64], n: int) -> bool:
    """Whether nothing overflowed, and nothing that underflowed can be seen in the last bit of the squares."""
    totals = np.add.reduce(columns, axis=1).tolist()  # not finite where a part is not
    return all(map(math.isfinite, totals)) and all(n * 2.0**-960 < totals[at] < 2.0**1020 for at in (2, 4))


def exact_sums(x: Vector, y: Vector) -> Sums:
    """Return the sums over a stretch of points without any rounding.

    Each number is cut into limbs of 20 bits on a common grid; the products of limbs, added up by BLAS, are whole
    numbers under 2^53, so no addition rounds, in whatever order.

    References:
        Ozaki, Ogita, Oishi, Rump (2012), Error-free transformations of matrix multiplication by using fast
        routines of matrix multiplication and its applications.
    """
    parts: list[Sums] = []

    def share(todo: Iterator[int]) -> None:
        parts.extend(_exact_block(x[start : start + EXACT], y[start : start + EXACT]) for start in todo)

    on_all_cores(share, range(0, x.size, EXACT), worth_a_thread=64)
    return reduce(Sums.plus, parts)


class _Limbs(NamedTuple):
    """A vector as a sum of whole-number vectors: values = sum over k of limbs[k] 2^-grid[k], |limbs| <= 2^20."""

    limbs: npt.NDArray[np.float64]
    grid: list[int]

    @classmethod
    def of(cls, values: npt.NDArray[np.float64]) -> "_Limbs":
        limbs: list[npt.NDArray[np.float64]] = []
        grid, rest = [-math.frexp(float(np.abs(values).max()))[1]], values
        while rest.any() or not limbs:
            grid.append(min(grid[-1] + LIMB, 1074))  # the smallest float64 is 2^-1074
            limbs.append(np.trunc(np.ldexp(rest, grid[-1])))
            rest = rest - np.ldexp(limbs[-1], -grid[-1])
        return cls(np.stack(limbs), grid[1:])

    def dot(self, other: "_Limbs") -> Fraction:
        """Return the exact dot product of the two vectors."""
        products = (self.limbs @ other.limbs.T.copy()).tolist()  # a copy: A @ A.T takes a slower routine
        finest = max(self.grid) + max(other.grid)
        total = sum(
            int(value) << (finest - i - j)
            for row, i in zip(products, self.grid, strict=True)
            for value, j in zip(row, other.grid, strict=True)
        )
        return Fraction(total) / Fraction(2) ** finest


def _exact_block(x: Vector, y: Vector) -> Sums:
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("`x` and `y` must be finite.")
    one = _Limbs(np.ones((1, x.size)), [0])
    x_limbs, y_limbs = (_Limbs.of(values.astype(np.float64)) for values in (x, y))
    return Sums(one.dot(x_limbs), one.dot(y_limbs), x_limbs.dot(x_limbs), x_limbs.dot(y_limbs), y_limbs.dot(y_limbs))
