"""Random models with a gradient that was derived by hand, right, and mutations of it."""

import itertools
from dataclasses import dataclass

import numpy as np

from tf_gd.loading import load_tensorflow

tf = load_tensorflow()


def _sigmoid(z):
    return 0.5 * (1 + np.tanh(z / 2))


# name -> TensorFlow's function, NumPy's, its derivative
ACTIVATIONS = {
    "tanh": (tf.tanh, np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (tf.sigmoid, _sigmoid, lambda z: _sigmoid(z) * (1 - _sigmoid(z))),
    "relu": (tf.nn.relu, lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "softplus": (tf.nn.softplus, lambda z: np.logaddexp(0, z), _sigmoid),
    "elu": (tf.nn.elu, lambda z: np.where(z > 0, z, np.expm1(z)), lambda z: np.where(z > 0, 1, np.exp(z))),
    "leaky": (
        lambda z: tf.nn.leaky_relu(z, 0.2),
        lambda z: np.where(z > 0, z, 0.2 * z),
        lambda z: np.where(z > 0, 1.0, 0.2),
    ),
    "square": (tf.square, np.square, lambda z: 2 * z),
}


def _softmax(z):
    p = np.exp(z - z.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


# name -> TensorFlow's loss of (output, target), NumPy's, and its derivative
LOSSES = {
    "squares": (
        lambda o, t: tf.reduce_sum(tf.square(o - t)),
        lambda o, t: np.sum((o - t) ** 2),
        lambda o, t: 2 * (o - t),
    ),
    "mean": (
        lambda o, t: tf.reduce_mean(tf.square(o - t)),
        lambda o, t: np.mean((o - t) ** 2),
        lambda o, t: 2 * (o - t) / o.size,
    ),
    "logcosh": (
        lambda o, t: tf.reduce_sum(tf.math.log(tf.cosh(o - t))),
        lambda o, t: np.sum(np.log(np.cosh(o - t))),
        lambda o, t: np.tanh(o - t),
    ),
    "softmax": (
        lambda o, t: tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(_one_hot(t), o)),
        lambda o, t: -np.mean(np.sum(_np_one_hot(t) * np.log(_softmax(o)), 1)),
        lambda o, t: (_softmax(o) - _np_one_hot(t)) / len(o),
    ),
}


def _one_hot(t):
    return tf.one_hot(tf.argmax(t, 1), t.shape[1], dtype=t.dtype)


def _np_one_hot(t):
    return np.eye(t.shape[1])[t.argmax(1)]


@dataclass
class RandomModel:
    kind: str
    loss: object
    gradient: object
    params: dict
    data: dict
    rng: object

    @property
    def given(self):
        return {"params": self.params, "data": self.data}

    def mutated(self):
        """The gradient with one mutation: its name, and the function."""
        found = self.gradient(**self.params, **self.data)
        name = self.rng.choice([name for name in self.params if np.any(found[name])])  # a dead layer's stays 0
        size = 10 ** self.rng.uniform(-3, 0.5) * self.rng.choice([-1, 1])
        kind = self.rng.choice(["factor", "element", "sign", "zero", "constant", "twice"])
        place = int(self.rng.integers(self.params[name].size))

        def gradient(**arguments):
            found = self.gradient(**arguments)
            value = np.array(found[name], np.float64)
            typical = abs(value).max()
            if kind == "element":
                value.reshape(-1)[place] += size * typical
            elif kind == "constant":
                value = value + size * typical
            else:
                value = value * {"factor": 1 + size, "sign": -1, "zero": 0, "twice": 2}[kind]
            return found | {name: value}

        return f"{kind} of {name} ({size:.2g})", gradient


def random_model(seed):
    return random_convnet(seed) if seed % 5 == 4 else random_network(seed)


def random_convnet(seed):
    """A convolution in one dimension, an activation, max pooling or none, a dense layer and a loss."""
    rng = np.random.default_rng(seed)
    n, kernel, channels, filters, outputs = (int(rng.integers(2, 5)) for _ in range(5))
    length = kernel + 2 * int(rng.integers(1, 4)) - 1
    chosen, loss_name = str(rng.choice(list(ACTIVATIONS))), str(rng.choice(list(LOSSES)))
    precision, pools = str(rng.choice(["float64", "float32", "cast", "numpy"])), bool(rng.integers(2))
    scale, size = 10.0 ** rng.uniform(-6, 6), 10.0 ** rng.uniform(-6, 6)
    dtype = "float32" if precision == "float32" else "float64"
    places = (length - kernel + 1) // (2 if pools else 1)
    draw = rng.standard_normal
    params = {
        "k": (draw((kernel, channels, filters)) / (kernel * channels) ** 0.5 / size).astype(dtype),
        "b": (0.3 * draw(filters)).astype(dtype),
        "w": (draw((places * filters, outputs)) / (places * filters) ** 0.5).astype(dtype),
    }
    data = {"x": (size * draw((n, length, channels))).astype(dtype), "t": draw((n, outputs)).astype(dtype)}
    tf_activation, activation, derivative = ACTIVATIONS[chosen]
    tf_loss, np_loss, slope = LOSSES[loss_name]

    def loss(k, b, w, x, t):
        a = tf_activation(tf.nn.conv1d(x, k, 1, "VALID") + b)
        a = tf.reduce_max(tf.reshape(a, (n, places, 2, filters)), 2) if pools else a
        o = tf.reshape(a, (n, places * filters)) @ w
        if precision == "cast":
            o, t = tf.cast(o, tf.float32), tf.cast(t, tf.float32)
        return scale * tf_loss(o, t)

    def forward(k, b, w, x):
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel, 1)  # n, place, channel, kernel
        z = np.einsum("npck,kcf->npf", windows, k) + b
        pairs = activation(z).reshape(n, places, -1, filters)
        return windows, z, pairs, pairs.max(2).reshape(n, -1)

    def gradient(k, b, w, x, t):
        windows, z, pairs, a = forward(k, b, w, x)
        flow = scale * slope(a @ w, t)
        da = (flow @ w.T).reshape(n, places, 1, filters)
        dz = (da * (pairs == pairs.max(2, keepdims=True))).reshape(z.shape) * derivative(z)
        return {"k": np.einsum("npck,npf->kcf", windows, dz), "b": dz.sum((0, 1)), "w": a.T @ flow}

    def numpy_loss(k, b, w, x, t):
        return scale * np_loss(forward(k, b, w, x)[3] @ w, t)

    kind = f"convolution {chosen} {loss_name} {precision} {scale:.1g} {size:.1g} pools {pools}"
    return RandomModel(kind, numpy_loss if precision == "numpy" else loss, gradient, params, data, rng)


def random_network(seed):
    rng = np.random.default_rng(seed)
    n, inputs, outputs = (int(rng.integers(2, 8)) for _ in range(3))
    widths = [inputs, *(int(rng.integers(1, 6)) for _ in range(rng.integers(0, 3))), outputs]
    chosen = [str(rng.choice(list(ACTIVATIONS))) for _ in widths[1:-1]]
    loss_name, precision = str(rng.choice(list(LOSSES))), str(rng.choice(["float64", "float32", "cast", "numpy"]))
    scale, penalty = 10.0 ** rng.uniform(-6, 6), float(rng.choice([0.0, 0.3]))
    draw = rng.standard_normal
    size = 10.0 ** rng.uniform(-6, 6)  # of the inputs; the first layer's parameters undo it
    dtype = "float32" if precision == "float32" else "float64"
    params = {}
    for layer, (rows, columns) in enumerate(itertools.pairwise(widths)):
        params[f"w{layer}"] = (draw((rows, columns)) / rows**0.5 / (size if layer == 0 else 1)).astype(dtype)
        params[f"b{layer}"] = (0.3 * draw(columns)).astype(dtype)
    data = {"x": (size * draw((n, inputs))).astype(dtype), "t": draw((n, outputs)).astype(dtype)}
    tf_loss, np_loss, slope = LOSSES[loss_name]

    def loss(x, t, **p):
        a = x
        for layer in range(len(widths) - 1):
            z = a @ p[f"w{layer}"] + p[f"b{layer}"]
            a = ACTIVATIONS[chosen[layer]][0](z) if layer < len(chosen) else z
        if precision == "cast":
            a, t = tf.cast(a, tf.float32), tf.cast(t, tf.float32)
        return scale * (tf_loss(a, t) + penalty * tf.cast(tf.reduce_sum(p["w0"] ** 2) * size**2, a.dtype))

    def numpy_loss(x, t, **p):
        a = x
        for layer in range(len(widths) - 1):
            z = a @ p[f"w{layer}"] + p[f"b{layer}"]
            a = ACTIVATIONS[chosen[layer]][1](z) if layer < len(chosen) else z
        return scale * (np_loss(a, t) + penalty * np.sum(p["w0"] ** 2) * size**2)

    def gradient(x, t, **p):
        activations, sums = [x], []
        for layer in range(len(widths) - 1):
            sums.append(activations[-1] @ p[f"w{layer}"] + p[f"b{layer}"])
            last = layer == len(chosen)
            activations.append(sums[-1] if last else ACTIVATIONS[chosen[layer]][1](sums[-1]))
        flow, found = scale * slope(activations[-1], t), {}
        for layer in reversed(range(len(widths) - 1)):
            if layer < len(chosen):
                flow = flow * ACTIVATIONS[chosen[layer]][2](sums[layer])
            found[f"w{layer}"], found[f"b{layer}"] = activations[layer].T @ flow, flow.sum(0)
            flow = flow @ p[f"w{layer}"].T
        found["w0"] = found["w0"] + 2 * scale * penalty * size**2 * p["w0"]
        return found

    kind = f"{'-'.join(chosen) or 'linear'} {loss_name} {precision} {scale:.1g} {size:.1g} penalty {penalty}"
    return RandomModel(kind, numpy_loss if precision == "numpy" else loss, gradient, params, data, rng)
