"""A line through the origin, y = m x, on NIST's data set NoInt1."""

import numpy as np
import tensorflow as tf

import tf_gd

X, Y = tf_gd.sample("noint1")


def program() -> list[tuple[float, float]]:
    """Return m, and 0 for c, after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder(tf.float64, [None]), v1.placeholder(tf.float64, [None])
        m = v1.Variable(np.float64(0.0))
        loss = tf.reduce_sum((m * x - y) ** 2)
        step = v1.train.GradientDescentOptimizer(1e-5).minimize(loss)
        session.run(v1.global_variables_initializer())
        for _ in range(80):
            session.run(step, {x: X, y: Y})
            states.append((session.run(m), 0.0))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=1e-5, num_steps=80, engine="manual", intercept=False)
