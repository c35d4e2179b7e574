"""From two series to the states of a descent: when a step begins and ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.path.loop_events import Event, events_of
from tf_gd.diagnosis.path.program_record import NumberSeries
from tf_gd.points.arrays import Floats

MOST_STATES = 1001
LOOKED_AT = 12  # times that a line ran, to see whether it writes m and c in turn
LAST_START = 3  # statements that may write to m and c before updates that no loop repeats
ROUNDS = 3  # so often a line writes between two fresh starts; an update of two parameters in turn writes twice


@dataclass(frozen=True, eq=False)
class Sampling:
    """The states of a descent, as they were between two rounds of the loop.

    Attributes:
        states: shape [steps + 1, 2].
        clocks: when each state was read.
        lines: the lines of a round that write to m or c, in their order.
        writes: how often a round writes to m, and to c.
        is_last: whether no other descent follows with the same numbers.
    """

    states: Floats
    clocks: npt.NDArray[np.int64]
    lines: tuple[int, ...]
    writes: tuple[int, int]
    is_last: bool = True


def samplings(m: NumberSeries, c: NumberSeries, descent: int = 0) -> Iterator[Sampling]:
    """Yield the ways of cutting the events of a descent into rounds, the likeliest first; 0 is the first descent."""
    rest = events_of(m, c)
    for _ in range(descent):
        rest = rest[len(_first_descent(rest)) :]
    events = _first_descent(rest)
    is_last = len(events) == len(rest)
    yield from (replace(one, is_last=is_last and one.is_last) for one in _samplings(events))


def _samplings(events: list[Event]) -> Iterator[Sampling]:
    if len(events) < 2:
        return
    first = _first_of_loop(events)
    if first is None:
        yield from _without_loop(events)
        return
    if first == 0:
        yield from _before_restart(events)
    start, rest = max(first - 1, 0), events[max(first, 1) :]
    for line in dict.fromkeys(event.line for event in rest):
        ends = [index for index, event in enumerate(rest) if event.line == line]
        chunks = _chunks(rest, ends)
        if first == 0 and len(chunks) > 1 and chunks[1] == (events[0].line, *chunks[0]):
            chunks = chunks[1:]  # the head of a function, whose arguments are the start
        if len(set(chunks[:3])) > 1:
            continue  # this line is not the last of a round
        for group in (*_repeated(events[start], rest, ends), *_groups(rest, ends)):
            yield _sampling(events[start], rest, group)
    if len(rest) <= 3:  # a single round, perhaps
        yield from _without_loop(events)


def _first_descent(events: list[Event]) -> list[Event]:
    """Return the events up to the next fresh start: a program may descend again, at another rate or from elsewhere."""
    outer = _outer_lines(events)
    begun = next((index for index, event in enumerate(events) if event.line not in outer), 0)
    start = max(begun - 1, 0)
    for index in range(begun + 1, len(events)):
        if events[index].line in outer and events[index - 1].line not in outer:
            last = index
            while last + 1 < len(events) and events[last + 1].line in outer:
                last += 1
            if _is_fresh(events[index - 1], events[last], events[start]):
                return events[start:index]
    return events


def _outer_lines(events: Sequence[Event]) -> set[int]:
    """Return the lines that write to m or c outside of the loop of a descent: others write often between them."""
    places: dict[int, list[int]] = {}
    for index, event in enumerate(events):
        places.setdefault(event.line, []).append(index)
    counts = {line: np.array(at) for line, at in places.items()}

    def loops(line: int, begin: int, end: int) -> bool:
        others = (np.searchsorted(at, end) - np.searchsorted(at, begin) for one, at in counts.items() if one != line)
        return any(count >= ROUNDS for count in others)

    outer = set()
    for line, at in places.items():
        gaps = pairwise(at) if len(at) > 1 else [(at[0], len(events))]
        if all(loops(line, begin, end) for begin, end in gaps):
            outer.add(line)
    return outer


def _is_fresh(before: Event, after: Event, first: Event) -> bool:
    """Whether a descent starts anew: where the first one did, or elsewhere, and not at a multiple of where it was."""
    if (after.m, after.c) == (first.m, first.c):
        return True
    cross = abs(after.m * before.c - after.c * before.m)
    return after.m != before.m and after.c != before.c and cross > 1e-9 * abs(after.m * before.c)


def _first_of_loop(events: Sequence[Event]) -> int | None:
    """Return the index of the first event of a loop: the first on a line that writes again later."""
    lines = [event.line for event in events]
    for index, line in enumerate(lines):
        if lines.count(line) > 1:
            return index
        if index > 50:
            break
    return None


def _without_loop(events: Sequence[Event]) -> Iterator[Sampling]:
    """Yield steps that were written one after the other, or one of a few statements: to the last state or before it."""
    for first in range(min(len(events) - 2, LAST_START)):
        for size, count in _repetitions(events[first], events[first + 1 :]):
            yield _sampling(events[first], events[first + 1 :], range(size - 1, size * count, size))
    for last in (len(events) - 1, len(events) - 2):
        for first in range(last - 1, max(last - 4, -1), -1):
            start, end = events[first], events[last]
            if (start.m, start.c) != (end.m, end.c):
                yield _sampling(start, events[first + 1 : last + 1], [last - first - 1])


def _repeated(start: Event, events: Sequence[Event], ends: Sequence[int]) -> Iterator[list[int]]:
    """Yield the ends of steps where a round makes several: a loop that was unrolled, a step that is called twice."""
    length = ends[0] + 1
    if any(after - before != length for before, after in pairwise(ends[:LOOKED_AT])):
        return
    for size, count in _repetitions(start, events[:length]):
        if size * count == length:
            yield [end - offset for end in ends for offset in range(length - size, -1, -size)]


def _before_restart(events: Sequence[Event]) -> Iterator[Sampling]:
    """Yield the steps of the first pass of a loop that starts anew in each, and holds its steps one after another."""
    again = next(index for index, event in enumerate(events[1:], 1) if event.line == events[0].line)
    if (events[again].m, events[again].c) != (events[again - 1].m, events[again - 1].c):
        for size, count in _repetitions(events[0], events[1:again]):
            yield replace(_sampling(events[0], events[1:again], range(size - 1, size * count, size)), is_last=False)


def _repetitions(start: Event, events: Sequence[Event]) -> Iterator[tuple[int, int]]:
    """Yield how many statements make a step that writes m and c, and how often the next ones repeat it.

    Each time it must move: statements that only copy or round the two make no step.
    """
    wrote = [event.wrote for event in events]
    for size in range(1, len(events) // 2 + 1):
        same = (wrote[index] == wrote[index % size] for index in range(len(events)))
        written = next((index for index, one in enumerate(same) if not one), len(events)) // size
        states = [(one.m, one.c) for one in (start, *events[size - 1 : size * written : size])]
        moves = (not _is_rounded(before, after) for before, after in pairwise(states))
        count = next((index for index, one in enumerate(moves) if not one), written)
        if count > 1 and all(map(any, zip(*wrote[:size], strict=True))):
            yield size, count
            return


def _is_rounded(before: tuple[float, float], after: tuple[float, float]) -> bool:
    digits = max(len(repr(value).partition(".")[2]) for value in after)
    return after == (round(before[0], digits), round(before[1], digits))


def _chunks(events: Sequence[Event], ends: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the lines of each of the first rounds."""
    begins = [0, *(end + 1 for end in ends)]
    return [
        tuple(event.line for event in events[begin : end + 1]) for begin, end in zip(begins[:4], ends[:4], strict=False)
    ]


def _groups(events: Sequence[Event], ends: Sequence[int]) -> Iterator[list[int]]:
    """Yield the ends of rounds: each, or every second or third one where a line writes m and c in turn."""
    size = _turns([events[end] for end in ends[:LOOKED_AT]])
    if size > 1:
        yield list(ends[size - 1 :: size])
    yield list(ends)


def _turns(events: Sequence[Event]) -> int:
    """Return how often a line runs until it wrote both m and c; 1 where it writes them together.

    An inner loop over the keys of a dict, or over an index, says so by what runs between its turns: less than between
    two rounds. If it stands on one line, its head is a turn that writes nothing.
    """
    wrote = [event.wrote for event in events]
    if len(wrote) >= 2 and all(sum(one) == 1 for one in wrote) and all(one != other for one, other in pairwise(wrote)):
        return 2
    gaps = [after.clock - before.clock for before, after in pairwise(events)]
    size = next((index for index, gap in enumerate(gaps, 1) if gap > gaps[0]), 0)
    if size not in (2, 3) or len(events) < 2 * size:
        return 1
    longer = [gap > gaps[0] for gap in gaps]
    if longer != [(index + 1) % size == 0 for index in range(len(gaps))]:
        return 1
    changed = [(before.m != after.m, before.c != after.c) for before, after in pairwise(events)]
    inside = [changed[first : first + size - 1] for first in range(0, len(changed), size)]
    rounds = [changed[first : first + size] for first in range(size - 1, len(changed) - size + 1, size)]
    in_turn = all(sum(column) <= 1 for one in (*inside, *rounds) for column in zip(*one, strict=True))
    return size if in_turn and not any(map(all, changed)) else 1


def _sampling(start: Event, events: Sequence[Event], ends: Sequence[int]) -> Sampling:
    chosen = [start, *(events[end] for end in ends[: MOST_STATES - 1])]
    round_ = events[: ends[0] + 1]
    writes = (sum(event.wrote[0] for event in round_), sum(event.wrote[1] for event in round_))
    return Sampling(
        np.array([[event.m, event.c] for event in chosen]),
        np.array([event.clock for event in chosen]),
        tuple(dict.fromkeys(event.line for event in round_)),
        writes,
    )
