"""Figures that stand in the page: matplotlib's own SVG, inline, its text as text and its colours as the page's."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.show.contour import contour
from tf_gd.show.figures import draw_line, fitted_line, loss_curve
from tf_gd.show.parabola import parabola
from tf_gd.show.theme import LIGHT, named_theme, new_figure
from tf_gd.show.thinning import MOST_POINTS, MOST_STATES, thinned
from tf_gd.trajectory import SERIES, Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Still:
    """A figure of the page: its SVG, which names what it shows, and what is written under it."""

    svg: str
    caption: str


def stills_of_run(points: Points, trajectory: Trajectory) -> Iterator[Still]:
    """Yield the figures of a run: the line, the losses, the contours, the parabolas at the start."""
    kept = thinned(len(trajectory), MOST_STATES)
    series = {name: getattr(trajectory, name)[kept] for name in ("step", *SERIES)}
    drawn = replace(trajectory, **series)
    yield _still(fitted_line(points, drawn, most=MOST_POINTS), "The line that the run found, with its residuals")
    yield _still(loss_curve(points, drawn), "The loss, and what is left to lose, at each step")
    if np.isfinite(np.array([drawn.m[0], drawn.c[0], drawn.loss[0]], dtype=np.float64)).all():
        yield _still(
            contour(points, drawn, filled=False), "The loss over slope and intercept, with the path of the run"
        )
        yield _still(parabola(points, drawn, stacked=True), "The loss against each parameter alone, at the start")


def still_of_points(points: Points, line: Line) -> Still:
    """Return the figure of points without a run: the best line through them."""
    theme = named_theme("light")
    figure, (ax,) = new_figure(theme)
    draw_line(ax, points, line, theme, MOST_POINTS)
    return _still(figure, "The best line with its residuals")


def _still(figure: Figure, caption: str) -> Still:
    """Return a figure as an SVG element fit to stand in a page."""
    from matplotlib import rc_context

    written = io.StringIO()
    salt = f"tf_gd {caption}"  # ids of their own, for several figures stand in one page
    with warnings.catch_warnings(), rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure.savefig(written, format="svg", metadata={"Date": None})
    return Still(_slim(written.getvalue(), caption), f"{caption}.")


def _slim(svg: str, name: str) -> str:
    """Return the `<svg>` element alone: two decimals, the page's colours, and no ids but those that are used."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda id_match: id_match[0] if id_match[1] in used else "", svg)
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(?<=\d\.\d\d)\d+", "", tag[0]), svg)
    for colour, value in asdict(LIGHT).items():
        svg = svg.replace(value, f"var(--{colour})")
    svg = svg.replace("'DejaVu Sans'", "sans-serif")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{name}" ', 1)
