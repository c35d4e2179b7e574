"""The best-known tutorial's linear regression: one sample a step, and sum / (2 n) with the n of all the data."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.array([3.1, 4.3, 5.4, 6.6, 6.8, 4.1, 9.6, 6.1, 7.4, 2.1, 7.0, 10.7, 5.2, 7.9, 5.5, 9.2, 3.0], np.float32)
Y = np.array([1.6, 2.7, 2.0, 3.1, 1.6, 1.5, 3.3, 2.5, 2.4, 1.2, 2.8, 3.4, 1.6, 2.9, 2.4, 2.9, 1.3], np.float32)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder("float"), v1.placeholder("float")
        weight, bias = v1.Variable(np.float32(0.4), name="weight"), v1.Variable(np.float32(-0.7), name="bias")
        predicted = tf.add(tf.multiply(x, weight), bias)
        cost = tf.reduce_sum(tf.pow(predicted - y, 2)) / (2 * len(X))
        step = v1.train.GradientDescentOptimizer(0.01).minimize(cost)
        session.run(v1.global_variables_initializer())
        for _ in range(10):
            for one_x, one_y in zip(X, Y, strict=True):
                session.run(step, {x: one_x, y: one_y})
                states.append(tuple(session.run([weight, bias])))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(
        *(X, Y),
        learning_rate=0.01,
        num_steps=10 * len(X),
        engine="manual",
        dtype="float32",
        start=(np.float32(0.4), np.float32(-0.7)),
        loss_scale=1 / (2 * len(X)),
        batches=1,
    )
