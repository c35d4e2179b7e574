"""A learning rate that decays with the global step, as `tf.train.exponential_decay` makes it."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.linspace(-1.0, 2.0, 23).astype(np.float32)
Y = (1.5 * X - 0.25 + 0.1 * np.cos(9.0 * X)).astype(np.float32)


def rate(step: tf.Tensor) -> tf.Tensor:
    """Return the rate of a step."""
    return tf.compat.v1.train.exponential_decay(0.3, step, 10, 0.9)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder(tf.float32), v1.placeholder(tf.float32)
        m, c = v1.Variable(0.0), v1.Variable(0.0)
        global_step = v1.train.get_or_create_global_step()
        loss = tf.reduce_mean(tf.square(y - (m * x + c)))
        step = v1.train.GradientDescentOptimizer(rate(global_step)).minimize(loss, global_step)
        session.run(v1.global_variables_initializer())
        for _ in range(60):
            session.run(step, {x: X, y: Y})
            states.append(tuple(session.run([m, c])))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand: TensorFlow computes the rates, and nothing else."""
    return tf_gd.train(X, Y, learning_rate=rate, num_steps=60, engine="manual", dtype="float32", reduction="mean")
