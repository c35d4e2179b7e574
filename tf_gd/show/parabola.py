"""One parameter at a time: L against M is a parabola, and the derivative tells which way is down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid
from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.show.surface import Surface
from tf_gd.show.theme import Theme, label, legend, named_theme, new_figure, number
from tf_gd.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Parameter = Literal["m", "c"]
NAMES: dict[Parameter, str] = {"m": "slope m, with c held still", "c": "intercept c, with m held still"}


@dataclass(frozen=True)
class Parabola:
    """The loss along one parameter M, the other one held still.

    Attributes:
        surface: the loss over both.
        line: where it stands.
        parameter: which one M is.
        slope: dL/dM there.
        learning_rate: of the step from there.
    """

    surface: Surface
    line: Line
    parameter: Parameter
    slope: float
    learning_rate: float

    @classmethod
    def of(cls, surface: Surface, trajectory: Trajectory, row: int, parameter: Parameter) -> Parabola:
        """Return the parabola at a row of a trajectory."""
        line = Line(float(trajectory.m[row]), float(trajectory.c[row]))
        slope = float(getattr(trajectory, f"gradient_{parameter}")[row])
        if trajectory.num_batches is not None:  # the row's slope is of one batch; the parabola is of all points
            slope = surface.slope(line, parameter)
        return cls(surface, line, parameter, slope, float(trajectory.learning_rate))

    @property
    def here(self) -> float:
        """M."""
        return float(getattr(self.line, self.parameter))

    @property
    def after(self) -> float:
        """M after one step  (equation 8)."""
        return self.here - self.learning_rate * self.slope

    @property
    def lowest(self) -> float:
        """The M of the lowest point: a parabola's slope is its curvature times the way from there."""
        curvature = self.surface.curvature.mm if self.parameter == "m" else self.surface.curvature.cc
        return self.here - self.slope / curvature if curvature > 0 else self.here

    @property
    def reach(self) -> float:
        """How far from the lowest point to look."""
        away = max(abs(self.here - self.lowest), abs(self.after - self.lowest))
        return 1.35 * away or max(1.0, abs(self.lowest)) / 4

    def loss(self, at: npt.ArrayLike) -> Any:
        """Return the loss where M is `at`."""
        return self.surface.loss(at, self.line.c) if self.parameter == "m" else self.surface.loss(self.line.m, at)


def parabola(
    points: Points, trajectory: Trajectory, theme: str = "light", row: int = 0, stacked: bool = False
) -> Figure:
    """Draw L against M, once for M = m and once for M = c: the parabola, the tangent, its sign and the step.

    Args:
        points: the observations.
        trajectory: the descent.
        theme: "light" or "dark".
        row: the row of the trajectory to stand at; 0 is the start, negative counts from the end.
        stacked: whether the one for c stands under the one for m, not beside it.

    Raises:
        InvalidArgumentError: the trajectory has no such row, or its values there are not finite.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> [ax.get_xlabel() for ax in parabola(points, path).axes]
        ['slope m, with c held still', 'intercept c, with m held still']
    """
    if not -len(trajectory) <= row < len(trajectory):
        raise invalid("row", f"a row of the trajectory, 0 to {len(trajectory) - 1}", row)
    if not np.isfinite([trajectory.m[row], trajectory.c[row], trajectory.loss[row]]).all():
        raise invalid("row", "a row whose values are finite", row, "Choose an earlier one.")
    colours = named_theme(theme)
    parameters: list[Parameter] = ["m", "c"] if trajectory.intercept else ["m"]
    count = len(parameters)
    if stacked:
        figure, axes = new_figure(colours, rows=count, figsize=(6.4, 3.7 * count))
    else:
        figure, axes = new_figure(colours, columns=count)
    surface = Surface.of_run(points, trajectory)
    for ax, which in zip(axes, parameters, strict=True):
        _draw(ax, Parabola.of(surface, trajectory, row, which), colours)
    step = int(trajectory.step[row])
    figure.suptitle(f"The loss against one parameter M at step {step}", color=colours.ink, fontsize=12)
    return figure


def _draw(ax: Axes, curve: Parabola, theme: Theme) -> None:
    """Draw one parameter's parabola, its tangent and the step on it."""
    span = np.linspace(curve.lowest - curve.reach, curve.lowest + curve.reach, 201)
    heights = curve.loss(span)
    ax.plot(span, heights, color=theme.blue, linewidth=2, label="L(M)")
    _draw_tangent(ax, curve, theme)
    _draw_points(ax, curve, theme)
    _draw_step(ax, curve, theme)
    floor, top = float(curve.loss(curve.lowest)), float(heights.max())
    height = top - floor or 1.0
    ax.set_ylim(floor - 0.08 * height, top + 0.05 * height)
    title = _advice(curve.parameter, curve.slope)
    label(ax, theme, title, NAMES[curve.parameter], f"loss ({curve.surface.reduction.replace('_', ' ')})")
    legend(ax, theme, loc="upper center")


def _draw_tangent(ax: Axes, curve: Parabola, theme: Theme) -> None:
    """Draw the tangent: its slope is the derivative."""
    way = np.array([-0.35, 0.35]) * curve.reach
    heights = curve.loss(curve.here) + curve.slope * way
    ax.plot(curve.here + way, heights, color=theme.orange, linestyle="--", label="tangent, dL/dM")


def _draw_points(ax: Axes, curve: Parabola, theme: Theme) -> None:
    """Draw the lowest point, and M after the step and before it."""
    for at, marker, colour, size, name in (
        (curve.lowest, "*", theme.green, 13, "lowest point"),
        (curve.after, "s", theme.purple, 6, "M − α dL/dM"),
        (curve.here, "o", theme.ink, 7, "M"),
    ):
        ax.plot(at, curve.loss(at), marker, color=colour, markersize=size, label=name)


def _draw_step(ax: Axes, curve: Parabola, theme: Theme) -> None:
    """Draw the step as an arrow along M, and the vertical segment from its head to the parabola."""
    level, landing = float(curve.loss(curve.here)), float(curve.loss(curve.after))
    arrow = {"arrowstyle": "-|>", "color": theme.purple, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (curve.after, level), (curve.here, level), arrowprops=arrow)
    low, high = sorted([level, landing])
    ax.vlines(curve.after, low, high, color=theme.purple, linestyle=":", linewidth=1)


def _advice(which: str, slope: float) -> str:
    """Say in words what the sign of the derivative asks for  (equation 7)."""
    if slope == 0:
        return f"dL/d{which} = 0: at the bottom, {which} stays"
    advice = "uphill, so decrease" if slope > 0 else "downhill, so increase"
    return f"dL/d{which} = {number(slope, 4)}: {advice} {which}"
