"""Chapter 4, the learning rate."""

from typing import Any

import numpy as np

from exercises.answers import NotYetError, choose, close, function, number, require


def exercise_1(answer: Any) -> str:
    """The largest stable rate for curvature 8."""
    value = number(answer)
    if not close(value, 0.25):
        raise NotYetError(f"there the factor 1 - 8 alpha is {1 - 8 * value:.6g}. Where does it become -1?")
    return "It is 2/8. At that rate M jumps from 1 to -1 and back."


def exercise_2(answer: Any) -> str:
    """The first whole number of steps after which 0.9^k is at most a thousandth."""
    value = number(answer)
    require(value == round(value), "give the first whole number of steps.")
    require(0 <= value < 10_000, "the factor is 0.9 a step, and a thousandth is to be left.")
    require(0.9**value <= 1e-3, f"after {value:.0f} steps the distance is still {0.9**value:.5f} of what it was.")
    require(0.9 ** (value - 1) > 1e-3, f"that is enough, but so are {value - 1:.0f} steps.")
    return "3 ln 10 / -ln 0.9 is 65.56, and the 66th step gets there."


def exercise_3(answer: Any) -> str:
    """The line in x from the line in z: a function of (m_z, c_z, mean, spread) that returns (m, c)."""
    back = function(answer, 1.0, 1.0, 0.0, 1.0)
    pair = back(6.0, 10.0, 4.0, 2.0)
    require(np.size(pair) == 2, "return two numbers, m and c.")
    m, c = (number(value) for value in np.ravel(np.asarray(pair, dtype=object)))
    require(m != 12, "dividing by the spread, not multiplying: z grows by 1 when x grows by the spread.")
    require(m == 3, "with spread 2 a step of 1 in x is half a step in z, so a slope of 6 becomes 3.")
    require(c != 10, "c_z is the height at x = mean, where z = 0. We want the height at x = 0.")
    require(c == -2, "at x = 0 the line is m * mean below its height at the mean.")
    m, c = (number(value) for value in np.ravel(np.asarray(back(1.0, 0.0, -3.0, 0.5), dtype=object)))
    require((m, c) == (2.0, 6.0), "right for one line, and not for another: use the arguments, not numbers.")
    return "The same line, in the data's own units."


def exercise_4(answer: Any) -> str:
    """Which of five rates swings between two points for ever on a parabola of curvature 0.5."""
    choose(
        answer,
        4,
        [
            (2, "2 is the best rate there, 1/h: it arrives in one step."),
            (0.25, "that is h/2. The limit is 2/h."),
            (1, "there the factor is 1 - 0.5 = 0.5: each step halves the distance."),
        ],
        "the factor 1 - alpha h has to be -1.",
    )
    return "1 - 4 * 0.5 = -1: it swings between M and -M."
