"""Chapter 3, by hand and by TensorFlow."""

from typing import Any

import numpy as np

import tf_gd
from exercises.answers import NotYetError, choose, function, number, require
from tf_gd.summation.probing import reduce_sum


def exercise_1(answer: Any) -> str:
    """The number that TensorFlow uses in the place of a learning rate of 0.1."""
    value = number(answer)
    require(value != 0.1, "that is the float64 number. Round it to float32 first: np.float32(0.1).")
    path = tf_gd.train([0.0, 1.0], [0.0, -0.5], learning_rate=0.1, num_steps=1)
    used = float(-path.m[1] / path.gradient_m[0])
    require(np.float32(value) == np.float32(used), "round 0.1 to float32, and look at all of its digits.")
    require(value == used, f"not all digits are right: TensorFlow used {used!r}.")
    return "That is what TensorFlow used just now, in a float64 graph."


def exercise_2(answer: Any) -> str:
    """The distance of 0.1 + 0.2 from 0.3, in ulps."""
    choose(
        answer,
        1,
        [
            (0, "0 ulp would mean the same number, but 0.1 + 0.2 == 0.3 is False."),
            (0.1 + 0.2 - 0.3, "that is the difference as a number. Count the steps from float to float."),
        ],
        "ask ulp_distance(0.1 + 0.2, 0.3).",
    )
    return "They are neighbours."


def exercise_3(answer: Any) -> str:
    """A sum of two packets in TensorFlow's order: a function of (v, P)."""
    packet = _packet()
    add = function(answer, np.ones(2 * packet), packet)
    require(number(add(np.ones(2 * packet), packet)) == 2 * packet, "a sum of ones should be the number of ones.")
    vectors = np.random.default_rng(1).normal(size=(200, 2 * packet))
    with reduce_sum(2 * packet, "float64") as tensorflow_sum:
        same = sum(float(tensorflow_sum(v)) == number(add(v.copy(), packet)) for v in vectors)
    if same < 200:
        raise NotYetError(f"the same bits for {same} of 200 vectors only: it is another order.")
    return "The same bits for 200 of 200 vectors."


def _packet() -> int:
    """Return P, the lanes in a packet of float64, as TensorFlow adds here."""
    from tf_gd.summation.probing import reveal

    with reduce_sum(1000, "float64") as tensorflow_sum:
        order = reveal(tensorflow_sum, 1000, "float64")
    return 4 if order is None else order.packet
