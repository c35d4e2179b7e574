"""What `Trajectory.save` wrote, read back."""

from __future__ import annotations

import math
import os
from dataclasses import fields
from typing import Any

import numpy as np

from tf_gd.errors import DataError
from tf_gd.tables.columns import quoted
from tf_gd.tables.trajectories import Saved, read_saved
from tf_gd.trajectory import SERIES, Outcome, Trajectory
from tf_gd.validation import check_dtype

_UNKNOWN: dict[str, Any] = {
    "outcome": "STEP_LIMIT",
    "message": "Read from a .csv file, which holds the series alone.",
    "engine": "unknown",
    "learning_rate": math.nan,
    "max_learning_rate": math.nan,
    "reduction": "unknown",
}
"""What a .csv file does not tell."""


def read_trajectory(path: str | os.PathLike[str]) -> Trajectory:
    """Return the trajectory in a file that `Trajectory.save`, or `tf-gd train --output`, wrote.

    Args:
        path: .json or .parquet, from which everything comes back in its dtype, bit for bit; or .csv, which holds the
            series alone, as float64: rates are NaN there, engine and reduction "unknown", and the outcome is DIVERGED
            where the last numbers are not finite, else STEP_LIMIT.

    Raises:
        DataError: the file cannot be read, or holds no trajectory.

    Example:
        >>> import tempfile
        >>> from tf_gd import train
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     train([0.0, 1.0], [0.0, 1.0], learning_rate=0.25, num_steps=1, engine="manual").save(f"{folder}/a.json")
        ...     read_trajectory(f"{folder}/a.json").line
        Line(m=np.float64(0.5), c=np.float64(0.5))
    """
    saved = read_saved(path)
    try:
        return _trajectory(saved)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{quoted(str(path))} must hold a trajectory as this version writes it. Got {type(error).__name__}. "
            "Save it again."
        ) from None


def _trajectory(saved: Saved) -> Trajectory:
    """Return the trajectory of a file's series and of what else it holds."""
    dtype = check_dtype(saved.about.get("dtype", "float64"))
    series: dict[str, Any] = {name: np.array(saved.series[name], np.float64).astype(dtype) for name in SERIES}
    known = {
        **_UNKNOWN,
        **{field.name: saved.about[field.name] for field in fields(Trajectory) if field.name in saved.about},
    }
    if not saved.about and not all(np.isfinite(values[-1]) for values in series.values()):
        known["outcome"] = "DIVERGED"
    known["outcome"] = Outcome[known["outcome"]]
    return Trajectory(step=np.array(saved.series["step"], np.int64), **series, **known)
