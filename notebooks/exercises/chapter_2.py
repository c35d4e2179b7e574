"""Chapter 2, a training session."""

from typing import Any

import numpy as np

import tf_gd
from exercises.answers import NotYetError, choose, function, judged, require, unwritten
from tf_gd.loading import load_tensorflow


def exercise_1(answer: Any) -> str:
    """The loss as a graph: a function of two variables and two placeholders."""
    tf = load_tensorflow()
    x, y = tf_gd.sample("hubble1929")
    with tf.Graph().as_default() as graph:
        variables = [
            tf.compat.v1.get_variable(name, initializer=np.float64(2.0), use_resource=True) for name in ("m", "c")
        ]
        seats = [tf.compat.v1.placeholder("float64", [None]) for _ in "xy"]
        built: list[Any] = []
        function(lambda *seen: built.append(answer(*seen)) or built[0], *variables, *seats)
        require(tf.is_tensor(built[0]), "return a tensor: the place in the graph where the loss will be.")
        start = tf.compat.v1.global_variables_initializer()
    with tf.compat.v1.Session(graph=graph) as session:
        session.run(start)
        value = session.run(built[0], dict(zip(seats, (x, y), strict=True)))
    return judge_loss(value, float(tf_gd.loss(tf_gd.Line(2.0, 2.0), x, y)), len(x))


def judge_loss(value: Any, right: float, n: int) -> str:
    """Accept the sum of squares at m = c = 2, in any order of addition."""
    require(np.shape(value) == (), f"one number for the whole line, not shape {list(np.shape(value))}: add them up.")
    value = float(value)
    near = 2.0**-40 * right  # far more than any order of addition can change, far less than any mistake does
    require(abs(value * n - right) > near, "that is the mean. Our loss is the sum.")
    require(abs(2 * value - right) > near, "that is half of it: the loss has no 1/2 in front.")
    if abs(value - right) > near:
        raise NotYetError(f"for m = c = 2 it gives {value:.6g}; it should give {right:.6g}.")
    return "That is the loss, as a graph."


def exercise_2(answer: Any) -> str:
    """How often train_op has run before the loss of step 1 is fetched."""
    choose(
        answer,
        1,
        [
            (0, "that is so at step 0. Step 0 fetches, then trains; step 1 comes after."),
            (2, "the loss is fetched before train_op runs in that round."),
        ],
        "go through the loop line by line: step 0 fetches, then trains; step 1 fetches.",
    )
    return "Row k of a record is the state before update k. So is a Trajectory of this package."


def exercise_3(answer: Any) -> str:
    """The number of calls of session.run with the loop in the graph."""
    choose(
        answer,
        1,
        [
            (10_000, "that is the loop in Python. Here the loop is one operation of the graph."),
            (10_001, "that is the loop in Python. Here the loop is one operation of the graph."),
            (0, "nothing runs without session.run."),
        ],
        "all the steps are part of one fetch.",
    )
    return "The record comes back as one array with a row for every step."


def exercise_4(answer: Any) -> str:
    """One eager update with GradientTape: a function of (m, c, x, y, learning_rate)."""
    tf = load_tensorflow()

    def update(m: Any, c: Any, x: Any, y: Any, learning_rate: Any) -> Any:
        numbers = [tf.constant(np.asarray(value, np.float64)) for value in (m, c, x, y, learning_rate)]
        result = answer(*numbers)
        return result if result is None or unwritten(result) else tuple(float(value) for value in result)

    seen = function(update, 0.5, 0.5, np.ones(2), np.ones(2), 0.25)

    judged(tf_gd.check_update(seen))
    return "The same step without a graph and without a session: the tape takes the place of compute_gradients."
