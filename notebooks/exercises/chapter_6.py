"""Chapter 6, from ten points to a billion."""

from typing import Any

import numpy as np

import tf_gd
from exercises.answers import choose, close, function, number, require


def exercise_1(answer: Any) -> str:
    """The gradient from the sums: a function of (m, c, s)."""
    moments = tf_gd.Moments.of(*tf_gd.sample("hubble1929"))
    gradient = function(answer, 1, 1, moments)
    for m, c in ((1, 0), (0, 1), (-2, 3)):
        pair = gradient(m, c, moments)
        require(np.size(pair) == 2, "return two numbers, dL/dm and dL/dc.")
        right = moments.exact_gradient(m, c)
        for name, mine, true in zip(("dL/dm", "dL/dc"), pair, right, strict=True):
            value = number(mine)
            require(not close(2 * value, float(true), 12), f"{name} is half of what it should be: where is the 2?")
            if not close(value, float(true), 12):
                require(False, f"{name} at m = {m}, c = {c}: {value:.6g}; right is {float(true):.6g}.")
    return "The sums are all that the gradient needs."


def exercise_2(answer: Any) -> str:
    """The numbers that each machine sends home."""
    choose(
        answer,
        6,
        [
            (5, "five sums, and how many points there were."),
            (1_000_000, "sending the points home is what we want to avoid."),
            (2_000_000, "sending the points home is what we want to avoid."),
            (2, "slope and intercept of the parts do not add up. The sums do."),
        ],
        "count the fields of the moments at the start of this chapter.",
    )
    return "Six, however many points it has read."


def exercise_3(answer: Any) -> str:
    """Where a descent along one axis is after 20,000 steps."""
    share = 0.9999**20_000
    choose(
        answer,
        5 + share * (1 - 5),
        [
            (share, "that is the share of the distance that is left. Where is the descent itself?"),
            (5 + share, "the share multiplies the distance at the start, which is 1 - 5."),
            (4 * share, "that is the distance that is left. Where is the descent itself?"),
            (5 - share, "the share multiplies the distance at the start, which is 1 - 5."),
            (5, "it is close to 5, and not there yet. Give six digits."),
        ],
        "the best value, plus what is left of the distance at the start.",
        digits=6,
    )
    return f"{5 - 4 * share:.6f}, and a loop takes 20,000 steps to get there."
