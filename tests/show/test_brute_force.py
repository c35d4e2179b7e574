"""Trying every line: what it finds, what it costs, and how it is stopped."""

import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tf_gd import Curvature, DataError, InvalidArgumentError, Line, Points, least_squares, loss, sample
from tf_gd.cli import run
from tf_gd.show.grid_search import Box, GridSearch, descend_as_far, steps_as_far

ROOT = Path(__file__).parents[2]
POINTS = Points([0.0, 1.0, 2.0, 4.0], [1.0, 3.5, 4.0, 9.5])


def apart(line, points):
    """Return how far two sums of the squared residuals of a line may be apart, in whatever order each is added.

    A residual takes three roundings, each of at most u = eps / 2 of |m x| + |c| + |y|; its square carries that twice
    |e|, and rounds once; then come n - 1 additions: n u of the squares and 6 u of |e| (|m x| + |c| + |y|), in each of
    the two. With eps in place of u, that also covers the terms of second order.
    """
    residuals = line.m * points.x + line.c - points.y
    sizes = np.abs(line.m * points.x) + abs(line.c) + np.abs(points.y)
    return 2 * np.finfo(float).eps * np.sum(points.n * residuals**2 + 6 * np.abs(residuals) * sizes)


@pytest.mark.parametrize("seed", range(20))
def test_the_box_holds_the_best_line(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(rng.normal(0, 100), 1, 7)
    points = Points(x, rng.normal(0, 1, 7) + rng.normal(0, 3) * x)
    box, best = Box.around(points), least_squares(*points)
    assert box.low.m < best.m < box.high.m
    assert box.low.c < best.c < box.high.c


def test_a_perfect_fit_lies_on_the_edge_of_the_box():
    box = Box.around(Points([-1.0, 1.0], [1.0, 5.0]))
    assert (box.high.m, box.low.c, box.high.c) == (2.0, 3.0, 3.0)


def test_it_finds_the_least_loss_on_the_grid():
    """Against a plain double loop over the same grid, which cannot be wrong in the same way."""
    search = GridSearch(POINTS, digits=1).run()
    (low, high) = search.box.low, search.box.high
    axes = [[low[axis] + (high[axis] - low[axis]) * (at / 10) for at in range(11)] for axis in range(2)]
    every = {(m, c): float(loss(Line(m, c), *POINTS)) for m, c in product(*axes)}
    assert search.evaluations == search.tried == len(every) == 121
    assert tuple(search.best) == min(every, key=every.__getitem__)
    assert abs(search.least - min(every.values())) <= apart(search.best, POINTS)


def test_blocks_cut_a_row_of_the_grid_without_losing_a_line(monkeypatch):
    whole = GridSearch(POINTS, digits=1.5).run()
    monkeypatch.setattr("tf_gd.show.grid_search.BLOCK", 4 * POINTS.n)
    seen = []
    cut = GridSearch(POINTS, digits=1.5).run(lambda tried, of: seen.append(tried))
    assert (cut.best, cut.least) == (whole.best, whole.least)
    assert seen[-1] == cut.evaluations
    assert np.all(np.diff(seen) > 0)
    assert max(np.diff(seen)) == 4


def test_a_digit_more_is_a_hundred_times_the_work_for_the_grid_and_a_few_steps_for_the_descent():
    evaluations = [GridSearch(POINTS, digits).evaluations for digits in (2, 3)]
    assert evaluations == [101**2, 1001**2]
    curvature = Curvature.of(POINTS.x)
    assert [steps_as_far(POINTS, digits) for digits in (2, 3)] == [curvature.steps_to(digits) for digits in (2, 3)]


def test_the_descent_comes_as_close_as_it_was_asked():
    """From the middle of the box, the distance to the best line shrinks by 10^digits."""
    points, digits = sample("hubble1929"), 3
    path, seconds = descend_as_far(points, digits)
    best, start = least_squares(*points), Box.around(points).middle
    before, after = (np.hypot(line.m - best.m, line.c - best.c) for line in (start, path.line))
    assert after <= before / 10**digits
    assert seconds > 0


def test_an_interrupted_search_keeps_its_best():
    def stop(tried, _):
        if tried > 3000:
            raise KeyboardInterrupt

    points = sample("hubble1929")
    search = GridSearch(points, digits=2)
    with pytest.raises(KeyboardInterrupt):
        search.run(stop)
    assert 3000 < search.tried < search.evaluations
    assert abs(search.least - loss(search.best, *points)) <= apart(search.best, points)


def test_the_estimate_grows_with_the_grid():
    points = sample("hubble1929")
    assert GridSearch(points, 8).seconds(0.02) > 1000 * GridSearch(points, 3).seconds(0.02)


@pytest.mark.parametrize("digits", [0, -1, 9.5, float("nan"), float("inf")])
def test_digits_out_of_range(digits):
    with pytest.raises(InvalidArgumentError, match="above 0, at most 9"):
        GridSearch(POINTS, digits)


def test_one_x_has_no_best_slope():
    with pytest.raises(DataError, match=r"two different values\. Got 2.0 in all"):
        GridSearch(Points([2.0, 2.0], [1.0, 3.0]), 2)


def test_a_level_cloud_needs_one_line():
    search = GridSearch(Points([0.0, 1.0], [3.0, 3.0]), 2).run()
    assert (search.evaluations, search.best, search.least) == (1, Line(0.0, 3.0), 0.0)


def test_the_command_prints_both_ways(capsys):
    assert run(["brute-force", "--digits", "2"]) == 0
    out = capsys.readouterr().out
    assert "10,201 lines on 24 points: about" in out
    assert "every line  gradient descent" in out
    assert "24 steps" in out


def test_the_command_prints_one_json_object(capsys):
    assert run(["brute-force", "--digits", "2", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert out["evaluations"] == 10_201
    assert set(out["grid"]) == {"m", "c", "loss", "seconds"}
    assert out["descent"]["num_steps"] == Curvature.of(sample("hubble1929").x).steps_to(2)


def test_it_estimates_before_it_runs_and_refuses_what_takes_too_long(capsys):
    assert run(["brute-force", "--digits", "9", "--estimate", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert (out["grid"], "m" in out["descent"]) == (None, False)
    assert run(["brute-force", "--digits", "9"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("tf-gd: error: `digits` must be small enough for ten minutes. Got 9")
    assert len(error.splitlines()) == 1


def test_many_steps_are_counted_but_not_made(capsys):
    assert run(["brute-force", "--digits", "0.5", "--sample", "norris", "--json"]) == 0
    out = json.loads(capsys.readouterr().out)
    assert list(out["descent"]) == ["num_steps"]
    assert out["descent"]["num_steps"] > 400_000


def test_an_interrupted_command_tells_the_best_so_far(monkeypatch, capsys):
    @contextmanager
    def impatient(*_):
        def stop(tried, _):
            if tried > 3000:
                raise KeyboardInterrupt

        yield stop

    monkeypatch.setattr("tf_gd.cli.brute_force.progress_bar", impatient)
    assert run(["brute-force", "--digits", "2"]) == 130
    error = capsys.readouterr().err
    assert re.fullmatch(
        r"tf-gd: error: interrupted after 3,\d\d\d of 10,201 lines; the best so far: m = .*, c = .*, loss = .*\n", error
    )


def test_ctrl_c_ends_it_with_130():
    command = [sys.executable, "-m", "tf_gd", "brute-force", "--digits", "6", "--yes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert "lines on 24 points" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    assert child.returncode == 130
    assert error.startswith("tf-gd: error: interrupted")
    assert len(error.splitlines()) == 1
