"""Chapter 1, the mathematics."""

from typing import Any

import numpy as np

import tf_gd
from exercises.answers import NotYetError, choose, close, function, judged, number, require

TWO = np.ones(2), np.ones(2)


def exercise_1(answer: Any) -> str:
    """The residual of one point, with its sign."""
    choose(
        answer,
        200,
        [
            (-200, "the size is right, the sign is not: prediction minus observation."),
            (700, "700 is the prediction; subtract the observation, 500."),
            (500, "500 is the observation; subtract it from the prediction, 700."),
            (40_000, "that is the error squared; the error itself is wanted."),
        ],
        "take the prediction, 700, and subtract the observation, 500.",
    )
    return "The line is 200 km/s too high there."


def exercise_2(terms: Any, points: Any) -> str:
    """The terms of a sum from 0 to 24, and the points of the data."""
    counted = "count the numbers 0, 1, 2, ... 24: zero counts as well."
    choose(terms, 25, [(24, counted)], counted)
    choose(points, 24, [(25, "len(x) tells how many points there are.")], "len(x) tells how many points there are.")
    return "25 terms for 24 points: one too many. Python says the same of x[24]: index 24 is out of bounds."


def exercise_3(answer: Any) -> str:
    """The number in front of c squared."""
    x, _ = tf_gd.sample("hubble1929")
    choose(
        answer,
        24,
        [
            (1, "1 in every single term, yes. And the sum has how many terms?"),
            (float(np.sum(x)), "sum(x) stands in front of 2 m c. Look for c^2 alone."),
            (float(np.sum(x**2)), "sum(x^2) stands in front of m^2. Look for c^2."),
            (2, "the 2 belongs to the mixed term. Look for c^2 alone."),
        ],
        "every term (m x + c - y)^2 has 1 times c^2 in it. Add them.",
        digits=6,  # a fitted polynomial is right to about ten digits
    )
    return "It is n, the number of points. This parabola opens upwards too."


def exercise_4(answer: Any) -> str:
    """The gradient."""
    judged(tf_gd.check_line_gradient(function(answer, 1.0, 1.0, *TWO)))
    return "So say all the points and lines that the check tried."


def exercise_5(answer: Any) -> str:
    """The update, both parameters at once."""
    judged(tf_gd.check_update(function(answer, 1.0, 1.0, *TWO, 0.5)))
    return "Both come from the same gradient, as TensorFlow does it."


def exercise_6(answer: Any) -> str:
    """The best M of the literal model y = M (x + 1)."""
    x, y = np.array([3.0, 4.0, 5.0]), np.array([3.0, 4.0, 4.0])
    value = number(answer)
    if close(value, 8 / 11, digits=3):
        return "8/11 is NIST's certified value."
    require(not close(value, float(x @ y / (x @ x)), 3), "that is for y = M x. Here x + 1 stands in the place of x.")
    slope = float(np.sum(2 * (value * (x + 1) - y) * (x + 1)))
    raise NotYetError(f"at M = {value:.6g} the derivative is {slope:.6g}, not 0.")


def exercise_7(inner_m: Any, inner_c: Any) -> str:
    """The inner derivatives of the error at x = 3, with respect to m and to c."""
    choose(
        inner_m,
        3,
        [(1, "that is the derivative with respect to c; m is multiplied by x."), (0, "m stands in m x + c - y.")],
        "differentiate m * 3 + c - y with respect to m: what stands beside m?",
    )
    choose(
        inner_c,
        1,
        [(0, "c stands in m x + c - y, with the factor 1."), (3, "that is for m; c has no x beside it.")],
        "differentiate m * 3 + c - y with respect to c: how often does c stand in it?",
    )
    return "So the chain rule gives 2 e x for m, and 2 e for c."
