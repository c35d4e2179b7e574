"""A few neighbouring leaves of a sum, added in TensorFlow's order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tf_gd.order import Order, Vector, accumulator


class Strip:
    """Leaves that lie side by side: the k-th stride of every leaf, for each k; then left-over packets; then scalars.

    A leaf that is shorter than the longest leaves gaps. A strip of one leaf is just that leaf, as it is.

    Args:
        sizes: how many elements each leaf has.
        lanes: P, the lanes in a packet.
    """

    def __init__(self, sizes: Sequence[int], lanes: int) -> None:
        self.sizes, leaves = sizes, len(sizes)
        rows = max(size // (4 * lanes) for size in sizes)
        packets = max(size // lanes % 4 for size in sizes)
        scalars = max(size % lanes for size in sizes)
        self.shapes = (rows, 4, leaves, lanes), (packets, 1, leaves, lanes), (scalars, 1, leaves, 1)
        self.size = sum(map(math.prod, self.shapes))

    def parts(self, layout: Vector) -> Iterator[Vector]:
        """Yield the strides, the left-over packets and the scalars of a layout, shape [..., size], as views."""
        start = 0
        for shape in self.shapes:
            yield layout[..., start : start + math.prod(shape)].reshape(*layout.shape[:-1], *shape)
            start += math.prod(shape)

    def arrange(self, vector: Vector) -> Vector:
        """Return the elements of the leaves, one leaf after another in `vector`, in this layout, with 0 in the gaps."""
        layout, start = np.empty(self.size, vector.dtype), 0
        for leaf, size in enumerate(self.sizes):
            for part in self.parts(layout):
                _, packets, _, lanes = part.shape
                rows, size = divmod(size, packets * lanes)
                end = start + rows * packets * lanes
                part[:rows, :, leaf] = vector[start:end].reshape(rows, packets, lanes)
                part[rows:, :, leaf] = 0
                start = end
        return layout


class Leaves:
    """Room for the terms of neighbouring leaves, and every view into it that adding them needs, made once.

    Each leaf has seven packets of its own for each series: the four accumulators, and up to three packets left over
    after the last whole stride. Adding them in a row, and then folding the lanes, is what TensorFlow does. Its
    accumulators start at 0.0, and it adds the scalars to one of their own; whatever a leaf has not got is -0.0 here,
    for adding that changes no bit, not even the sign of a sum that was flushed to -0.0.

    Args:
        sizes: how many elements each leaf has.
        order: the order of addition.
        space: where the terms may go, shape [series, n or more].
        side_by_side: whether the leaves lie in one strip, which is faster, but for which the points must be arranged.

    Attributes:
        rows: where the terms go, an array for each series.
    """

    def __init__(self, sizes: Sequence[int], order: Order, space: Vector, side_by_side: bool = False) -> None:
        series, lanes = len(space), order.packet
        strips = [Strip(part, lanes) for part in ([sizes] if side_by_side else [[size] for size in sizes])]
        self.strip = strips[0] if side_by_side and len(sizes) > 1 else None
        self.gaps = np.flatnonzero(~self.arrange(np.ones(sum(sizes), bool)))
        self.terms = space[:, : sum(strip.size for strip in strips)]
        self.rows = list(self.terms)
        adds_in = accumulator(space.dtype)
        folds_in = np.promote_types(adds_in, np.float32)
        self.added = self.terms if adds_in == space.dtype else np.empty(self.terms.shape, adds_in)
        self.packets = np.full((len(strips), series, 7, len(strips[0].sizes), lanes), -0.0, adds_in)
        self.packets[:, :, 0] = 0
        self.lanes = np.empty((lanes, len(strips), series, len(strips[0].sizes)), adds_in)
        self.wide = self.lanes if folds_in == adds_in else np.empty(self.lanes.shape, folds_in)
        self._look(strips)

    def _look(self, strips: list[Strip]) -> None:
        """Make the views: strides and their accumulators, left-over packets and their room, scalars, halves to fold."""
        self.strides, self.extras, self.scalars = [], [], []
        series, start = len(self.terms), 0
        for number, (strip, room) in enumerate(zip(strips, self.packets, strict=True)):
            strides, extra, scalars = strip.parts(self.added[:, start : start + strip.size])
            start += strip.size
            if strides.size:
                self.strides.append((strides.reshape(series, len(strides[0]), -1), room[:, :4].reshape(series, -1)))
            if extra.size:
                self.extras.append((room[:, 4 : 4 + len(extra[0])], extra[:, :, 0]))
            if scalars.size:
                self.scalars.append((number, scalars[:, :, 0, :, 0]))
        self.folds, half = [], self.wide  # the lanes come first, so that each half is one piece
        while (middle := len(half) // 2) > 0:
            left, right = half[:middle], half[middle:]
            half = np.empty_like(left, half.dtype if middle > 1 else self.packets.dtype)
            self.folds.append((left, right, half))
        self.folded = half[0]

    def arrange(self, vector: Vector) -> Vector:
        """Return the elements in the order in which the terms must come: `vector` itself where that is the order."""
        return vector if self.strip is None else self.strip.arrange(vector)

    def add(self, out: Vector) -> None:
        """Add the terms that were put into `rows`; each leaf's sums go to `out`, shape [leaves, series]."""
        if self.gaps.size:
            self.terms[:, self.gaps] = -0.0
        if self.added is not self.terms:
            self.added[...] = self.terms
        for strides, accumulators in self.strides:
            np.einsum("srl->sl", strides, out=accumulators)  # row by row, and faster at it than np.add.reduce
        for room, extra in self.extras:
            room[...] = extra
        np.add.reduce(self.packets, axis=2, out=self.lanes.transpose(1, 2, 3, 0))
        if self.wide is not self.lanes:
            self.wide[...] = self.lanes
        for left, right, half in self.folds:
            np.add(left, right, half)
        strips, series, leaves = self.folded.shape
        sums = out.reshape(strips, leaves, series).swapaxes(1, 2)
        np.add(self.folded, 0.0, sums)
        for strip, scalars in self.scalars:
            scalars[:, 0] += 0.0
            np.add(self.folded[strip], np.add.accumulate(scalars, axis=1)[:, -1], sums[strip])
