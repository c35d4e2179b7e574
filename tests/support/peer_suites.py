"""Functions on which other checkers test themselves, each with a right derivative and wrong ones planted.

In our words; each names the suite that tests such a function.
"""

import numpy as np

from tf_gd.loading import load_tensorflow

tf = load_tensorflow()


def draw(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


A, V = draw(3, 3, seed=1), draw(4, seed=2)
ROWS = np.array([0, 2, 2, 1])


def _spd(w):
    return w @ w.T + np.eye(3)


# (suite, what, loss, gradient, params, wrong gradients by name)
CASES = [
    (
        "TensorFlow gradient_checker_v2_test",
        "x + y",
        lambda x, y: tf.reduce_sum(x + y),
        lambda x, y: {"x": np.ones_like(x), "y": np.ones_like(y)},
        {"x": draw(2, 3), "y": draw(2, 3, seed=3)},
        {"one is zero": lambda x, y: {"x": np.ones_like(x), "y": 0 * y}},
    ),
    (
        "TensorFlow gradient_checker_v2_test",
        "gather with repeated rows",
        lambda table: tf.reduce_sum(tf.square(tf.gather(table, ROWS))),
        lambda table: 2 * table * np.bincount(ROWS, minlength=4)[:, None],
        {"table": draw(4, 2)},
        {"= for +=": lambda table: 2 * table * (np.bincount(ROWS, minlength=4) > 0)[:, None]},
    ),
    (
        "TensorFlow gradient_checker_v2_test",
        "a matrix whose custom gradient is transposed (BadGrad)",
        lambda x: tf.reduce_sum(tf.square(x @ tf.constant(A))),
        lambda x: 2 * x @ A @ A.T,
        {"x": draw(3, 3)},
        {"transposed": lambda x: (2 * x @ A @ A.T).T},
    ),
    (
        "SciPy check_grad",
        "x^2 - 0.5",
        lambda x: tf.reduce_sum(x**2) - 0.5,
        lambda x: 2 * x,
        {"x": np.array([1.5])},
        {"2 x + 1": lambda x: 2 * x + 1, "x": lambda x: x},
    ),
    (
        "SciPy check_grad",
        "Rosenbrock's function",
        lambda x: tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
        lambda x: (
            np.concatenate([-400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1]), [0]])
            + np.concatenate([[0], 200 * (x[1:] - x[:-1] ** 2)])
        ),
        {"x": draw(5)},
        {
            "second part only": lambda x: np.concatenate([[0], 200 * (x[1:] - x[:-1] ** 2)]),
        },
    ),
    (
        "SciPy check_grad",
        "a logistic function of an inner product",
        lambda w: tf.reduce_sum(1 / (1 + tf.exp(-tf.reduce_sum(w * V)))),
        lambda w: V / (1 + np.exp(-w @ V)) * (1 - 1 / (1 + np.exp(-w @ V))),
        {"w": draw(4, seed=5)},
        {"derivative missing": lambda w: V},
    ),
    (
        "PyTorch gradcheck",
        "x * y, broadcast",
        lambda x, y: tf.reduce_sum(tf.square(x * y)),
        lambda x, y: {"x": 2 * x * y**2, "y": (2 * x**2 * y).sum(0)},
        {"x": draw(4, 3), "y": draw(3, seed=1)},
        {"mean over rows": lambda x, y: {"x": 2 * x * y**2, "y": (2 * x**2 * y).mean(0)}},
    ),
    (
        "PyTorch gradcheck",
        "a backward pass that is not deterministic",
        lambda x: tf.reduce_sum(x * x),
        lambda x: 2 * x,
        {"x": draw(5)},
        {"noise": lambda x: 2 * x + 0.1 * np.random.default_rng().standard_normal(5)},
    ),
    (
        "PyTorch gradcheck",
        "exp, whose derivative is taken too large by a thousandth",
        lambda x: tf.reduce_sum(tf.exp(x)),
        lambda x: np.exp(x),
        {"x": draw(6)},
        {"1.001 exp": lambda x: 1.001 * np.exp(x)},
    ),
    (
        "JAX check_grads",
        "sin",
        lambda x: tf.reduce_sum(tf.sin(x)),
        lambda x: np.cos(x),
        {"x": draw(4)},
        {"-cos": lambda x: -np.cos(x), "sin": lambda x: np.sin(x)},
    ),
    (
        "JAX check_grads",
        "logsumexp with its maximum subtracted",
        lambda x: tf.reduce_logsumexp(x),
        lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
        {"x": 100 * draw(5)},
        {"not normalized": lambda x: np.exp(x - x.max()) * 1.5},
    ),
    (
        "JAX check_grads",
        "tanh where it is saturated in part",
        lambda x: tf.reduce_sum(tf.tanh(x)),
        lambda x: 1 - np.tanh(x) ** 2,
        {"x": np.array([0.1, -3.0, 25.0])},
        {"twice": lambda x: (1 - np.tanh(x) ** 2) ** 2},
    ),
    (
        "autograd",
        "the logarithm of a determinant",
        lambda w: tf.linalg.logdet(w @ tf.transpose(w) + tf.eye(3, dtype=w.dtype)),
        lambda w: 2 * np.linalg.inv(_spd(w)) @ w,
        {"w": draw(3, 3)},
        {"no factor 2": lambda w: np.linalg.inv(_spd(w)) @ w, "no inverse": lambda w: 2 * w},
    ),
    (
        "autograd",
        "sort and weigh",
        lambda x: tf.reduce_sum(tf.sort(x) * tf.constant(V)),
        lambda x: V[np.argsort(np.argsort(x))],
        {"x": draw(4, seed=9)},
        {"unsorted": lambda x: V},
    ),
    (
        "autograd",
        "the norm, in NumPy",
        lambda x: np.sqrt(np.sum(x**2)),
        lambda x: x / np.sqrt(np.sum(x**2)),
        {"x": draw(4)},
        {"not divided": lambda x: x, "squared": lambda x: x / np.sum(x**2)},
    ),
    (
        "autograd",
        "where, on both sides",
        lambda x: tf.reduce_sum(tf.where(x > 0, x**3, -x)),
        lambda x: np.where(x > 0, 3 * x**2, -1.0),
        {"x": draw(6)},
        {"sides exchanged": lambda x: np.where(x > 0, -1.0, 3 * x**2)},
    ),
]
