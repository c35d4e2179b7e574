"""Adding in the order in which TensorFlow adds: the same numbers, the same order, the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from tf_gd.leaves import Leaves
from tf_gd.order import Order, Vector, accumulator, known, usable_cores
from tf_gd.subnormals import flush, flushed

GROUP = 2**17  # elements whose terms are made in one go: few calls, and all in the processor's last cache
KEPT = 2**24  # up to so many elements are kept arranged
WORTH_A_THREAD = 2**16  # elements

Terms = Callable[..., None]


def total(values: Vector, order: Order | None = None) -> Any:
    """Return the sum of a vector as TensorFlow's `reduce_sum` gives it, to the bit.

    Args:
        values: shape [n], floating.
        order: the order of addition; the one that is known for this length and dtype when left out.

    Returns:
        A scalar of the dtype of `values`.

    Example:
        >>> total(np.array([1e16, 1.0, -1e16, 1.0, 1.0]))
        np.float64(3.0)
    """

    def copy(rows: list[Vector], vector: Vector) -> None:
        rows[0][...] = vector

    adder = Adder([values], 1, order or known(values.size, values.dtype))
    with adder.at_work():
        return values.dtype.type(adder(copy)[0])


class Adder:
    """Adds series of terms that are made from vectors of one length, without a temporary of that length.

    Args:
        vectors: one-dimensional arrays of one length and dtype, from which the terms are made.
        series: how many series of terms.
        order: the order of addition.
        repeated: whether the sums are taken so often that it pays to keep a copy of the vectors, up to 16 million
            elements each, arranged in the way that is the fastest to add.
    """

    def __init__(self, vectors: Sequence[Vector], series: int, order: Order, repeated: bool = False) -> None:
        self.n, dtype = vectors[0].size, vectors[0].dtype
        self.side_by_side = repeated and self.n <= KEPT
        trees = [list(_groups(order, start, length)) for start, length in order.trees(self.n)]
        groups = [group for tree in trees for group in tree]
        self.workers = max(1, min(usable_cores(), len(groups), self.n // WORTH_A_THREAD))
        self.rooms = [self._rooms({sizes for _, sizes in groups}, order, series, dtype) for _ in range(self.workers)]
        self.sums = np.empty((sum(len(sizes) for _, sizes in groups), series), accumulator(dtype))
        ends = np.cumsum([len(sizes) for _, sizes in groups]).tolist()
        self.work = []
        for (start, sizes), end in zip(groups, ends, strict=True):
            pieces = [self.rooms[0][sizes].arrange(vector[start : start + sum(sizes)]) for vector in vectors]
            self.work.append((sizes, pieces, self.sums[end - len(sizes) : end]))
        self.merges = [(_places(left), _places(right)) for left, right in order.merges(self.n)]
        leaves = [sum(len(sizes) for _, sizes in tree) for tree in trees]
        self.trees = np.cumsum([0, *leaves[:-1]])
        self.whole = self.n % order.blocks == 0  # no remainder comes before the blocks
        self.pool: ThreadPoolExecutor | None = None

    def _rooms(
        self, kinds: set[tuple[int, ...]], order: Order, series: int, dtype: Any
    ) -> dict[tuple[int, ...], Leaves]:
        """Return one thread's room for every kind of group, all in one place."""
        space = np.empty((series, 2 * max(map(sum, kinds))), dtype)  # gaps take less than half
        return {sizes: Leaves(sizes, order, space, self.side_by_side) for sizes in kinds}

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Compute as TensorFlow's threads do, and on as many threads as pay, until the block ends."""
        with flushed(), np.errstate(all="ignore"), ThreadPoolExecutor(self.workers, initializer=_prepare) as pool:
            self.pool = pool
            try:
                yield
            finally:
                self.pool = None

    def __call__(self, terms: Terms, *arguments: Any) -> Vector:
        """Return the sum of each series, shape [series]; valid until the next call.

        Args:
            terms: called as `terms(rows, *vectors, *arguments)` with pieces of the vectors; fills `rows`, one a series.
            arguments: handed on to `terms`.
        """
        if self.n == 1:  # nothing is added: -0.0 stays -0.0
            sizes, vectors, out = self.work[0]
            leaves = self.rooms[0][sizes]
            terms(leaves.rows, *vectors, *arguments)
            out[0] = leaves.terms[:, 0]
            return np.asarray(out[0])
        todo = iter(self.work)
        helpers = (
            [self.pool.submit(self._help, worker, todo, terms, arguments) for worker in range(1, self.workers)]
            if self.pool
            else []
        )
        self._help(0, todo, terms, arguments)
        for helper in helpers:
            helper.result()
        for left, right in self.merges:
            np.add(self.sums, 0.0, self.sums)  # as TensorFlow's sums, which all start at 0.0
            self.sums[left] += self.sums[right]
        if len(self.trees) == 1:
            return np.asarray(self.sums[0])
        if self.whole:
            self.sums[self.trees[0]] += 0.0
        return np.asarray(np.add.accumulate(self.sums[self.trees])[-1])

    def _help(self, worker: int, todo: Iterator[Any], terms: Terms, arguments: tuple[Any, ...]) -> None:
        """Take one group after another off the list, for as long as there are any, and add its leaves."""
        rooms = self.rooms[worker]
        for sizes, vectors, out in todo:
            leaves = rooms[sizes]
            terms(leaves.rows, *vectors, *arguments)
            leaves.add(out)


def _groups(order: Order, start: int, length: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (start, sizes of the leaves) for each subtree of a few leaves of one tree, from left to right."""
    for size in order.cut(length, max(GROUP, order.leaf), start % order.packet):
        yield start, tuple(order.cut(size, order.leaf, start % order.packet))
        start += size


def _places(indices: list[int]) -> Any:
    """Return indices as a slice if they are evenly spaced, which is faster, or else as an array."""
    step = indices[1] - indices[0] if len(indices) > 1 else 1
    even = range(indices[0], indices[-1] + 1, step)
    return slice(even.start, even.stop, step) if indices == list(even) else np.array(indices)


def _prepare() -> None:
    """Make a new thread compute as TensorFlow's do, and as quietly as its starter."""
    flush()
    np.seterr(all="ignore")
