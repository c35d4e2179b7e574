"""The rounding bound: random problems stay under it, 10,000 with --slow; an error of a few times the bound does not."""

import warnings
from fractions import Fraction

import numpy as np
import pytest

import tf_gd
from tf_gd.descent import run
from tf_gd.moments.moments import Moments
from tf_gd.points import Points
from tf_gd.problem import Problem
from tf_gd.reduction import scales
from tf_gd.summation.line_sums import evaluate
from tf_gd.summation.order import Order, expected
from tf_gd.trajectory import SERIES
from tf_gd.verify.compare import compare
from tf_gd.verify.rounding import RoundingBound, gamma, unit_roundoff


def points_and_line(rng: np.random.Generator, dtype: str) -> tuple[Points, tf_gd.Line]:
    """Return points and a line that make the terms cancel, or not, at some magnitude or other."""
    n = int(rng.integers(1, 40))
    x = rng.normal(rng.choice([0.0, 100.0]), 10.0 ** rng.integers(-3, 4), n)
    line = tf_gd.Line(*rng.normal(0.0, 10.0 ** rng.integers(-2, 3), 2))
    y = line.m * x + line.c + rng.normal(0.0, 10.0 ** rng.integers(-6, 3), n)
    points = Points(x, y).astype(dtype)
    kind = points.x.dtype.type
    return points, tf_gd.Line(kind(line.m), kind(line.c))


def true_values(points: Points, line: tf_gd.Line, reduction: str) -> list[Fraction]:
    moments = Moments.of(*(values.astype(np.float64) for values in points), exact=True)
    m, c = (Fraction(float(value)) for value in line)
    scale = Fraction(1, points.n) if reduction == "mean" else 1
    return [moments.exact_loss(m, c) * scale, *(part * scale for part in moments.exact_gradient(m, c))]


def errors_and_limits(
    points: Points, line: tf_gd.Line, reduction: str, order: Order | None
) -> list[tuple[Fraction, float]]:
    """Return the error of loss and gradient as computed by hand, and what the bound allows one computation."""
    got = evaluate(*points, *line, scales(points.n, points.x.dtype, reduction), order or expected(points.n, "float64"))
    true = true_values(points, line, reduction)
    bound = RoundingBound.of(points, reduction, order)
    limits = [bound.loss(*line, float(true[0])), *bound.gradient(*line)]
    return [(abs(Fraction(float(a)) - b), float(limit) / 2) for a, b, limit in zip(got, true, limits, strict=True)]


@pytest.mark.corpus(2)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("problems", [600, pytest.param(2_500, marks=pytest.mark.slow)])
def test_no_right_computation_exceeds_the_bound(problems: int, dtype: str, reduction: str) -> None:
    rng = np.random.default_rng(1929)
    closest = 0.0
    for _ in range(problems):
        points, line = points_and_line(rng, dtype)
        order = expected(points.n, dtype) if rng.random() < 0.5 else None
        for error, limit in errors_and_limits(points, line, reduction, order):
            assert error <= limit
            closest = max(closest, float(error / Fraction(limit)))
    assert closest > 0.02  # the bound is one on these very errors, not a number so large that it says nothing


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_an_error_of_a_few_times_the_bound_is_always_caught(dtype: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        points, _ = points_and_line(rng, dtype)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one point, or a rate at its limit: that is no matter here
            problem = Problem.of(*points, learning_rate="auto", num_steps=6, dtype=dtype)
            path = run(problem, "manual")
        series = {name: getattr(path, name).astype(np.float64) for name in SERIES}
        limits = RoundingBound.of(problem.points).trajectory(series, problem.applied_rate)
        name, row = str(rng.choice(SERIES)), int(rng.integers(1, len(path)))
        assert compare(problem, path, path).ok
        planted = series[name].copy()
        planted[row] += 5 * limits[name][row]
        fields = {each: getattr(path, each) for each in path.__dataclass_fields__}
        wrong = tf_gd.Trajectory(**(fields | {name: planted.astype(dtype)}))
        assert not compare(problem, path, wrong).ok


def test_the_height_bounds_every_order() -> None:
    for n in (1, 2, 3, 10, 31, 100, 1000, 5000, 100_000):
        assert expected(n, "float64", threads=8).height(n) <= max(n, 1)


def test_gamma_is_infinite_where_it_says_nothing() -> None:
    assert gamma(2.0**24, "float32") == np.inf
    assert gamma(1, "float64") > unit_roundoff("float64") == 2.0**-53
