"""Mistakes in the gradients of models and layers, by name: in losses that have a graph, and in those that have none."""

import numpy as np
import pytest
from support.layer_zoo import draw, wrong
from support.model_zoo import tf

from tf_gd import check_gradient, check_layer
from tf_gd.diagnosis.file_check import check_file

X, W, LABELS = draw(12, 3), draw(3, seed=1), np.arange(12) % 4
Y01, ONE_HOT = (draw(12, seed=2) > 0) * 1.0, np.eye(4)[LABELS]


def named(loss, gradient, params, **data):
    check = check_gradient(loss, gradient, params=params, data=data)
    assert check.verdict == "wrong", str(check)
    return [name for name, _ in check.diagnosis], " ".join(str(check).split())


def cross_entropy(w, b, x, y):
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=tf.linalg.matvec(x, w) + b))


def numpy_cross_entropy(w, b, x, y):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


BOTH = pytest.mark.parametrize("loss", [cross_entropy, numpy_cross_entropy])


def by_hand(flow, inner=lambda x: x):
    def gradient(w, b, x, y):
        e = flow(1 / (1 + np.exp(-(x @ w + b))), y) / len(y)
        return inner(x).T @ e, e.sum()

    return gradient


@BOTH
@pytest.mark.parametrize("flow", [lambda p, y: p, lambda p, y: p + y])
def test_a_target_left_out_of_a_cross_entropy(loss, flow):
    found, text = named(loss, by_hand(flow), {"w": W, "b": 0.7}, x=X, y=Y01)
    assert set(found) <= {"missing-target", "target-added"}
    assert "subtract x" not in text


def test_the_derivative_of_the_sigmoid_taken_once_more():
    gradient = by_hand(lambda p, y: (p - y) * p * (1 - p))
    assert named(cross_entropy, gradient, {"w": W, "b": 0.7}, x=X, y=Y01)[0] == ["extra-activation-derivative"]


def softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def numpy_softmax_loss(w, x, t):
    return -np.mean(np.log(softmax(x @ w)[np.arange(len(t)), t if t.ndim == 1 else t.argmax(1)]))


def softmax_loss(w, x, t):
    function = tf.nn.softmax_cross_entropy_with_logits if t.shape.rank == 2 else sparse
    return tf.reduce_mean(function(labels=t, logits=x @ w))


sparse = tf.nn.sparse_softmax_cross_entropy_with_logits


@pytest.mark.parametrize("loss", [softmax_loss, numpy_softmax_loss])
@pytest.mark.parametrize("target", [ONE_HOT, LABELS], ids=["one-hot", "labels"])
def test_a_target_left_out_of_a_softmax(loss, target):
    def gradient(w, x, t):
        return x.T @ softmax(x @ w) / len(x)

    assert named(loss, gradient, {"w": draw(3, 4)}, x=X, t=target)[0] == ["missing-target"]


def test_x_forgotten_in_a_softmax_and_its_derivative_taken_once_more():
    def gradient(w, x, t, change=lambda e, p: e, ones=False):
        p = softmax(x @ w)
        return (np.ones_like(x) if ones else x).T @ change((p - t) / len(x), p)

    params = {"w": draw(3, 4)}
    forgotten = named(softmax_loss, lambda **a: gradient(**a, ones=True), params, x=X, t=ONE_HOT)[0]
    extra = lambda **a: gradient(**a, change=lambda e, p: e * p * (1 - p))  # noqa: E731
    assert forgotten == ["missing-x"]
    assert named(softmax_loss, extra, params, x=X, t=ONE_HOT)[0] == ["extra-activation-derivative"]


def ridge(w, b, x, y):
    return np.mean((x @ w + b - y) ** 2) + 0.1 * np.sum(w * w)


def test_penalties_and_two_factors_in_a_loss_that_has_no_graph():
    def gradient(w, b, x, y, fit=1.0, penalty=1.0, bias=0.0):
        e = 2 * fit * (x @ w + b - y) / len(y)
        return x.T @ e + penalty * 0.2 * w, e.sum() + bias * b

    params, y = {"w": W, "b": 0.7}, draw(12, seed=4)
    for change, name in (
        ({"penalty": 2.0}, "term-factor"),
        ({"penalty": 0.0}, "missing-term"),
        ({"bias": 0.2}, "penalty-on-bias"),
        ({"fit": 0.5, "penalty": 2.0}, "term-factor"),
        ({"fit": -1.0}, "term-sign"),
    ):
        assert name in named(ridge, lambda change=change, **a: gradient(**a, **change), params, x=X, y=y)[0]


def test_a_message_names_the_target_and_not_x():
    def gradient(w, x, y):
        return 2 * x.T @ (x @ w + y) / len(y)

    def loss(w, x, y):
        return tf.reduce_mean(tf.square(tf.linalg.matvec(x, w) - y))

    found, text = named(loss, gradient, {"w": W}, x=X, y=draw(12, seed=4))
    assert found == ["target-added"]
    assert "turn the sign of y" in text


@pytest.mark.corpus(4)
@pytest.mark.parametrize(
    ("layer", "old", "new", "name"),
    [
        ("relu", "cache > 0", "cache < 0", "mask-inverted"),
        ("maxpool", "x == np", "x != np", "mask-inverted"),
        ("maxpool", "* (x == np.repeat(np.repeat(out, 2, 0), 2, 1))", "", "mask-forgotten"),
        ("batchnorm", " - dnormal.mean(0)", "", "missing-term"),
        ("batchnorm", " - normal * (dnormal * normal).mean(0)", "", "missing-term"),
        ("layernorm", " - g.mean(-1, keepdims=True)", "", "missing-term"),
    ],
)
def test_masks_and_statistics_of_layers(layer, old, new, name):
    check = check_layer(*wrong(layer, old, new))
    assert [each for each, _ in check.diagnosis] == [name], str(check)


def test_a_number_that_nobody_knows_is_no_difference_of_0():
    def loss(w):
        return np.sum(np.sin(w))

    text = str(check_gradient(loss, lambda w: np.cos(w), params={"w": draw(40)}))
    rows = [line.split() for line in text.splitlines() if line.strip().startswith("w[")]
    assert {len(row) for row in rows} == {2, 6}, text  # a label and a number, or all that was compared


CLASSES = """
import numpy as np

class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, dout):
        return dout * self.mask

class Affine:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.mean(0)
        return dout @ self.W.T
"""
INPUTS = """
draw = np.random.default_rng(0).standard_normal
inputs = {"x": draw((4, 3)), "W": draw((3, 2)), "b": draw(2)}
"""


def test_layers_that_are_classes_are_found_in_a_file(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(CLASSES + INPUTS)
    found = check_file(path)
    assert {name: check.verdict for name, check in found.items()} == {
        "ReLU.backward": "right",
        "Affine.backward": "wrong",
    }
    assert found["Affine.backward"].diagnosis[0][0] == "mean-instead-of-sum"


def test_the_advice_for_a_class_without_inputs_can_be_followed(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(CLASSES)
    said = check_file(path)["ReLU.backward"].diagnosis[0][1]
    assert "define ReLU_inputs = {'x': ...}" in said
    path.write_text(f"{CLASSES}\nReLU_inputs = {{'x': np.array([[0.5, -1.0]])}}\n")
    assert check_file(path)["ReLU.backward"].verdict == "right"


@pytest.mark.parametrize(
    ("layer", "old", "new", "name"),
    [
        ("lstm", " * (1 - g**2)", "", "missing-activation-derivative"),
        ("attention", " - (dp * p).sum(1, keepdims=True)", "", "softmax-diagonal-only"),
    ],
)
def test_derivatives_inside_of_a_layer(layer, old, new, name):
    assert {each for each, _ in check_layer(*wrong(layer, old, new)).diagnosis} == {name}


@pytest.mark.parametrize("numpy_loss", [False, True])
def test_a_power_of_x_that_is_taken_for_x_is_the_gradient_of_another_parameter(numpy_loss):
    x = np.linspace(-1.0, 2.0, 7)

    def loss(a, b, c, x, y):
        e = a * x**2 + b * x + c - y
        return np.sum(e**2) if numpy_loss else tf.reduce_sum(tf.square(e))

    def gradient(a, b, c, x, y):
        e = a * x**2 + b * x + c - y
        return np.sum(2 * e * x), np.sum(2 * e * x), np.sum(2 * e)

    check = check_gradient(loss, gradient, params={"a": 0.5, "b": -1.0, "c": 2.0}, data={"x": x, "y": np.sin(x)})
    assert [name for name, _ in check.diagnosis] == ["missing-x"]
    assert "The gradient of a is that of b" in check.diagnosis[0][1]
