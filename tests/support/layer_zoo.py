"""Layers with a right backward pass, in NumPy, and what may be wrong in it."""

import numpy as np


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return {"x": dout @ w.T, "w": x.T @ dout, "b": dout.sum(0)}


def relu_forward(x):
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def batchnorm_forward(x, gamma, beta, eps):
    mean, variance = x.mean(0), x.var(0)
    normal = (x - mean) / np.sqrt(variance + eps)
    return gamma * normal + beta, (normal, gamma, variance, eps)


def batchnorm_backward(dout, cache):
    normal, gamma, variance, eps = cache
    dnormal = dout * gamma
    dx = (dnormal - dnormal.mean(0) - normal * (dnormal * normal).mean(0)) / np.sqrt(variance + eps)
    return dx, (dout * normal).sum(0), dout.sum(0)


def conv_forward(x, w, b):
    height, width = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    assert windows.shape[:2] == (height, width)
    return np.einsum("ijkl,kl->ij", windows, w) + b[0], (x, w, windows)


def conv_backward(dout, cache):
    x, w, windows = cache
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            dx[i : i + w.shape[0], j : j + w.shape[1]] += dout[i, j] * w
    return {"dx": dx, "dw": np.einsum("ijkl,ij->kl", windows, dout), "db": np.array([dout.sum()])}


def maxpool_forward(x):
    blocks = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2)
    out = blocks.max(axis=(1, 3))
    return out, (x, out)


def maxpool_backward(dout, cache):
    x, out = cache
    return np.repeat(np.repeat(dout, 2, 0), 2, 1) * (x == np.repeat(np.repeat(out, 2, 0), 2, 1))


def softmax_xent_forward(scores, labels):
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(labels)), labels])), (p, labels)


def softmax_xent_backward(dout, cache):
    p, labels = cache
    return dout * (p - np.eye(p.shape[1])[labels]) / len(labels)


def dropout_forward(x, mask):
    return x * mask, mask


def dropout_backward(dout, cache):
    return {"x": dout * cache}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_forward(x, h, c, wx, wh, b):
    n = h.shape[1]
    a = x @ wx + h @ wh + b
    i, f, o = (sigmoid(a[:, k * n : (k + 1) * n]) for k in range(3))
    g = np.tanh(a[:, 3 * n :])
    new_c = f * c + i * g
    t = np.tanh(new_c)
    return o * t, new_c, (x, h, c, wx, wh, i, f, o, g, t)


def lstm_backward(dh, dc, cache):
    x, h, c, wx, wh, i, f, o, g, t = cache
    dc = dc + dh * o * (1 - t**2)
    da = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dh * t * o * (1 - o), dc * i * (1 - g**2)])
    return da @ wx.T, da @ wh.T, dc * f, x.T @ da, h.T @ da, da.sum(0)


def attention_forward(q, k, v):
    scores = q @ k.T / np.sqrt(q.shape[1])
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    return p @ v, (q, k, v, p)


def attention_backward(dout, cache):
    q, k, v, p = cache
    dp = dout @ v.T
    ds = p * (dp - (dp * p).sum(1, keepdims=True)) / np.sqrt(q.shape[1])
    return {"q": ds @ k, "k": ds.T @ q, "v": p.T @ dout}


def embedding_forward(table, rows):
    return table[rows], (table.shape, rows)


def embedding_backward(dout, cache):
    shape, rows = cache
    dtable = np.zeros(shape)
    np.add.at(dtable, rows, dout)
    return dtable


def tanh_forward(x):
    a = np.tanh(x)
    return a, (x, a)


def tanh_backward(dout, cache):
    x, a = cache  # noqa: RUF059 (a wrong one uses it)
    return dout * (1 - a**2)


def softmax_forward(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def softmax_backward(dout, z):
    p = softmax_forward(z)
    return p * (dout - (dout * p).sum(1, keepdims=True))


def layernorm_forward(x, gamma, beta):
    deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-6)
    normal = (x - x.mean(-1, keepdims=True)) / deviation
    return normal * gamma + beta, (normal, gamma, deviation)


def layernorm_backward(dout, cache):
    normal, gamma, deviation = cache
    g = dout * gamma
    dx = (g - g.mean(-1, keepdims=True) - normal * (g * normal).mean(-1, keepdims=True)) / deviation
    return {"dx": dx, "dgamma": (dout * normal).sum(0), "dbeta": dout.sum(0)}


LAYERS = {
    "embedding": (
        embedding_forward,
        embedding_backward,
        {"table": draw(5, 2), "rows": np.array([[0, 1, 1], [4, 0, 2]])},
    ),
    "tanh": (tanh_forward, tanh_backward, {"x": draw(3, 4)}),
    "softmax": (softmax_forward, softmax_backward, {"z": draw(4, 3)}),
    "layernorm": (
        layernorm_forward,
        layernorm_backward,
        {"x": draw(4, 4), "gamma": draw(4, seed=1), "beta": draw(4, seed=2)},
    ),
    "affine": (affine_forward, affine_backward, {"x": draw(5, 3), "w": draw(3, 2, seed=1), "b": draw(2, seed=2)}),
    "relu": (relu_forward, relu_backward, {"x": draw(4, 3)}),
    "batchnorm": (
        batchnorm_forward,
        batchnorm_backward,
        {"x": draw(6, 3), "gamma": draw(3, seed=1), "beta": draw(3, seed=2), "eps": 1e-5},
    ),
    "conv": (conv_forward, conv_backward, {"x": draw(5, 5), "w": draw(3, 3, seed=1), "b": draw(1, seed=2)}),
    "maxpool": (maxpool_forward, maxpool_backward, {"x": draw(4, 6)}),
    "softmax-xent": (
        softmax_xent_forward,
        softmax_xent_backward,
        {"scores": draw(5, 3), "labels": np.array([0, 2, 1, 1, 0])},
    ),
    "dropout": (
        dropout_forward,
        dropout_backward,
        {"x": draw(4, 5), "mask": (draw(4, 5, seed=3) > -0.5) / 0.8},
    ),
    "lstm": (
        lstm_forward,
        lstm_backward,
        {
            "x": draw(3, 2),
            "h": draw(3, 4, seed=1),
            "c": draw(3, 4, seed=2),
            "wx": draw(2, 16, seed=3),
            "wh": draw(4, 16, seed=4),
            "b": draw(16, seed=5),
        },
    ),
    "attention": (
        attention_forward,
        attention_backward,
        {"q": draw(3, 4), "k": draw(5, 4, seed=1), "v": draw(5, 2, seed=2)},
    ),
}


def _replace(source, old, new):
    """The backward pass with a piece of its text replaced."""
    import inspect

    text = inspect.getsource(source)
    assert old in text, (old, text)
    scope = {"np": np, "softmax_forward": softmax_forward}
    exec(text.replace(old, new), scope)
    return scope[source.__name__]


# (layer, old text, new text, the name of the mistake; None where it has none)
WRONG = [
    ("affine", "dout.sum(0)", "dout.mean(0)", "mean-instead-of-sum"),
    ("affine", "x.T @ dout", "-x.T @ dout", "sign"),
    ("affine", '"x": dout @ w.T', '"x": np.ones_like(dout) @ w.T', "dout-forgotten"),
    ("affine", "dout.sum(0)", "np.full(2, 5.0)", "dout-forgotten"),
    ("relu", "dout * (cache > 0)", "dout", "missing-activation-derivative"),
    ("relu", "dout * (cache > 0)", "(cache > 0) * 1.0", "dout-forgotten"),
    ("relu", "cache > 0", "cache < 0", None),
    ("batchnorm", " - dnormal.mean(0)", "", None),
    ("batchnorm", " - normal * (dnormal * normal).mean(0)", "", None),
    ("batchnorm", "(dout * normal).sum(0)", "(dout * normal).mean(0)", "mean-instead-of-sum"),
    ("conv", "+= dout", "= dout", "assigned-not-added"),
    ("embedding", "np.add.at(dtable, rows, dout)", "dtable[rows] += dout", "assigned-not-added"),
    ("tanh", "1 - a**2", "1 - x**2", "wrong-activation-argument"),
    ("tanh", "(1 - a**2)", "(1 - a**2) ** 2", "extra-activation-derivative"),
    ("softmax", "(dout - (dout * p).sum(1, keepdims=True))", "(1 - p) * dout", "softmax-diagonal-only"),
    ("layernorm", "dout.sum(0)", "dout.sum(1)", "summed-over-wrong-axis"),
    ("layernorm", "g = dout * gamma", "g = dout", "missing-x"),
    ("layernorm", "(dout * normal).sum(0)", "(dout * normal)[:-1].sum(0)", "last-point-dropped"),
    ("affine", "x.T @ dout", "np.ones_like(x).T @ dout", "missing-x"),
    ("conv", "[dout.sum()]", "[dout.size * 1.0]", "dout-forgotten"),
    ("maxpool", "x == np", "x != np", None),
    ("maxpool", "* (x == np.repeat(np.repeat(out, 2, 0), 2, 1))", "", None),
    ("softmax-xent", "/ len(labels)", "", "sum-instead-of-mean"),
    ("softmax-xent", "dout * ", "", "dout-forgotten"),
    ("dropout", "dout * cache", "dout", "mask-forgotten"),
    ("dropout", "dout * cache", "dout * (cache > 0)", "mask-forgotten"),
    ("lstm", "(1 - g**2)", "1.0", None),
    ("lstm", "dc + dh * o", "dh * o", None),
    ("lstm", "da.sum(0)", "da.mean(0)", "mean-instead-of-sum"),
    ("attention", " - (dp * p).sum(1, keepdims=True)", "", None),
    ("attention", "p.T @ dout", "p.T @ dout / 5", None),
    ("attention", " / np.sqrt(q.shape[1])", "", "extra-factor-2"),
]


def wrong(layer, old, new):
    forward, backward, inputs = LAYERS[layer]
    return forward, _replace(backward, old, new), inputs
