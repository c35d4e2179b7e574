"""Adding in the order in which TensorFlow adds: the same numbers, the same order, the same bits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np

from tf_gd.leaves import Leaves
from tf_gd.order import Order, Vector, known, usable_cores

GROUP_LEAVES = 8  # leaves added in one go: about 20,000 elements, which stay in a core's cache
KEPT = 2**18  # up to so many elements stay in the layout of their sum between calls; beyond, a group at a time
WORTH_A_THREAD = 2**16  # elements

Terms = Callable[..., None]

_leaves = lru_cache(maxsize=64)(Leaves)


def total(values: Vector, order: Order | None = None) -> Any:
    """Return the sum of a vector as TensorFlow's `reduce_sum` gives it, to the bit.

    Args:
        values: shape [n], floating.
        order: the order of addition; the one that is known for this length and dtype when left out.

    Returns:
        A scalar of the dtype of `values`.

    Example:
        >>> float(total(np.array([1e16, 1.0, -1e16, 1.0, 1.0])))
        3.0
    """

    def copy(out: Vector, vector: Vector) -> None:
        out[0] = vector

    return Adder([values], 1, order or known(values.size, values.dtype))(copy)[0]


class Adder:
    """Adds series of terms that are made from vectors of one length, without a temporary of that length.

    Args:
        vectors: one-dimensional arrays of one length and dtype, from which the terms are made.
        series: how many series of terms.
        order: the order of addition.
    """

    def __init__(self, vectors: Sequence[Vector], series: int, order: Order) -> None:
        self.vectors, self.order = vectors, order
        self.n, self.dtype = vectors[0].size, vectors[0].dtype
        self.trees = order.trees(self.n)
        self.groups = [group for start, length in self.trees for group in _groups(order, start, length)]
        workers = max(1, min(usable_cores(), len(self.groups), self.n // WORTH_A_THREAD))
        self.spaces = [self._space(series) for _ in range(workers)]
        self.kept = None
        if self.n <= KEPT:
            self.kept = [self._arranged(group, self._space(0)) for group in self.groups]

    def _space(self, series: int) -> Vector:
        """Return room for the terms and the arranged vectors of any one group."""
        return np.empty((series + len(self.vectors), max(leaves.size for _, leaves in self.groups)), self.dtype)

    def __call__(self, terms: Terms) -> Vector:
        """Return the sum of each series, shape [series]; `terms(out, *vectors)` fills `out`, shape [series, any]."""
        if self.n == 1:
            return np.array(self._terms(0, terms, self.spaces[0])[:, 0])  # nothing is added: -0.0 stays -0.0
        sums = iter(self._sums(terms))
        parts = [self.order.join(length, sums, start % self.order.packet) for start, length in self.trees]
        whole: Vector = parts[0] + parts[0].dtype.type(0)  # accumulators start at +0.0: no sum is ever -0.0
        for part in parts[1:]:
            whole = whole + part
        return np.asarray(whole, self.dtype)

    def _sums(self, terms: Terms) -> Iterator[Vector]:
        """Return every leaf's sums, from left to right; the groups are dealt out to the threads in turn."""
        workers = len(self.spaces)
        if workers == 1:
            return (leaf for each in self._share(0, terms) for leaf in each)
        with ThreadPoolExecutor(workers) as pool:
            shares = list(pool.map(lambda worker: list(self._share(worker, terms)), range(workers)))
        return (leaf for i in range(len(self.groups)) for leaf in shares[i % workers][i // workers])

    def _share(self, worker: int, terms: Terms) -> Iterator[Vector]:
        """Yield the leaves' sums of every group that falls to one thread."""
        with np.errstate(all="ignore"):
            for index in range(worker, len(self.groups), len(self.spaces)):
                yield self.groups[index][1].add(self._terms(index, terms, self.spaces[worker]))

    def _terms(self, index: int, terms: Terms, space: Vector) -> Vector:
        """Return the terms of one group in the layout of its sum, shape [series, size]."""
        series = len(space) - len(self.vectors)
        size = self.groups[index][1].size
        out = space[:series, :size]
        terms(out, *(self.kept[index] if self.kept else self._arranged(self.groups[index], space[series:])))
        return out

    def _arranged(self, group: tuple[int, Leaves], space: Vector) -> list[Vector]:
        """Return the vectors' elements of one group in the layout of its sum."""
        start, leaves = group
        pieces = (vector[start : start + leaves.n] for vector in self.vectors)
        return [leaves.arrange(piece, row[: leaves.size]) for piece, row in zip(pieces, space, strict=True)]


def _groups(order: Order, start: int, length: int) -> Iterator[tuple[int, Leaves]]:
    """Yield (start, leaves) for each subtree of a few leaves of one tree, from left to right."""
    for size in order.cut(length, GROUP_LEAVES * order.leaf, start % order.packet):
        yield start, _leaves(size, order, start % order.packet)
        start += size
