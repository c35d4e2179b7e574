"""Eager TensorFlow: a GradientTape and assign_sub, with the rate as a float32 number."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.array([0.5, 1.0, 1.5, 2.5, 4.0, 5.5, 7.0], np.float32)
Y = np.array([2.1, 2.9, 4.2, 6.0, 9.1, 12.3, 15.0], np.float32)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    m, c, states = tf.Variable(0.5), tf.Variable(0.1), []
    for _ in range(50):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(m * X + c - Y))
        dm, dc = tape.gradient(loss, [m, c])
        m.assign_sub(0.01 * dm)
        c.assign_sub(0.01 * dc)
        states.append((m.numpy(), c.numpy()))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    start = 0.5, np.float32(0.1)
    return tf_gd.train(
        X, Y, learning_rate=0.01, num_steps=50, engine="manual", dtype="float32", start=start, reduction="mean"
    )
