"""Standardized runs: the same bits in both twins, the line in the data's own units, wherever x lies."""

import json
import math
import warnings
from fractions import Fraction

import numpy as np
import pytest

from tf_gd import DataError, InvalidArgumentError, Moments, check, least_squares, predict, read_trajectory, train
from tf_gd.errors import SessionError
from tf_gd.problem import Problem
from tf_gd.verify.rounding import smallest_tolerance

RNG = np.random.default_rng(23)
SETS = {
    "year, temperature": (np.arange(1951.0, 2011.0), 0.02, -30.0, 0.2),
    "year, height in cm": (np.arange(1896.0, 2017.0, 4), 0.05, 110.0, 3.0),
    "km, price": (RNG.uniform(8e3, 2.5e5, 24).round(), -0.021, 8500.0, 300.0),
    "miles, price": (RNG.uniform(1e5, 3e5, 30).round(), -0.01, 6000.0, 500.0),
    "sqft, price": (RNG.uniform(600, 4500, 47).round(), 135.0, 71000.0, 4e4),
    "sqft, rent": (RNG.uniform(250, 1500, 20).round(), 1.9, 300.0, 80.0),
    "square metres, price": (RNG.uniform(30, 250, 30).round(1), 4100.0, 2e4, 3e4),
    "unix time, value": (1.6e9 + 86400.0 * np.arange(30), 1e-6, -1500.0, 0.5),
    "population, profit": (RNG.uniform(5e4, 2.2e5, 97).round(), 1.2e-4, -3.9, 3.0),
    "small x": (RNG.uniform(0, 1e-4, 15), 4e3, 1.0, 0.01),
}


def _points(name):
    x, m, c, noise = SETS[name]
    return x, m * x + c + noise * np.random.default_rng(5).normal(size=len(x))


@pytest.mark.parametrize("name", SETS)
def test_the_line_is_the_least_squares_line_in_a_few_steps(name):
    x, y = _points(name)
    best = least_squares(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = train(x, y, standardize=True, engine="manual")
    assert path.outcome.name == "CONVERGED"
    assert path.num_steps < 10
    exact = [Fraction(value) for value in x.tolist()]
    mean = sum(exact) / len(exact)
    assert path.x_mean == float(mean)
    assert abs(path.x_sd / math.sqrt(sum((value - mean) ** 2 for value in exact) / len(exact)) - 1) <= 2.0**-51
    reached = 2 * smallest_tolerance(Problem.of(x, y, learning_rate=0.1, num_steps=1, standardize=True))
    near = reached / (2 * len(x)) / path.x_sd  # a gradient in z over its curvature 2 n; twice: its rounding, too
    slack = near + 8 * 2.0**-53 * abs(best.m)
    assert abs(float(path.line.m) - best.m) <= slack
    height = np.abs(best.m * x) + np.abs(best.c) + np.abs(y)
    off = np.abs(predict(path.line, x) - predict(best, x))
    assert (off <= near * path.x_sd + slack * np.abs(x - path.x_mean) + 16 * 2.0**-53 * height).all()
    moved = train(Moments.of(x, y), standardize=True)
    assert (moved.x_mean, moved.x_sd) == (path.x_mean, path.x_sd)
    assert abs(float(moved.line.m) - best.m) <= slack


@pytest.mark.corpus(4)
@pytest.mark.bits
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", list(SETS)[::3])
def test_both_twins_have_the_same_bits(name, dtype):
    x, y = _points(name)
    comparison = check(x, y, standardize=True, dtype=dtype, num_steps=6)
    assert comparison.identical
    assert comparison.moments_ratio <= 1
    path = comparison.tensorflow
    z = (x.astype(dtype) - np.dtype(dtype).type(path.x_mean)) / np.dtype(dtype).type(path.x_sd)
    rate = np.float64(path.learning_rate)
    plain = train(z, y, dtype=dtype, num_steps=6, learning_rate=rate, engine="manual")
    for series in ("m", "c", "loss", "gradient_m", "gradient_c"):
        assert getattr(path, series).tobytes() == getattr(plain, series).tobytes()
        assert getattr(comparison.manual, series).tobytes() == getattr(plain, series).tobytes()


def test_start_and_series_are_of_z():
    x, y = _points("km, price")
    path = train(x, y, standardize=True, start=(2.0, 3.0), num_steps=0, engine="manual")
    assert (path.m[0], path.c[0]) == (2.0, 3.0)
    assert float(path.line.m) == 2.0 / path.x_sd
    shift = 2.0 * path.x_mean / path.x_sd
    assert abs(float(path.line.c) - (3.0 - shift)) <= 4 * 2.0**-53 * (3.0 + abs(shift))  # two roundings on each side


@pytest.mark.parametrize("engine", ["manual", "moments"])
def test_equal_x_are_one_clear_error(engine):
    with pytest.raises(DataError, match=r"^`x` must hold two different values to be standardized\. Got 3\.0 in all 4"):
        train([3.0] * 4, [1.0, 2.0, 3.0, 4.0], standardize=True, engine=engine)


def test_what_has_no_meaning_is_refused():
    with pytest.raises(InvalidArgumentError, match="`standardize` must be False without an intercept"):
        train([1.0, 2.0], [1.0, 2.0], standardize=True, intercept=False)
    with pytest.raises(InvalidArgumentError, match="`standardize` must be True or False"):
        train([1.0, 2.0], [1.0, 2.0], standardize="yes")


@pytest.mark.parametrize("engine", ["manual", "moments"])
def test_a_session_and_a_file_know_of_it(engine, tmp_path):
    x, y = _points("km, price")
    given = {"engine": engine, "session": tmp_path / "s"}
    train(x, y, standardize=True, num_steps=5, **given)
    path = train(x, y, standardize=True, num_steps=9, resume=True, **given)
    assert path.num_steps == 9
    assert path.x_sd is not None
    with pytest.raises(SessionError):
        train(x, y, num_steps=9, resume=True, **given)
    path.save(tmp_path / "path.json")
    back = read_trajectory(tmp_path / "path.json")
    assert (back.x_mean, back.x_sd, back.line) == (path.x_mean, path.x_sd, path.line)
    assert json.loads((tmp_path / "path.json").read_text())["line"]["m"] == float(path.line.m)
