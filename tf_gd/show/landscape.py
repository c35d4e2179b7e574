"""The landscape of the loss: one parameter's parabola, and the contours over both with a path on them."""

from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from tf_gd.data import Points
from tf_gd.errors import invalid
from tf_gd.line import Line, Reduction
from tf_gd.show.surface import Surface
from tf_gd.show.theme import Theme, label, legend, named_theme, new_figure, number, share
from tf_gd.trajectory import Outcome, Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = 14


def parabola(points: Points, trajectory: Trajectory, theme: str = "light", row: int = 0) -> "Figure":
    """Draw L against M, once for M = m and once for M = c: the parabola, the tangent, its sign and the step.

    Args:
        points: the observations.
        trajectory: the descent.
        theme: "light" or "dark".
        row: the row of the trajectory to stand at; 0 is the start, negative counts from the end.

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
    figure, axes = new_figure(colours, columns=2)
    surface = Surface.of(points, cast(Reduction, trajectory.reduction))
    for ax, which in zip(axes, ("m", "c"), strict=True):
        _draw_parabola(ax, surface, trajectory, row, cast(Literal["m", "c"], which), colours)
    step = int(trajectory.step[row])
    figure.suptitle(f"The loss against one parameter M at step {step}", color=colours.ink, fontsize=12)
    return figure


def _draw_parabola(
    ax: "Axes", surface: Surface, trajectory: Trajectory, row: int, which: Literal["m", "c"], theme: Theme
) -> None:
    """Draw one parameter's parabola, with the tangent and the step at `row`."""
    here = Line(float(trajectory.m[row]), float(trajectory.c[row]))
    value, slope = getattr(here, which), float(getattr(trajectory, f"gradient_{which}")[row])
    hessian = surface.curvature.mm if which == "m" else surface.curvature.cc
    lowest = value - slope / hessian if hessian > 0 else value
    after = value - float(trajectory.learning_rate) * slope
    reach = 1.35 * max(abs(value - lowest), abs(after - lowest)) or max(1.0, abs(lowest)) / 4

    def height(at: Any) -> Any:
        return surface.loss(at, here.c) if which == "m" else surface.loss(here.m, at)

    span = np.linspace(lowest - reach, lowest + reach, 201)
    top = float(height(span).max())
    ax.plot(span, height(span), color=theme.blue, linewidth=2, label="L(M)")
    near = np.array([value - 0.35 * reach, value + 0.35 * reach])
    ax.plot(
        near,
        height(value) + slope * (near - value),
        color=theme.orange,
        linestyle="--",
        label="tangent, dL/dM",
    )
    ax.plot(lowest, height(lowest), "*", color=theme.green, markersize=13, label="lowest point")
    ax.plot(after, height(after), "s", color=theme.purple, markersize=6, label="M − α dL/dM")
    ax.plot(value, height(value), "o", color=theme.ink, markersize=7, label="M")
    arrow = {"arrowstyle": "-|>", "color": theme.purple, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", (after, height(value)), (value, height(value)), arrowprops=arrow)
    ax.vlines(after, *sorted([height(after), height(value)]), color=theme.purple, linestyle=":", linewidth=1)
    floor = float(height(lowest))
    ax.set_ylim(floor - 0.08 * (top - floor or 1.0), top + 0.05 * (top - floor or 1.0))
    names = {"m": "slope m, with c held still", "c": "intercept c, with m held still"}
    label(ax, theme, _advice(which, slope), names[which], f"loss ({surface.reduction})")
    legend(ax, theme, loc="upper center")


def _advice(which: str, slope: float) -> str:
    """Say in words what the sign of the derivative asks for  (equation 7)."""
    if slope == 0:
        return f"dL/d{which} = 0: at the bottom, {which} stays"
    advice = "uphill, so decrease" if slope > 0 else "downhill, so increase"
    return f"dL/d{which} = {number(slope, 4)}: {advice} {which}"


def contour(points: Points, *trajectories: Trajectory, theme: str = "light") -> "Figure":
    """Draw the contours of L(m, c), the path of each descent over them, and the eigenvectors of the Hessian.

    One panel a trajectory: give it a stable, the best and a diverging learning rate to see them side by
    side. Both axes have one scale, so that each step is seen to leave its contour at a right angle.

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
        _draw_contour(ax, Surface.of(points, cast(Reduction, trajectory.reduction)), trajectory, colours)
    handles, _ = axes[0].get_legend_handles_labels()
    legend(figure, colours, handles=handles, loc="outside lower center", ncols=5 if len(axes) > 1 else 2)
    axes[0].set_ylabel("intercept c", color=colours.ink)
    return figure


def _draw_contour(ax: "Axes", surface: Surface, trajectory: Trajectory, theme: Theme) -> None:
    """Draw one panel: the landscape, its two principal directions, and the path that was taken."""
    from matplotlib.colors import LinearSegmentedColormap

    start = Line(float(trajectory.m[0]), float(trajectory.c[0]))
    radius = surface.radius(start)
    m, c, excess = surface.grid(radius)
    floor, peak = float(excess.max()) * 1e-5, float(excess.max())
    levels = np.geomspace(floor, peak, SHADES)
    shades = LinearSegmentedColormap.from_list("valley", [theme.valley, theme.ground])
    ax.contourf(m, c, np.maximum(excess, floor), levels, norm="log", cmap=shades)
    ax.contour(m, c, excess, levels, colors=theme.faint, linewidths=0.5)
    for value, vector, style in zip(*_directions(surface), ("--", "-."), strict=True):
        ends = np.outer([-1.0, 1.0], vector) * 0.9 * radius + [surface.best.m, surface.best.c]
        ax.plot(
            *ends.T,
            color=theme.green,
            linestyle=style,
            linewidth=1.2,
            label=f"eigenvector, λ = {number(value, 4)}",
        )
    inside = _until_far(trajectory, surface, 4 * radius)
    path: dict[str, Any] = {"color": theme.red, "linewidth": 1.4, "marker": "o", "markersize": 3}
    ax.plot(trajectory.m[:inside], trajectory.c[:inside], **path, label="path of the descent")
    ax.plot(start.m, start.c, "s", color=theme.ink, markersize=7, label="start")
    ax.plot(surface.best.m, surface.best.c, "*", color=theme.ink, markersize=12, label="lowest point")
    ax.set(xlim=(m[0], m[-1]), ylim=(c[0], c[-1]), aspect="equal")
    ax.grid(visible=False)
    label(ax, theme, _rate_title(surface, trajectory), "slope m", "")


def _directions(surface: Surface) -> tuple[Any, Any]:
    """Return the eigenvalues of the Hessian, steepest first, and the unit eigenvectors as rows."""
    curvature = surface.curvature
    _, vectors = np.linalg.eigh(curvature.hessian)
    return (curvature.lipschitz_constant, curvature.smallest_eigenvalue), vectors.T[::-1]


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
    part = float(trajectory.learning_rate) / surface.curvature.max_learning_rate
    outcome = "diverges" if trajectory.outcome is Outcome.DIVERGED or part > 1 else f"{trajectory.num_steps} steps"
    return f"α = {number(trajectory.learning_rate, 4)} = {share(part)} of the limit: {outcome}"
