"""Equations 1 to 8 by hand: the line, its loss, the gradient, the update."""

from fractions import Fraction

import numpy as np
import pytest

import tf_gd
from tf_gd.learning_rate import applied_learning_rate

pytestmark = pytest.mark.bits

X, Y = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 4.0])
LINE = tf_gd.Line(0.5, 2.0)


def test_predictions_and_residuals_follow_the_sign_convention() -> None:
    assert tf_gd.predict(LINE, X).tolist() == [2.5, 3.0, 4.0]
    assert tf_gd.residuals(LINE, X, Y).tolist() == [-0.5, -2.0, 0.0]


def test_loss_is_the_sum_or_the_mean() -> None:
    assert tf_gd.loss(LINE, X, Y) == 4.25
    assert tf_gd.loss(LINE, X, Y, reduction="mean") == 4.25 / 3


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("seed", range(20))
def test_the_gradient_is_the_exact_slope_of_the_loss(reduction: str, seed: int) -> None:
    # Whole numbers and a power of two of points: no operation rounds, so the exact central difference must be met.
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-50, 50, 8), rng.integers(-50, 50, 8)
    m, c = (int(value) for value in rng.integers(-9, 9, 2))

    def loss(m: Fraction, c: Fraction) -> Fraction:
        total = sum((m * int(a) + c - int(b)) ** 2 for a, b in zip(x, y, strict=True))
        return total / 8 if reduction == "mean" else total

    step = Fraction(1, 2)
    slope_m = (loss(m + step, Fraction(c)) - loss(m - step, Fraction(c))) / (2 * step)
    slope_c = (loss(Fraction(m), c + step) - loss(Fraction(m), c - step)) / (2 * step)
    assert tf_gd.gradient(tf_gd.Line(m, c), x, y, reduction) == (slope_m, slope_c)


def test_the_update_takes_both_from_one_gradient() -> None:
    line, gradient = tf_gd.Line(1.0, 2.0), tf_gd.Gradient(-4.0, 8.0)
    assert tf_gd.update(line, gradient, 0.25) == (2.0, 0.0)


def test_the_update_keeps_the_dtype() -> None:
    updated = tf_gd.update(tf_gd.Line(np.float32(1), np.float32(2)), tf_gd.Gradient(np.float32(1), np.float32(1)), 0.1)
    assert updated.m.dtype == updated.c.dtype == np.float32


@pytest.mark.parametrize(
    ("rate", "dtype", "applied"),
    [
        (0.1, "float64", 0.10000000149011612),
        (np.float64(0.1), "float64", 0.1),
        (np.float32(0.1), "float64", 0.10000000149011612),
        (lambda: 0.1, "float64", 0.10000000149011612),
        (0.1, "float32", np.float32(0.1)),
        (1, "float64", 1.0),
    ],
)
def test_the_learning_rate_is_rounded_as_tensorflow_rounds_it(rate: object, dtype: str, applied: float) -> None:
    assert float(applied_learning_rate(rate, dtype)) == float(applied)


@pytest.mark.parametrize("rate", [0.0, -0.1, float("nan"), float("inf"), 1e-60, "0.1", None, True, 1j, [0.1]])
def test_a_rate_that_is_none_is_refused(rate: object) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="`learning_rate` must be a finite number above 0"):
        tf_gd.update(LINE, tf_gd.Gradient(1.0, 1.0), rate)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([], [], "`x` must hold at least one number"),
        ([1.0, 2.0], [1.0], "`x` and `y` must have one length. Got 2 and 1"),
        ([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], r"`x` must be one-dimensional.* Got shape \[2, 2\]"),
        ([1.0, float("nan")], [1.0, 2.0], "`x` must be finite. Got nan at index 1"),
        ([1.0, 2.0], [1.0, float("-inf")], "`y` must be finite. Got -inf at index 1"),
        (["a", "b"], [1.0, 2.0], "`x` must be numbers"),
        ([[1.0], [2.0, 3.0]], [1.0, 2.0], "Got ragged rows"),
        ([2**53 + 1, 1], [1, 2], "`x` must fit float64 exactly. Got 9007199254740993 at index 0"),
    ],
)
def test_points_that_cannot_be_used_are_refused(x: object, y: object, message: str) -> None:
    with pytest.raises(tf_gd.DataError, match=message):
        tf_gd.gradient(LINE, x, y)


def test_an_unknown_reduction_is_refused() -> None:
    with pytest.raises(
        tf_gd.InvalidArgumentError, match="`reduction` must be one of sum, mean, half_sum, half_mean. Got 'max'"
    ):
        tf_gd.loss(LINE, X, Y, reduction="max")


def test_points_cannot_be_changed() -> None:
    points = tf_gd.Points(X, Y)
    with pytest.raises(ValueError, match="read-only"):
        points.x[0] = 9.0
    assert X.flags.writeable


@pytest.mark.parametrize("function", [tf_gd.loss, tf_gd.gradient])
def test_a_mean_whose_share_is_zero_is_refused(function: object) -> None:
    points = np.ones(65_520, np.float16)
    with pytest.raises(tf_gd.DataError, match="few enough points for a mean in float16. Got 65,520"):
        function(LINE, points, points, reduction="mean")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, None])
@pytest.mark.parametrize("index", [0, 4_500])  # the second by compiled code
@pytest.mark.parametrize("line", [(0.0, 0.0), (2.0, 1.0)])
def test_a_bad_point_shows_in_the_sums_and_only_then_is_looked_for(bad: float, index: int, line: tuple) -> None:
    for name in "xy":
        points = {"x": [1.0] * (index + 2), "y": [3.0] * (index + 2)}
        assert tf_gd.gradient((2.0, 1.0), **points) == (0.0, 0.0)
        points[name][index] = bad
        for function in (tf_gd.gradient, tf_gd.loss):
            with pytest.raises(tf_gd.DataError, match=f"^`{name}` must .* Got {bad} at index {index}"):
                function(line, **points)


def test_sums_that_overflow_are_no_bad_points() -> None:
    assert tf_gd.loss((1e300, 0.0), [1.0], [0.0]) == np.inf
