"""The figures: each a function that takes points and a trajectory and returns a matplotlib `Figure`.

Every one takes `theme`, "light" or "dark", and raises `InvalidArgumentError` for another.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, invalid
from tf_gd.line import Line, predict
from tf_gd.points import Points
from tf_gd.show.contour import contour
from tf_gd.show.parabola import parabola
from tf_gd.show.surface import Surface
from tf_gd.show.theme import Theme, asked, label, legend, named_theme, new_figure, new_mosaic, number, share
from tf_gd.show.thinning import MOST_IN_A_FIGURE, thinned
from tf_gd.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["contour", "fitted_line", "loss_curve", "overlay", "overview", "parabola"]


def overview(points: Points, trajectory: Trajectory, theme: str = "light") -> "Figure":
    """Draw the fitted line beside the loss curve.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> [ax.get_ylabel() for ax in overview(points, path).axes]
        ['y', 'loss (sum)', 'left to lose']
    """
    colours = named_theme(theme)
    figure, axes = new_mosaic(colours, [["line", "loss"], ["line", "left"]], figsize=(11, 5))
    draw_line(axes["line"], points, trajectory.line, colours)
    draw_loss(axes["loss"], axes["left"], points, trajectory, colours)
    return figure


def fitted_line(points: Points, trajectory: Trajectory, theme: str = "light", most: int = MOST_IN_A_FIGURE) -> "Figure":
    """Draw the data, the fitted line, and each residual as the vertical segment between them.

    Args:
        points: the observations.
        trajectory: the descent; its last row is the line.
        theme: "light" or "dark".
        most: how many points to draw; of more, every k-th.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> fitted_line(points, path).axes[0].get_xlabel()
        'x'
    """
    colours = named_theme(theme)
    figure, (ax,) = new_figure(colours)
    draw_line(ax, points, trajectory.line, colours, most)
    return figure


def draw_line(ax: "Axes", points: Points, line: Line, theme: Theme, most: int = MOST_IN_A_FIGURE) -> None:
    """Draw points, line and residuals into `ax`; points that are too far apart for its axes are refused."""
    x, y = (vector[thinned(points.n, most)].astype(np.float64) for vector in points)
    for name, vector in (("x", x), ("y", y)):
        if vector.max() / 2 - vector.min() / 2 > np.finfo(np.float64).max / 4:
            raise DataError(f"`{name}` must span less than half of what float64 holds, to be drawn. Scale the points.")
    fitted = predict(line, x)
    finite = np.isfinite(fitted)
    ax.vlines(x[finite], fitted[finite], y[finite], color=theme.orange, linewidth=1.2, label="residual, p − y")
    ax.plot(x, y, "o", color=theme.blue, markersize=5, label="observation, y")
    ends = np.array([x.min(), x.max()])
    if finite.all():
        ax.plot(ends, predict(line, ends), color=theme.ink, linewidth=1.8, label="prediction, p = m x + c")
    label(ax, theme, f"y = {number(line.m)} x {_signed(float(line.c))}", points.x_name, points.y_name)
    legend(ax, theme)


def loss_curve(points: Points, trajectory: Trajectory, theme: str = "light") -> "Figure":
    """Draw the loss at each step; under it what is left to lose, and the bound that the curvature puts on that.

    What is left, `L - min L`, shrinks each step at least by the factor decay^2, where
    decay = max |1 - alpha lambda| over both eigenvalues of the Hessian; past the largest stable rate it
    grows.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> [ax.get_yscale() for ax in loss_curve(points, path).axes]
        ['log', 'log']
    """
    colours = named_theme(theme)
    figure, (top, bottom) = new_figure(colours, rows=2, sharex=True, figsize=(6.4, 5.6))
    draw_loss(top, bottom, points, trajectory, colours)
    return figure


def draw_loss(top: "Axes", bottom: "Axes", points: Points, trajectory: Trajectory, theme: Theme) -> None:
    """Draw the loss into `top`, and what is left to lose into `bottom`."""
    surface = Surface.of_run(points, trajectory)
    kept = thinned(len(trajectory))
    step, loss = trajectory.step[kept], trajectory.loss[kept]
    if trajectory.num_batches is not None:  # the rows hold each batch's own loss; here it is of all points
        loss = surface.loss(*_float64(trajectory.m[kept], trajectory.c[kept]))
    decay = surface.curvature.decay(_first_rate(trajectory))
    left = surface.excess(*_float64(trajectory.m[kept], trajectory.c[kept]))
    with np.errstate(all="ignore"):
        bound = left[0] * decay ** (2.0 * step)
    marker: dict[str, Any] = {"marker": "o", "markersize": 3} if len(trajectory) < 40 else {}
    top.plot(step, _drawable(loss), color=theme.blue, linewidth=2, label="loss, L", **marker)
    if surface.least > 0:
        top.axhline(surface.least, color=theme.faint, linewidth=1, linestyle=":", label="least loss, min L")
    bottom.plot(step, _drawable(left), color=theme.green, linewidth=2, label="left to lose, L − min L", **marker)
    name = f"bound: × {share(decay**2)} each step"
    if _is_bounded(trajectory):
        under = _drawable(bound, _drawable(left))
        bottom.plot(step, under, color=theme.orange, linewidth=1.4, linestyle="--", label=name)
    for ax, values in ((top, loss), (bottom, left)):
        if np.any(values > 0):
            ax.set_yscale("log")
    label(top, theme, f"Loss at learning rate {asked(_first_rate(trajectory))}", "", f"loss ({_words(trajectory)})")
    label(bottom, theme, "", "step", "left to lose")
    legend(top, theme)
    legend(bottom, theme)


def _is_bounded(trajectory: Trajectory) -> bool:
    """Return whether every step multiplies the distance by one matrix: all points, m and c, and one rate."""
    return trajectory.num_batches is None and trajectory.intercept and trajectory.num_rates == 1


def _words(trajectory: Trajectory) -> str:
    return trajectory.reduction.replace("_", " ")


def _first_rate(trajectory: Trajectory) -> float:
    """Return the learning rate, the first one where it changes from step to step."""
    return float(trajectory.learning_rate)


def overlay(
    tensorflow: Trajectory, manual: Trajectory, ulps: Mapping[str, npt.NDArray[Any]], theme: str = "light"
) -> "Figure":
    """Draw TensorFlow's and the hand-written trajectory over each other, and their difference in ulps.

    Args:
        tensorflow: TensorFlow's descent.
        manual: the hand-written descent over the same steps.
        ulps: for each series ("m", "c", "loss", ...) the distance at each row in units in the last place.
        theme: "light" or "dark".

    Raises:
        InvalidArgumentError: the two do not have the same steps, or a distance has another length.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> overlay(path, path, {"m": path.step * 0}).axes[1].get_ylabel()
        'difference (ulp)'
    """
    if not np.array_equal(tensorflow.step, manual.step):
        raise invalid("manual", "a trajectory over the same steps as TensorFlow's", len(manual))
    for name, distance in ulps.items():
        if len(distance) != len(manual):
            raise invalid(f"ulps[{name!r}]", f"one distance for each of {len(manual)} rows", len(distance))
    colours = named_theme(theme)
    figure, (top, bottom) = new_figure(
        colours, rows=2, sharex=True, figsize=(6.8, 5.2), gridspec_kw={"height_ratios": (2, 1)}
    )
    for name, colour in (("m", colours.blue), ("c", colours.green)):
        both = _drawable(getattr(tensorflow, name)), _drawable(getattr(manual, name))
        top.plot(tensorflow.step, both[0], color=colour, linewidth=5, alpha=0.4, label=f"{name}, TensorFlow")
        top.plot(manual.step, both[1], color=colours.ink, linewidth=1.2, linestyle="--", label=f"{name}, by hand")
    label(top, colours, "TensorFlow and by hand", "", "slope m, intercept c")
    legend(top, colours, ncols=2)
    _draw_ulps(bottom, manual.step, ulps, colours)
    return figure


def _draw_ulps(ax: "Axes", step: npt.NDArray[Any], ulps: Mapping[str, npt.NDArray[Any]], theme: Theme) -> None:
    """Draw the distances of the series that differ; when none does, say so in words."""
    from matplotlib.ticker import MaxNLocator

    markers = dict(zip(("m", "c", "loss", "gradient_m", "gradient_c"), "os^vD", strict=True))
    colours = (theme.blue, theme.green, theme.orange, theme.purple, theme.red)
    differing = {name: distance for name, distance in ulps.items() if np.any(distance)}
    ax.axhline(0, color=theme.faint, linewidth=1)
    for (name, distance), colour in zip(differing.items(), colours, strict=False):
        name_on_figure = name.replace("gradient_", "dL/d")
        ax.plot(step, distance, markers[name], color=colour, markersize=4, fillstyle="none", label=name_on_figure)
    largest = max((int(np.max(distance)) for distance in differing.values()), default=0)
    ax.set_ylim(-0.5, max(1.5, 1.1 * largest))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    title = f"largest difference: {largest} ulp" if largest else "identical: every bit of every series"
    label(ax, theme, title, "step", "difference (ulp)")
    if differing:
        legend(ax, theme, ncols=len(differing), loc="upper right")


def _float64(*series: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the series as float64, shape [series, rows]."""
    return np.array([np.asarray(one, dtype=np.float64) for one in series])


def _drawable(values: npt.ArrayLike, like: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.float64]:
    """Return the values, NaN where they cannot be drawn or fall far under the lowest of `like`."""
    drawn = np.array(values, dtype=np.float64)
    drawn[~np.isfinite(drawn) | (np.abs(drawn) > 1e200)] = np.nan
    if like is not None and np.any(like > 0):
        drawn[drawn < 0.1 * np.nanmin(like[like > 0])] = np.nan
    return drawn


def _signed(value: float) -> str:
    """Return a number with its sign set apart, as in `− 3`."""
    return f"{'−' if value < 0 else '+'} {number(abs(value))}"
