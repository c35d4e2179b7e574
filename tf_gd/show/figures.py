"""The figures: each a function that takes points and a trajectory and returns a matplotlib `Figure`.

Every one takes `theme`, "light" or "dark", and raises `InvalidArgumentError` for another.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid
from tf_gd.line import Line, Reduction, predict
from tf_gd.points import Points
from tf_gd.show.contour import contour
from tf_gd.show.parabola import parabola
from tf_gd.show.surface import Surface
from tf_gd.show.theme import Theme, label, legend, named_theme, new_figure, number, share
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
        >>> [ax.get_xlabel() for ax in overview(points, path).axes]
        ['x', 'step']
    """
    colours = named_theme(theme)
    figure, (left, right) = new_figure(colours, columns=2, figsize=(11, 4.2))
    draw_line(left, points, trajectory.line, colours)
    draw_loss(right, points, trajectory, colours)
    return figure


def fitted_line(points: Points, trajectory: Trajectory, theme: str = "light") -> "Figure":
    """Draw the data, the fitted line, and each residual as the upright between them.

    Args:
        points: the observations.
        trajectory: the descent; its last row is the line.
        theme: "light" or "dark".

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> fitted_line(points, path).axes[0].get_xlabel()
        'x'
    """
    colours = named_theme(theme)
    figure, (ax,) = new_figure(colours)
    draw_line(ax, points, trajectory.line, colours)
    return figure


def draw_line(ax: "Axes", points: Points, line: Line, theme: Theme) -> None:
    """Draw points, line and residuals into `ax`."""
    x, y = (vector.astype(np.float64) for vector in points)
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
    """Draw the loss at each step, what it has left to lose, and the bound that the curvature puts on that.

    What is left, `L - min L`, shrinks each step at least by the factor decay^2, where
    decay = max |1 - alpha lambda| over both eigenvalues of the Hessian; past the largest stable rate it
    grows.

    Example:
        >>> from tf_gd import Points, train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> loss_curve(points, path).axes[0].get_yscale()
        'log'
    """
    colours = named_theme(theme)
    figure, (ax,) = new_figure(colours)
    draw_loss(ax, points, trajectory, colours)
    return figure


def draw_loss(ax: "Axes", points: Points, trajectory: Trajectory, theme: Theme) -> None:
    """Draw the loss curve into `ax`."""
    surface = Surface.of(points, cast(Reduction, trajectory.reduction))
    step = trajectory.step
    decay = surface.curvature.decay(float(trajectory.learning_rate))
    left = surface.excess(*_float64(trajectory.m, trajectory.c))
    with np.errstate(all="ignore"):
        bound = left[0] * decay ** (2.0 * step)
    marker: dict[str, Any] = {"marker": "o", "markersize": 3} if len(trajectory) < 40 else {}
    ax.plot(step, _drawable(trajectory.loss), color=theme.blue, linewidth=2, label="loss, L", **marker)
    ax.plot(
        step,
        _drawable(left),
        color=theme.green,
        linewidth=1.6,
        linestyle="--",
        label="left to lose, L − min L",
    )
    name = f"bound: × {share(decay**2)} each step"
    ax.plot(step, _drawable(bound, _drawable(left)), color=theme.orange, linewidth=1.2, linestyle=":", label=name)
    if np.any(trajectory.loss > 0):
        ax.set_yscale("log")
    label(
        ax,
        theme,
        f"Loss at learning rate {number(trajectory.learning_rate)}",
        "step",
        f"loss ({trajectory.reduction})",
    )
    legend(ax, theme)


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
    """Draw the distances; when all are 0, say so in words."""
    markers = zip(
        ("o", "s", "^", "v", "D"),
        (theme.blue, theme.green, theme.orange, theme.purple, theme.red),
        strict=True,
    )
    for (name, distance), (marker, colour) in zip(ulps.items(), markers, strict=False):
        ax.plot(step, distance, marker, color=colour, markersize=4, fillstyle="none", label=name)
    largest = max((int(np.max(distance)) for distance in ulps.values()), default=0)
    ax.set_ylim(-0.5, max(1.5, 1.1 * largest))
    found = f"largest difference: {largest} ulp" if largest else "identical: every bit of every series"
    label(ax, theme, found, "step", "difference (ulp)")
    legend(ax, theme, ncols=len(ulps) or 1, loc="upper right")


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
