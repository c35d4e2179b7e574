"""Kinds of losses and gradients that people have: no wrong one passes, no right one is accused."""

import numpy as np
import pytest
from support.model_zoo import logistic, network, ridge, tf

from tf_gd import InvalidArgumentError, check_gradient
from tf_gd.diagnosis.model.finite_differences import slope

rng = np.random.default_rng(4)
X, Y, W = rng.standard_normal((8, 3)), rng.standard_normal(8), rng.standard_normal(3)
SQUARES = {"params": {"w": W}, "data": {"x": X, "y": Y}}

BEGUN = rng.bit_generator.state


@pytest.fixture(autouse=True)
def same_numbers():
    """Let every test draw the same numbers, whichever ran before."""
    rng.bit_generator.state = BEGUN


def slow(value):
    return pytest.param(value, marks=pytest.mark.slow)


def names(check):
    return [name for name, _ in check.diagnosis]


def squares(w, x, y):
    return tf.reduce_sum(tf.square(tf.linalg.matvec(x, w) - y))


def squares_gradient(w, x, y):
    return 2 * x.T @ (x @ w - y)


# noise


def random_gradient(w, x, y):
    return np.random.default_rng().normal(size=w.shape)


def sign_wrong_and_noise(w, x, y):
    return -squares_gradient(w, x, y) + np.random.default_rng().normal(size=w.shape)


def never_reset(total=np.zeros(3)):  # noqa: B008 (the mistake itself)
    def gradient(w, x, y):
        total[:] += -squares_gradient(w, x, y)
        return total.copy()

    return gradient


@pytest.mark.parametrize("gradient", [random_gradient, sign_wrong_and_noise, never_reset()])
def test_a_gradient_that_is_not_the_same_twice_is_wrong(gradient):
    check = check_gradient(squares, gradient, **SQUARES)
    assert check.verdict == "wrong"
    assert names(check) == ["not-the-same-twice"]


# kinks


def hinge(w, x, y):
    return tf.reduce_sum(tf.maximum(tf.zeros_like(y), 1 - y * tf.linalg.matvec(x, w)))


def hinge_gradient(w, x, y):
    active = y * (x @ w) < 1
    return -(x * (y * active)[:, None]).sum(0)


HINGE = {
    "params": {"w": np.array([0.3, 0.7])},
    "data": {"x": np.array([[1.0, 1.0], [2.0, -1.0], [-1.0, -0.5]]), "y": np.array([1.0, -1.0, -1.0])},
}


@pytest.mark.parametrize(("factor", "verdict"), [(1, "right"), (-1, "wrong"), (2, "wrong"), (0, "wrong")])
def test_at_an_exact_kink_only_a_subgradient_passes(factor, verdict):
    check = check_gradient(hinge, lambda **a: factor * hinge_gradient(**a), **HINGE)
    assert check.verdict == verdict, str(check)
    assert "kink" in [name for name, _ in check.remarks]


def absolute(w):
    return tf.reduce_sum(tf.abs(w))


def numpy_absolute(w):
    return np.sum(np.abs(w))


@pytest.mark.parametrize("loss", [absolute, numpy_absolute])
@pytest.mark.parametrize("near", [2e-11, 1e-9, -1e-9, 1e-7])
def test_a_kink_that_the_steps_step_over_makes_no_right_gradient_wrong(loss, near):
    given = {"params": {"w": np.array([near, 1.0, -2.0])}}
    right = check_gradient(loss, lambda w: np.sign(w), **given)
    assert right.verdict == "right", str(right)
    wrong = check_gradient(loss, lambda w: np.sign(w) * [3, 1, 1], **given)
    assert wrong.verdict == "wrong", str(wrong)


@pytest.mark.parametrize("curvature", [0, 1, 30])
def test_a_slope_beside_a_kink_is_that_of_its_side_or_a_kink(curvature):
    for near in 10 ** np.random.default_rng(0).uniform(-13, -1, 500):
        found = slope(lambda steps, near=near: [abs(near + h) + 3 + curvature * h * h for h in steps], 4e-15)
        assert found.admits(1.0, 1e-12), (near, found)
        assert not found.admits(3.0, 1e-12), (near, found)


# precision


def casts(w, x, y):
    e = tf.cast(tf.linalg.matvec(x, w) - y, tf.float32)
    return tf.reduce_mean(tf.square(e))


def casts_back(w, x, y):
    return tf.cast(casts(w, x, y), tf.float64)


def numpy_casts(w, x, y):
    return np.mean((x @ w - y).astype(np.float32) ** 2)


@pytest.mark.parametrize("loss", [casts, casts_back, numpy_casts])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_a_loss_that_casts_to_float32_inside(loss, seed):
    draw = np.random.default_rng(seed).standard_normal
    given = {"params": {"w": draw(3)}, "data": {"x": draw((9, 3)), "y": draw(9)}}
    right = check_gradient(loss, lambda w, x, y: 2 * x.T @ (x @ w - y) / len(y), **given)
    assert right.verdict == "right", str(right)
    assert "kink" not in [name for name, _ in right.remarks]
    for factor in (-1, 2, 0.5, 1.01):
        wrong = check_gradient(loss, lambda w, x, y, f=factor: f * 2 * x.T @ (x @ w - y) / len(y), **given)
        assert wrong.verdict == "wrong", str(wrong)


# cannot tell


def best(x, y):
    return np.linalg.lstsq(x, y, rcond=None)[0]


@pytest.mark.parametrize("factor", [1, -1, 2])
def test_at_the_optimum_it_cannot_tell(factor):
    given = {"params": {"w": best(X, Y)}, "data": {"x": X, "y": Y}}
    check = check_gradient(squares, lambda **a: factor * squares_gradient(**a), **given)
    assert check.verdict == "cannot-tell", str(check)
    assert "another point" in check.diagnosis[0][1]


@pytest.mark.parametrize("factor", [1, -1, 2])
def test_with_a_huge_constant_it_cannot_tell(factor):
    check = check_gradient(lambda **a: 1e20 + squares(**a), lambda **a: factor * squares_gradient(**a), **SQUARES)
    assert check.verdict == "cannot-tell", str(check)
    assert "large constant" in " ".join(check.diagnosis[0][1].split())


def deep(w1, w2, w3, x):
    return tf.reduce_sum(tf.tanh(tf.tanh(tf.tanh(x @ w1) @ w2) @ w3))


def deep_gradient(w1, w2, w3, x):
    a = np.tanh(x @ w1)
    b = np.tanh(a @ w2)
    c = np.tanh(b @ w3)
    dc = 1 - c**2
    db = dc @ w3.T * (1 - b**2)
    da = db @ w2.T * (1 - a**2)
    return x.T @ da, a.T @ db, b.T @ dc


@pytest.mark.parametrize(("factor", "verdicts"), [(1, {"right", "cannot-tell"}), (-1, {"wrong", "cannot-tell"})])
def test_a_saturated_deep_net(factor, verdicts):
    draw = np.random.default_rng(2).standard_normal
    params = {f"w{k}": 40 * draw((4, 4)) for k in (1, 2, 3)}
    check = check_gradient(
        deep, lambda **a: tuple(factor * g for g in deep_gradient(**a)), params=params, data={"x": 10 * draw((5, 4))}
    )
    assert check.verdict in verdicts, str(check)


# many parameters


@tf.custom_gradient
def half(x):
    return x * 1.0, lambda upstream: 0.5 * upstream


def test_an_equally_wrong_custom_gradient_does_not_pass_at_79510_parameters():
    draw = np.random.default_rng(1).standard_normal
    params = {"w": 0.1 * draw((795, 100)), "b": 0.1 * draw(10)}
    data = {"x": draw((4, 795))}

    def loss(w, b, x):
        return tf.reduce_sum(tf.tanh(half(x @ w))) + tf.reduce_sum(b * b)

    def gradient(w, b, x, factor=0.5):
        return {"w": factor * x.T @ (1 - np.tanh(x @ w) ** 2), "b": 2 * b}

    check = check_gradient(loss, gradient, params=params, data=data)
    assert check.verdict == "wrong", str(check)
    assert "not-the-slope" in [name for name, _ in check.diagnosis + check.remarks]
    right = check_gradient(loss, lambda **a: gradient(**a, factor=1.0), params=params, data=data)
    assert right.verdict == "right", str(right)
    assert "tensorflow-differs" in [name for name, _ in right.remarks]


# activations


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("size", [1.0, 40.0])
def test_a_saturated_sigmoid_is_not_accused(seed, size):
    draw = np.random.default_rng(seed).standard_normal
    given = {"params": {"w": draw(3)}, "data": {"x": size * draw((6, 3)), "y": (draw(6) > 0) * 1.0}}

    def loss(w, x, y):
        return tf.reduce_sum(tf.square(tf.sigmoid(tf.linalg.matvec(x, w)) - y))

    def gradient(w, x, y):
        s = sigmoid(x @ w)
        return 2 * x.T @ ((s - y) * s * (1 - s))

    check = check_gradient(loss, gradient, **given)
    assert check.verdict in ({"right"} if size == 1 else {"right", "cannot-tell"}), str(check)
    assert check_gradient(loss, lambda **a: -gradient(**a), **given).verdict != "right"


ACTIVATIONS = {
    "elu": (tf.nn.elu, lambda z: np.where(z > 0, 1.0, np.exp(z))),
    "selu": (
        tf.nn.selu,
        lambda z: 1.0507009873554805 * np.where(z > 0, 1.0, 1.6732632423543772 * np.exp(z)),
    ),
    "leaky_relu": (lambda z: tf.nn.leaky_relu(z, 0.2), lambda z: np.where(z > 0, 1.0, 0.2)),
    "gelu": (
        lambda z: tf.nn.gelu(z, approximate=True),
        lambda z: _gelu(z),
    ),
    "softplus": (tf.nn.softplus, sigmoid),
    "swish": (tf.nn.silu, lambda z: sigmoid(z) + z * sigmoid(z) * (1 - sigmoid(z))),
}


def _gelu(z):
    inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    slope = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return 0.5 * (1 + np.tanh(inner)) + 0.5 * z * (1 - np.tanh(inner) ** 2) * slope


@pytest.mark.corpus(3)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("size", [6.0, pytest.param(1.0, marks=pytest.mark.slow)])
def test_no_activation_is_accused(name, size):
    function, slope = ACTIVATIONS[name]
    draw = np.random.default_rng(7).standard_normal
    given = {"params": {"w": draw((3, 2))}, "data": {"x": size * draw((6, 3))}}

    def loss(w, x):
        return tf.reduce_sum(function(x @ w))

    check = check_gradient(loss, lambda w, x: x.T @ slope(x @ w), **given)
    assert check.verdict == "right", str(check)
    wrong = check_gradient(loss, lambda w, x: 1.001 * x.T @ slope(x @ w), **given)
    assert wrong.verdict == "wrong", str(wrong)


EXACT = {  # where TensorFlow computes a + 1, 1 - t^2 or s (1 - s), digits are lost that these keep
    "elu": (tf.nn.elu, lambda w: np.where(w > 0, 1, np.exp(w)), [-9.0, -20.0, -40.0, 1.0]),
    "selu": (
        tf.nn.selu,
        lambda w: 1.0507009873554805 * np.where(w > 0, 1, 1.6732632423543772 * np.exp(w)),
        [-12.0, -20.0, 1.0],
    ),
    "tanh": (tf.tanh, lambda w: 1 / np.cosh(w) ** 2, [5.0, 8.0, 12.0, 15.0]),
    "sigmoid": (tf.sigmoid, lambda w: 0.25 / np.cosh(w / 2) ** 2, [10.0, 20.0, 33.0]),
}


@pytest.mark.parametrize("name", EXACT)
def test_a_saturated_slope_that_is_more_exact_than_tensorflows_is_right(name):
    function, slope, at = EXACT[name]
    given = {"params": {"w": np.array(at)}}
    check = check_gradient(lambda w: tf.reduce_sum(function(w)), slope, **given)
    assert check.verdict == "right", str(check)
    for factor in (-1, 2, 1.001):
        wrong = check_gradient(lambda w: tf.reduce_sum(function(w)), lambda w, by=factor: by * slope(w), **given)
        assert wrong.verdict == "wrong", str(wrong)


# what people have


def test_a_numpy_loss_is_checked_by_two_values():
    loss = lambda w, x, y: np.sum((x @ w - y) ** 2)  # noqa: E731
    right = check_gradient(loss, squares_gradient, **SQUARES)
    assert right.verdict == "right"
    assert "two values are compared" in " ".join(str(right).split())
    for factor, name in ((-1, "sign"), (0.5, "missing-factor-2"), (8, "sum-instead-of-mean"), (1 + 1e-6, None)):
        wrong = check_gradient(loss, lambda f=factor, **a: f * squares_gradient(**a), **SQUARES)
        assert wrong.verdict == "wrong"
        assert name is None or names(wrong) == [name]


def eager_maximum(w, x, y):
    return tf.reduce_sum(tf.maximum(0.0, tf.linalg.matvec(x, w) - y) ** 2)


def eager_length(w, x, y):
    return tf.reduce_sum(tf.maximum(0.0, tf.linalg.matvec(x, w) - y) ** 2) * len(y) / len(y)


def eager_if(w, x, y):
    t = tf.maximum(0.0, tf.linalg.matvec(x, w) - y)
    return tf.reduce_sum(t**2) if tf.reduce_sum(t) > -1 else tf.reduce_sum(t)


def eager_zip(w, x, y):
    total = tf.constant(0.0, tf.float64)
    for row, target in zip(x, y):  # noqa: B905 (as people write it)
        total += tf.maximum(0.0, tf.reduce_sum(row * w) - target) ** 2
    return total


def eager_constant(w, x, y):
    total = tf.constant(0.0)
    for row, target in zip(x, y):  # noqa: B905
        total += tf.maximum(0.0, tf.reduce_sum(row * w) - target) ** 2
    return total


VARIABLE, CONSTANT = tf.Variable(Y), tf.constant(X)


def eager_closure(w, x, y):
    return tf.reduce_sum(tf.maximum(0.0, tf.linalg.matvec(CONSTANT, w) - VARIABLE) ** 2)


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    "loss", [eager_length, eager_if, eager_constant, eager_closure, *map(slow, (eager_maximum, eager_zip))]
)
def test_a_loss_that_tensorflow_runs_eagerly(loss):
    def gradient(w, x, y):
        e = np.maximum(0, x @ w - y)
        return 2 * e @ x

    check = check_gradient(loss, gradient, **SQUARES)
    assert check.verdict == "right", str(check)
    wrong = check_gradient(loss, lambda **a: -gradient(**a), **SQUARES)
    if loss is not eager_closure:
        assert names(wrong) == ["sign"], str(wrong)
    assert wrong.verdict == "wrong"


def test_one_hot_and_a_keras_layer():
    labels = np.array([0, 2, 1, 1, 0, 2, 2, 0])
    given = {"params": {"w": np.ones((3, 3)) * W}, "data": {"x": X, "labels": labels}}

    def loss(w, x, labels):
        logits = x @ w
        return -tf.reduce_mean(tf.reduce_sum(tf.one_hot(labels, 3) * tf.nn.log_softmax(logits), 1))

    def gradient(w, x, labels):
        p = np.exp(x @ w)
        return x.T @ (p / p.sum(1, keepdims=True) - np.eye(3)[labels]) / len(labels)

    assert check_gradient(loss, gradient, **given).ok
    assert not check_gradient(loss, lambda **a: -gradient(**a), **given).ok
    layer = tf.keras.layers.Dense(3, activation="tanh")
    layer.build((None, 3))
    layer.set_weights([rng.standard_normal((3, 3)), rng.standard_normal(3)])

    def through_keras(w, x):
        return tf.reduce_sum(tf.square(layer(x) @ w))

    def by_hand(w, x):
        kernel, bias = layer.get_weights()
        h = np.tanh(x @ kernel + bias)
        return 2 * h.T @ (h @ w)

    given = {"params": {"w": W[:, None]}, "data": {"x": X}}
    right = check_gradient(through_keras, by_hand, **given)
    assert right.verdict == "right", str(right)
    assert check_gradient(through_keras, lambda **a: 2 * by_hand(**a), **given).verdict == "wrong"


def test_nested_parameters_none_and_a_loss_beside_the_gradient():
    def loss(parameters, x, y):
        hidden = tf.tanh(x @ parameters["W1"] + parameters["b1"])
        return tf.reduce_mean(tf.square(tf.linalg.matvec(hidden, parameters["w2"]) - y))

    def gradient(parameters, x, y):
        hidden = np.tanh(x @ parameters["W1"] + parameters["b1"])
        outer = 2 * (hidden @ parameters["w2"] - y) / len(y)
        inner = np.outer(outer, parameters["w2"]) * (1 - hidden**2)
        return {"dW1": x.T @ inner, "db1": inner.sum(0), "dw2": hidden.T @ outer}

    draw = rng.standard_normal
    params = {"parameters": {"W1": draw((3, 2)), "b1": draw(2), "w2": draw(2), "unused": np.zeros(0)}}
    given = {"params": params, "data": {"x": X, "y": Y}}
    with_unused = lambda **a: gradient(**a) | {"dunused": np.zeros(0)}  # noqa: E731
    assert check_gradient(loss, with_unused, **given).ok
    assert check_gradient(loss, lambda **a: (0.5, with_unused(**a)), **given).ok
    assert check_gradient(loss, lambda **a: {"parameters": {k[1:]: v for k, v in with_unused(**a).items()}}, **given).ok
    wrong = check_gradient(loss, lambda **a: with_unused(**a) | {"db1": None}, **given)
    assert wrong.verdict == "wrong"
    assert "none-gradient" in [name for name, _ in wrong.remarks]


def test_a_gradient_of_none_is_zero_and_said():
    given = {"params": {"w": W, "v": np.ones(2)}, "data": {"x": X, "y": Y}}

    def loss(w, v, x, y):
        return squares(w, x, y)

    check = check_gradient(loss, lambda w, v, x, y: {"w": squares_gradient(w, x, y), "v": None}, **given)
    assert check.verdict == "right", str(check)
    assert {"none-gradient", "zero-gradient"} <= {name for name, _ in check.remarks}


def test_a_custom_gradient_of_a_wrong_shape_gives_a_plain_line():
    @tf.custom_gradient
    def wrong(x):
        return tf.reduce_sum(x * x), lambda upstream: tf.zeros([5, 5], tf.float64)

    with pytest.raises(InvalidArgumentError, match="custom_gradient") as caught:
        check_gradient(lambda w: wrong(w), lambda w: 2 * w, params={"w": W})
    assert "\n" not in str(caught.value)


def test_equal_printed_numbers_are_never_called_different():
    given = ridge()
    for digits in (1e-9, 1e-11):
        check = check_gradient(
            given.loss, lambda d=digits, **a: {"w": given.gradient(**a)["w"] * (1 + d)}, **given.given
        )
        for line in str(check).splitlines():
            if "<- wrong" in line:
                by_hand, tensorflow = line.split()[1:3]
                assert by_hand != tensorflow


# names


def change(model, make):
    given = model()
    return check_gradient(given.loss, make, **given.given)


def test_activation_derivatives_by_name():
    def gradient(derivative):
        def by_hand(w1, b1, w2, b2, x, y):
            z = x @ w1 + b1
            hidden = np.tanh(z)
            outer = 2 * (hidden @ w2 + b2 - y) / len(x)
            inner = outer @ w2.T * derivative(z, hidden)
            return {"w1": x.T @ inner, "b1": inner.sum(0), "w2": hidden.T @ outer, "b2": outer.sum(0)}

        return by_hand

    for derivative, name in (
        (lambda z, a: 1.0, "missing-activation-derivative"),
        (lambda z, a: (1 - a**2) ** 2, "extra-activation-derivative"),
        (lambda z, a: 1 - z**2, "wrong-activation-argument"),
        (lambda z, a: 1 - np.tanh(a) ** 2, "wrong-activation-argument"),
        (lambda z, a: a * (1 - a), "wrong-activation-derivative"),
    ):
        assert names(change(network, gradient(derivative))) == [name]


def test_softmax_diagonal_bias_axis_repeated_indices_and_penalty_by_name():
    draw = rng.standard_normal

    def softmax_loss(w, x, y):
        return tf.reduce_sum(tf.square(tf.nn.softmax(x @ w) - y))

    def diagonal(w, x, y):
        p = np.exp(x @ w)
        p /= p.sum(1, keepdims=True)
        return x.T @ (2 * (p - y) * p * (1 - p))

    given = {"params": {"w": draw((3, 4))}, "data": {"x": X, "y": np.eye(4)[[0, 1, 2, 3, 0, 1, 2, 3]]}}
    assert names(check_gradient(softmax_loss, diagonal, **given)) == ["softmax-diagonal-only"]

    def bias_loss(b, x):
        return tf.reduce_sum(tf.square(x + b))

    given = {"params": {"b": draw(3)}, "data": {"x": draw((3, 3))}}
    assert names(check_gradient(bias_loss, lambda b, x: 2 * (x + b).sum(1), **given)) == ["summed-over-wrong-axis"]

    def table_loss(table, rows):
        return tf.reduce_sum(tf.square(tf.gather(table, rows) - 1.0))

    def assigned(table, rows):
        gradient = np.zeros_like(table)
        gradient[rows] += 2 * (table[rows] - 1)
        return gradient

    given = {"params": {"table": draw((4, 2))}, "data": {"rows": np.array([0, 2, 2, 1, 0])}}
    assert names(check_gradient(table_loss, assigned, **given)) == ["assigned-not-added"]

    def penalized(w, b, x, y):
        fit = tf.reduce_mean(tf.square(tf.linalg.matvec(x, w) + b - y))
        return fit + 0.3 * tf.reduce_sum(w * w)

    def with_bias(w, b, x, y):
        e = 2 * (x @ w + b - y) / len(y)
        return x.T @ e + 0.6 * w, e.sum() + 0.6 * b

    given = {"params": {"w": W, "b": 0.7}, "data": {"x": X, "y": Y}}
    assert names(check_gradient(penalized, with_bias, **given)) == ["penalty-on-bias"]

    def two_factors(w, b, x, y):
        e = 2 * (x @ w + b - y) / len(y)
        return 0.5 * x.T @ e + 0.5 * 3 * 0.6 * w, 0.5 * e.sum()

    found = names(check_gradient(penalized, two_factors, **given))
    assert found == ["term-factor", "term-factor"]


def test_the_lines_own_mistakes_by_name():
    given = {"params": {"m": 1.3, "c": 0.4}, "data": {"x": X[:, 0], "y": Y}}

    def loss(m, c, x, y):
        return tf.reduce_mean(tf.square(m * x + c - y))

    def gradient(m, c, x, y, e=lambda m, c, x, y: m * x + c - y):
        error = 2 * e(m, c, x, y) / len(y)
        return error @ x, error.sum()

    for error, name in (
        (lambda m, c, x, y: m * x + c, "missing-target"),
        (lambda m, c, x, y: m * x + c + y, "target-added"),
    ):
        assert names(check_gradient(loss, lambda e=error, **a: gradient(**a, e=e), **given)) == [name]
    dropped = check_gradient(loss, lambda m, c, x, y: gradient(m, c, x[:-1], y[:-1]), **given)
    assert names(dropped) == ["last-point-dropped"]


def test_a_factor_is_confirmed_elsewhere_and_a_message_states_only_what_was_read():
    given = {"params": {"w": 2.0, "b": 1.0}, "data": {"x": [1.0, 2.0, 4.0], "y": [2.0, 1.0, 3.0]}}

    def loss(w, b, x, y):
        return tf.reduce_sum(tf.square(w * x + b - y))

    def coincidence(w, b, x, y):
        e = w * x + b - y
        right = np.array([2 * e @ x, 2 * e.sum()])
        return tuple(right / 3 + np.array([1.0, -2.0]) * (w - 2) * x[0])

    assert "mean-instead-of-sum" not in names(check_gradient(loss, coincidence, **given))
    logistic_model = logistic()
    message = check_gradient(
        logistic_model.loss,
        logistic_model.returning(lambda g, a: {k: v / 20 for k, v in g.items()}),
        **logistic_model.given,
    ).diagnosis[0][1]
    assert "the loss divides by 20" in message
    assert "sum" not in message


@pytest.mark.parametrize(
    ("function", "slope", "change", "name"),
    [
        (tf.nn.gelu, None, lambda dw, db: (-dw, db), "sign"),
        (tf.nn.silu, lambda z: 1.0, lambda dw, db: (dw, db), "missing-activation-derivative"),
    ],
)
def test_functions_with_float32_constants_or_gradients_of_their_own(function, slope, change, name):
    def gradient(w, b, x):
        z = tf.constant(x @ w + b)
        with tf.GradientTape() as tape:
            tape.watch(z)
            total = tf.reduce_sum(function(z))
        flow = np.ones(z.shape) * slope(z) if slope else tape.gradient(total, z).numpy()
        return change(x.T @ flow, flow.sum(0))

    given = {"params": {"w": np.ones((3, 2)) * W[:, None], "b": np.array([0.1, -0.4])}, "data": {"x": X}}
    assert names(check_gradient(lambda w, b, x: tf.reduce_sum(function(x @ w + b)), gradient, **given)) == [name]


def test_x_that_was_forgotten_and_a_penalty_that_is_missing():
    def loss(w, b, x, y):
        return np.mean((x @ w + b - y) ** 2) + 0.1 * w @ w

    def gradient(w, b, x, y, penalty=0.2, forgets=False):
        e = 2 * (x @ w + b - y) / len(y)
        return (np.ones_like(x) if forgets else x).T @ e + penalty * w, e.sum()

    given = {"params": {"w": W, "b": 0.7}, "data": {"x": X, "y": Y}}
    missing = check_gradient(loss, lambda **a: gradient(**a, penalty=0.0), **given)
    assert names(missing) == ["missing-term"]
    assert "does not" not in missing.diagnosis[0][1]  # nothing is stated of a loss that was not read
    line = lambda w, b, x, y: np.sum((x @ w + b - y) ** 2) / len(y)  # noqa: E731
    assert names(check_gradient(line, lambda **a: gradient(**a, penalty=0.0, forgets=True), **given)) == ["missing-x"]


@pytest.mark.parametrize("module", [np, tf], ids=["numpy", "tensorflow"])
def test_one_wrong_element_of_many_is_found(module):
    draw = np.random.default_rng(3).standard_normal
    given = {"params": {"w": 0.05 * draw((300, 1))}, "data": {"x": draw((20, 300))}}

    def loss(w, x):
        return module.sum(module.tanh(x @ w)) if module is np else tf.reduce_sum(tf.tanh(x @ w))

    def gradient(w, x):
        right = x.T @ (1 - np.tanh(x @ w) ** 2)
        right[217] *= 1.01
        return right

    check = check_gradient(loss, gradient, **given)
    assert check.verdict == "wrong"
    assert "most at w[217, 0]" in check.diagnosis[0][1]
