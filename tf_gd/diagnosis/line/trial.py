"""Trying a function that is right on the simple points on many others, and judging every answer."""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.line.asking import UNITS
from tf_gd.diagnosis.line.losses import share
from tf_gd.diagnosis.line.matching import rounding_bound
from tf_gd.diagnosis.line.point_sets import RATES, PointSet, point_sets
from tf_gd.diagnosis.line.tested_function import Tested, TrialLine
from tf_gd.validation import float_info

SLACK = 8  # how many bounds a right answer may be off on the many sets; a subtle mistake is off by far more
TIME = 6.0  # seconds after which no further set is tried
AGAIN = 40  # questions that are asked once more, in another order
_BATCH = 5  # sets in a message
_LARGEST = {unit: float(float_info(name).max) for name, unit in UNITS.items()}


@dataclass(frozen=True)
class Failure:
    """A wrong answer: the question, which of the two numbers, and what came and should have come."""

    points: PointSet
    line: TrialLine
    which: int
    yours: Fraction | None
    right: Fraction
    said: str = ""


@dataclass
class Tried:
    """What became of the many questions.

    Attributes:
        sets, questions: how many were asked.
        refused: words of the sets, on which no line is determined, that the function refused.
        overflowed: words of the sets that are too large for the dtype in which it computes.
        failures: (loss, "paper" or "float32") -> wrong answers under that loss and that reading of the rate.
        asked: every question, in order.
    """

    sets: int = 0
    questions: int = 0
    refused: list[str] = field(default_factory=list)
    overflowed: list[str] = field(default_factory=list)
    failures: dict[tuple[str, str], list[Failure]] = field(default_factory=dict)
    asked: list[tuple[PointSet, TrialLine]] = field(default_factory=list)

    def note(self, words: list[str], one: PointSet) -> None:
        """Note the words of a set, once."""
        if one.words not in words:
            words.append(one.words)


def try_everything(tested: Tested, losses: Sequence[str], unit: Fraction) -> Tried:
    """Ask about every set of points and judge the answers under each of `losses`."""
    readings = ("paper", "float32") if tested.is_update else ("paper",)
    tried = Tried(failures={(loss, reading): [] for loss in losses for reading in readings})
    begun = time.monotonic()
    for batch in _batches(tested):
        if time.monotonic() - begun > TIME:
            break
        replies = tested.replies([(line, one.x.copy(), one.y.copy()) for one, line in batch])
        for (one, line), reply in zip(batch, replies, strict=True):
            _judge(tested, tried, one, line, reply, unit)
        tried.asked += batch
        tried.questions += len(batch)
    tried.sets = len({id(one) for one, _ in tried.asked})
    return tried


def _batches(tested: Tested) -> Iterator[list[tuple[PointSet, TrialLine]]]:
    rates = iter(RATES * 1000)
    sets = point_sets()
    everything: list[tuple[PointSet, TrialLine]] = []
    for start in range(0, len(sets), _BATCH):
        batch = [
            (one, TrialLine(m, c, next(rates) if tested.is_update else None))
            for one in sets[start : start + _BATCH]
            for m, c in one.lines
        ]
        everything += batch
        yield batch
    yield random.Random(5).sample([one for one in everything if one[0].n < 100], AGAIN)


def _judge(tested: Tested, tried: Tried, one: PointSet, line: TrialLine, reply: Reply, unit: Fraction) -> None:
    """Compare one answer with the right one, under every loss."""
    try:
        answer = tested.answer(reply)
    except Misbehaved as fault:
        _judge_refusal(tried, one, line, fault, unit)
        return
    unit = max(unit, answer.unit)
    for (loss, reading), failures in tried.failures.items():
        for which, (right, limit) in enumerate(_right_within(one, line, loss, reading, unit, tested.steps * SLACK)):
            if limit is not None and abs(answer.values[which] - right) > limit:
                failures.append(Failure(one, line, which, answer.values[which], right))


def _judge_refusal(tried: Tried, one: PointSet, line: TrialLine, fault: Misbehaved, unit: Fraction) -> None:
    refuses = fault.name in ("raises", "not-finite", "returns-nothing", "not-a-number")
    if refuses and not one.determines_a_line:
        tried.note(tried.refused, one)
        return
    (dm, size_m), (_, size_c) = right_answer(one, line, "sum", "paper")
    largest = _LARGEST.get(unit, 2.0**1023)
    if fault.name == "not-finite" and max(size_m, size_c) * (1 + abs(Fraction(line.m))) > Fraction(largest) / 1000:
        tried.note(tried.overflowed, one)
        return
    for failures in tried.failures.values():
        failures.append(Failure(one, line, 0, None, dm, fault.message))


@lru_cache(maxsize=2**14)  # the questions to one function are those to all
def _right_within(
    one: PointSet, line: TrialLine, loss: str, reading: str, unit: Fraction, steps: int
) -> tuple[tuple[Fraction, Fraction | None], ...]:
    """Return (right, how far rounding may take an answer from it) for both numbers."""
    rights = right_answer(one, line, loss, reading)
    return tuple((right, rounding_bound(size, one.n, one.reach, unit, steps)) for right, size in rights)


def right_answer(one: PointSet, line: TrialLine, loss: str, reading: str) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return (right, size of what was added up for it) for both numbers."""
    m, c = Fraction(line.m), Fraction(line.c)
    factor = share(loss, one.n)
    derivatives = [factor * sums for sums in one.sums_at(m, c)]
    if line.rate is None:
        return tuple((term.value, term.size) for term in derivatives)
    rate = Fraction(line.rate if reading == "paper" else float(np.float32(line.rate)))
    return tuple(
        (old - rate * term.value, abs(old) + rate * term.size) for old, term in zip((m, c), derivatives, strict=True)
    )
