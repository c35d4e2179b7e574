"""Models whose gradient was derived by hand, right, at a random point."""

from dataclasses import dataclass, field

import numpy as np

from tf_gd.loading import load_tensorflow

tf = load_tensorflow()


@dataclass(frozen=True)
class Model:
    loss: object
    gradient: object
    params: dict
    data: dict
    n: int = field(default=0)

    def returning(self, change):
        """The right gradient, changed: `change(gradient by name, params, data)`."""

        def gradient(**arguments):
            right = self.gradient(**arguments)
            changed = {name: np.array(value) for name, value in right.items()}
            return change(changed, arguments) or changed

        return gradient

    @property
    def given(self):
        return {"params": self.params, "data": self.data}


def random(seed):
    return np.random.default_rng(seed).standard_normal


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def logistic(seed=0, dtype="float64", n=20):
    def loss(w, b, x, y):
        z = tf.linalg.matvec(x, w) + b
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))

    def gradient(w, b, x, y):
        e = sigmoid(x @ w + b) - y
        return {"w": x.T @ e / len(y), "b": np.mean(e)}

    draw = random(seed)
    x, w, b = (draw(shape).astype(dtype) for shape in ((n, 3), 3, ()))
    y = (x @ np.ones(3, dtype) + draw(n) > 0).astype(dtype)
    return Model(loss, gradient, {"w": w, "b": b}, {"x": x, "y": y}, n)


def ridge(seed=0, dtype="float64", n=20):
    def loss(w, x, y, strength):
        fit = tf.reduce_sum(tf.square(tf.linalg.matvec(x, w) - y))
        return fit + strength * tf.reduce_sum(tf.square(w))

    def gradient(w, x, y, strength):
        return {"w": 2 * x.T @ (x @ w - y) + 2 * strength * w}

    draw = random(seed)
    x, y, w = (draw(shape).astype(dtype) for shape in ((n, 4), n, 4))
    return Model(loss, gradient, {"w": w}, {"x": x, "y": y, "strength": 0.5}, n)


def huber(seed=0, dtype="float64", n=20):
    def loss(m, c, x, y, delta):
        e = tf.abs(m * x + c - y)
        return tf.reduce_sum(tf.where(e <= delta, e * e / 2, delta * (e - delta / 2)))

    def gradient(m, c, x, y, delta):
        e = np.clip(m * x + c - y, -delta, delta)
        return {"m": np.sum(e * x), "c": np.sum(e)}

    draw = random(seed)
    m, c, x, y = (draw(shape).astype(dtype) for shape in ((), (), n, n))
    return Model(loss, gradient, {"m": m, "c": c}, {"x": x, "y": 2 * y, "delta": 1.0}, n)


def network(seed=0, dtype="float64", n=20):
    def loss(w1, b1, w2, b2, x, y):
        hidden = tf.tanh(x @ w1 + b1)
        return tf.reduce_sum(tf.square(hidden @ w2 + b2 - y)) / x.shape[0]

    def gradient(w1, b1, w2, b2, x, y):
        hidden = np.tanh(x @ w1 + b1)
        outer = 2 * (hidden @ w2 + b2 - y) / len(x)
        inner = outer @ w2.T * (1 - hidden**2)
        return {"w1": x.T @ inner, "b1": inner.sum(0), "w2": hidden.T @ outer, "b2": outer.sum(0)}

    draw = random(seed)
    shapes = {"w1": (3, 4), "b1": 4, "w2": (4, 2), "b2": 2, "x": (n, 3), "y": (n, 2)}
    values = {name: draw(shape).astype(dtype) for name, shape in shapes.items()}
    data = {name: values.pop(name) for name in ("x", "y")}
    return Model(loss, gradient, values, data, n)


def matrix(seed=0, dtype="float64", n=20):
    def loss(w, x, y):
        return tf.reduce_mean(tf.square(x @ w - y))

    def gradient(w, x, y):
        return {"w": 2 * x.T @ (x @ w - y) / y.size}

    draw = random(seed)
    w, x, y = (draw(shape).astype(dtype) for shape in ((4, 4), (n, 4), (n, 4)))
    return Model(loss, gradient, {"w": w}, {"x": x, "y": y}, n)


MODELS = {"logistic": logistic, "ridge": ridge, "huber": huber, "network": network, "matrix": matrix}
