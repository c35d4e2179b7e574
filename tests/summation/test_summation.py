"""The sums in TensorFlow's order: what is compiled against the definition, and both against TensorFlow."""

import ast
from dataclasses import replace
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from tf_gd import manual
from tf_gd.manual import update
from tf_gd.problem import Problem
from tf_gd.reduction import scales
from tf_gd.summation import kernel, reference
from tf_gd.summation import line_sums as evaluation
from tf_gd.summation.flush_to_zero import flushed
from tf_gd.summation.line_sums import KernelArguments
from tf_gd.summation.manual_engine import ManualDescent
from tf_gd.summation.order import Order, expected
from tf_gd.summation.probing import reduce_sum

pytestmark = pytest.mark.bits

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
# Each takes seconds to compile, once; the other packets come with --slow.
DEFAULT_PACKETS = {("float64", 2), ("float64", 4), ("float32", 8), ("float32", 16), ("float16", 8), ("bfloat16", 8)}


def noise(n, dtype):
    rng = np.random.default_rng(n)
    return (rng.standard_normal(n) * 2.0 ** rng.integers(-6, 6, n)).astype(dtype)


@pytest.fixture(params=["reference", "kernel"])
def total(request, monkeypatch):
    """The sum, added by the definition or by what is compiled."""
    monkeypatch.setattr(evaluation, "FEW", 10**9 if request.param == "reference" else 1)
    return evaluation.total


EVERY_PACKET = [
    pytest.param(dtype, packet, marks=() if (str(dtype), packet) in DEFAULT_PACKETS else pytest.mark.slow)
    for dtype in ("float64", "float32", "float16", BFLOAT16)
    for packet in (2, 4, 8, 16)
]


@pytest.mark.corpus(4)
@pytest.mark.parametrize(("dtype", "packet"), EVERY_PACKET)
def test_the_compiled_sum_is_the_order_spelled_out(dtype, packet):
    leaf = 200 if dtype == "float16" else 1024
    for n in (2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 65, 129, 1601, 4097, 8193, 8197, 16_389, 33_001, 131_077):
        for blocks in (1, 2, 3, 8):
            order, values = Order(packet, min(blocks, n), leaf), noise(n, dtype)
            with flushed():
                spelled_out = reference.total(values, order)
            arguments = KernelArguments(values, order)
            compiled = values.dtype.type(kernel.total(*arguments.of_total(values)))
            assert compiled.tobytes() == spelled_out.tobytes(), (n, order)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("reduction", ["mean", "half_sum"])
def test_the_compiled_descent_is_the_order_spelled_out(dtype, reduction):
    first = expected(1, dtype)
    for n in (1, 2, 9, 33, 100, 1_001, 9_001):
        for blocks in (1, 3):
            order = replace(first, blocks=min(blocks, n))
            kind, x = np.dtype(dtype), noise(n, dtype)
            y, how = (3 * x - x.dtype.type(2)).astype(dtype), scales(n, kind, reduction, 0.75)
            rows = ManualDescent(x, y, kind.type(2.0**-7), how, order).descend((0.5, -0.25), 4)
            state, wanted = (kind.type(0.5), kind.type(-0.25)), []
            with flushed(), np.errstate(all="ignore"):
                for _ in range(len(rows)):
                    loss, dm, dc = reference.evaluate(x, y, *state, *how, order)
                    wanted.append([*state, loss, dm, dc])
                    state = tuple(update(*one, kind.type(2.0**-7)) for one in zip(state, (dm, dc), strict=True))
            assert rows.tobytes() == np.array(wanted, kind).tobytes(), (n, order)


@pytest.mark.parametrize("every", [1, 3, 100])
@pytest.mark.parametrize("tolerance", [None, 1e-3])
def test_the_bits_do_not_depend_on_the_number_of_threads(every, tolerance, monkeypatch):
    x = noise(20_001, "float64") / 100
    problem = Problem.of(x, 2 * x + 1, learning_rate="auto", num_steps=40)
    paths = []
    for threads in (1, 2, 3):
        monkeypatch.setattr(evaluation, "WORTH_A_THREAD", 20_001 // threads)
        monkeypatch.setattr(evaluation, "usable_cores", lambda threads=threads: threads)
        descent = ManualDescent.of(problem)
        assert len(descent.evaluation.pieces) == threads
        paths.append(descent.advance((0.5, 0.25), 40, tolerance, every=every))
    for step, kept, last in paths[1:]:
        assert (step, kept.tobytes(), last.tobytes()) == (paths[0][0], paths[0][1].tobytes(), paths[0][2].tobytes())
    assert len(paths[0][1]) == len(range(0, paths[0][0], every))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
def test_the_sum_is_tensorflows(dtype, total):
    values = noise(10_007, dtype)
    with reduce_sum(values.size, dtype) as tensorflows:
        assert (
            np.asarray(tensorflows(values), dtype).tobytes()
            == total(values, expected(values.size, values.dtype)).tobytes()
        )


@pytest.mark.parametrize(
    ("values", "sign"), [([-0.0], True), ([-0.0, -0.0], False), ([0.0], False), ([-0.0] * 40, False)]
)
def test_the_sign_of_zero(values, sign):
    assert np.signbit(evaluation.total(np.array(values), Order(4))) == sign


def on_the_edge(n, dtype, rng):
    """Return zeros of both signs, subnormal numbers, and the smallest normal ones: many a sum is flushed to -0.0."""
    tiny = float(ml_dtypes.finfo(dtype).tiny)
    nothing = rng.choice([-0.0, -tiny / 2, rng.choice([0.0, -0.0])], n)
    little = rng.choice([-1.5, -1.25, -1.0, 1.0, 1.25, 1.5], n) * tiny
    return np.where(rng.random(n) < rng.choice([0.0, 0.5, 0.9, 1.0 - 2.0 / n]), nothing, little).astype(dtype)


MORE_LENGTHS = [pytest.param(n, marks=pytest.mark.slow) for n in (8, 33, 63, 9_001, 240_002)]


@pytest.mark.corpus(8)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", BFLOAT16], ids=str)
@pytest.mark.parametrize("n", [2, 9, 15, 56, 129, 4_099, 120_000, *MORE_LENGTHS])
def test_a_sum_that_is_flushed_to_zero_has_tensorflows_sign(n, dtype, total):
    rng, signs, dtype = np.random.default_rng(n), set(), np.dtype(dtype)
    loose = n % expected(n, dtype).packet
    with reduce_sum(n, dtype) as tensorflows:
        sought = loose > 0 and 8 < n < 1_000 and dtype != "float16"  # then -0.0 turns up sooner or later
        for turn in range(200 if n < 1_000 else 5):
            if turn == 30 and (not sought or True in signs):
                break
            values = on_the_edge(n, dtype, rng)
            theirs, ours = np.asarray(tensorflows(values), dtype), total(values, expected(n, dtype))
            assert theirs.tobytes() == ours.tobytes()
            signs |= {np.signbit(ours)} if ours == 0.0 else set()
    if n < 1_000:  # -0.0 takes packets as well as scalars; in float16, nothing is flushed
        assert (True in signs) == sought


def flushed_halves(order, start, length, depth):
    """Return {place: sign} of numbers whose sums are flushed to -0.0 in each subtree that is `depth` levels down."""
    left, right = order.split(length, start % order.packet)
    if depth == 0:
        return {start: 1.0, start + left: -1.25}
    return flushed_halves(order, start, left, depth - 1) | flushed_halves(order, start + left, right, depth - 1)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("leaves", "depth"), [(4, 1), (8, 1), (8, 2), (64, 0)])  # the last one has a tree a core
def test_two_flushed_sums_make_a_positive_zero_wherever_they_meet(dtype, leaves, depth, total):
    n = leaves * expected(1, dtype).leaf
    order, values = expected(n, dtype), np.zeros(n, dtype)
    for start, length in order.trees(n):
        for place, size in flushed_halves(order, start, length, depth).items():
            values[place] = size * np.finfo(dtype).tiny
    with reduce_sum(n, dtype) as tensorflows:
        theirs = np.asarray(tensorflows(values), dtype)
    assert theirs.tobytes() == total(values, order).tobytes()
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
def test_a_leaf_that_is_flushed_in_every_lane_is_a_negative_zero(dtype, strides, total):
    values = flushed_leaf(dtype, strides)
    with reduce_sum(values.size, dtype) as tensorflows:
        theirs = np.asarray(tensorflows(values), dtype)
    assert (
        theirs.tobytes()
        == total(values, expected(values.size, values.dtype)).tobytes()
        == np.array(-0.0, dtype).tobytes()
    )


def test_a_flushed_remainder_keeps_its_sign_when_the_blocks_are_flushed_too(total):
    order = Order(4, 8)
    n = 8 * 2 * order.leaf + 5  # the remainder is a packet and a scalar
    (start, _), *blocks = order.trees(n)
    places = {start: 1.0, start + 4: -1.25}
    for block in blocks:
        places |= flushed_halves(order, *block, 0)
    values = np.zeros(n)
    values[list(places)] = np.array(list(places.values())) * np.finfo(np.float64).tiny
    assert total(values, order).tobytes() == np.float64(-0.0).tobytes()


def test_subnormal_numbers_count_as_zero_and_only_while_adding(total):
    tiny = np.full(100, 5e-324)
    assert total(tiny, Order(4)) == 0.0
    assert np.sum(tiny) > 0.0


def test_an_error_in_the_threads_leaves_no_setting_behind(monkeypatch):
    x = noise(20_001, "float64")
    descent = ManualDescent.of(Problem.of(x, x, learning_rate="auto", num_steps=3))
    with pytest.raises(ZeroDivisionError), descent.evaluation.at_work():
        raise ZeroDivisionError
    assert np.float64(1e-300) * np.float64(1e-10) > 0.0


def formulas(module, names):
    """The syntax trees of some functions, without annotations, docstrings, decorators, and calls that only round."""

    class WithoutRounding(ast.NodeTransformer):
        def visit_Call(self, node):
            assert node.func.id == "rounded"
            return self.visit(node.args[0])

    source = ast.parse(Path(module.__file__).read_text())
    found = {node.name: node for node in source.body if isinstance(node, ast.FunctionDef) and node.name in names}
    body = lambda node: [WithoutRounding().visit(line) for line in node.body if not isinstance(line, ast.Expr)]  # noqa: E731
    return {name: [ast.dump(line) for line in body(node)] for name, node in found.items()}


def test_the_kernel_compiles_the_formulas_of_manual():
    names = ("residual", "gradient_terms", "update")
    assert formulas(manual, names) == formulas(kernel, names)
    assert set(formulas(manual, names)) == set(names)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_compiled_formulas_have_the_bits_of_manual(dtype):
    (m, c, x, y, scale), kind = noise(300, dtype).reshape(5, 60), np.empty(0, dtype)
    e = manual.residual(m, c, x, y)  # of arrays: with a scalar, NumPy 1 takes the 2 of `2 * e` for float64
    dm, dc = manual.gradient_terms(e, x, scale)
    moved = manual.update(m, c, scale)
    for i in range(60):
        assert kernel.residual(m[i], c[i], x[i], y[i], kind) == e[i]
        assert kernel.gradient_terms(e[i], x[i], scale[i], kind) == (dm[i], dc[i])
        assert kernel.update(m[i], c[i], scale[i], kind) == moved[i]


@pytest.mark.parametrize(("dtype", "rounding"), [(np.float16, "to_float16"), (ml_dtypes.bfloat16, "to_bfloat16")])
def test_rounding_to_half_precision_is_numpys_cast(dtype, rounding):
    draw = np.random.default_rng(1).standard_normal(2_000)
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, 65_504, 65_519.996, 65_520, 3.3e38, 3.4e38, 2.0**-25, 1.5 * 2.0**-25]
    values = np.concatenate([edges, *(draw * 10.0**k for k in range(-9, 6))]).astype(np.float32)
    with np.errstate(over="ignore"):
        wanted = values.astype(dtype)
    got = np.array([getattr(kernel, rounding)(value) for value in values], np.float32)
    assert got.astype(dtype).tobytes() == wanted.tobytes()
