"""The contours of the loss over m and c, with the path of a descent on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tf_gd.errors import invalid
from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.show.surface import Surface
from tf_gd.show.theme import Theme, asked, label, legend, named_theme, new_figure, number, share, with_unit
from tf_gd.trajectory import Outcome, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = 14


def contour(
    points: Points, *trajectories: Trajectory, theme: str = "light", filled: bool = True, eigenvectors: bool = True
) -> Figure:
    """Draw the contours of L(m, c), the path of each descent over them, and the eigenvectors of the Hessian.

    One panel a trajectory: give it a stable, the best and a diverging learning rate to see them side by
    side. Both axes have one scale, so that each step is seen to leave its contour at a right angle. Unless
    `filled`, only lines are drawn, which weigh less in an SVG; `eigenvectors` can be left out.

    Raises:
        InvalidArgumentError: no trajectory, or an unknown theme.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> len(contour(points, path).axes)
        1
    """
    if not trajectories:
        raise invalid("trajectories", "at least one trajectory", ())
    colours = named_theme(theme)
    width = 5.4 if len(trajectories) == 1 else 4.3 * len(trajectories)
    figure, axes = new_figure(colours, columns=len(trajectories), sharey=True, figsize=(width, 5.2))
    for ax, trajectory in zip(axes, trajectories, strict=True):
        _draw_contour(ax, Surface.of_run(points, trajectory), trajectory, colours, filled, eigenvectors)
    handles, _ = axes[0].get_legend_handles_labels()
    legend(figure, colours, handles=handles, loc="outside lower center", ncols=5 if len(axes) > 1 else 2)
    axes[0].set_ylabel(with_unit("intercept c", axes[0].yaxis), color=colours.ink)
    return figure


def _draw_contour(
    ax: Axes, surface: Surface, trajectory: Trajectory, theme: Theme, filled: bool, eigenvectors: bool
) -> None:
    """Draw one panel: the contours, their two principal directions, and the path that was taken."""
    radius = surface.radius(Line(float(trajectory.m[0]), float(trajectory.c[0])))
    _draw_contours(ax, surface, radius, theme, filled)
    if eigenvectors:
        _draw_directions(ax, surface, radius, theme)
    _draw_path(ax, trajectory, _until_far(trajectory, surface, 4 * radius), theme)
    ax.plot(surface.best.m, surface.best.c, "*", color=theme.ink, markersize=12, label="lowest point")
    ax.grid(visible=False)
    label(ax, theme, _rate_title(surface, trajectory), "slope m", "")


def _draw_contours(ax: Axes, surface: Surface, radius: float, theme: Theme, filled: bool) -> None:
    """Draw the contours, evenly spaced in the logarithm of what is left to lose."""
    from matplotlib.colors import LinearSegmentedColormap

    m, c, excess = surface.grid(radius)
    peak = float(excess.max())
    levels = np.geomspace(1e-5 * peak, peak, SHADES)
    if filled:
        shades = LinearSegmentedColormap.from_list("valley", [theme.valley, theme.ground])
        ax.contourf(m, c, np.maximum(excess, levels[0]), levels, norm="log", cmap=shades)
    ax.contour(m, c, excess, levels, colors=theme.faint if filled else theme.valley, linewidths=0.5 if filled else 1)
    ax.set(xlim=(m[0], m[-1]), ylim=(c[0], c[-1]), aspect="equal")


def _draw_directions(ax: Axes, surface: Surface, radius: float, theme: Theme) -> None:
    """Draw the eigenvectors of the Hessian, the steepest direction first."""
    curvature = surface.curvature
    steep, flat = np.linalg.eigh(curvature.hessian).eigenvectors.T[::-1]
    for value, vector, style in (
        (curvature.lipschitz_constant, steep, "--"),
        (curvature.smallest_eigenvalue, flat, "-."),
    ):
        ends = np.outer([-0.9, 0.9], vector) * radius + [surface.best.m, surface.best.c]
        name = f"eigenvector, λ = {number(value, 4)}"
        ax.plot(*ends.T, color=theme.green, linestyle=style, linewidth=1.2, label=name)


def _draw_path(ax: Axes, trajectory: Trajectory, rows: int, theme: Theme) -> None:
    """Draw the first so many rows of the path, and where it starts."""
    m, c = trajectory.m[:rows], trajectory.c[:rows]
    ax.plot(m, c, "o-", color=theme.red, linewidth=1.4, markersize=3, label="path of the descent")
    ax.plot(m[0], c[0], "s", color=theme.ink, markersize=7, label="start")


def _until_far(trajectory: Trajectory, surface: Surface, radius: float) -> int:
    """Return how many rows to draw: up to the first that is far outside the picture, or not finite."""
    m, c = (np.asarray(series, dtype=np.float64) for series in (trajectory.m, trajectory.c))
    with np.errstate(all="ignore"):
        away = np.maximum(np.abs(m - surface.best.m), np.abs(c - surface.best.c))
    far = np.flatnonzero(~(away <= radius))
    if not far.size:
        return len(trajectory)
    return int(far[0]) + int(np.isfinite(away[far[0]]))


def _rate_title(surface: Surface, trajectory: Trajectory) -> str:
    """Say where the learning rate stands beside the largest stable one."""
    rate = float(trajectory.learning_rate)
    part = rate / surface.curvature.max_learning_rate
    outcome = "diverges" if trajectory.outcome is Outcome.DIVERGED or part > 1 else f"{trajectory.num_steps} steps"
    return f"α = {asked(rate, 4)} = {share(part)} of the limit: {outcome}"
