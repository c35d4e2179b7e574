"""The sum in TensorFlow's order, against the order spelled out one addition at a time."""

import ml_dtypes
import numpy as np
import pytest

from tf_gd.graph import reduce_sum
from tf_gd.summation.adder import GROUP, Adder, total
from tf_gd.summation.flush_to_zero import flushed
from tf_gd.summation.leaves import Leaves
from tf_gd.summation.order import Order, accumulator, expected, known

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def spelled_out(values, order):
    """Add as the order says, one addition after another, with none of the package's code."""
    kind = accumulator(values.dtype).type

    def leaf(v):
        lanes, start = np.zeros((4, order.packet), kind), 0
        for start in range(0, v.size - 4 * order.packet + 1, 4 * order.packet):
            lanes = lanes + v[start : start + 4 * order.packet].reshape(4, -1)
        packet = ((lanes[0] + lanes[1]) + lanes[2]) + lanes[3]
        start = v.size // (4 * order.packet) * 4 * order.packet
        while start + order.packet <= v.size:
            packet, start = packet + v[start : start + order.packet], start + order.packet
        packet = packet.astype(np.promote_types(kind, np.float32))
        while packet.size > 1:
            packet = packet[: packet.size // 2] + packet[packet.size // 2 :]
        scalars = kind(0)
        for value in v[start:]:
            scalars = scalars + value
        return scalars + kind(packet[0])

    def tree(first, n):
        if n <= order.leaf:
            return leaf(values[first : first + n])
        middle = order.packet * -(-(first + -(-n // 2)) // order.packet)
        return (kind(0) + tree(first, middle - first)) + tree(middle, first + n - middle)

    dtype, values = values.dtype, values.astype(kind)
    if order.blocks == 1:
        return dtype.type(tree(0, values.size))
    length = values.size // order.blocks
    whole = values.size // length * length
    result = tree(whole, values.size - whole) if whole < values.size else kind(0)
    for start in range(0, whole, length):
        result = result + tree(start, length)
    return dtype.type(result)


def noise(n, dtype):
    rng = np.random.default_rng(n)
    return (rng.standard_normal(n) * 2.0 ** rng.integers(-6, 6, n)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("n", [2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 129, 1601, 4097, 8193, 8197, 33_001])
@pytest.mark.parametrize("blocks", [1, 3])
def test_the_sum_is_the_order_spelled_out(n, dtype, blocks):
    first = expected(n, dtype)
    order = Order(first.packet, min(blocks, n), first.leaf_packets)
    values = noise(n, dtype)
    assert total(values, order).tobytes() == spelled_out(values, order).tobytes()
    adder, one = Adder([values], 1, order, repeated=True), values.dtype.type(1)  # lays the leaves side by side
    with adder.at_work():
        arranged = adder(lambda rows, vector: np.subtract(one, vector, rows[0]))[0]  # in the gaps, this is not 0
    assert values.dtype.type(arranged).tobytes() == spelled_out(one - values, order).tobytes()


@pytest.mark.parametrize("n", [5, 8193, 50_000, GROUP - 1, GROUP, 3 * GROUP + 5])
def test_the_bits_do_not_depend_on_how_the_work_is_laid_out(n, monkeypatch):
    values, order, sums = noise(n, "float64"), Order(4, 3), []
    for repeated, kept in ((False, n), (True, n), (True, n - 1)):
        monkeypatch.setattr("tf_gd.summation.adder.KEPT", kept)
        adder = Adder([values], 2, order, repeated)
        assert adder.side_by_side == (repeated and kept == n)
        with adder.at_work():
            sums += adder(lambda rows, vector: (np.negative(vector, rows[0]), np.copyto(rows[1], vector))).tolist()
    truth = float(spelled_out(values, order))
    assert sums == [-truth, truth] * 3


@pytest.mark.parametrize("n", [16_389, 32_771, 32_796, 131_077, 2 * GROUP + 9])
@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("repeated", [False, True])
def test_trees_that_are_not_full(n, blocks, repeated):
    order, values, parts = Order(4, blocks), noise(n, "float64"), []
    adder = Adder([values], 1, order, repeated)
    with adder.at_work():
        for _ in range(2):  # what fills up the trees is still 0.0 the second time
            parts.append(float(adder(lambda rows, vector: np.copyto(rows[0], vector))[0]))
    assert parts == [float(spelled_out(values, order))] * 2
    spans = [span for group in adder.trees.groups for span in group.spans]
    assert (0, 0) in spans or blocks == 3
    assert sum(size for _, size in spans) == n


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("n", [5, 1_001, 12_345])
@pytest.mark.parametrize("repeated", [False, True])
def test_every_row_of_terms_starts_with_a_cache_line(dtype, n, repeated):
    adder = Adder([noise(n, dtype)], 3, expected(n, dtype), repeated)
    assert {row.ctypes.data % 64 for (leaves,) in adder.rooms for row in leaves.rows} == {0}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
def test_the_sum_is_tensorflows(dtype):
    values = noise(10_007, dtype)
    with reduce_sum(values.size, dtype) as tensorflows:
        assert np.asarray(tensorflows(values), dtype).tobytes() == total(values).tobytes()


@pytest.mark.parametrize(
    ("values", "sign"), [([-0.0], True), ([-0.0, -0.0], False), ([0.0], False), ([-0.0] * 40, False)]
)
def test_the_sign_of_zero(values, sign):
    assert np.signbit(total(np.array(values))) == sign


def on_the_edge(n, dtype, rng):
    """Return zeros of both signs, subnormal numbers, and the smallest normal ones: many a sum is flushed to -0.0."""
    tiny = float(ml_dtypes.finfo(dtype).tiny)
    nothing = rng.choice([-0.0, -tiny / 2, rng.choice([0.0, -0.0])], n)
    little = rng.choice([-1.5, -1.25, -1.0, 1.0, 1.25, 1.5], n) * tiny
    return np.where(rng.random(n) < rng.choice([0.0, 0.5, 0.9, 1.0 - 2.0 / n]), nothing, little).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("n", [2, 8, 9, 15, 33, 56, 63, 129, 4_099, 9_001, 120_000, 240_002])
def test_a_sum_that_is_flushed_to_zero_has_tensorflows_sign(n, dtype):
    rng, signs, dtype = np.random.default_rng(n), set(), np.dtype(dtype)
    loose = n % expected(n, dtype).packet
    with reduce_sum(n, dtype) as tensorflows:
        for _ in range(200 if n < 1_000 else 15):
            values = on_the_edge(n, dtype, rng)
            theirs, ours = np.asarray(tensorflows(values), dtype), total(values)
            assert theirs.tobytes() == ours.tobytes()
            with flushed():
                assert ours.tobytes() == spelled_out(values, known(n, dtype)).tobytes()
            signs |= {np.signbit(ours)} if ours == 0.0 else set()
    # -0.0 takes packets as well as scalars; in float16, nothing is flushed
    assert (True in signs) == (loose > 0 and n > 8 and dtype != "float16") or n > 1_000


def flushed_halves(order, start, length, depth):
    """Return {place: sign} of numbers whose sums are flushed to -0.0 in each subtree that is `depth` levels down."""
    left, right = order.split(length, start % order.packet)
    if depth == 0:
        return {start: 1.0, start + left: -1.25}
    return flushed_halves(order, start, left, depth - 1) | flushed_halves(order, start + left, right, depth - 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("leaves", "depth"), [(4, 1), (8, 1), (8, 2), (64, 0)])  # the last one has a tree a core
def test_two_flushed_sums_make_a_positive_zero_wherever_they_meet(dtype, leaves, depth):
    n = leaves * expected(1, dtype).leaf
    order, values = known(n, dtype), np.zeros(n, dtype)
    for start, length in order.trees(n):
        for place, size in flushed_halves(order, start, length, depth).items():
            values[place] = size * np.finfo(dtype).tiny
    with reduce_sum(n, dtype) as tensorflows:
        theirs = np.asarray(tensorflows(values), dtype)
    assert theirs.tobytes() == total(values, order).tobytes()
    with flushed():
        assert theirs.tobytes() == spelled_out(values, order).tobytes()
    assert np.signbit(theirs) == (depth == 0 and order.blocks == 1)


def flushed_leaf(dtype, strides):
    """Return numbers whose sum is flushed to -0.0 in each lane and in the scalars.

    With one stride, the sum of the four accumulators is flushed; with two, each accumulator is.
    """
    lanes = np.ones(expected(1, dtype).packet)
    packets = [lanes, 0 * lanes, 0 * lanes, -1.25 * lanes] if strides == 1 else [lanes] * 4 + [-1.25 * lanes] * 4
    return (np.concatenate([*packets, [1.0, -1.25]]) * np.finfo(dtype).tiny).astype(dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("strides", [1, 2])
def test_a_leaf_that_is_flushed_in_every_lane_is_a_negative_zero(dtype, strides):
    values = flushed_leaf(dtype, strides)
    with reduce_sum(values.size, dtype) as tensorflows:
        theirs = np.asarray(tensorflows(values), dtype)
    assert theirs.tobytes() == total(values).tobytes() == np.array(-0.0, dtype).tobytes()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("longer", ["scalar", "packet", "stride"])
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("side_by_side", [False, True])
def test_a_longer_neighbour_does_not_change_the_sign_of_a_flushed_leaf(dtype, strides, longer, first, side_by_side):
    order, short = expected(1, dtype), flushed_leaf(dtype, strides)
    long = np.ones(short.size + {"scalar": 1, "packet": order.packet, "stride": 4 * order.packet}[longer])
    pieces = [short, long] if first else [long, short]
    spans = [(0, pieces[0].size), (pieces[0].size, pieces[1].size)]
    leaves = Leaves(spans, order, np.empty((1, 1000), dtype), side_by_side)
    leaves.rows[0][...] = leaves.arrange(np.concatenate(pieces))
    sums = np.empty((2, 1), dtype)
    with flushed():
        leaves.add(sums)
    assert sums[0 if first else 1].tobytes() == np.array([-0.0], dtype).tobytes()
    assert sums[1 if first else 0] == long.size


def test_a_flushed_remainder_keeps_its_sign_when_the_blocks_are_flushed_too():
    order = Order(4, 8)
    n = 8 * 2 * order.leaf + 5  # the remainder is a packet and a scalar
    (start, _), *blocks = order.trees(n)
    places = {start: 1.0, start + 4: -1.25}
    for block in blocks:
        places |= flushed_halves(order, *block, 0)
    values = np.zeros(n)
    values[list(places)] = np.array(list(places.values())) * np.finfo(np.float64).tiny
    with flushed():
        truth = spelled_out(values, order)
    assert total(values, order).tobytes() == truth.tobytes() == np.float64(-0.0).tobytes()


def test_subnormal_numbers_count_as_zero_and_only_while_adding():
    tiny = np.full(100, 5e-324)
    assert total(tiny) == 0.0
    assert np.sum(tiny) > 0.0


def test_an_error_in_the_terms_leaves_no_thread_and_no_setting_behind():
    adder = Adder([np.ones(10)], 1, Order(4))
    with pytest.raises(ZeroDivisionError), adder.at_work():
        adder(lambda rows, vector: 1 / 0)
    assert adder.pool is None
    assert np.float64(1e-300) * np.float64(1e-10) > 0.0
