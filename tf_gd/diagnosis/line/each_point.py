"""A function that takes one point, `gradient(m, c, x_i, y_i)`: asked for every point, and its answers added up."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.line.asking import Call, InChild
from tf_gd.diagnosis.line.two_results import read
from tf_gd.diagnosis.sandbox import Question

_ONE = re.compile(r"[xy]_?(i|j|k|point|n)")


def takes_one_point(parameters: Sequence[Sequence[Any]]) -> bool:
    """Return whether the names of a function's arguments say that x and y are one point.

    Example:
        >>> takes_one_point([["x_i", "positional", False]]), takes_one_point([["x", "positional", False]])
        (True, False)
    """
    return any(_ONE.fullmatch(name.lower()) for name, *_ in parameters)


class EachPoint(InChild):
    """Such a function; each question about points becomes one about each of them."""

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Ask about every point, and add up."""
        single = [_of_points(positional, named) for positional, named in questions]
        replies = iter(super().ask([question for part in single for question in part]))
        return [self._total([next(replies) for _ in part]) for part in single]

    def _total(self, replies: list[Reply]) -> Reply:
        """Return one reply with the sums of two numbers; the first that holds no two numbers instead."""
        try:
            pairs = [read(Call(self.name, (), ("m", "c")), reply).values for reply in replies]
        except Misbehaved:
            return next(reply for reply in replies if not _is_pair(self.name, reply))
        sums = [math.fsum(map(float, column)) for column in zip(*pairs, strict=True)]
        return {"value": ["list", "tuple", 2, [["number", "float", number] for number in sums]]}


def _is_pair(name: str, reply: Reply) -> bool:
    try:
        read(Call(name, (), ("m", "c")), reply)
    except Misbehaved:
        return False
    return True


def _of_points(positional: Sequence[Any], named: Any) -> list[Question]:
    """Return a question about each point."""
    arrays = [value for value in (*positional, *named.values()) if isinstance(value, np.ndarray)]
    number = max((len(one) for one in arrays), default=1)

    def at(value: Any, index: int) -> Any:
        return value[index] if isinstance(value, np.ndarray) else value

    return [
        ([at(value, index) for value in positional], {name: at(value, index) for name, value in named.items()})
        for index in range(number)
    ]
