"""Batches of points, taken in turn, as the compiled descent reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from tf_gd.points.arrays import Array
from tf_gd.summation.line_sums import Scales
from tf_gd.summation.order import Order


class Schedule(NamedTuple):
    """Which points, and in which order of addition, at each step; see `kernel.descend` for the shapes.

    Attributes:
        indices: of the points, or None for all of them at every step.
        batches, leaves, sizes: as the kernel takes them.
        factor: in front of the loss.
    """

    indices: Array | None
    batches: Array
    leaves: Array
    sizes: Array
    factor: float


def whole(n: int, leaves: Array, first_sum: float, scales: Scales) -> Schedule:
    """Return the schedule that takes all n points at every step."""
    sizes = np.array([[first_sum, scales.scale, scales.divisor]], float)
    return Schedule(None, np.array([[0, n, 0, len(leaves), 0]]), leaves, sizes, float(scales.factor))


def in_turn(batches: Sequence[Array], order_of: Callable[[int], Order], scales_of: Callable[[int], Scales]) -> Schedule:
    """Return the schedule that takes the batches in turn.

    Args:
        batches: index arrays, shape [size] each.
        order_of: the order of addition for a number of points.
        scales_of: how the reduction enters for that number.
    """
    lengths = sorted({len(batch) for batch in batches})
    leaves = [order_of(length).leaves(length) for length in lengths]
    last_leaf = np.cumsum([len(cut) for cut in leaves]).tolist()
    sizes = []
    for length in lengths:
        order, scales = order_of(length), scales_of(length)
        sizes.append([0.0 if order.starts_at_zero(length) else -0.0, scales.scale, scales.divisor])
    rows, end = [], 0
    for batch in batches:
        row = lengths.index(len(batch))
        rows.append((end, end + len(batch), last_leaf[row] - len(leaves[row]), last_leaf[row], row))
        end += len(batch)
    factor = float(scales_of(lengths[0]).factor)
    return Schedule(np.concatenate(batches), np.array(rows), np.concatenate(leaves), np.array(sizes, float), factor)
