"""One reading of the data: the sums over points, fast in floating point or exact.

Points are read in chunks of `CHUNK`, counted from the first point. A chunk's sums depend on its points alone, and
chunks are added without rounding: neither the number of threads nor where the points come from changes a bit.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import repeat
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.moments.quadratic import Quadratic
from tf_gd.moments.shift import Unshifted, shifts_of
from tf_gd.moments.threads import on_all_cores
from tf_gd.points.arrays import Array, read_only
from tf_gd.summation.order import usable_cores

CHUNK = 15 * 2**13  # points that share a shift; a whole number of the compiled loop's parts, and a batch of DuckDB
MOST_AT_ONCE = 16  # chunks; 16 MB of each column, where it is not float64 already
EXACT = 2**15  # a chunk of so many points or fewer is added exactly: by then a compiler would not have started
LIMB = 20  # bits: a product of two limbs, added 2^13 times, stays within 2^53
EXACT_BLOCK = 2**13


def sums(x: Array, y: Array) -> Quadratic:
    """Return the sums over some points, chunk by chunk, on all cores.

    Args:
        x, y: shape [n], any floating dtype.

    Raises:
        DataError: a value that is not finite.
    """
    finished: list[ChunkSums] = []
    if x.size > EXACT:
        _prepare()
    chunks = min(MOST_AT_ONCE, 1 + x.size // (CHUNK * 4 * usable_cores()))  # at once; four turns for each core, or more
    group = CHUNK * chunks

    def share(todo: Iterator[int]) -> None:
        taken = ChunkSums()
        for start in todo:
            taken.add(x[start : start + group], y[start : start + group])
        finished.append(taken)

    on_all_cores(share, range(0, x.size, group), worth_a_thread=max(1, 4 // chunks))
    return reduce(Quadratic.plus, (part for taken in finished for part in taken.parts()))


class ChunkSums:
    """The sums over chunks of points, which are added up without rounding: in whatever order, the bits are the same.

    A chunk's own sums are rounded a few times; or they are exact, where it is short, or where float64 would overflow
    or underflow. Columns that lie far from zero have one of their values subtracted first, which float64 does without
    rounding for numbers that are close to each other.

    Args:
        exact: chunks of so many points or fewer are added exactly.
    """

    def __init__(self, exact: int = EXACT) -> None:
        self.exact, self.exact_parts, self.rounded = exact, list[Quadratic](), Unshifted()

    def add(self, x: Array, y: Array) -> None:
        """Add the points of one chunk after another: each but the last one has `CHUNK` points.

        Raises:
            DataError: a value that is not finite.
        """
        each = self._rounded(x, y) if x.size > self.exact else repeat(None)
        for start, rounded in zip(range(0, x.size, CHUNK), each, strict=False):
            if rounded is None:
                self.exact_parts.append(exact_sums(x[start : start + CHUNK], y[start : start + CHUNK]))
            else:
                self.rounded.add(*rounded)

    def _rounded(self, x: Array, y: Array) -> Iterator[tuple[int, list[float], list[float]] | None]:
        """Yield the number, the shift and the sums of each chunk; None where only the exact sums can be used."""
        from tf_gd.moments.compiled_sums import PART, add_parts

        if not self.rounded.n:
            _prepare()
        x, y = _doubles(x), _doubles(y)
        shifts = np.stack([shifts_of(x, CHUNK), shifts_of(y, CHUNK)], axis=1)
        parts = np.empty((len(shifts), CHUNK // PART, 5))
        add_parts(x, y, shifts, parts)
        for chunk, (shift, rows) in enumerate(zip(shifts.tolist(), parts, strict=True)):
            n = min(CHUNK, x.size - chunk * CHUNK)
            usable = n > self.exact and _is_safe(rows, n)
            yield (n, shift, [math.fsum(column) for column in rows.T.tolist()]) if usable else None

    def parts(self) -> list[Quadratic]:
        """Return the sums, whose sum is that of all points."""
        return [*([self.rounded.sums()] if self.rounded.n else []), *self.exact_parts]


def _prepare() -> None:
    """Compile the loop, or load it: before threads start."""
    from tf_gd.moments.compiled_sums import add_parts
    from tf_gd.summation.compilation import prepare

    one = _doubles(np.zeros(1))
    prepare(add_parts, one, one, np.empty((1, 2)), np.empty((1, 1, 5)))


def _doubles(values: Array) -> npt.NDArray[np.float64]:
    """Return values as the compiled loop takes them: contiguous float64, read-only; the same memory where possible."""
    return read_only(np.ascontiguousarray(values, np.float64))


def _is_safe(parts: npt.NDArray[np.float64], n: int) -> bool:
    """Whether nothing overflowed, and nothing that underflowed can be seen in the last bit of the squares."""
    with np.errstate(all="ignore"):
        totals = np.add.reduce(parts, axis=0).tolist()  # not finite where a part is not
    return all(map(math.isfinite, totals)) and all(n * 2.0**-960 < totals[at] < 2.0**1020 for at in (2, 4))


def exact_sums(x: Array, y: Array) -> Quadratic:
    """Return the sums over some points without any rounding.

    Each number is cut into limbs of 20 bits on a common grid; the products of limbs, added up by BLAS, are whole
    numbers under 2^53, so no addition rounds, in whatever order.

    References:
        Ozaki, Ogita, Oishi, Rump (2012), Error-free transformations of matrix multiplication by using fast
        routines of matrix multiplication and its applications.
    """
    parts: list[Quadratic] = []

    def share(todo: Iterator[int]) -> None:
        parts.extend(_exact_block(x[start : start + EXACT_BLOCK], y[start : start + EXACT_BLOCK]) for start in todo)

    on_all_cores(share, range(0, x.size, EXACT_BLOCK), worth_a_thread=16)
    return reduce(Quadratic.plus, parts)


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


def _exact_block(x: Array, y: Array) -> Quadratic:
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError("`x` and `y` must be finite.")
    one = _Limbs(np.ones((1, x.size)), [0])
    x_limbs, y_limbs = (_Limbs.of(values.astype(np.float64)) for values in (x, y))
    products = x_limbs.dot(x_limbs), x_limbs.dot(y_limbs), y_limbs.dot(y_limbs)
    return Quadratic(x.size, one.dot(x_limbs), one.dot(y_limbs), *products)
