"""What every engine returns: the path that a descent took, and why it stopped."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.line import Gradient, Line
from tf_gd.outcome import Outcome as Outcome

SERIES = ("m", "c", "loss", "gradient_m", "gradient_c")


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
        learning_rate: the rate as it was applied, after TensorFlow's rounding.
        max_learning_rate: the rate at and over which descent does not converge.
        reduction: "sum" or "mean".
        order: which order of addition was used, and how it is known.
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

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.step.size)

    @property
    def num_steps(self) -> int:
        """The number of updates that were made."""
        return int(self.step[-1])

    @property
    def line(self) -> Line:
        """The final line."""
        return Line(self.m[-1], self.c[-1])

    @property
    def gradient(self) -> Gradient:
        """The gradient at the final line."""
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
        """Write the series to a file; its ending says how: .csv, .parquet or .json. Every digit is kept.

        The file is written aside and then renamed, so it is whole or not there.

        Raises:
            InvalidArgumentError: another ending.
            DataError: the file cannot be written.
        """
        from tf_gd.tables.writing import save_table

        save_table(self.to_dict(), path)
