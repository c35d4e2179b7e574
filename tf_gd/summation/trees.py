"""The sums of all leaves, and their way up: halves of a tree, then whole trees, in TensorFlow's order."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.summation.leaves import Span
from tf_gd.summation.order import Order, Subtree, Vector


class Group(NamedTuple):
    """A piece of the vector, `start` to `end`, whose leaves are added in one go.

    Attributes:
        spans: (start, size) of each leaf within the piece, in the order of their paths.
        out: where the leaves' sums go, shape [leaves, series].
    """

    start: int
    end: int
    spans: tuple[Span, ...]
    out: Vector


class Trees:
    """Room for the leaves' sums of every series, laid out such that all of a round's additions are one addition.

    Where a tree is not full, leaves of no elements fill it up: they add 0.0 to a sum to which TensorFlow adds 0.0 too.
    The leaf with path p of tree t has row `p * trees + t`. So the first half of the rows are always left halves, and
    the second half, in the same order, their right halves. A remainder, which is a leaf, has a row before all others.

    Args:
        order: the order of addition.
        n: how many elements there are.
        longest: how many elements a group may have, if more than a leaf.
        series: how many series are added.
        dtype: in which sums are kept.

    Attributes:
        groups: the pieces of the vector, from left to right.
    """

    def __init__(self, order: Order, n: int, longest: int, series: int, dtype: npt.DTypeLike) -> None:
        trees = order.trees(n)
        self.remainder = int(trees[0][0] > 0)
        count = len(trees) - self.remainder
        found = [
            (tree, group, list(order.cut(group.start, group.length, order.leaf)))
            for tree, (start, length) in enumerate(trees)
            for group in order.cut(start, length, max(longest, order.leaf))
        ]
        height = max(group.depth + leaf.depth for _, group, leaves in found for leaf in leaves)
        rows = np.zeros((self.remainder + count * 2**height, series), dtype)
        self.groups = []
        for tree, group, leaves in found:
            spans, out = _spans(group, leaves), rows[tree + count * group.path :: count << group.depth]
            self.groups.append(Group(group.start, group.start + group.length, spans, out[: len(spans)]))
        ends = [self.remainder + (count << level) for level in range(height + 1)]
        self.halves = [(rows[self.remainder : middle], rows[middle:end]) for middle, end in pairwise(ends)][::-1]
        self.roots, self.zero = rows[: self.remainder + count], np.zeros((), dtype)
        self.root: Vector = rows[0]

    def merge(self) -> Vector:
        """Return the sum of each series, shape [series]; valid until the next call."""
        for left, right in self.halves:
            np.add(left, self.zero, left)  # as TensorFlow's sums, which all start at 0.0
            np.add(left, right, left)
        if len(self.roots) == 1:
            return self.root
        if not self.remainder:
            np.add(self.root, self.zero, self.root)
        total: Vector = np.add.accumulate(self.roots)[-1]
        return total


def _spans(group: Subtree, leaves: list[Subtree]) -> tuple[Span, ...]:
    """Return (start, size) of each leaf, in the order of the paths; (0, 0) for what a full tree would have besides."""
    spans = [(0, 0)] * 2 ** max(leaf.depth for leaf in leaves)
    for leaf in leaves:
        spans[leaf.path] = leaf.start - group.start, leaf.length
    return tuple(spans)
