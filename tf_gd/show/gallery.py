"""Which descent a figure needs: from a problem to the figure, by the name of its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tf_gd.descent import run
from tf_gd.errors import invalid
from tf_gd.points import Points
from tf_gd.problem import Problem
from tf_gd.show.figures import contour, fitted_line, loss_curve, overview, parabola

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ("overview", "line", "loss", "parabola", "contour")
SLOW, TOO_FAST = 0.2, 1.03  # of the largest stable rate


def draw(kind: str, points: Points, problem: Problem, theme: str = "light", row: int = 0) -> Figure:
    """Descend by hand as `problem` says, and draw a figure of it.

    Args:
        kind: "overview", "line", "loss", "parabola" or "contour".
        points: the observations, with their names.
        problem: the descent over them.
        theme: "light" or "dark".
        row: where to stand on the parabola.

    Raises:
        InvalidArgumentError: unknown `kind` or `theme`, or no such row.
    """
    path = run(problem, "manual")
    if kind == "overview":
        return overview(points, path, theme)
    if kind == "line":
        return fitted_line(points, path, theme)
    if kind == "loss":
        return loss_curve(points, path, theme)
    if kind == "parabola":
        return parabola(points, path, theme, row)
    if kind == "contour":
        return contour(points, path, theme=theme)
    raise invalid("kind", f"one of {', '.join(KINDS)}", kind)


def draw_three_rates(points: Points, problem: Problem, theme: str = "light") -> Figure:
    """Draw the contours with a slow, the best and a diverging learning rate side by side."""
    curvature = problem.curvature
    limit = curvature.max_learning_rate
    rates = (SLOW * limit, curvature.best_learning_rate, TOO_FAST * limit)
    paths = [run(replace(problem, learning_rate=np.float64(rate)), "manual") for rate in rates]
    return contour(points, *paths, theme=theme)
