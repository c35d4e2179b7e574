"""A rate that drops in steps, fed by hand at each step, with consecutive mini-batches of five points."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.linspace(-2.0, 2.0, 23)
Y = -0.8 * X + 2.0 + 0.05 * np.sin(11.0 * X)
RATES = np.where(np.arange(75) < 40, 0.08, 0.02)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder(tf.float64, [None]), v1.placeholder(tf.float64, [None])
        rate = v1.placeholder(tf.float64, [])
        m, c = v1.Variable(np.float64(0.0)), v1.Variable(np.float64(0.0))
        loss = tf.reduce_mean(tf.square(m * x + c - y))
        step = v1.train.GradientDescentOptimizer(rate).minimize(loss)
        session.run(v1.global_variables_initializer())
        for k in range(75):
            first = k % 5 * 5
            session.run(step, {x: X[first : first + 5], y: Y[first : first + 5], rate: RATES[k]})
            states.append(tuple(session.run([m, c])))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=RATES, num_steps=75, engine="manual", reduction="mean", batches=5)
