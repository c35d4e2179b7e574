import numpy as np
import tensorflow as tf

params = {"w": [0.5, -1.0]}
data = {"x": np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 1.0]]), "y": np.array([1.0, 0.0, 2.0]), "strength": 0.1}


def loss(w, x, y, strength):
    fit = tf.reduce_sum((tf.linalg.matvec(x, w) - y) ** 2)
    return fit + strength * tf.reduce_sum(w**2)


def gradient(w, x, y, strength):
    return 2 * x.T @ (x @ w - y)
