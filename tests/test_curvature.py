"""The Hessian of real data, against the exact figures that were computed for them."""

import math

import numpy as np
import pytest

import tf_gd

pytestmark = pytest.mark.bits

# From the samples' documentation, to the digits given there: lambda_max, condition number, largest learning rate.
FIGURES = {
    "hubble1929": ("97.6104", "10.3563", "0.0204896"),
    "norris": ("2.11271e+07", "731407", "9.46649e-08"),
    "anscombe-1": ("2021.61", "844.399", "0.000989313"),
    "anscombe-4": ("2021.61", "844.399", "0.000989313"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_the_samples_have_their_known_curvature(name: str) -> None:
    curvature = tf_gd.Curvature.of(tf_gd.sample(name).x)
    got = (curvature.lipschitz_constant, curvature.condition_number, curvature.max_learning_rate)
    assert tuple(f"{value:.6g}" for value in got) == FIGURES[name]


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_hessian_is_the_difference_of_two_gradients(reduction: str) -> None:
    # The loss is quadratic, so with whole numbers the difference is the Hessian's column, without rounding.
    x, y = np.array([1.0, 2.0, 5.0, -3.0]), np.array([2.0, 0.0, 1.0, 7.0])
    origin = tf_gd.gradient(tf_gd.Line(0.0, 0.0), x, y, reduction)
    columns = [tf_gd.gradient(tf_gd.Line(*unit), x, y, reduction) for unit in ((1.0, 0.0), (0.0, 1.0))]
    hessian = np.array([[column.m - origin.m, column.c - origin.c] for column in columns]).T
    assert tf_gd.Curvature.of(x, reduction).hessian.tolist() == hessian.tolist()


@pytest.mark.parametrize("factor", [0.999, 1.001])
def test_descent_converges_just_under_the_largest_rate_and_not_just_over(factor: float) -> None:
    x, y = tf_gd.sample("hubble1929")
    rate = np.float64(tf_gd.Curvature.of(x).max_learning_rate * factor)
    path = tf_gd.train(x, y, learning_rate=rate, num_steps=20_000, engine="manual") if factor < 1 else None
    if path is None:
        with pytest.warns(UserWarning, match="not under 0.0204896"):
            path = tf_gd.train(x, y, learning_rate=rate, num_steps=20_000, engine="manual")
    assert (path.loss[-1] < path.loss[1000]) == (factor < 1)
    assert (path.outcome is tf_gd.Outcome.DIVERGED) == (factor > 1)


def test_steps_to_is_what_the_descent_takes() -> None:
    x, y = tf_gd.sample("hubble1929")
    curvature, best = tf_gd.Curvature.of(x), tf_gd.least_squares(x, y)
    steps = int(curvature.steps_to(6))
    path = tf_gd.train(x, y, learning_rate=np.float64(curvature.best_learning_rate), num_steps=steps, engine="manual")
    distance = np.hypot(path.m - best.m, path.c - best.c)
    assert distance[-1] <= 1e-6 * distance[0] < distance[len(path) // 2]


def test_equal_x_are_singular() -> None:
    curvature = tf_gd.Curvature.of([3.0, 3.0, 3.0])
    assert curvature.is_singular
    assert curvature.condition_number == math.inf
    assert curvature.best_learning_rate < curvature.max_learning_rate


def test_points_far_from_zero_keep_their_condition() -> None:
    # sum (x - mean)^2 is 2 exactly; the product sum(x^2) n - sum(x)^2 would have lost it all.
    curvature = tf_gd.Curvature.of(np.array([1e9 - 1, 1e9, 1e9 + 1]))
    assert curvature.determinant == 4 * 3 * 2


@pytest.mark.parametrize("digits", [0, -1, math.nan, math.inf])
def test_digits_must_be_above_zero(digits: float) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="`digits` must be a finite number above 0"):
        tf_gd.Curvature.of([1.0, 2.0]).steps_to(digits)


def test_too_fast_never_gets_there() -> None:
    curvature = tf_gd.Curvature.of([1.0, 2.0])
    assert curvature.steps_to(1, curvature.max_learning_rate) == math.inf


def test_auto_is_the_best_rate_as_it_is_for_train() -> None:
    curvature = tf_gd.Curvature.of([1.0, 2.0])
    assert curvature.steps_to(3, "auto") == curvature.steps_to(3, curvature.best_learning_rate) == curvature.steps_to(3)


@pytest.mark.parametrize("rate", ["fast", None, -0.1, math.nan, math.inf, [0.1], lambda: 0.1, 1j])
def test_the_rate_must_be_above_zero(rate: object) -> None:
    curvature = tf_gd.Curvature.of([1.0, -1.0])
    for asked in (lambda: curvature.steps_to(3, rate), lambda: curvature.decay(rate)):
        with pytest.raises(tf_gd.InvalidArgumentError, match=r"`learning_rate` must be a finite.*The best .* 0\.25"):
            asked()


def test_points_too_large_for_any_rate_are_to_blame_and_not_a_rate_that_nobody_gave() -> None:
    curvature = tf_gd.Curvature.of([1e200, -1e200])
    with pytest.raises(tf_gd.DataError, match="`x` must have squares that fit float64"):
        curvature.steps_to(3)
    with pytest.raises(tf_gd.InvalidArgumentError, match=r"Got -1. Scale the points"):
        curvature.decay(-1)


@pytest.mark.parametrize("x", [[1e-170, 3e-170], [5e-324, 0.0], [1.0, 1.0 + 2**-52], [1e308, 1.7e308]])
def test_x_that_differ_are_never_singular_however_small_the_difference(x: list[float]) -> None:
    moments = tf_gd.Moments.of(x, [1.0, 2.0])
    for reduction in ("sum", "mean", "half_sum", "half_mean"):
        assert not tf_gd.Curvature.of(x, reduction, 1e-300).is_singular
        assert not moments.curvature(reduction, 1e-300).is_singular
    assert tf_gd.Curvature.of([x[0]] * 2).is_singular


def test_x_past_float64_is_refused() -> None:
    if np.finfo(np.longdouble).max == np.finfo(np.float64).max:
        pytest.skip("long doubles are doubles here")
    with pytest.raises(tf_gd.DataError, match=r"`x` must fit float64\. Got 1e\+4000 at index 1"):
        tf_gd.Curvature.of(np.array([1, 2], np.longdouble) * np.longdouble(10) ** np.array([0, 4000]) / [1, 2])


@pytest.mark.parametrize(
    ("reduction", "loss_scale", "factor"),
    [
        ("mean", None, 0.25),
        ("half_sum", None, 0.5),
        ("half_mean", None, 0.125),
        ("sum", 0.125, 0.125),
        ("mean", 8.0, 2.0),
    ],
)
def test_each_loss_is_a_multiple_of_the_sum(reduction: str, loss_scale: float | None, factor: float) -> None:
    x = [1.0, 2.0, 5.0, -3.0]
    whole, part = tf_gd.Curvature.of(x), tf_gd.Curvature.of(x, reduction, loss_scale)
    assert part.hessian.tolist() == (factor * whole.hessian).tolist()
    assert part.max_learning_rate == whole.max_learning_rate / factor
    assert part.condition_number == whole.condition_number


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, "1", 1e-301, True])
def test_the_scale_of_a_loss_must_be_above_zero(bad: object) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="`loss_scale` must be a "):
        tf_gd.Curvature.of([1.0, 2.0], "sum", bad)


def test_a_rate_of_zero_goes_nowhere() -> None:
    curvature = tf_gd.Curvature.of([1.0, 2.0])
    assert curvature.decay(0) == 1.0
    with pytest.raises(tf_gd.InvalidArgumentError, match="`learning_rate` must be a finite number above 0. Got 0"):
        curvature.steps_to(3, 0)
