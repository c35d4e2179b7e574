"""The program of TensorFlow's first front page: 100 random points as NumPy arrays in the formula, the mean of squares.

The points are constants in the graph, so TensorFlow adds the residual as (m x - y) + c.
"""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.random.default_rng(7).random(100).astype(np.float32)
Y = X * np.float32(0.1) + np.float32(0.3)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        weight, bias = v1.Variable([-0.5], dtype=tf.float32), v1.Variable(tf.zeros([1]))
        loss = tf.reduce_mean(tf.square(weight * X + bias - Y))
        step = v1.train.GradientDescentOptimizer(0.5).minimize(loss)
        session.run(v1.global_variables_initializer())
        for _ in range(201):
            session.run(step)
            states.append(tuple(np.ravel(session.run([weight, bias]))))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(
        *(X, Y),
        learning_rate=0.5,
        num_steps=201,
        engine="manual",
        dtype="float32",
        start=(-0.5, 0.0),
        reduction="mean",
        constants=True,
    )
