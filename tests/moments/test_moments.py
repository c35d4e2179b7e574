"""The moments: accurate wherever the data lie, and exact when merged."""

import json
from fractions import Fraction
from itertools import chain, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_gd
from tf_gd import Line, Moments
from tf_gd.errors import DataError, InvalidArgumentError
from tf_gd.moments.sums import ChunkSums, exact_sums

finite = st.floats(allow_nan=False, allow_infinity=False)


def noisy_line(n, offset=0.0, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.uniform(0, 10, n) + offset
    return x, 2 * x + 1 + generator.normal(size=n)


def plain_sums(x, y):
    x, y = ([Fraction(float(value)) for value in values] for values in (x, y))
    return (
        sum(x),
        sum(y),
        sum(a * a for a in x),
        sum(a * b for a, b in zip(x, y, strict=True)),
        sum(b * b for b in y),
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=30))
def test_exact_sums_do_not_round(points):
    x, y = np.array(points).T
    assert exact_sums(x, y).sums == plain_sums(x, y)


@pytest.mark.parametrize("n", [1, 255, 8191, 8192, 8193])
def test_exact_sums_across_block_boundaries(n):
    x, y = noisy_line(n, offset=1e9)
    assert exact_sums(x, y).sums == plain_sums(x, y)


def slope_digits(moments, exact):
    truth = exact.optimum()[0]
    error = abs(Fraction(moments.least_squares().m) - truth)
    return np.inf if error == 0 else float(-np.log10(float(error / truth)))


@pytest.mark.corpus(12)
@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9, 1e12])
@pytest.mark.parametrize("n", [1000, 8193, 33_000, 300_001, 1_400_000])
def test_fifteen_digits_of_the_slope_wherever_the_data_lie(offset, n):
    x, y = noisy_line(n, offset)
    assert slope_digits(Moments.of(x, y), Moments.of(x, y, exact=True)) >= 15


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_numbers_on_a_coarse_grid_keep_their_digits(offset):
    # Squares of gridded numbers are rounded with a bias; long chains of additions would gather it.
    x, y = noisy_line(300_000, offset)
    x = (x.astype(np.float32) if offset == 0 else x).astype(np.float64)
    assert slope_digits(Moments.of(x, y), Moments.of(x, y, exact=True)) >= 15


def test_plain_sums_would_fail_that_test():
    x, y = noisy_line(100_001, 1e9)
    n = x.size
    slope = (n * (x @ y) - x.sum() * y.sum()) / (n * (x @ x) - x.sum() ** 2)
    truth = Moments.of(x, y, exact=True).optimum()[0]
    assert abs(Fraction(float(slope)) - truth) / truth > 1e-8


def test_outliers_at_either_end_do_not_cost_digits():
    x, y = noisy_line(150_000, 1e9)
    x[0] = x[-1] = 0.0
    y[0] = y[-1] = 1.0
    assert slope_digits(Moments.of(x, y), Moments.of(x, y, exact=True)) >= 15


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.tuples(finite, finite), min_size=1, max_size=5), min_size=1, max_size=5), st.randoms())
def test_merging_in_any_order_and_grouping_changes_nothing(groups, random):
    parts = [Moments.of(*zip(*group, strict=True)) for group in groups]
    whole = Moments.of(*zip(*chain.from_iterable(groups), strict=True))
    random.shuffle(parts)
    while len(parts) > 1:
        at = random.randrange(len(parts) - 1)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    assert parts[0] == whole


def test_merging_large_parts_in_any_order_changes_nothing():
    parts = [Moments.of(*noisy_line(150_000, 1e9, seed)) for seed in range(4)]
    sums = {tuple((a + b + (c + d)).sums) for a, b, c, d in permutations(parts)}
    assert len(sums) == 1


def test_the_cores_do_not_change_the_result(monkeypatch):
    x, y = noisy_line(3_200_000)
    results = set()
    for cores in (1, 2, 5):
        monkeypatch.setattr("tf_gd.summation.order.usable_cores", lambda cores=cores: cores)
        results.add(Moments.of(x, y))
    assert len(results) == 1


def test_json_carries_every_bit_in_a_few_hundred_bytes():
    moments = Moments.of(*noisy_line(200_000, 1e9))
    text = json.dumps(moments.to_dict())
    assert Moments.from_dict(json.loads(text)) == moments
    assert len(text) < 1000


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "int32"])
def test_every_dtype_is_taken_as_the_numbers_that_it_holds(dtype):
    x, y = (values.astype(dtype) for values in noisy_line(140_000))
    assert slope_digits(Moments.of(x, y), Moments.of(x, y, exact=True)) >= 14.5
    assert Moments.of(x, y, exact=True) == Moments.of(x.astype("f8"), y.astype("f8"), exact=True)


def test_float32_far_from_zero_is_subtracted_in_float64():
    x, y = noisy_line(140_000, 1e4)
    x, y = x.astype(np.float32) * np.float32(1.1), y.astype(np.float32)
    assert slope_digits(Moments.of(x, y), Moments.of(x, y, exact=True)) >= 15


def test_strided_and_read_only_columns():
    table = np.stack(noisy_line(300_000), axis=1)
    table.flags.writeable = False
    strided = Moments.of(table[:, 0], table[:, 1])
    assert slope_digits(strided, Moments.of(*table.T.copy(), exact=True)) >= 15


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e306])
def test_squares_that_float64_cannot_hold_are_added_exactly(scale):
    x, y = noisy_line(9000)
    for left, right in ((x * scale, y), (x, y * scale)):
        chunk = ChunkSums(exact=0)
        chunk.add(left, right)
        assert chunk.parts() == [exact_sums(left, right)]


@pytest.mark.parametrize("n", [10, 140_000, 1_200_000])
def test_bad_values_are_named_wherever_they_are(n):
    x, y = noisy_line(n)
    x[n - 3] = np.nan
    with pytest.raises(DataError, match=rf"`x` must be finite\. Got nan at index {n - 3} \(1 such"):
        Moments.of(x, y)


def test_from_shifted_is_exact_and_refuses_what_overflowed():
    assert Moments.from_shifted(1, (1e9, 3.0), (0.0,) * 5) == Moments.of([1e9], [3.0])
    with pytest.raises(DataError, match="overflow float64"):
        Moments.from_shifted(2, (0.0, 0.0), (1.0, 1.0, np.inf, 1.0, 1.0))
    with pytest.raises(DataError, match="at least one"):
        Moments.from_shifted(0, (0.0, 0.0), (0.0,) * 5)


@pytest.mark.parametrize(
    ("reduction", "loss_scale", "factor"),
    [
        ("sum", None, Fraction(1)),
        ("mean", None, Fraction(1, 500)),
        ("half_sum", None, Fraction(1, 2)),
        ("half_mean", None, Fraction(1, 1000)),
        ("sum", 0.001, Fraction(0.001)),
        ("half_mean", 1e-300, Fraction(1e-300) / 1000),
    ],
)
def test_gradient_and_loss_are_the_true_ones_rounded_once(reduction, loss_scale, factor):
    x, y = noisy_line(500, 1e6)
    line = Line(1.75, 2.5)
    errors = [Fraction(line.m) * Fraction(a) + Fraction(line.c) - Fraction(b) for a, b in zip(x, y, strict=True)]
    moments = Moments.of(x, y)
    dm = 2 * sum(e * Fraction(a) for e, a in zip(errors, x, strict=True))
    assert moments.gradient(line, reduction, loss_scale) == (float(dm * factor), float(2 * sum(errors) * factor))
    assert moments.loss(line, reduction, loss_scale) == float(sum(e * e for e in errors) * factor)


def test_the_loss_does_not_cancel_near_the_optimum():
    x, y = noisy_line(1000, 1e9)
    moments = Moments.of(x, y)
    best = moments.least_squares()
    losses = [moments.loss(Line(best.m, best.c + k * 2.0**-18)) for k in range(5)]
    assert losses == sorted(set(losses))


def test_a_perfect_line_leaves_no_negative_loss():
    x = np.linspace(0, 1, 150_000)
    moments = Moments.of(x, 3 * x + 1)
    assert 0 <= moments.loss(moments.least_squares()) <= 150_000 * 2.0**-50


def test_lines_that_are_not_finite_have_no_gradient():
    moments = Moments.of([1.0, 2.0], [1.0, 2.0])
    assert np.isnan(moments.gradient(Line(np.inf, 0.0))).all()
    assert np.isnan(moments.loss(Line(0.0, np.nan)))


@pytest.mark.parametrize("reduction", ["sum", "mean", "half_sum", "half_mean"])
def test_curvature_agrees_with_the_one_of_the_points(reduction):
    x, y = tf_gd.sample("hubble1929")
    ours, theirs = Moments.of(x, y).curvature(reduction), tf_gd.Curvature.of(x, reduction)
    # both round the mean, the spread and the square of the mean, and add: under 8 roundings of positive terms
    for name in ("lipschitz_constant", "condition_number", "best_learning_rate"):
        assert abs(getattr(ours, name) / getattr(theirs, name) - 1) < 32 * 2.0**-53


def test_unknown_reduction():
    with pytest.raises(InvalidArgumentError, match="reduction"):
        Moments.of([1, 2], [1, 2]).loss(Line(0, 0), "median")


past_float64 = pytest.mark.skipif(
    np.finfo(np.longdouble).max == np.finfo(np.float64).max, reason="long doubles are doubles here"
)


@past_float64
@pytest.mark.parametrize("n", [1, 3, 40_000])
@pytest.mark.parametrize("name", ["x", "y"])
def test_long_doubles_past_float64_are_refused_in_one_line(name, n):
    x, y = np.arange(n, dtype=np.longdouble), np.arange(n, dtype=np.longdouble)
    {"x": x, "y": y}[name][n - 1] = np.longdouble(10) ** 400
    for call in (tf_gd.least_squares, Moments.of, lambda *xy: Moments.of(*xy, exact=True)):
        with pytest.raises(DataError, match=rf"`{name}` must fit float64\. Got 1e\+400 at index {n - 1}\. Scale"):
            call(x, y)
    with pytest.raises(DataError, match=f"`{name}` must fit float64"):
        tf_gd.train(x, y, learning_rate=0.1, num_steps=3, engine="moments")


@past_float64
def test_long_doubles_that_float64_holds_are_exact():
    x = np.array([1, 2**60, 3], np.longdouble) * np.longdouble(2) ** -900
    assert Moments.of(x, x) == Moments.of(x.astype(np.float64), x.astype(np.float64))


def test_x_that_differ_below_every_square_are_two_values():
    line = tf_gd.least_squares([1e-170, 3e-170], [1.0, 3.0])
    assert line.m == float(2 / (Fraction(3e-170) - Fraction(1e-170)))
    path = tf_gd.train([1e-170, 3e-170], [1.0, 3.0], learning_rate=0.1, num_steps=3, engine="moments")
    assert "All x are equal" not in path.message


GOOD = Moments.of([1.0, 2.0, 4.0], [0.5, 0.25, -3.0]).to_dict()


@pytest.mark.parametrize(
    "change",
    [
        *({"n": bad} for bad in (-1, 0, 2.0, "3", True, None, 2**63, [3], 1, 2)),
        *(
            {name: bad}
            for name in ("x", "y", "xx", "xy", "yy")
            for bad in (1, 1.5, None, "", "1e9", "1/0", "nan", "1 /2", "1/-2", "٣", "0x1", [1], "9" * 5000, "+1")
        ),
        {"xx": "-1"},
        {"yy": "-1"},
        {"xx": "0"},
        {"x": "1000"},
        {"xy": "1000"},
        {"xy": "-1000"},
        {"more": "1"},
    ],
)
def test_from_dict_checks_every_type_range_and_relation(change):
    with pytest.raises(DataError, match="moments must") as raised:
        Moments.from_dict({**GOOD, **change})
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_from_dict_misses_nothing_and_takes_no_other_shape():
    for name in GOOD:
        with pytest.raises(DataError, match="The moments must be a table of n, x"):
            Moments.from_dict({key: value for key, value in GOOD.items() if key != name})
    for bad in (None, 3, "n", [], [GOOD]):
        with pytest.raises(DataError, match="The moments must be a table"):
            Moments.from_dict(bad)


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_rounded_sums_of_a_perfect_line_are_taken_back(offset):
    x = np.linspace(0, 1, 300_000) + offset
    for y in (3 * x + 1, np.full_like(x, 0.1), -x):
        moments = Moments.of(x, y)
        assert Moments.from_dict(moments.to_dict()) == moments


def test_other_splits_into_threads_and_memory_layouts_have_the_same_bits(monkeypatch):
    x, y = noisy_line(900_000, 1e6)
    want = Moments.of(x, y)
    table = np.stack([x, y], axis=1)
    table.flags.writeable = False
    for cores in (1, 3, 8):
        monkeypatch.setattr("tf_gd.summation.order.usable_cores", lambda cores=cores: cores)
        assert Moments.of(x, y) == Moments.of(table[:, 0], table[:, 1]) == want


def test_the_compiled_loop_is_its_own_description():
    """The order of addition, spelled out in plain Python: lanes, strides, halves."""
    from tf_gd.moments.compiled_sums import LANES, PART, STRIDE, add_parts

    n = PART + 3 * STRIDE + 77
    x, y = noisy_line(n, 5.0)
    x0, y0, want = 5.0, 11.0, []
    for start in range(0, n, PART):
        u, v = x[start : start + PART] - x0, y[start : start + PART] - y0
        row = []
        for terms in (u, v, u * u, u * v, v * v):
            whole = len(terms) // STRIDE * STRIDE
            lanes = np.zeros(LANES)
            for at in range(0, whole, STRIDE):
                a, b, c, d = terms[at : at + STRIDE].reshape(4, LANES)
                lanes += (a + b) + (c + d)
            for k, term in enumerate(terms[whole:]):
                lanes[k % LANES] += term
            while len(lanes) > 1:
                lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
            row.append(lanes[0])
        want.append(row)
    parts = np.empty((1, 3, 5))
    add_parts(x, y, np.array([[x0, y0]]), parts)
    assert parts[0].tolist() == [*np.array(want).tolist(), [0.0] * 5]


def test_a_million_points_are_shared_out_over_two_cores(monkeypatch):
    shared = []

    def noted(work, items, worth_a_thread):
        shared.append(len(items) // worth_a_thread)
        work(iter(items))

    monkeypatch.setattr("tf_gd.moments.sums.usable_cores", lambda: 2)
    monkeypatch.setattr("tf_gd.moments.sums.on_all_cores", noted)
    Moments.of(*noisy_line(1_000_000))
    assert shared[0] >= 2
