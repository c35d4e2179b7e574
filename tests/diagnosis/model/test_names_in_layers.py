"""Names of mistakes in layers and at a model's output: a target, a mask, a derivative, a window, a dropped point."""

import numpy as np
import pytest
from support.layer_zoo import draw, softmax_xent_forward
from support.model_zoo import tf

from tf_gd import check_gradient, check_layer

LABELS = np.array([0, 2, 1, 1, 0])
ONE_HOT = np.eye(3)[LABELS]


def named(check):
    assert check.verdict == "wrong", str(check)
    return {name for name, _ in check.diagnosis}, " ".join(str(check).split())


def summed_forward(scores, target):
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return -np.sum(target * np.log(p), axis=1), (p, target)


def right_backward(dout, cache):
    p, target = cache
    return {"scores": dout[:, None] * (p - target)}


@pytest.mark.parametrize("sign", [0, 1])
def test_a_target_left_out_of_a_layer_of_softmax_and_cross_entropy(sign):
    def mean(dout, cache):
        p, labels = cache
        return dout * (p + sign * np.eye(3)[labels]) / len(p)

    def of_each(dout, cache):
        p, target = cache
        return {"scores": dout[:, None] * (p + sign * target)}

    found = named(check_layer(softmax_xent_forward, mean, {"scores": draw(5, 3), "labels": LABELS}))[0]
    assert found == {"missing-target"}
    inputs = {"scores": draw(5, 3), "target": ONE_HOT}
    assert check_layer(summed_forward, right_backward, inputs).ok
    assert named(check_layer(summed_forward, of_each, inputs))[0] == {"missing-target"}


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    ("scale", "backward", "name"),
    [
        (1 / 0.7, lambda dout, mask: dout, "mask-forgotten"),
        (1.0, lambda dout, mask: dout, "mask-forgotten"),
        (1 / 0.7, lambda dout, mask: dout / 0.7, "mask-forgotten"),
        (1 / 0.7, lambda dout, mask: dout * (mask == 0), "mask-inverted"),
    ],
)
def test_a_mask_that_forward_draws_from_a_seed(scale, backward, name):
    def forward(x, seed):
        mask = (np.random.default_rng(seed).random(x.shape) < 0.7) * scale
        return x * mask, mask

    assert named(check_layer(forward, backward, {"x": draw(4, 5), "seed": 3}))[0] == {name}
    of_many = named(check_layer(forward, backward, {"x": draw(12, 12), "seed": 3}))[0]
    assert of_many <= {name, "different"}  # where slopes are known at some elements only, no other name is given
    assert of_many == {name} or name == "mask-inverted"


DERIVATIVES = {
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "tanh of its output": lambda z: 1 - z**2,
    "sigmoid of its output": lambda z: z * (1 - z),
    "relu": lambda z: z > 0,
}


@pytest.mark.parametrize("derivative", DERIVATIVES.values(), ids=DERIVATIVES)
def test_a_derivative_at_a_linear_output(derivative):
    def forward(x, w, b):
        return x @ w + b, (x, w, x @ w + b)

    def backward(dout, cache):
        x, w, z = cache
        dz = dout * derivative(z)
        return dz @ w.T, x.T @ dz, dz.sum(0)

    inputs = {"x": draw(4, 3), "w": draw(3, 2, seed=1), "b": draw(2, seed=2)}
    assert named(check_layer(forward, backward, inputs))[0] == {"extra-activation-derivative"}


def numpy_network(v, b, w, c, x, y):
    return np.mean((np.tanh(x @ v + b) @ w + c - y) ** 2)


def network(v, b, w, c, x, y):
    return tf.reduce_mean(tf.square(tf.tanh(x @ v + b) @ w + c - y))


@pytest.mark.corpus(4)
@pytest.mark.parametrize("loss", [network, numpy_network])
@pytest.mark.parametrize("derivative", DERIVATIVES.values(), ids=DERIVATIVES)
def test_a_derivative_at_the_linear_output_of_a_network(loss, derivative):
    def gradient(v, b, w, c, x, y):
        a = np.tanh(x @ v + b)
        e = 2 * (a @ w + c - y) / y.size * derivative(a @ w + c)
        dz = (e @ w.T) * (1 - a**2)
        return x.T @ dz, dz.sum(0), a.T @ e, e.sum(0)

    params = {"v": draw(3, 4), "b": draw(4, seed=1), "w": draw(4, 2, seed=2), "c": draw(2, seed=3)}
    data = {"x": draw(6, 3, seed=4), "y": draw(6, 2, seed=5)}
    assert named(check_gradient(loss, gradient, params=params, data=data))[0] == {"extra-activation-derivative"}


def pool_forward(x):
    out = np.zeros((x.shape[0] - 2, x.shape[1] - 2))
    for i, j in np.ndindex(*out.shape):
        out[i, j] = x[i : i + 3, j : j + 3].max()
    return out, (x, out)


def pool_backward(add, backwards=False):
    def backward(dout, cache):
        x, out = cache
        dx = np.zeros_like(x)
        for i, j in list(np.ndindex(*out.shape))[:: -1 if backwards else 1]:
            window = (slice(i, i + 3), slice(j, j + 3))
            dx[window] = add * dx[window] + (x[window] == out[i, j]) * dout[i, j]
        return dx

    return backward


def test_windows_of_max_pooling_that_overwrite_one_another():
    x = draw(5, 6)
    assert check_layer(pool_forward, pool_backward(1), {"x": x}).ok
    for backwards in (False, True):
        check = check_layer(pool_forward, pool_backward(0, backwards), {"x": x})
        assert named(check)[0] == {"assigned-not-added"}


def fit(mean, in_numpy):
    def loss(w, x, y):
        if in_numpy:
            return np.sum((x @ w - y) ** 2) / (len(y) if mean else 1) + 0.1 * np.sum(w * w)
        e = tf.square(tf.linalg.matvec(x, w) - y)
        return (tf.reduce_mean(e) if mean else tf.reduce_sum(e)) + 0.1 * tf.reduce_sum(w * w)

    return loss


@pytest.mark.corpus(6)
@pytest.mark.parametrize("in_numpy", [True, False], ids=["numpy", "tensorflow"])
@pytest.mark.parametrize(("mean", "divisor"), [(False, 1), (True, 6), (True, 5)])
@pytest.mark.parametrize(("name", "rows"), [("last", slice(0, 5)), ("first", slice(1, 6))])
def test_a_point_dropped_beside_a_penalty(in_numpy, mean, divisor, name, rows):
    def gradient(w, x, y):
        return 2 * x[rows].T @ (x[rows] @ w - y[rows]) / divisor + 0.2 * w

    check = check_gradient(
        fit(mean, in_numpy), gradient, params={"w": draw(3)}, data={"x": draw(6, 3, seed=1), "y": draw(6, seed=2)}
    )
    assert named(check)[0] == {f"{name}-point-dropped"}


def test_a_second_division_is_told_where_the_loss_is_seen_to_divide_once():
    def gradient(w, x, y, divisor=36):
        return 2 * x.T @ (x @ w - y) / divisor + 0.2 * w / (divisor // 6)

    given = {"params": {"w": draw(3)}, "data": {"x": draw(6, 3, seed=1), "y": draw(6, seed=2)}}
    found, text = named(check_gradient(fit(mean=True, in_numpy=True), gradient, **given))
    assert found == {"mean-instead-of-sum"}
    assert "the loss divides by 6 once, and your gradient once more" in text

    def undivided(w, x, y):
        return (2 * x.T @ (x @ w - y) + 0.2 * w) / 6

    text = named(check_gradient(fit(mean=False, in_numpy=True), undivided, **given))[1]
    assert "the loss divides" not in text


def test_a_second_division_in_a_layer_whose_logits_have_a_row_for_each_point():
    def backward(dout, cache):
        p, labels = cache
        return dout * (p - np.eye(3)[labels]) / len(p) ** 2

    text = named(check_layer(softmax_xent_forward, backward, {"scores": draw(5, 3), "labels": LABELS}))[1]
    assert "the loss divides by 5 once, and your gradient once more" in text
