"""A line through the origin, y = m x: a program that trains one number only, and has no intercept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tf_gd.diagnosis.path import identifier_names as names
from tf_gd.diagnosis.path.candidates import Pair, may_be_parameter, writes_itself
from tf_gd.diagnosis.path.program_record import NumberSeries, ProgramRecord
from tf_gd.diagnosis.path.statements import Statements

MOST_PAIRS = 8


def has_intercept(record: ProgramRecord, pairs: Sequence[Pair]) -> bool:
    """Return whether a program has an intercept: by its name or use, or in an array of two parameters."""
    if any(pair.added or _is_array_of_two(pair) for pair in pairs):
        return True
    return any(
        series.width <= 2 and may_be_parameter(series) and names.intercept_score(series.last_name) >= 2
        for series in record.series
    )


def _is_array_of_two(pair: Pair) -> bool:
    return pair.m.place == pair.c.place and pair.m.width == 2 and bool(names.PAIRS.match(pair.m.last_name))


def origin_pairs(record: ProgramRecord, statements: Statements) -> list[Pair]:
    """Return the series that may be m where c stays 0, the likeliest first."""
    candidates = []
    for series in record.series:
        if series.width == 1 and not series.is_constant and may_be_parameter(series):
            name = series.last_name
            score = max(names.slope_score(name), 2.0 * bool(names.PAIRS.match(name)))
            candidates.append(Pair(series, _zero(series), score + writes_itself(series, statements), intercept=False))
    candidates.sort(key=lambda pair: -pair.score)
    return candidates[:MOST_PAIRS]


def _zero(m: NumberSeries) -> NumberSeries:
    """Return the series of an intercept that is 0 from before the first step on."""
    first = np.array([m.clocks[0] - 1])
    return NumberSeries(
        m.scope, "", "", 1, 0, first, np.array([0]), np.array([0.0]), (int(m.clocks[-1]), 0.0), m.dtypes
    )
