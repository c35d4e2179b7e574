"""The loop inside a `tf.function`: traced once, and not compiled by XLA."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.array([0.2, 0.9, 1.3, 2.2, 3.1, 3.3, 4.8, 5.0, 6.1])
Y = np.array([1.0, 2.2, 3.3, 5.1, 7.4, 7.5, 10.3, 11.1, 13.0])


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    m, c, states = tf.Variable(np.float64(0.0)), tf.Variable(np.float64(0.0)), []

    @tf.function
    def step(x: tf.Tensor, y: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((m * x + c - y) ** 2)
        dm, dc = tape.gradient(loss, [m, c])
        m.assign_sub(np.float64(0.002) * dm)
        c.assign_sub(np.float64(0.002) * dc)

    for _ in range(60):
        step(tf.constant(X), tf.constant(Y))
        states.append((m.numpy(), c.numpy()))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand; np.float64 keeps the rate from being rounded to float32."""
    return tf_gd.train(X, Y, learning_rate=np.float64(0.002), num_steps=60, engine="manual")
