"""Keras's SGD optimizer on two variables of one's own: without momentum it is the same update."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.linspace(0.0, 3.0, 12).astype(np.float32)
Y = (0.7 * X + 1.1).astype(np.float32)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    m, c, states = tf.Variable(0.0), tf.Variable(0.0), []
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.05)
    for _ in range(40):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(m * X + c - Y)) / 2
        optimizer.apply_gradients(zip(tape.gradient(loss, [m, c]), [m, c], strict=True))
        states.append((m.numpy(), c.numpy()))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=0.05, num_steps=40, engine="manual", dtype="float32", reduction="half_mean")
