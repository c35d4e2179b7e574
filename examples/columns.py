"""Points as columns [n, 1], and variables of shape [1]: the same numbers, whatever the shapes."""

import numpy as np
import tensorflow as tf

import tf_gd

X = np.array([[1.0], [2.0], [4.0], [5.0], [7.0]], np.float32)
Y = np.array([[2.0], [3.5], [8.5], [9.5], [15.0]], np.float32)


def program() -> list[tuple[float, float]]:
    """Return m and c after each step."""
    v1, states = tf.compat.v1, []
    with tf.Graph().as_default(), v1.Session() as session:
        x, y = v1.placeholder(tf.float32, [None, 1]), v1.placeholder(tf.float32, [None, 1])
        weight, bias = v1.Variable([0.0]), v1.Variable([0.0])
        loss = tf.reduce_sum(tf.square(y - (x * weight + bias))) / 2
        step = v1.train.GradientDescentOptimizer(0.004).minimize(loss)
        session.run(v1.global_variables_initializer())
        for _ in range(50):
            session.run(step, {x: X, y: Y})
            states.append(tuple(np.ravel(session.run([weight, bias]))))
    return states


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=0.004, num_steps=50, engine="manual", dtype="float32", reduction="half_sum")
