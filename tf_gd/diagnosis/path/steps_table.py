"""A table of steps, written by a program in any language, beside a table of points."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path.path_check import check_path
from tf_gd.errors import DataError, invalid
from tf_gd.points import Points
from tf_gd.tables.advice import FileError
from tf_gd.tables.reading import read_points

OF_STEPS = {"x": "m", "y": "c"}


def check_table(
    steps: str | os.PathLike[str],
    data: str | os.PathLike[str],
    given: Mapping[str, str] | None = None,
    reduction: str | None = None,
    **dialect: Any,
) -> GradientCheck:
    """Check a table of steps.

    Args:
        steps: a file with m and c before the first step and after each, in any format of `read_points`.
        data: a file with the points.
        given: columns for "m", "c", "x" and "y", and a number for "rate", as far as they are known.
        reduction: see `check_path`.
        dialect: how both files are written; see `read_points`.

    Raises:
        DataError: see `read_points` and `check_path`.
        InvalidArgumentError: the rate is no number.
    """
    given = given or {}
    try:
        states = _steps(steps, given, dialect)
    except FileError as error:
        raise _of_steps(error) from None
    points = read_points(data, given.get("x"), given.get("y"), **dialect)
    return check_path(
        states.x, states.y, points.x, points.y, learning_rate=_rate(given.get("rate")), reduction=reduction
    )


def _of_steps(error: FileError) -> FileError:
    """Return an error that calls the two columns m and c."""
    complaint = error.complaint.replace("`x`", "`m`").replace("`y`", "`c`")
    remedies = [{OF_STEPS.get(name, name): value for name, value in one.items()} for one in error.remedies]
    return FileError(complaint, remedies, error.otherwise)


def _steps(path: str | os.PathLike[str], given: Mapping[str, str], dialect: Mapping[str, Any]) -> Points:
    """Return the states: the columns that were named, else those called m and c, else the only two."""
    if "m" in given or "c" in given:
        return read_points(path, given.get("m", "m"), given.get("c", "c"), **dialect)
    try:
        return read_points(path, "m", "c", **dialect)
    except DataError as error:
        try:
            return read_points(path, **dialect)
        except DataError:
            raise error from None


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise invalid("rate", "a number, for a table of steps", text) from None
