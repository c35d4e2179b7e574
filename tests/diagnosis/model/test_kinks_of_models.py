"""Kinks, lost parameters and gradients of their own: nothing wrong passes there, and no subgradient is accused."""

import numpy as np
import pytest
from support.model_zoo import tf

from tf_gd import check_gradient, check_layer
from tf_gd.diagnosis.model.beside_kinks import _least_norm

rng = np.random.default_rng(0)
draw = rng.standard_normal


def verdict(loss, gradient, params, **data):
    check = check_gradient(loss, gradient, params=params, data=data)
    return check.verdict, [name for name, _ in check.diagnosis + check.remarks], str(check)


def sparse():
    """60 parameters, every sixth exactly 0."""
    w = draw(60)
    w[::6] = 0
    return {"w": w}


FIT = {"c": 30 * draw(60), "x": draw((20, 60)), "y": draw(20)}
BEGUN = rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Let every test draw the same numbers, whichever ran before."""
    rng.bit_generator.state = BEGUN


def lasso(w, c, x, y):
    return np.sum((x @ w - y) ** 2) + np.sum(abs(c) * np.abs(w))


def lasso_gradient(w, c, x, y, at_zero=1.0, side=0.0):
    smooth = 2 * x.T @ (x @ w - y)
    return np.where(w == 0, at_zero, 1) * smooth + abs(c) * np.where(w == 0, side, np.sign(w))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [({}, "right"), ({"side": 1.0}, "right"), ({"at_zero": -1.0}, "wrong"), ({"at_zero": 2.0}, "wrong")],
)
def test_a_numpy_loss_with_many_exact_kinks(change, wanted):
    found, _, text = verdict(lasso, lambda **a: lasso_gradient(**a, **change), sparse(), **FIT)
    assert found == wanted, text


def hinges(w, x, y, margin):
    return np.sum(np.maximum(0, margin - y * (x @ w)))


def hinges_gradient(w, x, y, margin, factor=1.0, active=np.less):
    return -factor * (x * (y * active(y * (x @ w), margin))[:, None]).sum(0)


@pytest.mark.parametrize(
    ("change", "wanted"),
    [({}, "right"), ({"active": np.less_equal}, "right"), ({"factor": -1.0}, "wrong"), ({"factor": 0.0}, "wrong")],
)
def test_ten_hinges_that_share_sixty_parameters(change, wanted):
    x, w = np.round(4 * draw((30, 60))) / 4, np.round(2 * draw(60)) / 2
    y = np.sign(x @ w + 0.01)
    margin = y * (x @ w) + np.repeat([0.0, 1.0, -1.0], 10)
    found, _, text = verdict(hinges, lambda **a: hinges_gradient(**a, **change), {"w": w}, x=x, y=y, margin=margin)
    assert found == wanted, text


def tied(module):
    return (lambda w: tf.reduce_max(w)) if module is tf else (lambda w: np.max(w))


BOTH = pytest.mark.parametrize("module", [tf, np], ids=["tensorflow", "numpy"])


@BOTH
@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ([1, 0, 0, 0], "right"),
        ([0.5, 0.5, 0, 0], "right"),
        ([0.25, 0.25, 0.25, 0.25], "right"),
        ([1, 1, 1, 1], "wrong"),
        ([0.5, 0.5, 0.5, 0.5], "wrong"),
        ([0, 0, 0, 0], "wrong"),
        ([-1, 1, 1, 0], "wrong"),
    ],
)
def test_where_numbers_tie_only_a_mixture_of_the_sides_passes(module, value, wanted):
    found, names, text = verdict(tied(module), lambda w: np.array(value, float), {"w": np.full(4, 2.0)})
    assert found == wanted, text
    assert wanted == "right" or "no-subgradient" in names, text
    assert module is tf or "TensorFlow takes" not in text


@BOTH
@pytest.mark.parametrize(
    ("value", "wanted"),
    [([2, 3], "right"), ([3, 1], "right"), ([2.5, 2], "right"), ([2.5, 1.5], "wrong"), ([3, 3], "wrong")],
)
def test_a_hinge_that_two_parameters_share(module, value, wanted):
    def loss(w, x):
        z = np.sum(x * w, 1) if module is np else tf.reduce_sum(x * w, 1)
        return np.sum(np.maximum(z, 0)) if module is np else tf.reduce_sum(tf.nn.relu(z))

    x = np.array([[1.0, -2.0], [2.0, 3.0]])
    found, _, text = verdict(loss, lambda w, x: np.array(value, float), {"w": np.array([2.0, 1.0])}, x=x)
    assert found == wanted, text


@BOTH
def test_either_convention_at_zero_passes_where_kinks_of_both_kinds_meet(module):
    def loss(w):
        relu = tf.nn.relu if module is tf else lambda z: np.maximum(z, 0)
        return relu(w[0] + w[1]) - relu(w[0] - w[1])

    for active in (np.greater, np.greater_equal):
        right = lambda w, on=active: np.array(  # noqa: E731
            [1.0 * on(w[0] + w[1], 0) - on(w[0] - w[1], 0), 1.0 * on(w[0] + w[1], 0) + on(w[0] - w[1], 0)]
        )
        found, _, text = verdict(loss, right, {"w": np.zeros(2)})
        assert found == "right", text


@pytest.mark.parametrize(
    ("active", "factor", "wanted"), [(np.greater_equal, 1.0, "right"), (np.greater, 1.01, "wrong")]
)
def test_many_units_at_zero_with_another_convention_than_tensorflows(active, factor, wanted):
    x = np.maximum(draw((6, 20)), 0)
    x[:2] = 0  # blank images
    params = {"w1": draw((20, 40)), "b1": np.zeros(40), "w2": draw((40, 3))}

    def loss(w1, b1, w2, x):
        return tf.reduce_sum(tf.square(tf.nn.relu(x @ w1 + b1) @ w2 - 1.0))

    def gradient(w1, b1, w2, x):
        z = x @ w1 + b1
        flow = 2 * (np.maximum(z, 0) @ w2 - 1)
        dz = flow @ w2.T * active(z, 0)
        return x.T @ dz, factor * dz.sum(0), np.maximum(z, 0).T @ flow

    found, _, text = verdict(loss, gradient, params, x=x)
    assert found == wanted, text


@pytest.mark.parametrize("size", [1e-13, 1e-15, 1e-17])
@pytest.mark.parametrize("factor", [1, -1, 0])
def test_a_parameter_that_is_lost_in_rounding_cannot_be_told(size, factor):
    def loss(w, v, x, y):
        return np.sum((x @ w - y) ** 2) + size * np.sum(v**2)

    def gradient(w, v, x, y):
        return 2 * x.T @ (x @ w - y), factor * 2 * size * v

    found, names, text = verdict(loss, gradient, {"w": draw(5), "v": draw(4)}, x=draw((9, 5)), y=draw(9))
    assert (found, names) == ("cannot-tell", ["hidden-parameter"]), text
    assert "Try another point" in " ".join(text.split())


def test_a_float32_loss_of_many_parameters_does_not_pass_what_it_cannot_show():
    def loss(w, x):
        return float(np.sum((x.astype(np.float32) @ w.astype(np.float32)) ** 2))

    def gradient(w, x, factor=1.0, extra=0.0):
        right = 2 * x.T @ (x @ w)
        right[5] += extra * abs(right).max()
        return factor * right

    given = {"x": draw((50, 1200))}
    params = {"w": draw(1200) / 30}
    for change in ({"factor": 1.001}, {"extra": 1e-3}, {"factor": -1.0}):
        found, _, text = verdict(loss, lambda change=change, **a: gradient(**a, **change), params, **given)
        assert found != "right", text
    _, _, text = verdict(loss, gradient, params, **given)
    assert "float64" in text  # what to change


@tf.custom_gradient
def half(z):
    return z * 1.0, lambda upstream: 0.5 * upstream


@pytest.mark.parametrize("size", [1e-6, 1e-10, 1e-12, 1e-14])
def test_an_equally_wrong_custom_gradient_does_not_pass_however_small(size):
    def loss(w, v):
        return tf.reduce_sum(tf.square(w)) + size * tf.reduce_sum(half(v) ** 2)

    found, _, text = verdict(loss, lambda w, v: (2 * w, size * v), {"w": draw(5), "v": draw(4)})
    assert found != "right", text


def test_an_equally_wrong_custom_gradient_of_one_tiny_element_does_not_pass():
    size = np.where(np.arange(40) == 7, 1e-9, 1.0)

    def loss(v, size):
        return tf.reduce_sum(size * tf.where(size < 1e-3, half(v), v) ** 2)

    found, _, text = verdict(loss, lambda v, size: np.where(size < 1e-3, 1, 2) * size * v, {"v": draw(40)}, size=size)
    assert found != "right", text


def test_the_shortest_mixture_is_that_of_the_definition():
    for seed in range(50):
        random = np.random.default_rng(seed)
        points = random.standard_normal((int(random.integers(2, 30)), int(random.integers(1, 6))))
        weights = random.dirichlet(np.full(len(points), 0.3))
        inside = _least_norm(points - weights @ points)
        assert np.all(inside >= 0)
        assert abs(inside @ points - weights @ points).max() < 1e-9
        away = _least_norm(points + 10.0)  # the shortest of mixtures all of which lie on one side
        best = away @ (points + 10.0)
        assert ((points + 10.0) @ best >= best @ best * (1 - 1e-9)).all()


@pytest.mark.parametrize(("sign", "wanted"), [(1.0, "right"), (-1.0, "wrong")])
def test_a_hundred_parameters_at_zero_under_a_penalty(sign, wanted):
    def loss(w, x, y):
        return np.sum((x @ w - y) ** 2) + 0.5 * np.sum(np.abs(w))

    def gradient(w, x, y):
        return sign * 2 * x.T @ (x @ w - y) + 0.5 * np.sign(w)

    found, _, text = verdict(loss, gradient, {"w": np.zeros(100)}, x=draw((10, 100)), y=draw(10))
    assert found == wanted, text


@pytest.mark.parametrize(("mask", "wanted"), [(np.greater, "right"), (np.greater_equal, "right"), (np.less, "wrong")])
def test_a_relu_at_many_exact_zeros(mask, wanted):
    check = check_layer(
        lambda x: (np.maximum(x, 0), x), lambda dout, x: dout * mask(x, 0), {"x": np.round(2 * draw(100))}
    )
    assert check.verdict == wanted, str(check)
