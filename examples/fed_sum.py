"""The line that every introduction to TensorFlow 1 began with: four points fed to placeholders, the sum of squares."""

import numpy as np
import tensorflow as tf

import tf_gd

X, Y = [1.0, 2.0, 3.0, 4.0], [0.0, -1.0, -2.0, -3.0]


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        slope, offset = v1.Variable([0.3], dtype=tf.float32), v1.Variable([-0.3], dtype=tf.float32)
        x, y = v1.placeholder(tf.float32), v1.placeholder(tf.float32)
        loss = tf.reduce_sum(tf.square(slope * x + offset - y))
        step = v1.train.GradientDescentOptimizer(0.01).minimize(loss)
        session.run(v1.global_variables_initializer())
        for _ in range(100):
            session.run(step, {x: X, y: Y})
            states.append(tuple(np.ravel(session.run([slope, offset]))))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(
        X,
        Y,
        learning_rate=0.01,
        num_steps=100,
        engine="manual",
        dtype="float32",
        start=(np.float32(0.3), np.float32(-0.3)),
    )
