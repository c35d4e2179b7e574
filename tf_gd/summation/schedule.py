"""Batches of points, taken in turn, as the compiled descent reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tf_gd.summation.line_sums import Scales
from tf_gd.summation.order import Leaf, Order, Vector


class Schedule(NamedTuple):
    """Which points, and in which order of addition, at each step; see `kernel.descend` for the shapes.

    Attributes:
        indices: of the points, or None for all of them at every step.
        batches, leaves, sizes: as the kernel takes them.
        factor: in front of the loss.
    """

    indices: Vector | None
    batches: Vector
    leaves: Vector
    sizes: Vector
    factor: float


def whole(n: int, leaves: Vector, first_sum: float, scales: Scales) -> Schedule:
    """Return the schedule that takes all n points at every step."""
    sizes = np.array([[first_sum, scales.scale, scales.divisor]], float)
    return Schedule(None, np.array([[0, n, 0, len(leaves), 0]]), leaves, sizes, float(scales.factor))


def in_turn(
    batches: Sequence[Vector], order_of: Callable[[int], Order], scales_of: Callable[[int], Scales]
) -> Schedule:
    """Return the schedule that takes the batches in turn.

    Args:
        batches: index arrays, shape [size] each.
        order_of: the order of addition for a number of points.
        scales_of: how the reduction enters for that number.
    """
    lengths = sorted({len(batch) for batch in batches})
    leaves: list[Leaf] = []
    sizes, first_leaf = [], {}
    for length in lengths:
        order, scales = order_of(length), scales_of(length)
        first_leaf[length] = len(leaves), len(leaves) + len(order.leaves(length))
        leaves += order.leaves(length)
        sizes.append([0.0 if order.starts_at_zero(length) else -0.0, scales.scale, scales.divisor])
    ends = np.cumsum([len(batch) for batch in batches])
    rows = [
        (end - len(batch), end, *first_leaf[len(batch)], lengths.index(len(batch)))
        for batch, end in zip(batches, ends.tolist(), strict=True)
    ]
    factor = float(scales_of(lengths[0]).factor)
    return Schedule(np.concatenate(batches), np.array(rows), np.array(leaves, np.int64), np.array(sizes, float), factor)
