"""Trying a gradient or an update: how it wants to be called, how precisely it computes, and where it is wrong.

A question is a line, points and, for an update, a learning rate. All questions about a set of points go to the
function in one message.
"""

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply
from tf_gd.diagnosis.line.asking import UNITS, Answer, Call, Subject
from tf_gd.diagnosis.line.conventions import Convention
from tf_gd.diagnosis.line.losses import share
from tf_gd.diagnosis.line.matching import rounding_bound
from tf_gd.diagnosis.line.point_sets import RATES, PointSet, point_sets
from tf_gd.diagnosis.line.probes import LINES, X, Y
from tf_gd.diagnosis.line.reading import read
from tf_gd.diagnosis.line.updates import RATES as READABLE_RATES
from tf_gd.diagnosis.line.updates import STEPS
from tf_gd.diagnosis.sandbox import Call as Question
from tf_gd.points import Points

SLACK = 8  # how many bounds a right answer may be off on the many sets; a subtle mistake is off by far more
TIME = 6.0  # seconds after which no further set is tried
AGAIN = 40  # questions that are asked once more, in another order
_BATCH = 5  # sets in a message
_LARGEST = {UNITS["float64"]: 2.0**1023, UNITS["float32"]: 2.0**127, UNITS["float16"]: 65504.0}


@dataclass(frozen=True)
class TrialLine:
    """A question's line, and the rate of an update."""

    m: float
    c: float
    rate: float | None = None


@dataclass(frozen=True)
class Tested:
    """What is tested: a function, called in one way, as a gradient or as an update."""

    call: Call
    subject: Subject
    convention: Convention
    dtype: Any = np.float64

    @property
    def is_update(self) -> bool:
        """Whether it is an update."""
        return self.call.is_update

    @property
    def steps(self) -> int:
        """How many gradients' roundings go into an answer."""
        return STEPS if self.is_update else 1

    def lines(self) -> list[TrialLine]:
        """Return the simple questions: four lines, and two rates for an update."""
        if self.is_update:
            return [TrialLine(m, c, rate) for rate in READABLE_RATES for m, c in LINES]
        return [TrialLine(m, c) for m, c in LINES]

    def questions(self, asked: Sequence[tuple[TrialLine, Any, Any]]) -> list[Question]:
        """Return what the function gets for each line and points."""
        number = float if self.is_update else self.dtype
        return [self.convention.question(number(one.m), number(one.c), x, y, one.rate) for one, x, y in asked]

    def replies(self, asked: Sequence[tuple[TrialLine, Any, Any]]) -> list[Reply]:
        """Ask."""
        return self.subject.ask(self.questions(asked))

    def answer(self, reply: Reply) -> Answer:
        """Return the two numbers of a reply, dL/dm or m first.

        Raises:
            Misbehaved: see `asking.read`.
        """
        convention = self.convention
        answer = read(convention.call, reply, self.call.results, convention.extra)
        return Answer((answer.values[1], answer.values[0]), answer.unit) if convention.c_first else answer

    def answers(self, questions: Sequence[tuple[TrialLine, Any, Any]]) -> list[Answer]:
        """Ask, and return the numbers.

        Raises:
            Misbehaved: for the first reply that holds none.
        """
        return [self.answer(reply) for reply in self.replies(questions)]


def on_points(tested: Tested, points: Points) -> list[tuple[TrialLine, Any, Any]]:
    """Return the simple questions on `points`."""
    return [(line, np.array(points.x), np.array(points.y)) for line in tested.lines()]


def exactly_asked(tested: Tested, points: Points) -> list[Answer]:
    """Return the answers to the simple questions in fractions; nothing where they do not come back exact."""
    if tested.is_update or tested.convention.container != "array" or tested.convention.forms[0][2].shape:
        return []
    x, y = (np.array([Fraction(float(value)) for value in values], dtype=object) for values in (points.x, points.y))
    questions = [tested.convention.question(Fraction(m), Fraction(c), x, y) for m, c in LINES]
    try:
        answers = [tested.answer(reply) for reply in tested.subject.ask(questions)]
    except (Misbehaved, TypeError, ValueError):
        return []
    return answers if all(answer.unit == 0 for answer in answers) else []


def unit_of(tested: Tested, dtype: np.dtype[Any]) -> Fraction:
    """Return the unit roundoff at which a function computes, when it is given points of `dtype`.

    Its dtype inside need not be the one that comes back: it may cast what it is given to float32 and return Python
    floats. Then digits beyond float32 make no difference to it, at numbers of every size: that tells a cast from
    rounding to so many decimals, which is a mistake. Or all that comes back are numbers of float32.
    """
    if dtype != np.float64:
        return UNITS.get(dtype.name, UNITS["float64"])
    for name, scales in (("float32", (1.0, 2.0**20, 2.0**-10)), ("float16", (1.0, 2.0**5, 2.0**-5))):
        if not _computes_in(tested, name, scales):
            return UNITS["float64"] if name == "float32" else UNITS["float32"]
    return UNITS["float16"]


def _computes_in(tested: Tested, name: str, scales: Sequence[float]) -> bool:
    """Return whether digits beyond a dtype make no difference, though larger changes do; or all results are of it.

    For float16 they must make none in x, y, m and c alike: one of them alone may be too small to matter.
    """
    groups = [values for scale in scales if (values := _at_scale(tested, name, scale))]
    if len(groups) < 2:
        return False
    blind = [
        all(group[0] == group[which] for group in groups) and any(group[0] != group[which + 4] for group in groups)
        for which in range(1, 5)
    ]
    numbers = [value for group in groups for value in group[0]]
    short = all(_fits(value, "float16") for value in numbers)  # whole numbers, say: they fit everywhere
    if name == "float32":
        return any(blind) or (not short and all(_fits(value, name) for value in numbers))
    return all(blind)


def _at_scale(tested: Tested, name: str, scale: float) -> list[tuple[Fraction, Fraction]]:
    """Return what comes back for full numbers, for x, y, m or c cut to a dtype, and for them a quarter larger.

    Nothing if it overflows.
    """
    full: tuple[Any, ...] = (np.array(X) / 3 * scale, np.array(Y) / 7 * scale, scale / 3, scale * 3 / 7)
    variants: list[tuple[Any, ...]] = [full]
    for changed in ([_cut(value, name) for value in full], [value * 1.25 for value in full]):
        variants += [(*full[:which], changed[which], *full[which + 1 :]) for which in range(4)]
    rate = 0.1 if tested.is_update else None
    try:
        questions = [(TrialLine(float(m), float(c), rate), x, y) for x, y, m, c in variants]
        return [answer.values for answer in tested.answers(questions)]
    except Misbehaved:
        return []


def _cut(value: Any, name: str) -> Any:
    return np.asarray(value).astype(name).astype(np.float64)


def _fits(value: Fraction, name: str) -> bool:
    """Return whether a number is one of a narrower dtype."""
    if abs(value) > Fraction(2) ** 1000:
        return False
    with np.errstate(over="ignore"):
        return bool(Fraction(float(value)) == value and float(_cut(float(value), name)) == float(value))


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
        for which, (right, size) in enumerate(right_answer(one, line, loss, reading)):
            room = rounding_bound(size, one.n, one.reach, unit, tested.steps * SLACK)
            if room is not None and abs(answer.values[which] - right) > room:
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
