"""Timing side by side: every contender in turn, again and again, the best time of each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import perf_counter, sleep

Contenders = dict[str, Callable[[], object] | None]  # None: the package is not installed

SHORTEST = 0.002  # seconds: what takes less is repeated until it takes that long
REST = 0.3  # seconds before each contender: thread pools spin on after their work, on cores that the next one needs
PATIENCE = 20.0  # seconds for one contender, however many rounds were asked for


def side_by_side(contenders: Contenders, rounds: int) -> dict[str, float | None]:
    """Return the best seconds of each contender, taken in turn so that a busy moment hits all alike."""
    present = {name: call for name, call in contenders.items() if call is not None}
    best: dict[str, float | None] = dict.fromkeys(contenders)
    spent = {name: _seconds(call, 1) for name, call in present.items()}  # warms up, and is not counted
    repeats = {name: max(1, int(SHORTEST / seconds)) for name, seconds in spent.items()}
    for _ in range(rounds):
        for name, call in present.items():
            if spent[name] < PATIENCE or best[name] is None:
                sleep(REST)
                _seconds(call, repeats[name])  # wakes the core up, and the contender's own threads
                seconds = _seconds(call, repeats[name])
                spent[name] += seconds
                best[name] = min(best[name] or inf, seconds / repeats[name])
    return best


def _seconds(call: Callable[[], object], repeats: int) -> float:
    start = perf_counter()
    for _ in range(repeats):
        call()
    return perf_counter() - start


@contextmanager
def missing_is_none(contenders: Contenders, name: str) -> Iterator[None]:
    """Note a contender as missing when its package cannot be imported."""
    try:
        yield
    except ImportError:
        contenders[name] = None
