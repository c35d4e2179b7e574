"""Sums in TensorFlow's order, computed by whatever is fastest: the reference for few numbers, the kernel for many."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tf_gd.points.arrays import Array, read_only
from tf_gd.summation import reference
from tf_gd.summation.compilation import prepare
from tf_gd.summation.flush_to_zero import flush, flushed
from tf_gd.summation.order import Order, usable_cores

FEW = 4_096  # so many numbers are added sooner than a compiled function is loaded
WORTH_A_THREAD = 2**17  # points


class Scales(NamedTuple):
    """How the reduction enters: a point's share of the gradient, and the loss, (sum / divisor) * factor.

    Each is a scalar of the dtype of the points, but for `divisor`, which is of the dtype in which sums are added.
    """

    scale: Any
    divisor: Any
    factor: Any


def total(values: Array, order: Order) -> Any:
    """Return the sum of a vector as TensorFlow's `reduce_sum` gives it, to the bit.

    Args:
        values: shape [n], floating.
        order: the order of addition.

    Returns:
        A scalar of the dtype of `values`.

    Example:
        >>> total(np.array([1e16, 1.0, -1e16, 1.0, 1.0]), Order(packet=4))
        np.float64(3.0)
    """
    if values.size <= FEW:
        with flushed(), np.errstate(all="ignore"):
            return reference.total(values, order)
    from tf_gd.summation import kernel

    compiled = KernelArguments(values, order)
    prepare(kernel.total, *compiled.of_total(values))
    with flushed():
        return values.dtype.type(kernel.total(*compiled.of_total(values)))


def evaluate(x: Array, y: Array, m: Any, c: Any, scales: Scales, order: Order, regrouped: bool = False) -> list[Any]:
    """Return the loss, dL/dm and dL/dc at the line (m, c), scalars of the dtype of the points.

    Args:
        x, y: the points, shape [n] each, of one floating dtype.
        m, c: scalars of that dtype.
        scales: see there.
        order: the order of addition.
        regrouped: see `manual.regrouped_residual`.
    """
    if x.size <= FEW:
        with flushed(), np.errstate(all="ignore"):
            return reference.evaluate(x, y, m, c, *scales, order, regrouped)
    with Evaluation(x, y, scales, order, regrouped).at_work() as evaluation:
        row = np.array([m, c, 0, 0, 0], evaluation.vectors[0].dtype)
        evaluation(row)
    return list(row[2:].astype(x.dtype))


class KernelArguments:
    """What the compiled functions must know about a dtype and an order of addition; see `kernel.py`.

    Args:
        like: a vector of the length and dtype in question.
        order: the order of addition.
    """

    def __init__(self, like: Array, order: Order) -> None:
        ndim = {"float16": 2, "bfloat16": 3}.get(like.dtype.name, 1)
        self.dtype = np.dtype(np.float32) if ndim > 1 else like.dtype
        self.kind = np.empty((0,) * ndim, self.dtype)
        self.lanes = (0,) * order.packet
        self.leaves = order.leaves(like.size)
        self.first_sum = self.dtype.type(0.0 if order.starts_at_zero(like.size) else -0.0)

    def vector(self, values: Array) -> Array:
        """Return a vector as the kernel reads it: contiguous, in the dtype that is computed in, and read-only."""
        return read_only(np.ascontiguousarray(values, self.dtype))

    def of_total(self, values: Array) -> tuple[Any, ...]:
        """Return the arguments of `kernel.total`."""
        return self.vector(values), self.leaves, self.first_sum, self.kind, self.lanes


class Evaluation:
    """The loss and its gradient over fixed points, ready to be taken at many lines.

    Args:
        x, y: the points, shape [n] each, of one floating dtype.
        scales: see there.
        order: the order of addition.
        regrouped: see `manual.regrouped_residual`.
        intercept: whether c is a parameter.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        scales: Scales,
        order: Order,
        regrouped: bool = False,
        intercept: bool = True,
    ) -> None:
        self.compiled = compiled = KernelArguments(x, order)
        self.form, self.free = ((0,) if regrouped else ()), intercept
        self.vectors = compiled.vector(x), compiled.vector(y)
        self.scales = tuple(map(compiled.dtype.type, scales))
        workers = max(1, min(usable_cores(), len(compiled.leaves), x.size // WORTH_A_THREAD))
        cuts = np.linspace(0, len(compiled.leaves), workers + 1).astype(int).tolist()
        self.pieces = list(pairwise(cuts))
        self.pool: ThreadPoolExecutor | None = None

    @cached_property
    def sums(self) -> Array:
        """Room for the sums of each leaf."""
        return np.empty((len(self.compiled.leaves), 3), self.compiled.dtype)

    @contextmanager
    def at_work(self) -> Iterator[Evaluation]:
        """Compute as TensorFlow's threads do, and on as many threads as pay, until the block ends."""
        self._prepare()
        with flushed():
            if len(self.pieces) == 1:
                yield self
                return
            with ThreadPoolExecutor(len(self.pieces) - 1, initializer=flush) as self.pool:
                yield self

    def _prepare(self) -> None:
        from tf_gd.summation import kernel

        row = np.zeros(5, self.compiled.dtype)
        prepare(kernel.add_leaves, *self._of_leaves(0, 1, row))
        prepare(kernel.settle, *self._of_settle(row))

    def __call__(self, row: Array) -> None:
        """Put the loss, dL/dm and dL/dc at the line (row[0], row[1]) into row[2:5]."""
        from tf_gd.summation import kernel

        helpers: list[Future[None]] = []
        if self.pool is not None:
            helpers = [
                self.pool.submit(kernel.add_leaves, *self._of_leaves(start, stop, row))
                for start, stop in self.pieces[1:]
            ]
        kernel.add_leaves(*self._of_leaves(*self.pieces[0], row))
        for helper in helpers:
            helper.result()
        kernel.settle(*self._of_settle(row))

    def _of_leaves(self, start: int, stop: int, row: Array) -> tuple[Any, ...]:
        """Return the arguments of `kernel.add_leaves`."""
        c = self.compiled
        return (
            *(*self.vectors, c.leaves, start, stop, row[0], row[1]),
            *(self.scales[0], self.form, c.kind, c.lanes, self.sums),
        )

    def _of_settle(self, row: Array) -> tuple[Any, ...]:
        """Return the arguments of `kernel.settle`."""
        c = self.compiled
        order = c.leaves, self.sums, c.first_sum
        return *self.vectors, *order, *self.scales, self.form, c.kind, self.free, row
