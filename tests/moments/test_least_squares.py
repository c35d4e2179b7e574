"""The exact optimum, rounded once."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tf_gd
from tf_gd.errors import DataError

UNIT = Fraction(1, 2**53)

# Exact answers for the decimal text of the samples, by rational arithmetic done elsewhere.
EXACT = {
    "hubble1929": ("34818655000/76666317", "-3126732170/76666317"),
    "norris": ("1911133837/1907096860", "-5002755103/19070968600"),
    "anscombe-1": ("5501/11000", "33001/11000"),
    "anscombe-2": ("1/2", "3301/1100"),
    "anscombe-3": ("5497/11000", "33027/11000"),
    "anscombe-4": ("5499/11000", "33019/11000"),
}


def fractions(values):
    return [Fraction(float(value)) for value in values]


def rational_line(x, y):
    """The least-squares line of float64 data by the school formula, in exact arithmetic."""
    x, y, n = fractions(x), fractions(y), len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    spread = sum((a - mean_x) ** 2 for a in x)
    m = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / spread
    return m, mean_y - m * mean_x


def reading_error(x, y):
    """How far slope and intercept move, to first order, when every decimal is rounded to float64."""
    m, _ = rational_line(x, y)
    x, y, n = fractions(x), fractions(y), len(x)
    mean_x, mean_y = sum(x) / n, sum(y) / n
    spread = sum((a - mean_x) ** 2 for a in x)
    by_x = [(b - mean_y - 2 * m * (a - mean_x)) / spread for a, b in zip(x, y, strict=True)]
    by_y = [(a - mean_x) / spread for a in x]
    slope = sum(abs(p * a) + abs(q * b) for p, q, a, b in zip(by_x, by_y, x, y, strict=True))
    level = sum(
        abs((m / n + mean_x * p) * a) + abs((Fraction(1, n) - mean_x * q) * b)
        for p, q, a, b in zip(by_x, by_y, x, y, strict=True)
    )
    return UNIT * slope, UNIT * level


@pytest.mark.parametrize("name", EXACT)
def test_samples_are_right_to_the_last_bit(name):
    x, y = tf_gd.sample(name)
    line = tf_gd.least_squares(x, y)
    assert line == tuple(map(float, rational_line(x, y)))


@pytest.mark.parametrize("name", EXACT)
def test_samples_reach_the_published_answers_but_for_reading_the_decimals(name):
    x, y = tf_gd.sample(name)
    for got, want, moved in zip(tf_gd.least_squares(x, y), EXACT[name], reading_error(x, y), strict=True):
        rounding = UNIT * abs(Fraction(got))
        assert abs(Fraction(got) - Fraction(want)) <= moved * (1 + UNIT * 2**20) + rounding


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=40))
def test_any_finite_points_are_rounded_once(points):
    x, y = zip(*points, strict=True)
    if len(set(x)) == 1:
        with pytest.raises(DataError, match="identify a slope"):
            tf_gd.least_squares(x, y)
        return
    m, c = rational_line(x, y)
    line = tf_gd.least_squares(x, y)
    for got, want in zip(line, (m, c), strict=True):
        assert got == (float(want) if abs(want) < 2**1024 - 2**970 else (np.inf if want > 0 else -np.inf))


def test_many_points_are_exact_across_blocks_and_threads():
    generator = np.random.default_rng(3)
    x = generator.normal(size=20_001) * 10.0 ** generator.integers(-9, 9, 20_001)
    y = generator.normal(size=20_001)
    assert tf_gd.least_squares(x, y) == tuple(map(float, rational_line(x, y)))


def test_constant_x_is_explained():
    with pytest.raises(DataError, match=r"identify a slope\. Got 5\.0 in all 3 points\..*mean of y: 2\.0"):
        tf_gd.least_squares([5, 5, 5], [1, 2, 3])


def test_one_point_is_explained():
    with pytest.raises(DataError, match="identify a slope"):
        tf_gd.least_squares([1.0], [2.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_counted_and_named(bad):
    x = np.arange(5.0)
    y = np.array([1.0, bad, 2.0, bad, 3.0])
    with pytest.raises(DataError, match=r"`y` must be finite\. Got -?(nan|inf) at index 1 \(2 such"):
        tf_gd.least_squares(x, y)


def test_lengths_must_agree():
    with pytest.raises(DataError, match="one length. Got 2 and 3"):
        tf_gd.least_squares([1, 2], [1, 2, 3])
