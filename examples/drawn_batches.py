"""Mini-batches drawn at random, with repeats: the indices are recorded, so that the run can be repeated."""

import numpy as np
import tensorflow as tf

import tf_gd

RNG = np.random.default_rng(3)
X = RNG.normal(size=60)
Y = 2.0 * X + 0.5 + 0.1 * RNG.normal(size=60)
DRAWN = [RNG.integers(0, 60, size=8) for _ in range(120)]


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder(tf.float64, [None]), v1.placeholder(tf.float64, [None])
        m, c = v1.Variable(np.float64(0.0)), v1.Variable(np.float64(0.0))
        loss = tf.reduce_mean(tf.math.squared_difference(m * x + c, y))
        step = v1.train.GradientDescentOptimizer(0.05).minimize(loss)
        session.run(v1.global_variables_initializer())
        for batch in DRAWN:
            session.run(step, {x: X[batch], y: Y[batch]})
            states.append(tuple(session.run([m, c])))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=0.05, num_steps=120, engine="manual", reduction="mean", batches=DRAWN)
