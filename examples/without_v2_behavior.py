"""A program for TensorFlow 1 as it was: no eager execution, reference variables, one default graph for the process."""

import json
import subprocess
import sys

import numpy as np

import tf_gd

X, Y = [0.5, 1.5, 2.5, 4.0, 5.5], [1.1, 2.9, 5.2, 8.1, 10.8]


def main() -> list[list[float]]:
    """Return m and c after each step; run in a process of its own, for what it switches off stays off."""
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    x, y, m, c = tf.placeholder(tf.float32), tf.placeholder(tf.float32), tf.Variable(0.0), tf.Variable(0.0)
    step = tf.train.GradientDescentOptimizer(0.02).minimize(tf.reduce_mean(tf.square(m * x + c - y)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        made = [session.run(step, {x: X, y: Y}) or session.run([m, c]) for _ in range(60)]
    return [[float(value) for value in row] for row in made]


def program() -> np.ndarray:
    """Return the same as an array."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    return np.array(json.loads(done.stdout), np.float32)


def reproduce() -> tf_gd.Trajectory:
    """Return the same by hand."""
    return tf_gd.train(X, Y, learning_rate=0.02, num_steps=60, engine="manual", dtype="float32", reduction="mean")


if __name__ == "__main__":
    print(json.dumps(main()))
