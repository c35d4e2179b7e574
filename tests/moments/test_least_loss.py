"""The learning rate "auto": stable once it is rounded, and none leaves less loss after the steps asked for."""

import warnings

import numpy as np
import pytest

from tf_gd import Curvature, Moments, sample, train
from tf_gd.moments.closed_form import ClosedForm
from tf_gd.problem import Problem

RNG = np.random.default_rng(17)
FAR = {
    "years": np.arange(1950.0, 2011.0),
    "kilometres": RNG.uniform(1e4, 2e5, 30).round(),
    "square feet": RNG.uniform(600, 4000, 47).round(),
    "dates": 20_200_101.0 + np.arange(40),
    "around zero": RNG.normal(size=25),
}


def _points(name):
    x = FAR[name]
    return x, 3 * x + 7 + np.random.default_rng(1).normal(size=len(x)) * np.std(x)


def _loss(problem, rate, num_steps, start):
    moments = Moments.of(*problem.points)
    return ClosedForm.of(moments, start, rate).rows([num_steps])[0, 2]


@pytest.mark.corpus(6)
@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", FAR)
def test_it_is_stable_after_rounding_and_never_warned_about(name, dtype):
    x, y = _points(name)
    for num_steps in (0, 1, 10, 10_000):
        problem = Problem.of(x, y, learning_rate="auto", num_steps=num_steps, dtype=dtype)
        assert 0 < problem.applied_rate < problem.max_learning_rate
        assert problem.warning is None or "All x are equal" in problem.warning


@pytest.mark.corpus(8)
@pytest.mark.parametrize("num_steps", [1, 7, 1000])
@pytest.mark.parametrize("name", FAR)
def test_no_other_rate_leaves_less_loss(name, num_steps):
    x, y = _points(name)
    for start in ((0.0, 0.0), (-40.0, 1e5)):
        problem = Problem.of(x, y, learning_rate="auto", num_steps=num_steps, start=start)
        loss = _loss(problem, problem.applied_rate, num_steps, problem.start)
        shares = np.concatenate([np.linspace(0.1, 0.99, 12), 1 - 10.0 ** -np.arange(4, 8)])
        others = [_loss(problem, share * problem.max_learning_rate, num_steps, problem.start) for share in shares]
        assert loss <= min(others) * (1 + 1e-9)


def test_where_rounding_is_reached_it_is_the_rate_that_is_best_in_the_end():
    x, y = sample("hubble1929")
    path = train(x, y, engine="manual")
    assert path.learning_rate == float(np.float32(Curvature.of(x).best_learning_rate))
    assert path.num_steps == 170


def test_twins_and_moments_take_the_same_rate():
    x, y = _points("years")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rates = {train(x, y, num_steps=50, engine=engine).learning_rate for engine in ("manual", "moments")}
        rates |= {train(Moments.of(x, y), num_steps=50).learning_rate}
    assert len(rates) == 1


@pytest.mark.parametrize("batches", [1, 4, [[0, 1, 2], [5], [7, 7, 7, 7, 7]]])
def test_with_batches_it_is_stable_for_the_steepest(batches):
    x, y = _points("square feet")
    problem = Problem.of(x, y, learning_rate="auto", num_steps=500, batches=batches)
    limits = [Curvature.of(problem.points.x[batch]).max_learning_rate for batch in problem.batches]
    roundings = 2 * (16 + 2 * 5)  # of the root and the quotient, and of sums over 5 points at most; none cancels
    assert problem.max_learning_rate == pytest.approx(min(limits), rel=roundings * 2.0**-53)
    assert problem.applied_rate < min(limits)
    assert problem.warning is None
    path = train(x, y, num_steps=500, batches=batches, engine="manual")
    assert np.all(np.isfinite(path.loss))


def test_a_session_goes_on_with_its_own_rate(tmp_path):
    x, y = _points("years")
    first = train(x, y, num_steps=20, engine="manual", session=tmp_path / "s")
    more = train(x, y, num_steps=40, engine="manual", session=tmp_path / "s", resume=True)
    assert more.learning_rate == first.learning_rate != train(x, y, num_steps=40, engine="manual").learning_rate
    whole = train(x, y, num_steps=40, engine="manual", learning_rate=np.float64(first.learning_rate))
    assert more.m.tobytes() == whole.m.tobytes()
