"""What a program's places held, step by step: the plain record that goes to the parent."""

from __future__ import annotations

import base64
from collections import ChainMap
from typing import Any

import numpy as np

from tf_gd.diagnosis.path.places import LAST, Place, text_of
from tf_gd.diagnosis.path.program_record import READ
from tf_gd.diagnosis.path.values import Value, values

MOST_ROWS = 1200  # of one series
MOST_SERIES = 400
MOST_NUMBERS = 1_000_000  # of all arrays, while arrays are kept again and again
MOST_IN_ALL = 4_500_000  # of all arrays: 48 MB as text
MOST_SNAPSHOTS = 400  # of an array that changes
OF_TWO = 2  # an array of two is a theta, a longer one that is filled in turn the history of a number
LARGEST_SNAPSHOT = 2000  # numbers of an array that is kept again and again

_ascontiguous, _float64 = np.ascontiguousarray, np.float64


class Recorder:
    """The series and arrays of a run. A clock counts what was read, so that series can be put side by side."""

    def __init__(self) -> None:
        self.clock = 0
        self.series: dict[tuple[str, str], dict[str, Any]] = {}
        self.arrays: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.places: dict[str, dict[str, Place]] = {}
        self._numbers = 0

    def tick(self) -> None:
        """Say that what follows is read after another statement."""
        self.clock += 1

    def read(self, scope: str, place: Place, names: tuple[Any, ...], line: int, changes_only: bool = False) -> None:
        """Record what a place holds; `names` are the dicts in which its first name may stand."""
        try:
            value = look_up(place, names)
        except Exception:
            return
        if place[-1] == LAST and (scope, text_of(place)) not in self.series:
            self._first_of_list(scope, place, names)
        self.value(scope, text_of(place), value, line, changes_only)
        self.places.setdefault(scope, {})[text_of(place)] = place

    def element(self, scope: str, place: Place, index: str, names: tuple[Any, ...], line: int) -> None:
        """Record the element that was put into a long array; before the first one, the element in front of it."""
        try:
            holder = look_up(place, names)
            at = int(eval(index, {"__builtins__": {}}, ChainMap(*names)))
            if len(holder) <= OF_TWO or at < 0:
                return
            name = f"{text_of(place)}[...]"
            if (scope, name) not in self.series and at:
                self._before(scope, name, holder[at - 1])
            self.value(scope, name, holder[at], line)
        except Exception:
            return

    def _first_of_list(self, scope: str, place: Place, names: tuple[Any, ...]) -> None:
        """Record what a list held before its first `append`."""
        holder = look_up(place[:-1], names)
        if len(holder) > 1:
            self._before(scope, text_of(place), holder[-2])

    def _before(self, scope: str, name: str, value: Any) -> None:
        """Record a value that was there before the first step."""
        now, self.clock = self.clock, 0
        self.value(scope, name, value, 0)
        self.clock = now

    def indexed(self, expression: str, globals_: dict[str, Any], locals_: Any, line: int) -> None:
        """Record what a statement read at an index, such as `x[k]`; the expression calls nothing."""
        try:
            value = eval(expression, globals_, locals_)
        except Exception:
            return
        self.value(READ, expression, value, line)

    def value(self, scope: str, name: str, value: Any, line: int, changes_only: bool = False) -> None:
        """Record a value under a name."""
        try:
            components = list(values(value))
        except Exception:  # somebody's object may raise whatever it likes
            return
        for one in components:
            if one.is_small:
                self._row(scope, name + one.suffix, one, line, changes_only)
            else:
                self._array(scope, name + one.suffix, one, line)

    def _row(self, scope: str, name: str, value: Value, line: int, changes_only: bool) -> None:
        if (scope, name) not in self.series and len(self.series) >= MOST_SERIES:
            return
        entry = self.series.setdefault((scope, name), {"scope": scope, "name": name, "dtypes": [], "rows": []})
        rows = entry["rows"]
        if value.dtype not in entry["dtypes"]:
            entry["dtypes"].append(value.dtype)
        if rows and (len(rows) >= MOST_ROWS or (changes_only and rows[-1][2:] == value.numbers)):
            return
        rows.append([self.clock, line, *value.numbers])

    def _array(self, scope: str, name: str, value: Value, line: int) -> None:
        kept = self.arrays.setdefault((scope, name), [])
        size = int(value.numbers.size)
        if len(kept) >= 2:
            if size > LARGEST_SNAPSHOT or len(kept) >= MOST_SNAPSHOTS or self._numbers > MOST_NUMBERS:
                return
            self._numbers += size
        elif self._numbers + size > MOST_IN_ALL:
            return
        else:
            self._numbers += size
        content = base64.b64encode(_ascontiguous(value.numbers, _float64).tobytes()).decode()
        if kept and kept[-1]["bytes"] == content:
            return
        kept.append({
            "scope": scope, "name": name, "clock": self.clock, "line": line, "dtype": value.dtype,
            "shape": list(value.shape), "bytes": content,
        })  # fmt: skip

    def final(self, scope: str, names: tuple[Any, ...], again: bool = False) -> None:
        """Record what every place of a scope holds at its end, under line 0.

        With `again` for a function that calls itself: its innermost call, which returns first, went furthest.
        """
        self.tick()
        for name, place in list(self.places.get(scope, {}).items()):
            known = [one for (where, series), one in self.series.items() if where == scope and series.startswith(name)]
            if not known:
                continue
            try:
                small_values = [one for one in values(look_up(place, names)) if one.is_small]
            except Exception:
                continue
            for one in small_values:
                entry = self.series.get((scope, name + one.suffix))
                ended = entry is not None and entry.get("final", [0])[0] > entry["rows"][-1][0]
                if entry is not None and not (again and ended):
                    entry["final"] = [self.clock, *one.numbers]

    def record(self) -> dict[str, Any]:
        """Return everything in JSON's terms."""
        arrays = [one for kept in self.arrays.values() for one in kept]
        return {"series": list(self.series.values()), "arrays": arrays}


def look_up(place: Place, names: tuple[Any, ...]) -> Any:
    """Return what a place holds.

    Raises:
        LookupError, AttributeError: there is no such place.
    """
    (_, first), *rest = place
    value = next(known[first] for known in names if first in known)
    for kind, key in rest:
        if (kind, key) == LAST:
            value = value[-1] if isinstance(value, list) else None
        else:
            value = getattr(value, str(key)) if kind == "attribute" else value[key]
    return value
