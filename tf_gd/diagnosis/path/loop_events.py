"""Two series put side by side: the two numbers after each statement that wrote to one of them."""

from __future__ import annotations

from dataclasses import dataclass

from tf_gd.diagnosis.path.program_record import NumberSeries


@dataclass(frozen=True)
class Event:
    """The two numbers after a statement that wrote to one of them, or to both."""

    clock: int
    line: int
    m: float
    c: float
    wrote: tuple[bool, bool]


def events_of(m: NumberSeries, c: NumberSeries) -> list[Event]:
    """Return the two numbers after each statement that wrote to one of them, from where both are known."""
    rows: dict[tuple[int, int], dict[int, float]] = {}
    for which, series in enumerate((m, c)):
        for clock, line, value in zip(series.clocks.tolist(), series.lines.tolist(), series.values, strict=True):
            rows.setdefault((clock, line), {})[which] = float(value)
    now: dict[int, float] = {}
    events = []
    for (clock, line), values in sorted(rows.items()):
        before = dict(now)
        now.update(values)
        if len(now) == 2:
            together = len(values) == 2 and m.place == c.place and len(before) == 2
            wrote = tuple(
                which in values and not (together and values[which] == before[which] and values != before)
                for which in (0, 1)
            )
            events.append(Event(clock, line, now[0], now[1], (wrote[0], wrote[1])))
    return events
