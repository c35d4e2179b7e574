"""Event files for TensorBoard: every series of a trajectory, and the graph, as `tf.compat.v1.summary` writes them.

Writing needs TensorFlow only. To look at them: `pip install "tf-gd[tensorboard]"`, then `tensorboard --logdir DIR`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from tf_gd.graph import LineGraph
from tf_gd.points import Points
from tf_gd.reduction import Reduction
from tf_gd.tables.writing import make_folder
from tf_gd.trajectory import Trajectory

TAGS = {"loss": "loss", "line/m": "m", "line/c": "c", "gradient/m": "gradient_m", "gradient/c": "gradient_c"}


def write_events(log_dir: str | Path, points: Points, trajectory: Trajectory) -> Path:
    """Write a trajectory and its graph as event files into `log_dir`, which is made where it is missing.

    Args:
        log_dir: the directory to hand to `tensorboard --logdir`.
        points: the observations; only their number and dtype are in the graph.
        trajectory: the descent; event files hold float32, to which each number is rounded.

    Returns:
        The directory.

    Raises:
        DataError: the directory cannot be made or written to.

    Example:
        >>> import tempfile
        >>> from tf_gd import train
        >>> points = Points([0.0, 1.0], [1.0, 3.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=3, engine="manual")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     [file.name.split(".")[2] for file in write_events(folder, points, path).iterdir()]
        ['tfevents']
    """
    folder = make_folder(log_dir, "log_dir")
    rate = np.float64(trajectory.learning_rate)
    series = points.astype(trajectory.m.dtype)
    with LineGraph(series, rate, cast(Reduction, trajectory.reduction)) as line_graph:
        _write(line_graph, folder, trajectory)
    return folder


def _write(line_graph: LineGraph, folder: Path, trajectory: Trajectory) -> None:
    """Write the graph and a summary for each row."""
    v1 = line_graph.v1
    with line_graph.graph.as_default():  # a `FileWriter` refuses to work in eager mode
        writer = v1.summary.FileWriter(str(folder), graph=line_graph.graph)
        for row, step in enumerate(trajectory.step):
            writer.add_summary(_summary(v1, trajectory, row), int(step))
        writer.close()


def _summary(v1: Any, trajectory: Trajectory, row: int) -> Any:
    """Return one row as a `Summary`."""
    values = {tag: float(getattr(trajectory, name)[row]) for tag, name in TAGS.items()}
    values["learning_rate"] = float(trajectory.learning_rate)
    with np.errstate(over="ignore"):
        pairs = [(tag, float(np.float32(value))) for tag, value in values.items()]
    return v1.Summary(value=[v1.Summary.Value(tag=tag, simple_value=value) for tag, value in pairs])
