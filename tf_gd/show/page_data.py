"""What the page's scripts are given: the points, their moments, and the run, as plain values for JSON."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.show.surface import Surface
from tf_gd.show.theme import one_line
from tf_gd.show.thinning import MOST_POINTS, MOST_STATES, thinned
from tf_gd.trajectory import Trajectory


def page_data(points: Points, surface: Surface, rate: float, start: Line, run: Trajectory | None) -> dict[str, Any]:
    """Return the values for a page about `points`.

    Args:
        points: the observations.
        surface: of their loss, by which the page computes every step.
        rate: the learning rate to begin with.
        start: the line to begin at.
        run: the run whose path is drawn, if there was one.
    """
    kept = thinned(points.n, MOST_POINTS)
    return {
        "x_name": one_line(points.x_name),
        "y_name": one_line(points.y_name),
        "points": {"x": plain_numbers(points.x[kept]), "y": plain_numbers(points.y[kept])},
        "moments": {
            "n": surface.n,
            "mean": surface.mean,
            "spread": surface.spread,
            "best": {"m": surface.best.m, "c": surface.best.c},
            "least": surface.sum_of_squares,
        },
        "reduction": surface.reduction,
        "factor": 1.0 if surface.loss_scale is None else surface.loss_scale,
        "rate": rate,
        "exact_rate": bool(np.float32(rate) != rate),
        "start": {"m": float(start.m), "c": float(start.c)},
        "standardized": run is not None and run.x_sd is not None,
        "run": None if run is None else _path(run),
    }


def _path(run: Trajectory) -> dict[str, list[float]]:
    """Return the states of a run to draw, up to the first that is not finite."""
    m, c = (np.asarray(series, dtype=np.float64) for series in (run.m, run.c))
    finite = np.isfinite(m) & np.isfinite(c)
    count = len(m) if finite.all() else int(np.argmin(finite))
    kept = thinned(count, MOST_STATES) if count else np.array([], dtype=np.int64)
    return {"m": m[kept].tolist(), "c": c[kept].tolist()}


def plain_numbers(values: Any) -> list[float | None]:
    """Return numbers for JSON, which knows neither NaN nor infinity."""
    return [value if math.isfinite(value) else None for value in map(float, values)]
