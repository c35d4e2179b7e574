"""Chapter 5, check your own derivation."""

from typing import Any

import numpy as np

import tf_gd
from exercises.answers import choose, function, judged
from tf_gd.loading import load_tensorflow

RAMP = np.linspace(-1.0, 2.0, 7)
PARABOLA = {"a": 0.5, "b": -1.0, "c": 2.0}


def exercise_1(answer: Any) -> str:
    """The friend's gradient, made right."""
    judged(tf_gd.check_line_gradient(function(answer, 1.0, 1.0, np.ones(2), np.ones(2))))
    return "A sum of products is not a product of sums."


def exercise_2(answer: Any) -> str:
    """The gradient of the parabola's loss."""
    tf = load_tensorflow()

    def loss(a: Any, b: Any, c: Any, x: Any, y: Any) -> Any:
        return tf.reduce_sum(tf.square(a * x**2 + b * x + c - y))

    gradient = function(answer, 1.0, 1.0, 1.0, np.ones(2), np.ones(2))
    judged(tf_gd.check_gradient(loss, gradient, params=PARABOLA, data={"x": RAMP, "y": np.sin(RAMP)}))
    return "You, TensorFlow and the loss itself agree."


def exercise_3(answer: Any) -> str:
    """The gradient of logistic regression."""
    tf = load_tensorflow()
    rng = np.random.default_rng(0)
    places = rng.normal(size=(40, 2))
    data = {"x": places, "y": (places[:, 0] + 0.5 * rng.normal(size=40) > 0).astype(float)}
    params = {"w": np.array([0.5, -1.0]), "b": 0.3}

    def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
        z = tf.linalg.matvec(x, w) + b
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))

    gradient = function(answer, params["w"], params["b"], data["x"], data["y"])
    judged(tf_gd.check_gradient(loss, gradient, params=params, data=data))
    return "You, TensorFlow and the loss itself agree."


def exercise_4(answer: Any) -> str:
    """How many of the four wrong gradients still lead to the best line."""
    choose(
        answer,
        2,
        [
            (4, "one of them runs away from the best line, and one settles beside it."),
            (3, "one of the three settles beside the best line: look where the curves level off."),
            (0, "two of them are the right gradient times a number. Where is that zero?"),
        ],
        "which of the wrong gradients are zero exactly where the right one is?",
    )
    return "A number in front changes the length of a step and not where the gradient is zero."
