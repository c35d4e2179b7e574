"""Losses in NumPy: slopes that rounding hides, kinks and float32 in many elements, and the names of mistakes."""

import numpy as np
import pytest
from support.layer_zoo import draw
from support.model_zoo import sigmoid, tf

from tf_gd import check_gradient
from tf_gd.diagnosis.model.complex_step import complex_step
from tf_gd.diagnosis.model.finite_differences import SEVERAL, slope
from tf_gd.diagnosis.model.model_problem import ModelProblem

X, Y, W = draw(14, 3), draw(14, seed=1), draw(3, seed=2)


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def loop(w, x, y):
    total = 0.0
    for row, target in zip(x, y, strict=True):
        total += abs(sum(a * b for a, b in zip(row, w, strict=True)) - target)
    return total / len(y)


IDIOMS = {
    "float": lambda w, x, y: float(np.mean((np.dot(x, w) - y) ** 2)),
    "absolute": lambda w, x, y: np.abs(x @ w - y).sum(),
    "norm": lambda w, x, y: np.linalg.norm(x @ w - y),
    "hinge": lambda w, x, y: np.mean(np.maximum(0, 1 - np.sign(y) * (x @ w))),
    "logaddexp": lambda w, x, y: np.logaddexp(0, x @ w).mean(),
    "where": lambda w, x, y: np.where(np.abs(x @ w) < 1, (x @ w) ** 2, np.abs(x @ w)).sum(),
    "statistics": lambda w, x, y: ((x @ w - np.mean(x @ w)) / np.std(x @ w) + (x @ w).var()).dot(y),
    "loop": loop,
}


@pytest.mark.parametrize("loss", IDIOMS.values(), ids=IDIOMS)
def test_a_complex_step_is_the_slope_of_what_people_write(loss):
    problem, along = ModelProblem.of({"w": W}, {"x": X, "y": Y}), draw(3, seed=3)

    def after(steps):
        return [float(loss(**problem.at(problem.vector + h * along).arguments())) for h in steps]

    noise = X.size * 2.0**-53 * abs(after([0.0])[0])  # a rounding for each number that goes in
    found = slope(after, noise)
    assert found.error < 1e-9 * abs(found.value)  # so that the comparison says something
    assert abs(complex_step(loss, problem, along) - found.value) <= SEVERAL * found.error


def test_what_drops_an_imaginary_part_gives_no_slope():
    def buffered(w):
        out = np.zeros(3)
        out[:] = w
        return np.sum(out**2)

    for loss in (buffered, lambda w: float(np.sum(w)) + float(np.sum(w * w))):
        assert np.isnan(complex_step(loss, ModelProblem.of({"w": W}, {}), W))


def by_numbers(w, x, y):
    """Squares in plain numbers, which no complex step passes through; a wide step shows what is small."""
    return sum(
        (sum(float(a) * float(b) for a, b in zip(row, w, strict=True)) - t) ** 2 for row, t in zip(x, y, strict=True)
    )


@pytest.mark.parametrize("loss", [lambda w, x, y: np.sum((x @ w - y) ** 2), by_numbers], ids=["numpy", "numbers"])
def test_an_element_that_rounding_hides_is_confirmed_or_not_told(loss):
    x = X * [1.0, 1e-13, 1.0]

    def verdict(factor):
        gradient = lambda w, x, y: 2 * x.T @ (x @ w - y) * [1, factor, 1]  # noqa: E731
        return check_gradient(loss, gradient, params={"w": W}, data={"x": x, "y": Y})

    assert verdict(1).verdict == "right"
    for factor in (2, -1):
        assert verdict(factor).diagnosis[0][0] == "lost-in-rounding"
        assert "w[1]" in verdict(factor).diagnosis[0][1]


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (-1, "wrong")])
def test_two_thousand_elements_by_hand_in_float32(factor, verdict):
    def loss(v, w, x, y):
        return np.mean((np.tanh(x @ v) @ w - y) ** 2)

    def gradient(**given):
        v, w, x, y = (value.astype(np.float32) for value in given.values())
        a = np.tanh(x @ v)
        e = 2 * (a @ w - y) / np.float32(len(y))
        dv = x.T @ (np.outer(e, w) * (1 - a * a))
        dv[3, 4] *= factor
        return dv, a.T @ e

    params = {"v": draw(80, 30) / 9, "w": draw(30, seed=1) / 5}
    check = check_gradient(loss, gradient, params=params, data={"x": draw(8, 80, seed=2), "y": draw(8, seed=3)})
    assert check.verdict == verdict, str(check)


def test_one_value_outside_of_the_slopes_at_hundreds_of_kinks_does_not_pass():
    at = draw(140)
    loss = lambda w, c: np.sum(np.abs(w - c)) + np.sum(w**2)  # noqa: E731
    for place in (None, 130):
        gradient = lambda w, c, place=place: 2 * w + np.sign(w - c) + 3.0 * (w == c) * (np.arange(140) == place)  # noqa: E731
        check = check_gradient(loss, gradient, params={"w": at}, data={"c": at})
        assert (check.verdict == "right") == (place is None), str(check)


def test_a_loss_of_keras_in_float32_and_a_factor_that_nobody_knows():
    keras_loss = tf.keras.losses.CategoricalCrossentropy(from_logits=True)
    labels = np.eye(4)[np.arange(14) % 4]
    check = check_gradient(
        lambda w, x, t: keras_loss(t, x @ w),
        lambda w, x, t: 1.01 * x.T @ (softmax(x @ w) - t) / len(x),
        params={"w": draw(3, 4)},
        data={"x": X, "t": labels},
    )
    assert [name for name, _ in check.diagnosis] == ["constant-factor"]


def named(loss, gradient, params, **data):
    check = check_gradient(loss, gradient, params=params, data=data)
    assert check.verdict == "wrong", str(check)
    return {name for name, _ in check.diagnosis}


def cross_entropy(w, b, x, y):
    p = sigmoid(x @ w + b)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.05 * np.sum(w * w)


@pytest.mark.corpus(5)
@pytest.mark.parametrize(
    ("name", "flow", "ones", "penalty"),
    [
        ("missing-activation", lambda z, y, b: z - y, False, 0.1),
        ("wrong-activation-argument", lambda z, y, b: sigmoid(sigmoid(z)) - y, False, 0.1),
        ("missing-term", lambda z, y, b: sigmoid(z - b) - y, False, 0.1),
        ("missing-target", lambda z, y, b: sigmoid(z), False, 0.1),
        ("extra-activation-derivative", lambda z, y, b: (sigmoid(z) - y) * sigmoid(z) * sigmoid(-z), False, 0.1),
        ("missing-x", lambda z, y, b: sigmoid(z) - y, True, 0.1),
        ("term-factor", lambda z, y, b: sigmoid(z) - y, False, 0.05),
        ("term-sign", lambda z, y, b: sigmoid(z) - y, False, -0.1),
        ("missing-term", lambda z, y, b: sigmoid(z) - y, False, 0.0),
    ],
)
def test_mistakes_in_one_layer(name, flow, ones, penalty):
    def gradient(w, b, x, y):
        e = flow(x @ w + b, y, b) / len(y)
        return (np.ones_like(x) if ones else x).T @ e + penalty * w, e.sum()

    assert named(cross_entropy, gradient, {"w": W, "b": 0.7}, x=X, y=(Y > 0) * 1.0) == {name}


def two_layers(v, b, w, c, x, y):
    return np.mean((np.maximum(x @ v + b, 0) @ w + c - y) ** 2)


def by_hand(derivative=lambda z: z > 0, of_w=lambda z: np.maximum(z, 0), of_v=lambda x: x):
    def gradient(v, b, w, c, x, y):
        z = x @ v + b
        e = 2 * (np.maximum(z, 0) @ w + c - y) / y.size
        dz = (e @ w.T) * derivative(z)
        return of_v(x).T @ dz, dz.sum(0), of_w(z).T @ e, e.sum(0)

    return gradient


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("missing-activation-derivative", by_hand(derivative=np.ones_like)),
        ("missing-activation", by_hand(of_w=lambda z: z)),
        ("missing-x", by_hand(of_w=np.ones_like)),
        ("missing-x", by_hand(of_v=np.ones_like)),
        ("missing-term", by_hand(of_w=np.zeros_like)),
    ],
)
def test_mistakes_in_two_layers(name, gradient):
    params = {"v": draw(3, 5), "b": draw(5, seed=6), "w": draw(5, 2, seed=5), "c": draw(2, seed=4)}
    assert named(two_layers, gradient, params, x=X, y=draw(14, 2, seed=7)) == {name}


def test_a_gradient_that_no_mistake_explains_gets_no_name():
    def gradient(v, b, w, c, x, y):
        dv, db, dw, dc = by_hand()(v, b, w, c, x, y)
        return dv + 0.1 * np.cos(10 * v), db, dw * (1 + 0.1 * np.sin(9 * w)), dc

    params = {"v": draw(3, 5), "b": draw(5, seed=6), "w": draw(5, 2, seed=5), "c": draw(2, seed=4)}
    assert named(two_layers, gradient, params, x=X, y=draw(14, 2, seed=7)) == {"different"}


def test_three_layers_of_which_two_can_be_read_off():
    def loss(v, w, u, x, y):
        return np.mean((np.tanh(np.tanh(x @ v) @ w) @ u - y) ** 2) + 0.1 * np.sum(v**2)

    def gradient(v, w, u, x, y):
        a = np.tanh(x @ v)
        b = np.tanh(a @ w)
        e = 2 * (b @ u - y) / y.size
        db = (e @ u.T) * (1 - b**2)
        da = (db @ w.T) * (1 - a**2)
        return x.T @ da + 0.2 * v, a.T @ db + 0.1 * np.cos(w), b.T @ e + 0.1 * np.sin(u)

    params = {"v": draw(3, 2), "w": draw(2, 2, seed=3), "u": draw(2, 1, seed=4)}
    assert named(loss, gradient, params, x=X, y=draw(14, 1, seed=5)) == {"different"}
