"""A table of steps, written by a program in any language, beside a table of points."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path.path_check import check_path
from tf_gd.errors import DataError, invalid
from tf_gd.points import Points
from tf_gd.tables.reading import read_points


def check_table(
    steps: str | os.PathLike[str],
    data: str | os.PathLike[str],
    given: Mapping[str, str] | None = None,
    reduction: str | None = None,
) -> GradientCheck:
    """Check a table of steps.

    Args:
        steps: a file with m and c before the first step and after each, in any format of `read_points`.
        data: a file with the points.
        given: columns for "m", "c", "x" and "y", and a number for "rate", as far as they are known.
        reduction: see `check_path`.

    Raises:
        DataError: see `read_points` and `check_path`.
        InvalidArgumentError: the rate is no number.
    """
    given = given or {}
    states = _steps(steps, given)
    points = read_points(data, given.get("x"), given.get("y"))
    return check_path(
        states.x, states.y, points.x, points.y, learning_rate=_rate(given.get("rate")), reduction=reduction
    )


def _steps(path: str | os.PathLike[str], given: Mapping[str, str]) -> Points:
    """Return the states: the columns that were named, else those called m and c, else the only two."""
    if "m" in given or "c" in given:
        return read_points(path, given.get("m", "m"), given.get("c", "c"))
    try:
        return read_points(path, "m", "c")
    except DataError as error:
        try:
            return read_points(path)
        except DataError:
            raise error from None


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise invalid("rate", "a number, for a table of steps", text) from None
