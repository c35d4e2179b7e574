"""`check`: bits first, then the bound; and it can say no."""

from fractions import Fraction

import numpy as np
import pytest

import tf_gd
from tf_gd.descent import run
from tf_gd.problem import Problem
from tf_gd.trajectory import SERIES
from tf_gd.verify.compare import _recorded, compare, exact_gradient
from tf_gd.verify.rounding import RoundingBound, ulp_distance

pytestmark = pytest.mark.bits

X, Y = tf_gd.sample("hubble1929")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_sample_is_the_same_in_every_bit(dtype: str, reduction: str) -> None:
    check = tf_gd.check(X, Y, learning_rate=0.01, num_steps=60, dtype=dtype, reduction=reduction)
    assert check and check.ok and check.identical and not check.bound_used
    assert check.max_ulp == dict.fromkeys(SERIES, 0)
    assert str(check).startswith("IDENTICAL")
    assert "confirmed by probing" in str(check)


def test_every_step_is_compared_whichever_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = tf_gd.check(X, Y, learning_rate=0.01, num_steps=25)
    some = tf_gd.check(X, Y, learning_rate=0.01, num_steps=25, record_every=10)
    assert some.identical and str(some) == str(whole)
    for path in (some.tensorflow, some.manual):
        assert path.step.tolist() == [0, 10, 20, 25]
        assert path.m.tobytes() == whole.manual.m[[0, 10, 20, 25]].tobytes()
    off = {"tensorflow": whole.tensorflow, "manual": changed(whole.manual, "m", 7, 1 + 2.0**-52)}

    def run_off(problem: Problem, engine: str, *_: object) -> tf_gd.Trajectory:
        """Run as the engines do, which keep only what is recorded; the one by hand is off at a step in between."""
        return _recorded(off.get(engine, whole.manual), problem.record_every)

    monkeypatch.setattr("tf_gd.verify.compare.run", run_off)
    assert not tf_gd.check(X, Y, learning_rate=0.01, num_steps=25, record_every=10).identical


def test_what_cannot_be_compared_is_said_with_what_can() -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match=r"`num_steps` must be under 10,000,000 .* Compare fewer"):
        tf_gd.check(X, Y, num_steps=10**10, record_every=10**8)
    with pytest.raises(tf_gd.InvalidArgumentError, match="`x` must be points"):
        tf_gd.check(tf_gd.Moments.of(X, Y), None)


def problem_and_path(steps: int = 40) -> tuple[Problem, tf_gd.Trajectory]:
    problem = Problem.of(X, Y, learning_rate=0.01, num_steps=steps)
    return problem, run(problem, "manual")


def changed(path: tf_gd.Trajectory, name: str, row: int, factor: float) -> tf_gd.Trajectory:
    series = {each: getattr(path, each).copy() for each in SERIES}
    series[name][row] *= factor
    fields = {each: getattr(path, each) for each in path.__dataclass_fields__}
    return tf_gd.Trajectory(**(fields | series))


@pytest.mark.parametrize("name", SERIES)
def test_one_bit_is_seen_and_is_within_the_bound(name: str) -> None:
    problem, path = problem_and_path()
    check = compare(problem, path, changed(path, name, 30, 1 + 2.0**-52))
    assert check.ok and not check.identical and check.bound_used
    assert check.max_ulp[name] in (1, 2)
    assert "RIGHT: the bits differ" in str(check)


@pytest.mark.parametrize("name", SERIES)
def test_four_times_the_bound_is_caught_and_a_quarter_is_not(name: str) -> None:
    problem, path = problem_and_path()
    series = {each: getattr(path, each) for each in SERIES}
    limit = RoundingBound.of(problem.points).trajectory(series, problem.applied_rate)[name][30]
    factor = limit / abs(series[name][30])
    assert not compare(problem, path, changed(path, name, 30, 1 + 4 * factor)).ok
    assert compare(problem, path, changed(path, name, 30, 1 + factor / 4)).ok


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_lost_is_caught(value: float) -> None:
    problem, path = problem_and_path()
    assert not compare(problem, path, changed(path, "loss", 30, value)).ok


def test_paths_of_different_lengths_are_different() -> None:
    problem, path = problem_and_path()
    check = compare(problem, path, problem_and_path(39)[1])
    assert not check.ok
    assert "TensorFlow stopped at step 40, the hand-written path at 39" in str(check)


def test_norris_at_the_certified_line_against_the_exact_gradient() -> None:
    x, y = tf_gd.sample("norris")
    certified = (1.00211681802045, -0.262323073774029)
    check = tf_gd.check(x, y, learning_rate=1e-8, num_steps=0, start=certified)
    assert check.identical
    for engine in ("tensorflow", "manual"):
        for error, bound in check.errors[engine].values():
            assert 0 < error <= bound


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_exact_gradient_is_the_sum_that_is_written_on_paper(reduction: str) -> None:
    points, line = tf_gd.Points(X, Y), tf_gd.Line(454.1, -40.7)
    m, c = map(Fraction, line)
    terms = [2 * (m * Fraction(a) + c - Fraction(b)) for a, b in zip(X.tolist(), Y.tolist(), strict=True)]
    scale = Fraction(1, 24) if reduction == "mean" else 1
    true = exact_gradient(points, line, reduction)
    assert true.dc == sum(terms) * scale
    assert true.dm == sum(term * Fraction(a) for term, a in zip(terms, X.tolist(), strict=True)) * scale


def test_a_divergent_descent_is_the_same_to_its_end() -> None:
    with pytest.warns(UserWarning, match="not under"):
        check = tf_gd.check(X, Y, learning_rate=0.05, num_steps=5000)
    assert check.identical
    assert not np.isfinite(check.manual.loss[-1])


def test_ulps_count_numbers_between() -> None:
    tiny = np.float32(1e-45)
    left = np.array([1.0, 0.0, -tiny, np.inf, np.nan, 1.0], np.float32)
    right = np.array([np.nextafter(np.float32(1), np.float32(2)), -0.0, tiny, np.finfo(np.float32).max, np.nan, np.nan])
    assert ulp_distance(left, right.astype(np.float32)).tolist() == [1, 1, 3, 1, 0, 2**32]
