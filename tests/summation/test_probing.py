"""Probing reveals the order in which a sum adds, and rejects every order that is none that is known."""

import tracemalloc

import ml_dtypes
import numpy as np
import pytest

from tf_gd.descent import _probed, confirm_order
from tf_gd.problem import Problem
from tf_gd.summation.line_sums import total
from tf_gd.summation.order import Order, expected
from tf_gd.summation.probing import reduce_sum, reveal

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
DTYPES = ["float64", "float32", "float16", BFLOAT16]


def added_as(wanted):
    return lambda vector: total(vector, wanted)


def reversed_sum(vector):
    return np.add.accumulate(vector[::-1])[-1]


def one_by_one(vector):
    return np.add.accumulate(vector)[-1]


def in_pairs(vector):
    while vector.size > 1:
        if vector.size % 2:
            vector = np.append(vector, vector.dtype.type(0))
        vector = vector[::2] + vector[1::2]
    return vector[0]


def with_the_remainder_last(vector):
    first = expected(vector.size, vector.dtype, threads=3)
    length = vector.size // first.blocks
    whole = vector.dtype.type(0)
    for start in range(0, vector.size, length):
        whole = whole + total(vector[start : start + length], Order(first.packet))
    return whole


@pytest.mark.corpus(10)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("n", [1, 2, 9, 100, 1001, 5_003])
def test_tensorflows_order_is_the_expected_one(n, dtype):
    with reduce_sum(n, dtype) as tensorflows:
        assert reveal(tensorflows, n, dtype) == expected(n, dtype)


@pytest.mark.parametrize("n", [54_193, 54_194, 108_387, 108_388, 200_003])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_long_vectors_are_cut_into_as_many_blocks_as_expected(n, dtype):
    with reduce_sum(n, dtype) as tensorflows:
        found = reveal(tensorflows, n, dtype)
    assert found is not None
    assert found.packet == expected(n, dtype).packet
    assert found.blocks <= expected(n, dtype, threads=256).blocks


@pytest.mark.corpus(3)
@pytest.mark.parametrize("packet", [2, 4, 8, 16])
@pytest.mark.parametrize("n", [777, 5_003])
def test_every_packet_width_is_recovered(packet, n):
    assert reveal(added_as(Order(packet)), n, "float64") == Order(packet)


@pytest.mark.corpus(6)
@pytest.mark.parametrize("threads", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_number_of_blocks_is_recovered(threads, dtype):
    wanted = expected(500_009, dtype, threads)
    assert reveal(added_as(wanted), 500_009, dtype) == wanted


@pytest.mark.parametrize("foreign", [np.sum, reversed_sum, one_by_one, in_pairs, np.add.reduce])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("n", [101, 1_501])
def test_a_foreign_order_is_rejected(foreign, dtype, n):
    assert reveal(foreign, n, dtype) is None


def test_blocks_added_in_another_sequence_are_rejected():
    assert reveal(with_the_remainder_last, 500_009, "float64") is None


def test_an_order_that_is_not_understood_is_said_to_be_unknown(monkeypatch):
    monkeypatch.setattr("tf_gd.descent.reveal", lambda *_: None)
    monkeypatch.setattr("tf_gd.descent._probed", _probed.__wrapped__)
    problem = Problem.of(np.arange(1.0, 12.0), np.arange(11.0), learning_rate="auto", num_steps=1)
    looked_at = confirm_order(problem)
    assert (problem.order_is, looked_at.order_is) == ("expected", "unknown")
    assert looked_at.confirmed_order is None
    assert looked_at.order == expected(11, "float64")


def test_probing_needs_a_few_vectors_of_memory_and_no_more():
    n = 1_000_003
    wanted = expected(n, "float64")
    tracemalloc.start()
    assert reveal(added_as(wanted), n, "float64") == wanted
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 8 * n
