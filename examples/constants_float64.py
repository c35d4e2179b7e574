"""Constants again, in float64: Hubble's nebulae in the formula itself, and a rate that stays a float64."""

import numpy as np
import tensorflow as tf

import tf_gd

X, Y = tf_gd.sample("hubble1929")


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        m, c = v1.Variable(np.float64(0.0)), v1.Variable(np.float64(0.0))
        loss = tf.reduce_sum((Y - (m * X + c)) ** 2)
        step = v1.train.GradientDescentOptimizer(np.float64(0.01)).minimize(loss)
        session.run(v1.global_variables_initializer())
        for _ in range(100):
            session.run(step)
            states.append(tuple(session.run([m, c])))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=np.float64(0.01), num_steps=100, engine="manual", constants=True)
