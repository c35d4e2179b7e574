"""The loop: what every engine returns, when it stops, and what it refuses."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

import tf_gd
from tf_gd.trajectory import SERIES

pytestmark = pytest.mark.bits

ENGINES = ["tensorflow", "manual"]
X, Y = tf_gd.sample("hubble1929")


def train(engine: str = "manual", **changes: object) -> tf_gd.Trajectory:
    return tf_gd.train(X, Y, **({"learning_rate": 0.01, "num_steps": 50, "engine": engine} | changes))


@pytest.mark.parametrize("engine", ENGINES)
def test_row_k_is_the_state_before_update_k(engine: str) -> None:
    path = train(engine, num_steps=5, start=(100.0, -5.0))
    assert path.step.tolist() == [0, 1, 2, 3, 4, 5]
    line = tf_gd.Line(100.0, -5.0)
    for k in range(6):
        gradient = tf_gd.gradient(line, X, Y)
        assert (path.m[k], path.c[k], path.loss[k]) == (*line, tf_gd.loss(line, X, Y))
        assert (path.gradient_m[k], path.gradient_c[k]) == gradient
        line = tf_gd.update(line, gradient, 0.01)


@pytest.mark.corpus(4)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("every", [1, 7, 50, 1000])
def test_record_every_keeps_some_rows_and_the_last(engine: str, every: int) -> None:
    whole, some = train(engine), train(engine, record_every=every)
    assert some.step.tolist() == sorted({*range(0, 51, every), 50})
    for name in SERIES:
        assert getattr(some, name).tobytes() == getattr(whole, name)[some.step].tobytes()


@pytest.mark.corpus(5)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("steps_per_run", [1, 2, 7, 50, 51])
def test_the_length_of_a_run_changes_no_bit(engine: str, steps_per_run: int) -> None:
    whole, cut = train(engine), train(engine, steps_per_run=steps_per_run)
    assert all(getattr(whole, name).tobytes() == getattr(cut, name).tobytes() for name in ("step", *SERIES))


@pytest.mark.corpus(3)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("steps_per_run", [1, 10, None])
def test_a_tolerance_stops_at_the_first_state_that_meets_it(engine: str, steps_per_run: int | None) -> None:
    path = train(engine, num_steps=1000, learning_rate="auto", tolerance=1e-3, steps_per_run=steps_per_run)
    largest = np.maximum(np.abs(path.gradient_m), np.abs(path.gradient_c))
    assert path.outcome is tf_gd.Outcome.CONVERGED
    assert largest[-1] <= 1e-3 < largest[:-1].min()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_automatic_rate_reaches_ten_digits(engine: str) -> None:
    best = tf_gd.least_squares(X, Y)
    path = train(engine, learning_rate="auto", num_steps=200)
    assert f"{path.line.m:.10g} {path.line.c:.10g}" == f"{best.m:.10g} {best.c:.10g}"


@pytest.mark.parametrize("steps_per_run", [1, None])
def test_both_engines_turn_to_infinity_at_the_same_step(steps_per_run: int | None) -> None:
    paths = []
    for engine in ENGINES:
        with pytest.warns(UserWarning, match="the largest stable one for these points"):
            paths.append(train(engine, learning_rate=0.1, num_steps=10_000, steps_per_run=steps_per_run))
    theirs, ours = paths
    assert theirs.outcome is ours.outcome is tf_gd.Outcome.DIVERGED
    assert "the learning rate must stay under 0.0204896" in ours.message
    assert len(theirs) == len(ours) < 10_000
    assert not np.isfinite(ours.loss[-1]) and np.isfinite(ours.loss[:-1]).all()
    assert all(getattr(theirs, name).tobytes() == getattr(ours, name).tobytes() for name in SERIES)


def test_too_large_for_the_dtype_is_not_blamed_on_the_rate() -> None:
    points, small = ([0.0, 1.0], [1e25, 0.0]), 0.1
    path = tf_gd.train(*points, learning_rate=small, num_steps=3, dtype="float32", engine="manual")
    assert path.outcome is tf_gd.Outcome.DIVERGED
    assert "too large for float32" in path.message


def test_zero_steps_look_at_the_start() -> None:
    path = train(num_steps=0, start=(1.0, 2.0))
    assert len(path) == 1
    assert path.line == (1.0, 2.0)
    assert path.outcome is tf_gd.Outcome.STEP_LIMIT


def test_one_point_and_equal_x_are_explained() -> None:
    for x, y in (([2.0], [3.0]), ([2.0, 2.0], [3.0, 5.0])):
        with pytest.warns(UserWarning, match="the slope cannot be identified"):
            path = tf_gd.train(x, y, learning_rate="auto", num_steps=50, engine="manual")
        assert path.line.m * 2.0 + path.line.c == np.mean(y)


def test_step_limit_says_how_many_more() -> None:
    path = train(learning_rate="auto", num_steps=10, tolerance=1e-6)
    assert path.outcome is tf_gd.Outcome.STEP_LIMIT
    assert "over the tolerance 1e-06" in path.message
    assert "more are needed" in path.message


def test_progress_is_told_and_ends_at_the_last_step() -> None:
    seen = []
    train(on_progress=lambda step, total: seen.append((step, total)), steps_per_run=20)
    assert seen == [(20, 50), (40, 50), (50, 50)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.0}, "`learning_rate` must be a finite number above 0"),
        ({"learning_rate": -0.1}, "Got -0.1"),
        ({"learning_rate": "fast"}, "`learning_rate` must be a finite number above 0. Got 'fast'"),
        ({"num_steps": -1}, "`num_steps` must be a whole number, 0 or above. Got -1"),
        ({"num_steps": 2.5}, "`num_steps` must be a whole number, 0 or above. Got 2.5"),
        ({"num_steps": True}, "`num_steps` must be a whole number"),
        ({"record_every": 0}, "`record_every` must be a whole number, 1 or above"),
        ({"steps_per_run": 0}, "`steps_per_run` must be a whole number, 1 or above"),
        ({"dtype": "int32"}, "`dtype` must be one of float64"),
        ({"dtype": "complex128"}, "`dtype` must be one of float64"),
        ({"engine": "torch"}, "`engine` must be 'tensorflow', 'manual' or 'moments'. Got 'torch'"),
        ({"reduction": "median"}, "`reduction` must be one of sum, mean, half_sum, half_mean. Got 'median'"),
        ({"tolerance": -1e-3}, "`tolerance` must be a finite number, 0 or above"),
        ({"tolerance": float("nan")}, "`tolerance` must be a finite number, 0 or above"),
        ({"tolerance": "small"}, "`tolerance` must be a finite number, 0 or above"),
        ({"start": (0.0,)}, "`start` must be two numbers"),
        ({"start": (0.0, float("inf"))}, "`start.c` must be a finite number"),
        ({"start": (1e300, 0.0), "dtype": "float32"}, "`start.m` must be a number that fits float32"),
    ],
)
def test_what_is_no_argument_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match=message):
        train(**change)


def test_points_too_large_for_the_dtype_are_refused() -> None:
    with pytest.raises(tf_gd.DataError, match="`x` must fit float32. Got 1e\\+300 at index 1"):
        tf_gd.train([1.0, 1e300], [1.0, 2.0], learning_rate=0.1, num_steps=1, dtype="float32", engine="manual")


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_a_trajectory_is_saved_to_the_last_digit(ending: str, tmp_path: Path) -> None:
    path, file = train(), tmp_path / f"path.{ending}"
    path.save(file)
    if ending == "json":
        saved = json.loads(file.read_text())
        columns = {name: saved[name] for name in path.to_dict()}
    else:
        columns = {name: values.tolist() for name, values in duckdb.sql(f"FROM '{file}'").fetchnumpy().items()}
    assert columns == path.to_dict()
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    with pytest.raises(tf_gd.InvalidArgumentError, match="`path` must be a name that ends in .csv"):
        train().save(tmp_path / "path.xlsx")
    with pytest.raises(tf_gd.DataError, match="`path` must be a file that can be written.*: No such file"):
        train().save(tmp_path / "nowhere" / "path.csv")
