"""A mistake that shows on some inputs only: on which, and one question that shows it, as round as there is."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from tf_gd.diagnosis.gradient_check import Finding
from tf_gd.diagnosis.line.mistake import cite
from tf_gd.diagnosis.line.point_sets import PointSet
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine
from tf_gd.diagnosis.line.trial import Failure, Tried
from tf_gd.diagnosis.line.unclassified import digits
from tf_gd.reduction import Reduction

_FEW, _SHORT = 6, 7  # points whose values a message shows, and how long each may be

# What may be special about a question, in words, the likeliest first.
_KINDS: tuple[tuple[str, Callable[[PointSet, TrialLine], bool]], ...] = (
    ("c is negative", lambda points, line: line.c < 0),
    ("m is negative", lambda points, line: line.m < 0),
    ("m is above 1", lambda points, line: line.m > 1),
    ("the learning rate is above 0.1", lambda points, line: (line.rate or 0) > 0.1),
    ("the learning rate is under 0.001", lambda points, line: 0 < (line.rate or 0) < 1e-3),
    ("there is a single point", lambda points, line: points.n == 1),
    ("there are fewer than three points", lambda points, line: points.n < 3),
    ("the number of points is odd", lambda points, line: points.n % 2 == 1),
    ("there are more than 16 points", lambda points, line: points.n > 16),
    ("there are more than 100 points", lambda points, line: points.n > 100),
    ("there are more than 1,000 points", lambda points, line: points.n > 1000),
    ("there are other than 16 points", lambda points, line: points.n != 16),
    ("all x are equal", lambda points, line: bool((points.x == points.x[0]).all())),
    ("x holds a value twice", lambda points, line: len(np.unique(points.x)) < points.n),
    ("x holds a zero", lambda points, line: bool((points.x == 0).any())),
    ("y holds a zero", lambda points, line: bool((points.y == 0).any())),
    ("x holds negative values", lambda points, line: bool((points.x < 0).any())),
    ("x is not in order", lambda points, line: bool((np.diff(points.x) < 0).any())),
    ("all values are small", lambda points, line: bool((np.abs(points.x) < 0.1).all())),
    ("x holds large values", lambda points, line: bool((np.abs(points.x) > 500).any())),
    ("the values have many decimals", lambda points, line: bool((points.x * 4 % 1 != 0).any())),
)


def describe_rare(tested: Tested, tried: Tried, loss: Reduction) -> Finding:
    """Return (name, message) for a function that is wrong on some of the many questions only."""
    reading = min((key for key in tried.failures if key[0] == loss), key=lambda key: len(tried.failures[key]))
    failures = tried.failures[reading]
    where = _where(tried, failures)
    first = failures[0]
    equation = cite(8 if tested.is_update else 5, loss)
    name = "unlisted-refusal" if first.said and first.yours is None else "unlisted"
    return name, f"It is right on many inputs, and wrong on others{where}. {_shown(tested, first)} {equation}"


def _where(tried: Tried, failures: list[Failure]) -> str:
    """Return what all wrong answers, and no right ones, have in common."""
    wrong = {(id(one.points), one.line) for one in failures}
    same = [
        words
        for words, holds in _KINDS
        if all(holds(points, line) == ((id(points), line) in wrong) for points, line in tried.asked)
    ]
    if same:
        return f": wherever {same[0]}"
    always = [words for words, holds in _KINDS if all(holds(one.points, one.line) for one in failures)]
    return f", always where {' and '.join(always[:2])}" if always else ""


def _shown(tested: Tested, one: Failure) -> str:
    """Return one question, and the two numbers where the points are few and round."""
    rate = "" if one.line.rate is None else f", learning_rate={one.line.rate:g}"
    line = f"at m={one.line.m:g}, c={one.line.c:g}{rate}"
    x, y = ([digits(Fraction(float(value))) for value in values] for values in (one.points.x, one.points.y))
    is_round = len(x) <= _FEW and max(map(len, x + y)) <= _SHORT
    at = f"On x=[{', '.join(x)}], y=[{', '.join(y)}], {line}" if is_round else f"So on {one.points.words}, {line}"
    if one.yours is None:
        return f"{at}: {one.said}"
    if not is_round:
        return f"{at}."
    label = tested.call.results[one.which]
    return f"{at}, your {label} is {digits(one.yours)}, the right one {digits(one.right)}."
