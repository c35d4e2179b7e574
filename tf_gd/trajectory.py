"""What every engine returns: the path that a descent took, and why it stopped."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.curvature import Curvature
from tf_gd.errors import DataError
from tf_gd.line import Gradient, Line
from tf_gd.tables.columns import quoted
from tf_gd.tables.trajectories import Saved, read_saved, save_trajectory
from tf_gd.validation import check_dtype

SERIES = ("m", "c", "loss", "gradient_m", "gradient_c")


class Outcome(Enum):
    """Why a descent stopped; each value is a sentence that says what to do next."""

    CONVERGED = "The gradient is at or under the tolerance. Nothing more to do."
    STEP_LIMIT = "All the steps that were asked for are done. Raise num_steps to come closer."
    DIVERGED = "The loss grows without bound. Lower learning_rate under the largest stable one."


@dataclass(frozen=True)
class Trajectory:
    """The path of a descent: row k of each series belongs to step `step[k]`, before that step's update.

    The last row is the final state.

    Attributes:
        step: shape [rows], int64, rising; step 0 is the start.
        m, c: shape [rows], the parameters.
        loss: shape [rows], the loss at (m, c).
        gradient_m, gradient_c: shape [rows], the partial derivatives at (m, c).
        outcome: why it stopped.
        message: one sentence about this very run, with its numbers.
        engine: "tensorflow", "manual" or "moments".
        learning_rate: the rate as it was applied, after TensorFlow's rounding; the largest, where there were several.
        max_learning_rate: the rate at and over which descent does not converge.
        reduction: "sum", "mean", "half_sum" or "half_mean".
        order: which order of addition was used, and how it is known.
        x_mean, x_sd: the mean and the standard deviation of x, where it was standardized; else None. Then every series,
            the gradient and the rates are those of the problem in z = (x - x_mean) / x_sd; `line` is not.
        loss_scale: the further number in front of the loss, or None.
        intercept: whether c was a parameter; else it stayed where it started.
        num_batches: how many batches were taken in turn; None where every step used all points.
        num_rates: how many different learning rates the steps had.
    """

    step: npt.NDArray[np.int64]
    m: npt.NDArray[Any]
    c: npt.NDArray[Any]
    loss: npt.NDArray[Any]
    gradient_m: npt.NDArray[Any]
    gradient_c: npt.NDArray[Any]
    outcome: Outcome
    message: str
    engine: str
    learning_rate: float
    max_learning_rate: float
    reduction: str
    order: str = ""
    x_mean: float | None = None
    x_sd: float | None = None
    loss_scale: float | None = None
    intercept: bool = True
    num_batches: int | None = None
    num_rates: int = 1

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.step.size)

    @property
    def num_steps(self) -> int:
        """The number of updates that were made."""
        return int(self.step[-1])

    @property
    def line(self) -> Line:
        """The final line, in the data's own units: where x was standardized, m_z / sd and c_z - m_z mean / sd."""
        if self.x_mean is None or self.x_sd is None:
            return Line(self.m[-1], self.c[-1])
        with np.errstate(all="ignore"):
            m, c = np.float64(self.m[-1]), np.float64(self.c[-1])
            return Line(m / self.x_sd, c - m * self.x_mean / self.x_sd)

    @property
    def gradient(self) -> Gradient:
        """The gradient at the final state, by the m and c of the series."""
        return Gradient(self.gradient_m[-1], self.gradient_c[-1])

    def to_dict(self) -> dict[str, list[Any]]:
        """Return the series as plain lists of Python numbers, `step` first.

        Example:
            >>> from tf_gd import train
            >>> train([0.0, 1.0], [0.0, 1.0], learning_rate=0.25, num_steps=1, engine="manual").to_dict()["m"]
            [0.0, 0.5]
        """
        series = {name: np.asarray(getattr(self, name)).astype(np.float64).tolist() for name in SERIES}
        return {"step": self.step.tolist(), **series}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trajectory to a file; its ending says how: .csv, .parquet or .json. Every digit is kept.

        .json and .parquet hold everything, .csv the series alone; `read_trajectory` reads them back. The file is
        written aside and then renamed, so it is whole or not there.

        Raises:
            InvalidArgumentError: another ending.
            DataError: the file cannot be written.
        """
        save_trajectory(self.to_dict(), about(self), path)


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


def about(path: Trajectory) -> dict[str, Any]:
    """Return what is known of a trajectory besides its series, as values of JSON; numbers that are not finite as text.

    Example:
        >>> from tf_gd import train
        >>> about(train([0.0, 1.0], [0.0, 1.0], learning_rate=0.25, num_steps=1, engine="manual"))["line"]
        {'m': 0.5, 'c': 0.5}
    """
    line = {"m": float(path.line.m), "c": float(path.line.c)}
    others = {field.name: getattr(path, field.name) for field in fields(path) if field.name not in ("step", *SERIES)}
    return {"line": line, "dtype": path.m.dtype.name, **{name: _plain(value) for name, value in others.items()}}


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: an outcome by its name, a named tuple by its members."""
    if isinstance(value, Enum):
        return value.name
    if hasattr(value, "_asdict"):
        return {name: _plain(member) for name, member in value._asdict().items()}
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value


def judge(
    step: int,
    first: npt.NDArray[Any],
    last: npt.NDArray[Any],
    curvature: Curvature,
    rate: float,
    tolerance: float | None,
) -> tuple[Outcome, str]:
    """Return why a descent stopped, and a sentence with the numbers of this very run.

    Args:
        step: the number of updates that were made.
        first, last: the rows (m, c, loss, dL/dm, dL/dc) of the first and the final state.
        curvature: of the points.
        rate: the learning rate as it was applied.
        tolerance: as given to `train`, in the dtype of the run.
    """
    limit = curvature.max_learning_rate
    largest = float(np.max(np.abs(last[3:])))
    if not np.all(np.isfinite(last)):
        return Outcome.DIVERGED, _overflow(step, last, limit, rate)
    if tolerance is not None and largest <= tolerance:
        return Outcome.CONVERGED, (
            f"After {step:,} steps the largest component of the gradient is {largest:.3g}, "
            f"at or under the tolerance {tolerance:.3g}."
        )
    if rate >= limit and last[2] > first[2]:
        return Outcome.DIVERGED, (
            f"The loss grew from {float(first[2]):.6g} to {float(last[2]):.6g} in {step:,} steps; "
            f"the learning rate must stay under {limit:.6g} for these points."
        )
    return Outcome.STEP_LIMIT, _unfinished(step, largest, curvature, rate, tolerance)


def _overflow(step: int, last: npt.NDArray[Any], limit: float, rate: float) -> str:
    """Say which number was lost first, and whether the rate or the size of the numbers is to blame."""
    names = ("m", "c", "Loss", "dL/dm", "dL/dc")
    index = next(i for i in (2, 3, 4, 0, 1) if not np.isfinite(last[i]))
    what = f"{names[index]} became {'NaN' if np.isnan(last[index]) else 'infinite'} at step {step:,}"
    if limit == 0:
        return f"{what}: the squares of the points overflow. Scale the points."
    if rate >= limit:
        return f"{what}; the learning rate must stay under {limit:.6g} for these points."
    return f"{what}, with a stable learning rate: the numbers are too large for {last.dtype.name}. Scale the points."


def _unfinished(step: int, largest: float, curvature: Curvature, rate: float, tolerance: float | None) -> str:
    """Say how far a descent came, and how many more steps it takes."""
    summary = f"All {step:,} steps are done; the largest component of the gradient is {largest:.3g}"
    if tolerance is None:
        return f"{summary}."
    with np.errstate(all="ignore"):
        digits = max(1e-9, float(np.log10(largest / np.float64(tolerance))))
    more = curvature.steps_to(digits, rate) if np.isfinite(digits) else np.inf
    advice = f"about {more:,.0f} more are needed" if np.isfinite(more) else "more steps alone will not get there"
    return f"{summary}, over the tolerance {tolerance:.3g}; {advice}."
