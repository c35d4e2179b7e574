"""The order in which TensorFlow adds a vector.

Floating-point addition is not associative: another order, other last bits. On a CPU, TensorFlow's `reduce_sum` of a
vector adds in one fixed order, with P lanes in a packet:

* a **leaf**, at most 1024 packets: four packet accumulators walk it in strides of 4 P, and are added as
  ((a0 + a1) + a2) + a3; the whole packets left over are added to that, one by one; the lanes are folded in half again
  and again; the left-over scalars, summed on their own, come last;
* a **tree**: anything longer is split in two at a multiple of P, and the two halves' sums are added, left + right;
* **blocks**: a long vector is cut into as many trees as the thread pool likes: remainder + block 0 + block 1 + ...

bfloat16 is added in float32 and rounded once, at the end. float16 is added in float16, every addition rounded, in
leaves of at most 200 packets; only the fold of the lanes is made in float32.

References:
    Eigen, `TensorReduction.h` (`InnerMostDimReducer`, `LeafSize`, `FullReducer`), `TensorCostModel.h` (the number of
    blocks), `arch/AVX/Reductions.h` (float16's fold); TensorFlow, `reduction_ops.h` (bfloat16's casts).
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[Any]

PACKET_BYTES = 16 if platform.machine() in ("aarch64", "arm64") else 32  # NEON; AVX, the common build elsewhere
LEAF_PACKETS = {"float16": 200}
CYCLES = {"bfloat16": (2 * 11 / 64 + 1) / 8}  # a float32 cast from two bytes, eight at a time


class Subtree(NamedTuple):
    """A part of a tree: elements `start` to `start + length`, `depth` splits below the root.

    Bit k of `path` tells whether the k-th split on the way down was taken to the right. So the two halves of a split
    at depth k have paths that are 2^k apart, and a full tree's leaves have the paths 0, 1, 2, ... in some order.
    """

    start: int
    length: int
    path: int
    depth: int


@dataclass(frozen=True)
class Order:
    """The order in which a vector of one length and dtype is added.

    Attributes:
        packet: P, the lanes in a packet.
        blocks: into how many trees the vector is cut.
        leaf_packets: how many packets a leaf holds at most.
    """

    packet: int
    blocks: int = 1
    leaf_packets: int = 1024

    def __str__(self) -> str:
        return f"packets of {self.packet}, {self.blocks} block{'s' * (self.blocks > 1)}"

    @property
    def leaf(self) -> int:
        """The largest number of elements that is added without a split."""
        return self.leaf_packets * self.packet

    def trees(self, n: int) -> list[tuple[int, int]]:
        """Return (start, length) of each tree, in the order in which their sums are added."""
        length = n // self.blocks
        whole = n // length * length
        remainder = [(whole, n - whole)] if whole < n else []
        return remainder + [(start, length) for start in range(0, whole, length)]

    def split(self, n: int, phase: int) -> tuple[int, int]:
        """Return the lengths of a tree's two halves: the right one starts at a multiple of P.

        `phase` is where in a packet the tree itself starts, counted from the start of the vector.
        """
        left = -(-(phase + -(-n // 2)) // self.packet) * self.packet - phase
        return left, n - left

    def height(self, n: int) -> int:
        """Return the largest number of additions that an element of n goes through, or a little more."""
        longest = max(length for _, length in self.trees(n))
        in_leaf = min(longest, self.leaf) // (4 * self.packet) + 4 + 3 + self.packet.bit_length() + self.packet
        splits = max(0, math.ceil(math.log2(longest / self.leaf))) + 1
        return min(n, in_leaf + splits + self.blocks + 1)

    def cut(self, start: int, n: int, longest: int, path: int = 0, depth: int = 0) -> Iterator[Subtree]:
        """Yield the subtrees, none over `longest`, of the tree over n elements from `start` on, from left to right."""
        if n <= longest:
            yield Subtree(start, n, path, depth)
            return
        left, right = self.split(n, start % self.packet)
        yield from self.cut(start, left, longest, path, depth + 1)
        yield from self.cut(start + left, right, longest, path + 2**depth, depth + 1)


def accumulator(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """Return the dtype in which TensorFlow adds numbers of `dtype`."""
    kind: np.dtype[Any] = np.dtype(dtype)
    return np.dtype(np.float32) if kind.name == "bfloat16" else kind


def expected(n: int, dtype: npt.DTypeLike, threads: int | None = None) -> Order:
    """Return the order that TensorFlow's common build uses for n elements on a machine with so many threads.

    Eigen starts another block for every 100,000 cycles, and charges 11/64 of a cycle a byte and ten a packet; a packet
    of float16 is as wide as one of float32, in which Eigen computes.

    Args:
        n: the number of elements, at least 1.
        dtype: their dtype.
        threads: threads in the intra-op pool; the machine's cores when left out.

    Example:
        >>> expected(80_000, "float64", threads=8)
        Order(packet=4, blocks=3, leaf_packets=1024)
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    packet = PACKET_BYTES // max(4, kind.itemsize)
    cycles = n * (CYCLES.get(kind.name, kind.itemsize * 11 / 64) + 10 / packet)
    wanted = math.floor((cycles - 100_000) / 100_000 + 0.9)
    return Order(packet, min(threads or usable_cores(), max(1, wanted)), LEAF_PACKETS.get(kind.name, 1024))


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_seen: dict[tuple[int, str], Order | None] = {}


def remember(n: int, dtype: npt.DTypeLike, order: Order | None) -> None:
    """Keep, for the life of the process, the order that TensorFlow was seen to use; None: no known shape fits."""
    _seen[n, np.dtype(dtype).name] = order


def was_probed(n: int, dtype: npt.DTypeLike) -> bool:
    """Return whether this process has looked at how TensorFlow adds n elements."""
    return (n, np.dtype(dtype).name) in _seen


def confirmed(n: int, dtype: npt.DTypeLike) -> Order | None:
    """Return the order that TensorFlow was seen to use in this process, if it was looked at and understood."""
    return _seen.get((n, np.dtype(dtype).name))


def known(n: int, dtype: npt.DTypeLike) -> Order:
    """Return the order for n elements: the one that was seen, else the one to expect on this machine."""
    return confirmed(n, dtype) or expected(n, dtype)
