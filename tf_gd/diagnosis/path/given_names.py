"""What the user named: which of the program's numbers are m and c, which arrays x and y, and the rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tf_gd.diagnosis.path.candidates import CandidateVector, Pair, PointsCandidate
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramArray, ProgramRecord
from tf_gd.diagnosis.path.step_factors import Rate
from tf_gd.errors import DataError, invalid


@dataclass(frozen=True)
class Given:
    """The names that the user gave, by what they are for: "m", "c", "x", "y" and "rate"."""

    names: Mapping[str, str] = field(default_factory=dict)

    def expressions(self) -> dict[str, str]:
        """Return what must be evaluated at the program's end: all but m and c, which are followed."""
        return {what: text for what, text in self.names.items() if what not in ("m", "c")}

    def pairs(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the pairs whose names fit.

        Raises:
            DataError: there are none.
        """
        kept = list(pairs)
        for what in ("m", "c"):
            if what in self.names:
                wanted = _plain(self.names[what])
                kept = [pair for pair in kept if _plain(getattr(pair, what).name) == wanted]
        if not kept and pairs:
            known = ", ".join(dict.fromkeys(pair.m.name for pair in pairs))
            given = " and ".join(f"--{what} {self.names[what]}" for what in ("m", "c") if what in self.names)
            raise DataError(f"`{given}` must name numbers that the program changes. They are: {known}.")
        return kept

    def points(self, record: ProgramRecord, candidates: Sequence[PointsCandidate]) -> list[PointsCandidate]:
        """Return the points whose names fit, or those that the user's expressions gave.

        Raises:
            InvalidArgumentError: an expression gives no column of numbers.
        """
        kept = list(candidates)
        for what in ("x", "y"):
            if what in self.names:
                wanted = _plain(self.names[what])
                named = [one for one in kept if wanted in _names(getattr(one, what))]
                kept = named or self._with(what, record, kept)
        return kept

    def _with(self, what: str, record: ProgramRecord, candidates: Sequence[PointsCandidate]) -> list[PointsCandidate]:
        """Return every pairing with the vector that an expression gave."""
        vector = self._evaluated(what, record)
        others = [one.y if what == "x" else one.x for one in candidates]
        others += [] if others else [self._evaluated("y" if what == "x" else "x", record)]
        unique = {other.values.tobytes(): other for other in others if other.values.size == vector.values.size}
        return [
            PointsCandidate(vector, other, 0.0) if what == "x" else PointsCandidate(other, vector, 0.0)
            for other in unique.values()
            if other.values.tobytes() != vector.values.tobytes()
        ]

    def _evaluated(self, what: str, record: ProgramRecord) -> CandidateVector:
        tables = [one for one in record.asked if isinstance(one, ProgramArray) and one.name == what]
        if not tables or tables[0].values.size != max(tables[0].values.shape):
            why = record.failed.get(what, "no column of numbers")
            raise invalid(what, "a name or expression of the program that gives a column of numbers",
                          self.names.get(what), f"It gave {why}.")  # fmt: skip
        return CandidateVector(
            self.names[what], what, np.ascontiguousarray(tables[0].values.ravel()), tables[0].dtype, 0
        )

    def rates(self, record: ProgramRecord) -> list[Rate] | None:
        """Return the rate that was given, or None.

        Raises:
            InvalidArgumentError: it is no number above 0.
        """
        if "rate" not in self.names:
            return None
        rate_series = [
            one for one in record.asked if isinstance(one, NumberSeries) and one.place == "rate" and one.width == 1
        ]
        value = float(rate_series[0].values[-1]) if rate_series else float("nan")
        if not (np.isfinite(value) and value > 0):
            why = record.failed.get("rate", "no number above 0")
            raise invalid("rate", "a number above 0, or a name or expression of the program that gives one",
                          self.names["rate"], f"It gave {why}.")  # fmt: skip
        return [Rate(value), Rate(float(np.float32(value)))]


def _names(vector: CandidateVector) -> set[str]:
    return {_plain(name) for name in (vector.name, *vector.aliases)}


def _plain(name: str) -> str:
    return name.replace('"', "'").replace(" ", "")
