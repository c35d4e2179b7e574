"""Finding out in which order a sum at hand adds.

Put +M at i and -M at j in a vector of ones, with M so large that every one added to it is rounded away: what comes
back counts the ones that were added after M and -M had cancelled. A handful of such probes tells which elements are
added together when, and so confirms an order or rejects it.

References:
    Xie et al., "FPRev: Revealing the Order of Floating-Point Summation" (the method).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.loading import load_tensorflow, quiet_stderr
from tf_gd.points.arrays import Array
from tf_gd.summation.line_sums import total
from tf_gd.summation.order import Order, expected

Sum = Callable[[Array], npt.ArrayLike]

PACKET_WIDTHS = (4, 8, 16, 2)
MOST_THREADS = 256


@contextmanager
def reduce_sum(n: int, dtype: npt.DTypeLike) -> Iterator[Callable[[npt.NDArray[Any]], Any]]:
    """Hand out TensorFlow's `reduce_sum` of n elements as a function of a NumPy vector, for probing."""
    tf = load_tensorflow()
    with tf.Graph().as_default() as graph:
        vector = tf.compat.v1.placeholder(np.dtype(dtype).name, [n])
        whole = tf.reduce_sum(vector)
    with tf.compat.v1.Session(graph=graph) as session:
        with quiet_stderr():  # the first run of a process writes a line or two
            session.run(whole, {vector: np.zeros(n, dtype)})
        yield lambda values: session.run(whole, {vector: values})


def reveal(reduce_sum: Sum, n: int, dtype: npt.DTypeLike) -> Order | None:
    """Return the order in which `reduce_sum` adds n elements, found by probing it.

    Args:
        reduce_sum: takes a vector of shape [n] and returns its sum: TensorFlow's, say.
        n: the number of elements, at least 1.
        dtype: their dtype.

    Returns:
        The order; None where no known shape fits, so that bits cannot be promised.

    Example:
        >>> reveal(lambda v: total(v, Order(packet=2)), 1000, "float64")
        Order(packet=2, blocks=1, leaf_packets=1024)
        >>> reveal(np.sum, 1000, "float64") is None
        True
    """
    kind: np.dtype[Any] = np.dtype(dtype)
    probes = list(_probes(n, kind))
    answers: list[bytes] = []  # each probe is put to `reduce_sum` once, whatever the number of candidates

    def fits(order: Order) -> bool:
        for number, probe in enumerate(probes):
            vector = probe()
            if number == len(answers):
                answers.append(_bits(np.asarray(reduce_sum(vector), kind)))
            if _bits(total(vector, order)) != answers[number]:
                return False
        return True

    return next(filter(fits, _candidates(n, kind)), None)


def _bits(value: Array) -> bytes:
    return np.asarray(value).tobytes()


def _candidates(n: int, dtype: np.dtype[Any]) -> Iterator[Order]:
    """Yield the orders that could be, the one to expect first; how many blocks depends on threads we cannot see."""
    first = expected(n, dtype)
    yield first
    for packet in sorted(PACKET_WIDTHS, key=lambda width: width != first.packet):
        for blocks in range(1, expected(n, dtype, MOST_THREADS).blocks + 1):
            if (packet, blocks) != (first.packet, first.blocks):
                yield replace(first, packet=packet, blocks=blocks)


def _probes(n: int, dtype: np.dtype[Any]) -> Iterator[Callable[[], Array]]:
    """Yield makers of the vectors to add: pairs of +M and -M among ones, then numbers whose every bit counts."""
    rng = np.random.default_rng(n)
    near = [(0, 1), (0, 2), (0, 4), (0, 8), (0, 16), (0, 32), (0, n // 2), (0, n - 1), (n // 2, n - 1)]
    far = [sorted(rng.choice(n, 2, replace=False).tolist()) for _ in range(4)] if n > 1 else []
    for i, j in [*near, *far]:
        if i < j < n:
            yield partial(_pair, n, dtype, i, j)
    for seed in range(4):
        yield partial(_noise, n, dtype, seed)


def _pair(n: int, dtype: np.dtype[Any], i: int, j: int) -> Array:
    """Return equal numbers, but for M and -M: what is added to one of them is rounded away, until the two cancel."""
    large, small = (2.0**15, 2.0**-9) if dtype.name == "float16" else (2.0**126, 1.0)
    probe = np.full(n, small, dtype)
    probe[i], probe[j] = large, -large
    return probe


def _noise(n: int, dtype: np.dtype[Any], seed: int) -> Array:
    """Return numbers of several magnitudes that cancel, so that what is left is rounding: another in every order."""
    rng = np.random.default_rng(seed)
    probe = (rng.random(n) * 2.0 ** rng.integers(-4, 3, n)).astype(dtype)
    probe[1::2] = -probe[: n // 2 * 2 : 2][::-1]
    return probe
