"""All four reductions and a number in front of the loss: the same bits in TensorFlow and by hand."""

import warnings

import numpy as np
import pytest

import tf_gd
from tf_gd.reduction import REDUCTIONS
from tf_gd.trajectory import SERIES


@pytest.mark.bits
@pytest.mark.corpus(5)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_both_engines_have_the_same_bits(reduction: str, dtype: str) -> None:
    rng = np.random.default_rng(5)
    scaled = [(1, 0.3), (7, 1 / 14), (7, 1e-3), (23, 3.7), (23, 1 / 14)]
    turn = REDUCTIONS.index(reduction) + len(dtype)  # each reduction and each dtype with some of them
    for n, loss_scale in [(7, None), scaled[turn % 5], scaled[(turn + 2) % 5]]:
        x = rng.standard_normal(n)
        y = 2 * x + 1 + rng.standard_normal(n)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of one point
            both = tf_gd.check(x, y, dtype=dtype, reduction=reduction, loss_scale=loss_scale, num_steps=12)
        assert both.identical, (n, loss_scale, both.max_ulp)


@pytest.mark.parametrize(
    ("reduction", "factor"), [("sum", 1), ("mean", 1 / 8), ("half_sum", 1 / 2), ("half_mean", 1 / 16)]
)
def test_loss_and_gradient_are_those_of_the_sum_times_the_factor(reduction: str, factor: float) -> None:
    x, y, line = np.arange(8.0), np.arange(8.0)[::-1], tf_gd.Line(0.5, 2.0)  # nothing is rounded
    assert tf_gd.loss(line, x, y, reduction, 0.25) == tf_gd.loss(line, x, y) * factor / 4
    for found, of_sum in zip(tf_gd.gradient(line, x, y, reduction, 0.25), tf_gd.gradient(line, x, y), strict=True):
        assert found == of_sum * factor / 4


@pytest.mark.corpus(6)
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("engine", ["tensorflow", "manual", "moments"])
def test_left_alone_a_descent_gets_to_the_best_line(reduction: str, engine: str) -> None:
    x, y = tf_gd.sample("hubble1929")
    path = tf_gd.train(x, y, engine=engine, reduction=reduction)
    best = tf_gd.least_squares(x, y)
    assert path.outcome is tf_gd.Outcome.CONVERGED
    assert np.allclose(path.line, best, rtol=1e-12)
    assert len(path) < 400
    assert all(np.isfinite(getattr(path, name)).all() for name in SERIES)
