"""The order in which TensorFlow adds a vector.

Floating-point addition is not associative: another order, other last bits. On a CPU, TensorFlow's `reduce_sum` of a
vector adds in one fixed order, with P lanes in a packet:

* a **leaf**, at most 1024 packets: four packet accumulators walk it in strides of 4 P, and are added as
  ((a0 + a1) + a2) + a3; the whole packets left over are added to that, one by one; the lanes are folded in half again
  and again; the left-over scalars, summed on their own, come last;
* a **tree**: anything longer is split in two at a multiple of P, and the two halves' sums are added, left + right;
* **blocks**: a long vector is cut into as many trees as the thread pool likes: remainder + block 0 + block 1 + ...

References:
    Eigen, `TensorReduction.h` (`InnerMostDimReducer`, `FullReducer`) and `TensorCostModel.h` (the number of blocks).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[Any]

LEAF_PACKETS = 1024  # a leaf holds at most so many packets
PACKETS = {"float64": 4, "float32": 8, "bfloat16": 16, "float16": 16}  # lanes of the common builds (AVX)


@dataclass(frozen=True)
class Order:
    """The order in which a vector of one length and dtype is added.

    Attributes:
        packet: P, the lanes in a packet.
        blocks: into how many trees the vector is cut.
    """

    packet: int
    blocks: int = 1

    def __str__(self) -> str:
        return f"packets of {self.packet}, {self.blocks} block{'s' * (self.blocks > 1)}"

    @property
    def leaf(self) -> int:
        """The largest number of elements that is added without a split."""
        return LEAF_PACKETS * self.packet

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

    def cut(self, n: int, longest: int, phase: int = 0) -> list[int]:
        """Return the lengths of the subtrees, none over `longest`, of a tree over n elements, from left to right."""
        if n <= longest:
            return [n]
        left, right = self.split(n, phase)
        return self.cut(left, longest, phase) + self.cut(right, longest)

    def join(self, n: int, sums: Iterator[Vector], phase: int = 0) -> Vector:
        """Add the sums of a tree's leaves, handed over from left to right, as the tree does."""
        if n <= self.leaf:
            return next(sums)
        left, right = self.split(n, phase)
        return self.join(left, sums, phase) + self.join(right, sums)


def expected(n: int, dtype: npt.DTypeLike, threads: int | None = None) -> Order:
    """Return the order that TensorFlow's common build uses for n elements on a machine with so many threads.

    Eigen starts another block for every 100,000 cycles, and charges 11/64 of a cycle a byte and ten a packet.

    Args:
        n: the number of elements, at least 1.
        dtype: their dtype.
        threads: threads in the intra-op pool; the machine's cores when left out.

    Example:
        >>> expected(80_000, "float64", threads=8)
        Order(packet=4, blocks=3)
    """
    kind = np.dtype(dtype)
    packet = PACKETS[kind.name]
    cycles = n * (kind.itemsize * 11 / 64 + 10 / packet)
    wanted = math.floor((cycles - 100_000) / 100_000 + 0.9)
    return Order(packet, min(threads or usable_cores(), max(1, wanted)))


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
