"""A few neighbouring leaves of a sum, added side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tf_gd.order import Order, Vector


class Leaves:
    """Neighbouring leaves, laid out so that NumPy adds them all at once, each in TensorFlow's order.

    The leaves' strides are interleaved: row k holds the k-th stride of every leaf, so adding the rows from the top down
    walks all leaves side by side. Then come the left-over packets, in the same manner, then the left-over scalars. A
    leaf shorter than the longest one leaves gaps, which must be zero: adding zero to an accumulator changes no bit.

    Args:
        n: how many elements the leaves have together: a subtree of the sum.
        order: the order of addition.
        phase: where in a packet the first element stands.
    """

    def __init__(self, n: int, order: Order, phase: int = 0) -> None:
        sizes, self.n, self.lanes = order.cut(n, order.leaf, phase), n, order.packet
        stride = 4 * self.lanes
        self.count = len(sizes)
        self.rows = max(size // stride for size in sizes)
        self.packets = max(size % stride // self.lanes for size in sizes)
        self.scalars = max(size % self.lanes for size in sizes)
        self.body = self.rows * self.count * stride
        self.tail = self.body + self.packets * self.count * self.lanes
        self.size = self.tail + self.scalars * self.count
        self.index = None if self.count == 1 else self._index(sizes)
        self.gaps = None if self.index is None or self.size == n else np.flatnonzero(self.index < 0)

    def _parts(self, layout: Vector) -> tuple[Vector, Vector, Vector]:
        """Return a layout's strides, left-over packets and left-over scalars: shapes [..., rows, leaves, width]."""
        lead = layout.shape[:-1]
        return (
            layout[..., : self.body].reshape(*lead, self.rows, self.count, 4 * self.lanes),
            layout[..., self.body : self.tail].reshape(*lead, self.packets, self.count, self.lanes),
            layout[..., self.tail :].reshape(*lead, self.scalars, self.count, 1),
        )

    def _index(self, sizes: list[int]) -> npt.NDArray[np.intp]:
        """Return, for each place of the layout, which element stands there; a gap has -1."""
        index = np.full(self.size, -1, np.intp)
        start = 0
        for leaf, size in enumerate(sizes):
            for part in self._parts(index):
                width = part.shape[-1]
                rows = min(size // width, len(part))
                part[:rows, leaf] = np.arange(start, start + rows * width).reshape(rows, width)
                start, size = start + rows * width, size - rows * width
        return index

    def arrange(self, vector: Vector, out: Vector) -> Vector:
        """Return the n elements in the order of the layout: in `out`, or `vector` itself where that is the order."""
        if self.index is None:
            return vector
        return np.take(vector, self.index, out=out, mode="wrap")  # a gap reads some element or other

    def add(self, terms: Vector) -> Vector:
        """Return each leaf's sums, shape [leaves, series], from arranged terms, shape [series, size]."""
        if self.gaps is not None:
            terms[:, self.gaps] = 0
        strides, packets, scalars = self._parts(terms)
        lanes = np.add.reduce(strides, axis=1).reshape(len(terms), self.count, 4, self.lanes)
        sums = np.add.reduce(lanes, axis=2)
        for extra in range(self.packets):
            sums += packets[:, extra]
        half = self.lanes // 2
        while half:
            sums = sums[..., :half] + sums[..., half:]
            half //= 2
        if self.scalars:
            sums += np.add.accumulate(scalars, axis=1)[:, -1]
        return np.asarray(sums[..., 0].T)
