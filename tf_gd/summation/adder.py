"""Adding in the order in which TensorFlow adds: the same numbers, the same order, the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from tf_gd.summation.flush_to_zero import flush, flushed
from tf_gd.summation.leaves import Leaves, Span, Strip
from tf_gd.summation.order import Order, Vector, accumulator, known, usable_cores
from tf_gd.summation.trees import Trees

GROUP = 2**17  # elements whose terms are made in one go: few calls, and all in the processor's last cache
KEPT = 2**24  # up to so many elements are kept arranged
WORTH_A_THREAD = 2**16  # elements
CACHE_LINE = 64  # bytes

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
        self.trees = Trees(order, self.n, GROUP, series, accumulator(dtype))
        kinds = list(dict.fromkeys(group.spans for group in self.trees.groups))
        self.workers = max(1, min(usable_cores(), len(self.trees.groups), self.n // WORTH_A_THREAD))
        self.rooms = [self._rooms(kinds, order, series, dtype) for _ in range(self.workers)]
        self.work = []
        for start, end, spans, out in self.trees.groups:
            kind = kinds.index(spans)
            self.work.append((kind, [self.rooms[0][kind].arrange(vector[start:end]) for vector in vectors], out))
        self.pool: ThreadPoolExecutor | None = None

    def _rooms(self, kinds: list[tuple[Span, ...]], order: Order, series: int, dtype: Any) -> list[Leaves]:
        """Return one thread's room for every kind of group, all in one place."""
        space = _empty(series, max(Strip(spans, order.packet).size for spans in kinds), dtype)
        return [Leaves(spans, order, space, self.side_by_side) for spans in kinds]

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
            (_, vectors, out), (leaves,) = self.work[0], self.rooms[0]
            terms(leaves.rows, *vectors, *arguments)
            out[0] = leaves.terms[:, 0]
            return self.trees.root
        todo = iter(self.work)
        helpers = []
        if self.pool and self.workers > 1:
            others = range(1, self.workers)
            helpers = [self.pool.submit(self._help, worker, todo, terms, arguments) for worker in others]
        self._help(0, todo, terms, arguments)
        for helper in helpers:
            helper.result()
        return self.trees.merge()

    def _help(self, worker: int, todo: Iterator[Any], terms: Terms, arguments: tuple[Any, ...]) -> None:
        """Take one group after another off the list, for as long as there are any, and add its leaves."""
        rooms = self.rooms[worker]
        for kind, vectors, out in todo:
            leaves = rooms[kind]
            terms(leaves.rows, *vectors, *arguments)
            leaves.add(out)


def _empty(rows: int, columns: int, dtype: Any) -> Vector:
    """Return an array with `columns` or a few more, each row of which starts with a cache line: a tenth faster."""
    line = CACHE_LINE // np.dtype(dtype).itemsize
    columns = -(-columns // line) * line
    space: Vector = np.empty(rows * columns + line, dtype)
    first = -space.ctypes.data % CACHE_LINE // space.itemsize
    return space[first : first + rows * columns].reshape(rows, columns)


def _prepare() -> None:
    """Make a new thread compute as TensorFlow's do, and as quietly as its starter."""
    flush()
    np.seterr(all="ignore")
