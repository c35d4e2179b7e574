"""The backward pass of layers: right ones pass, and what is wrong is caught and, where it has a name, named."""

import numpy as np
import pytest
from support.layer_zoo import LAYERS, WRONG, relu_forward, wrong

from tf_gd import InvalidArgumentError, check_layer


@pytest.mark.parametrize("layer", LAYERS)
def test_a_right_layer_passes(layer):
    check = check_layer(*LAYERS[layer])
    assert check.verdict == "right", str(check)
    assert "two values are compared" in " ".join(str(check).split())


@pytest.mark.corpus(8)
@pytest.mark.parametrize(("layer", "old", "new", "name"), WRONG)
def test_a_wrong_layer_is_caught(layer, old, new, name):
    check = check_layer(*wrong(layer, old, new))
    assert check.verdict == "wrong", str(check)
    if name:
        assert name in [each for each, _ in check.diagnosis], str(check)


def test_a_mask_drawn_anew_is_told():
    rng = np.random.default_rng(0)
    check = check_layer(
        lambda x: (x * (np.arange(x.size).reshape(x.shape) % 2), None),
        lambda dout, cache: dout * (rng.random(dout.shape) > 0.5),
        {"x": np.ones((3, 4))},
    )
    assert [name for name, _ in check.diagnosis] == ["not-the-same-twice"]


@pytest.mark.parametrize(
    "backward",
    [
        lambda dout: dout * 2.0,
        lambda dout, x: 2.0 * dout,
        lambda dout, x: {"dx": 2.0 * dout},
        lambda dout, x: (2.0 * dout,),
    ],
)
def test_a_layer_without_a_cache(backward):
    assert check_layer(lambda x: 2.0 * x, backward, {"x": [[1.0, 2.0]]}).ok


def test_backward_may_leave_inputs_out_or_return_none_for_them():
    def forward(x, w, mode):
        return x @ w, (x, w)

    inputs = {"x": np.ones((2, 3)), "w": np.arange(6.0).reshape(3, 2), "mode": "train"}
    assert check_layer(forward, lambda dout, cache: {"dw": cache[0].T @ dout}, inputs).ok
    assert check_layer(forward, lambda dout, cache: (dout @ cache[1].T, cache[0].T @ dout, None), inputs).ok


def test_a_layer_in_tensorflow_is_checked_by_three_values():
    from support.model_zoo import tf

    def forward(x, w):
        return tf.tanh(x @ w), (x, w)

    def backward(dout, cache):
        x, w = cache
        dz = dout * (1 - np.tanh(x @ w) ** 2)
        return dz @ np.transpose(w), np.transpose(x) @ dz

    inputs = {"x": np.array([[0.5, 1.0], [0.1, -0.7]]), "w": np.array([[0.3, 0.1, 0.5], [0.2, 0.7, -0.4]])}
    check = check_layer(forward, backward, inputs)
    assert check.ok, str(check)
    assert "TensorFlow" in str(check)


def test_what_a_layer_can_do_wrong_is_said_in_one_line():
    with pytest.raises(InvalidArgumentError, match="draws random numbers"):
        check_layer(lambda x: x * np.random.default_rng().random(2), lambda dout: dout, {"x": [1.0, 2.0]})
    with pytest.raises(InvalidArgumentError, match=r"^`forward` must"):
        check_layer(lambda x: None, lambda dout: dout, {"x": [1.0, 2.0]})
    with pytest.raises(InvalidArgumentError, match=r"^`inputs` must"):
        check_layer(relu_forward, lambda dout, cache: dout, {"x": [1, 2]})
    check = check_layer(relu_forward, lambda dout, cache: None, {"x": [1.0, 2.0]})
    assert [name for name, _ in check.diagnosis] == ["returns-nothing"]
