"""A few neighbouring leaves of a sum, added in TensorFlow's order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from tf_gd.summation.order import Order, Vector, accumulator

Span = tuple[int, int]


class Strip:
    """Leaves that lie side by side: the k-th stride of every leaf, for each k; then left-over packets; then scalars.

    A leaf that is shorter than the longest leaves gaps. A strip of one leaf is just that leaf, as it is.

    Args:
        spans: (start, size) of each leaf in a vector.
        lanes: P, the lanes in a packet.
    """

    def __init__(self, spans: Sequence[Span], lanes: int) -> None:
        self.spans, leaves = spans, len(spans)
        rows = max(size // (4 * lanes) for _, size in spans)
        packets = max(size // lanes % 4 for _, size in spans)
        scalars = max(size % lanes for _, size in spans)
        self.shapes = (rows, 4, leaves, lanes), (packets, 1, leaves, lanes), (scalars, 1, leaves, 1)
        self.size = sum(map(math.prod, self.shapes))

    def parts(self, layout: Vector) -> Iterator[Vector]:
        """Yield the strides, the left-over packets and the scalars of a layout, shape [..., size], as views."""
        start = 0
        for shape in self.shapes:
            yield layout[..., start : start + math.prod(shape)].reshape(*layout.shape[:-1], *shape)
            start += math.prod(shape)

    def arrange(self, vector: Vector) -> Vector:
        """Return the elements of the leaves, which lie in `vector`, in this layout, with 0 in the gaps."""
        layout = np.empty(self.size, vector.dtype)
        for leaf, (start, size) in enumerate(self.spans):
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
        spans: (start, size) of each leaf in the piece of a vector that they share; a leaf of no elements adds to 0.0.
        order: the order of addition.
        space: where the terms may go, shape [series, the strip's size or more].
        side_by_side: whether the leaves lie in one strip, which is faster, but for which the points must be arranged.

    Attributes:
        rows: where the terms go, an array for each series.
    """

    def __init__(self, spans: Sequence[Span], order: Order, space: Vector, side_by_side: bool = False) -> None:
        strips = [Strip(part, order.packet) for part in ([spans] if side_by_side else [[span] for span in spans])]
        self.strip = strips[0] if side_by_side and len(spans) > 1 else None
        present = self.arrange(np.ones(sum(size for _, size in spans), bool))
        self.terms = space[:, : present.size]
        self.rows = list(self.terms)
        first_gap = int(np.argmin(np.append(present, False)))  # near the end, unless a leaf has no elements
        self.tail, self.gaps = self.terms[:, first_gap:], ~present[first_gap:]
        self.nothing = np.array(-0.0, space.dtype)
        self._make_room(strips, order.packet)
        self._look(strips)

    def _make_room(self, strips: list[Strip], lanes: int) -> None:
        """Make the arrays in which each leaf's packets, lanes and scalars are added."""
        series, leaves = len(self.terms), len(strips[0].spans)
        most_scalars = max(size % lanes for strip in strips for _, size in strip.spans)
        adds_in = accumulator(self.terms.dtype)
        folds_in = np.promote_types(adds_in, np.float32)
        self.added = self.terms if adds_in == self.terms.dtype else np.empty(self.terms.shape, adds_in)
        self.packets = np.full((len(strips), series, 7, leaves, lanes), -0.0, adds_in)
        self.packets[:, :, 0] = 0
        self.lanes = np.empty((lanes, len(strips), leaves, series), adds_in)
        self.by_packet = self.lanes.transpose(1, 3, 2, 0)
        self.wide = self.lanes if folds_in == adds_in else np.empty(self.lanes.shape, folds_in)
        self.loose = np.full((1 + most_scalars, len(strips) * leaves, series), -0.0, adds_in)
        self.loose[0] = 0
        self.running = np.zeros_like(self.loose)
        self.loose_sums = self.running[-1]

    def _look(self, strips: list[Strip]) -> None:
        """Make the views: strides and their accumulators, left-over packets and their room, scalars, halves to fold."""
        self.strides, self.extras, self.scalars = [], [], []
        series, leaves = len(self.terms), len(strips[0].spans)
        for number, (strip, room) in enumerate(zip(strips, self.packets, strict=True)):
            start = strip.spans[0][0] if self.strip is None else 0
            strides, extra, scalars = strip.parts(self.added[:, start : start + strip.size])
            if strides.size:
                self.strides.append((strides.reshape(series, len(strides[0]), -1), room[:, :4].reshape(series, -1)))
            if extra.size:
                self.extras.append((room[:, 4 : 4 + len(extra[0])], extra[:, :, 0]))
            if scalars.size:
                loose = self.loose[1 : 1 + scalars.shape[1], number * leaves : (number + 1) * leaves]
                self.scalars.append((loose, scalars[:, :, 0, :, 0].transpose(1, 2, 0)))
        self.folds, half = [], self.wide  # the lanes come first, so that each half is one piece
        while (middle := len(half) // 2) > 0:
            left, right = half[:middle], half[middle:]
            half = np.empty_like(left, half.dtype if middle > 1 else self.packets.dtype)
            self.folds.append((left, right, half))
        self.folded = half.reshape(-1, series)

    def arrange(self, vector: Vector) -> Vector:
        """Return the elements in the order in which the terms must come: `vector` itself where that is the order."""
        return vector if self.strip is None else self.strip.arrange(vector)

    def add(self, out: Vector) -> None:
        """Add the terms that were put into `rows`; each leaf's sums go to `out`, shape [leaves, series]."""
        if self.gaps.size:
            np.copyto(self.tail, self.nothing, where=self.gaps)
        if self.added is not self.terms:
            self.added[...] = self.terms
        for strides, accumulators in self.strides:
            np.einsum("srl->sl", strides, out=accumulators)  # row by row, and faster at it than np.add.reduce
        for room, extra in self.extras:
            room[...] = extra
        np.add.reduce(self.packets, axis=2, out=self.by_packet, initial=-0.0)  # or it would start at 0.0
        if self.wide is not self.lanes:
            self.wide[...] = self.lanes
        for left, right, half in self.folds:
            np.add(left, right, half)
        for room, scalars in self.scalars:
            room[...] = scalars
        if self.scalars:
            np.add.accumulate(self.loose, axis=0, out=self.running)
        np.add(self.folded, self.loose_sums, out)
