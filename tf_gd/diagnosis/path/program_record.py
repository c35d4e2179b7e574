"""The record of a run, as the parent reads it: series of numbers, and arrays."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.points.arrays import Floats

READ = "read"  # the scope of what statements read at an index: points, not parameters
WITHOUT_MEANING = ("data", "value", "val")  # what an object calls its number


@dataclass(frozen=True, eq=False)
class NumberSeries:
    """One number of the program, followed: an element of a place such as `theta`, or the place itself.

    Attributes:
        scope: the function, "" for the program itself, "TensorFlow" for its variables.
        place: as it is written in the program, without the element.
        name: with it, such as "theta[0]".
        width: how many numbers the place holds.
        element: which of them this is.
        clocks, lines, values: one for each time that it was read.
        final: its value at the end, with its clock; None where it was not read then.
        dtypes: those that it had.
    """

    scope: str
    place: str
    name: str
    width: int
    element: int
    clocks: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    values: Floats
    final: tuple[int, float] | None
    dtypes: tuple[str, ...]

    @cached_property
    def is_constant(self) -> bool:
        """Whether it never changes."""
        return bool((self.values == self.values[0]).all())

    @property
    def at_end(self) -> float | None:
        """Its value at the program's end; None where it is not known."""
        return None if self.final is None or self.final[0] < self.clocks[-1] else self.final[1]

    @cached_property
    def last_name(self) -> str:
        """The last telling word of its name, in small letters: "coef" of "self.coef", "w" of "w.data" and "w[k]"."""
        place = self.place.partition("[")[0] if self.scope == READ else self.place
        words = [word for word in _words(place) if not word.isdigit() and word not in WITHOUT_MEANING] or _words(place)
        return words[-1] if words else self.place.lower()


@dataclass(frozen=True, eq=False)
class ProgramArray:
    """An array of the program: what it held when it was read, shape [n] or [n, columns]."""

    scope: str
    name: str
    clock: int
    line: int
    dtype: str
    values: Floats


@dataclass(frozen=True)
class ProgramRecord:
    """Everything that was read, and whether the program was watched to its end."""

    series: tuple[NumberSeries, ...]
    tables: tuple[ProgramArray, ...]
    asked: tuple[NumberSeries | ProgramArray, ...]
    failed: Mapping[str, str]
    complete: bool
    exited: int | None = None  # the line where it called `sys.exit()`

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> ProgramRecord:
        """Read what came through the pipe.

        Raises:
            Misbehaved: it is no record.
        """
        try:
            asked = list(record.get("asked", ()))
            return cls(
                tuple(one for entry in record["series"] for one in _series(entry)),
                tuple(_table(entry) for entry in record["arrays"]),
                tuple(one for entry in asked for one in ([_table(entry)] if "bytes" in entry else _series(entry))),
                {str(key): str(value) for key, value in record.get("expressions", {}).items()},
                bool(record["complete"]),
                None if record.get("exited") is None else int(record["exited"]),
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            raise Misbehaved("cannot-check", "The steps that were recorded cannot be read.") from None


def _series(entry: Mapping[str, Any]) -> list[NumberSeries]:
    """Return each number of a place as a series; rows of another width are left out."""
    width = len(entry["rows"][-1]) - 2
    rows = np.array([row for row in entry["rows"] if len(row) == width + 2], dtype=np.float64)
    place, final = str(entry["name"]), entry.get("final")
    ends = final if final is not None and len(final) == width + 1 else None
    return [
        NumberSeries(
            str(entry["scope"]),
            place,
            place if width == 1 else f"{place}[{element}]",
            width,
            element,
            rows[:, 0].astype(np.int64),
            rows[:, 1].astype(np.int64),
            rows[:, 2 + element],
            None if ends is None else (int(ends[0]), float(ends[1 + element])),
            tuple(str(dtype) for dtype in entry["dtypes"]),
        )
        for element in range(width)
    ]


def _table(entry: Mapping[str, Any]) -> ProgramArray:
    values = np.frombuffer(base64.b64decode(entry["bytes"]), np.float64)
    shape = [int(size) for size in entry["shape"]]
    return ProgramArray(
        str(entry["scope"]), str(entry["name"]), int(entry["clock"]), int(entry["line"]), str(entry["dtype"]),
        values.reshape(shape),
    )  # fmt: skip


def _words(place: str) -> Sequence[str]:
    return "".join(char.lower() if char.isalnum() or char == "_" else " " for char in place).split()
