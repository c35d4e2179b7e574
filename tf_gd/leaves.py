"""A few neighbouring leaves of a sum, added in TensorFlow's order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_gd.order import Order, Vector, accumulator


class Leaves:
    """Room for the terms of neighbouring leaves, and all views into it that adding them needs, made once.

    Each leaf has eight packets of its own for each series: the four accumulators, up to three packets left over after
    the last whole stride, and a zero, so that no sum is ever -0.0. Adding the eight in a row, and then folding the
    lanes, is what TensorFlow does; a packet that a leaf has not got is zero, and adding zero changes no bit.

    Args:
        sizes: how many elements each leaf has.
        order: the order of addition.
        space: where the terms may go, shape [series, n or more].

    Attributes:
        terms: where the terms go, shape [series, n].
        rows: the rows of `terms`.
    """

    def __init__(self, sizes: Sequence[int], order: Order, space: Vector) -> None:
        count, series = len(sizes), len(space)
        self.terms = space[:, : sum(sizes)]
        self.rows = list(self.terms)
        adds_in = accumulator(space.dtype)
        self.added = self.terms if adds_in == space.dtype else np.empty(self.terms.shape, adds_in)
        self.packets = np.zeros((count, series, 8, order.packet), adds_in)
        self._look(sizes, order.packet)
        self.lanes = np.empty((count, series, order.packet), adds_in)
        folds_in = np.promote_types(adds_in, np.float32)
        self.wide = self.lanes if folds_in == adds_in else np.empty(self.lanes.shape, folds_in)
        self.folds = [self.wide]
        while self.folds[-1].shape[-1] > 1:
            self.folds.append(np.empty((count, series, self.folds[-1].shape[-1] // 2), folds_in))

    def _look(self, sizes: Sequence[int], packet: int) -> None:
        """Make the views: each leaf's strides and accumulators, its left-over packets and their room, its scalars."""
        self.strides, self.extras, self.scalars = [], [], []
        series, start = len(self.terms), 0
        for leaf, size in enumerate(sizes):
            rows, packets, scalars = size // (4 * packet), size % (4 * packet) // packet, size % packet
            body, end = start + rows * 4 * packet, start + size
            tail, room = end - scalars, self.packets[leaf]
            if rows:
                strides = self.added[:, start:body].reshape(series, rows, 4 * packet)
                self.strides.append((strides, room[:, :4].reshape(series, 4 * packet)))
            if packets:
                self.extras.append(
                    (room[:, 4 : 4 + packets], self.added[:, body:tail].reshape(series, packets, packet))
                )
            if scalars:
                self.scalars.append((leaf, self.added[:, tail:end]))
            start = end

    def add(self, out: Vector) -> None:
        """Add the terms that were put into `rows`; each leaf's sums go to `out`, shape [leaves, series]."""
        if self.added is not self.terms:
            self.added[...] = self.terms
        for strides, accumulators in self.strides:
            np.einsum("srl->sl", strides, out=accumulators)  # row by row, and faster at it than np.add.reduce
        for room, extra in self.extras:
            room[...] = extra
        np.add.reduce(self.packets, axis=2, out=self.lanes)
        if self.wide is not self.lanes:
            self.wide[...] = self.lanes
        for whole, half in zip(self.folds, self.folds[1:], strict=False):
            np.add(whole[..., : half.shape[-1]], whole[..., half.shape[-1] :], half)
        out[...] = self.folds[-1][..., 0]
        for leaf, scalars in self.scalars:
            out[leaf] += np.add.accumulate(scalars, 1)[:, -1]
