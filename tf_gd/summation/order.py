"""The order in which TensorFlow adds a vector.

Floating-point addition is not associative: another order, other last bits. On a CPU, TensorFlow's `reduce_sum` of a
vector adds in one fixed order, with P lanes in a packet:

* a **leaf**, at most 1024 packets: four packet accumulators walk it in strides of 4 P, and are added as
  ((a0 + a1) + a2) + a3; the leftover packets are added to that, one by one; the lanes are folded in half again and
  again; the scalar tail, summed on its own, comes last;
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
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PACKET_BYTES = 16 if platform.machine() in ("aarch64", "arm64") else 32  # NEON; AVX, the common build elsewhere
LEAF_PACKETS = {"float16": 200}
CYCLES = {"bfloat16": (2 * 11 / 64 + 1) / 8}  # a float32 cast from two bytes, eight at a time


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

    def split(self, n: Any, phase: Any) -> tuple[Any, Any]:
        """Return the lengths of a tree's two halves: the right one starts at a multiple of P.

        `phase` is where in a packet the tree itself starts, counted from the start of the vector. Integers, or arrays.
        """
        left = -(-(phase + -(-n // 2)) // self.packet) * self.packet - phase
        return left, n - left

    def height(self, n: int) -> int:
        """Return the largest number of additions that an element of n goes through, or a little more."""
        longest = max(length for _, length in self.trees(n))
        in_leaf = min(longest, self.leaf) // (4 * self.packet) + 4 + 3 + self.packet.bit_length() + self.packet
        splits = max(0, math.ceil(math.log2(longest / self.leaf))) + 1
        return min(n, in_leaf + splits + self.blocks + 1)

    def leaves(self, n: int) -> npt.NDArray[np.int64]:
        """Return the leaves of a sum of n elements, in the order in which their sums are added, shape [leaves, 4].

        The columns are start, length, halves, complete: read from top to bottom, the rows are the whole recipe. Put
        each leaf's sum on a stack; add the topmost two `halves` times; and where `complete` is 1, a tree is done, and
        its sum is added to the total.

        Example:
            >>> Order(packet=4, leaf_packets=2).leaves(24).tolist()
            [[0, 8, 0, 0], [8, 4, 1, 0], [12, 8, 0, 0], [20, 4, 2, 1]]
        """
        parts = np.array([(start, length, 0, 1) for start, length in self.trees(n)], np.int64)
        while (long := parts[:, 1] > self.leaf).any():  # all that are too long are split at once, level by level
            parts = parts.repeat(1 + long, axis=0)
            right = np.flatnonzero(long) + np.arange(1, 1 + long.sum())
            left = right - 1
            parts[left, 1], parts[right, 1] = self.split(parts[left, 1], parts[left, 0] % self.packet)
            parts[right, 0] += parts[left, 1]
            parts[left, 2:] = 0  # what comes after the whole comes after its right half
            parts[right, 2] += 1
        return parts

    def starts_at_zero(self, n: int) -> bool:
        """Return whether the total starts at 0.0: blocks are added to the remainder, or to that where there is none."""
        return self.blocks > 1 and n % (n // self.blocks) == 0


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
        threads: threads in the intra-op pool; as TensorFlow is set here, when left out.

    Example:
        >>> expected(80_000, "float64", threads=8)
        Order(packet=4, blocks=3, leaf_packets=1024)
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    packet = PACKET_BYTES // max(4, kind.itemsize)
    cycles = n * (CYCLES.get(kind.name, kind.itemsize * 11 / 64) + 10 / packet)
    wanted = math.floor((cycles - 100_000) / 100_000 + 0.9)
    return Order(packet, min(threads or threads_of_tensorflow(), max(1, wanted)), LEAF_PACKETS.get(kind.name, 1024))


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of_tensorflow() -> int:
    """Return how many threads TensorFlow's intra-op pool has, as far as settings tell, without loading TensorFlow.

    What the program has set with `tf.config.threading` comes first, then the environment, then the machine's cores.
    Only the first session of a process decides, and one with a setting of its own is not seen here: that takes probing.
    """
    config = getattr(sys.modules.get("tensorflow"), "config", None)
    set_to = config.threading.get_intra_op_parallelism_threads() if config is not None else 0
    text = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    return int(set_to or (int(text) if text.isdecimal() else 0) or usable_cores())
