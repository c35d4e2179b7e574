"""The order of addition spelled out, one step after another: slow, and the definition of what everything else does.

Works on arrays of any kind of number that NumPy adds, also on symbols. See `order.py` for the order in words.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tf_gd.manual import gradient_terms, regrouped_residual, residual
from tf_gd.points.arrays import Array
from tf_gd.summation.order import Order, accumulator


def total(values: Array, order: Order) -> Any:
    """Return the sum of a vector, shape [n], as a scalar of its dtype.

    Example:
        >>> total(np.array([1e16, 1.0, -1e16, 1.0, 1.0]), Order(packet=4))
        np.float64(3.0)
    """
    kind, dtype = accumulator(values.dtype), values.dtype
    return _one(_sum(values.astype(kind, copy=False), order), dtype)


def evaluate(
    x: Array,
    y: Array,
    m: Any,
    c: Any,
    scale: Any,
    divisor: Any,
    factor: Any,
    order: Order,
    regrouped: bool = False,
) -> list[Any]:
    """Return the loss, dL/dm and dL/dc at the line (m, c): equations 2, 3 and 5 over all points.

    Args:
        x, y: shape [n] each; m, c and `factor` are scalars of their dtype.
        scale: of the terms of the gradient.
        divisor, factor: the loss is the sum of the squares, divided by the one and multiplied by the other.
        order: the order of addition.
        regrouped: whether the residual is added as TensorFlow regroups it where the points are constants.
    """
    dtype, kind = x.dtype, accumulator(x.dtype)
    e = regrouped_residual(m, c, x, y) if regrouped else residual(m, c, x, y)
    dm, dc = gradient_terms(e, x, scale)
    squares = _sum((e * e).astype(kind, copy=False), order)
    return [_one(squares / divisor, dtype) * factor, total(dm, order), total(dc, order)]


def _one(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a number as a scalar of `dtype`; a symbol stays what it is."""
    return value if dtype.hasobject else dtype.type(value)


def _sum(values: Array, order: Order) -> Any:
    """Return remainder + tree + tree + ..., in the dtype in which is added."""
    n = values.size
    if n == 1:  # nothing is added: -0.0 stays -0.0
        return values[0]
    sums = [_tree(values, start, length, order) for start, length in order.trees(n)]
    result = values.dtype.type(0) + sums[0] if order.starts_at_zero(n) else sums[0]
    for tree in sums[1:]:
        result = result + tree
    return result


def _tree(values: Array, start: int, length: int, order: Order) -> Any:
    """Return the sum of a leaf, or of two halves: 0.0 + left, and then + right."""
    if length <= order.leaf:
        return _leaf(values[start : start + length], order.packet)
    left, right = order.split(length, start % order.packet)
    left_sum = _tree(values, start, left, order)
    return (values.dtype.type(0) + left_sum) + _tree(values, start + left, right, order)


def _leaf(values: Array, packet: int) -> Any:
    """Return the sum of a leaf: strides, packets, lanes, scalars."""
    zero = values.dtype.type(0) if not values.dtype.hasobject else 0
    accumulators = np.full((4, packet), zero, values.dtype)
    place = 0
    while place + 4 * packet <= values.size:  # four packet accumulators walk the leaf in strides of 4 P
        accumulators = accumulators + values[place : place + 4 * packet].reshape(4, packet)
        place += 4 * packet
    a0, a1, a2, a3 = accumulators
    lanes = ((a0 + a1) + a2) + a3
    while place + packet <= values.size:  # the leftover packets, one by one
        lanes = lanes + values[place : place + packet]
        place += packet
    if lanes.dtype == np.float16:  # whose lanes are folded in float32
        lanes = lanes.astype(np.float32)
    while lanes.size > 1:  # lane i + lane i + len/2
        half = lanes.size // 2
        lanes = lanes[:half] + lanes[half:]
    scalars = zero
    for value in values[place:]:  # the scalar tail, on its own
        scalars = scalars + value
    return scalars + _one(lanes[0], values.dtype)
