"""The figures: what is drawn is what the points and the trajectory say, in both themes, and from any data."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection

from tf_gd import train
from tf_gd.cli import run
from tf_gd.curvature import Curvature
from tf_gd.errors import DataError, InvalidArgumentError
from tf_gd.line import Line, gradient, loss, update
from tf_gd.points import Points
from tf_gd.show import figures
from tf_gd.show.parabola import Parabola, parabola
from tf_gd.show.surface import Surface
from tf_gd.show.theme import DARK, LIGHT, save_figure
from tf_gd.trajectory import Outcome, Trajectory

HOSTILE = "$\\frac{1}{0$ <script>\nalert(1)</script>"


def descend(points: Points, rate: float, num_steps: int = 20, reduction: str = "sum") -> Trajectory:
    """Return a descent written out here, so that the figures' tests need no engine."""
    line, rows = Line(np.float64(0), np.float64(0)), []
    for _ in range(num_steps + 1):
        slope = gradient(line, *points, reduction)
        rows.append((*line, loss(line, *points, reduction), *slope))
        line = update(line, slope, np.float64(rate))
    limit = Curvature.of(points.x, reduction).max_learning_rate
    outcome = Outcome.DIVERGED if rate > limit else Outcome.STEP_LIMIT
    steps = np.arange(num_steps + 1)
    return Trajectory(steps, *np.array(rows).T, outcome, "", "manual", rate, limit, reduction)


POINTS = Points([0.0, 1.0, 2.0, 3.0], [1.0, 2.5, 5.5, 6.0])
STABLE = descend(POINTS, 0.02)
FIGURES = {
    "overview": lambda points, path, theme: figures.overview(points, path, theme),
    "line": lambda points, path, theme: figures.fitted_line(points, path, theme),
    "loss": lambda points, path, theme: figures.loss_curve(points, path, theme),
    "parabola": lambda points, path, theme: figures.parabola(points, path, theme),
    "contour": lambda points, path, theme: figures.contour(points, path, path, theme=theme),
    "overlay": lambda points, path, theme: figures.overlay(path, path, {"m": path.step * 0}, theme),
}


def named(ax, start):
    """Return the one curve whose label starts with `start`."""
    (curve,) = [curve for curve in ax.get_lines() if str(curve.get_label()).startswith(start)]
    return curve


FORMATS = {"png": "light", "svg": "dark", "pdf": "light"}


def each_with_some(cases, every=3):
    """Return (kind, case) for every kind and name of a case; without --slow, a third of the cases for each kind."""
    return [
        pytest.param(kind, case, marks=[] if at % every == row % every else [pytest.mark.slow])
        for at, kind in enumerate(FIGURES)
        for row, case in enumerate(cases)
    ]


@pytest.mark.corpus(3)
@pytest.mark.parametrize(("kind", "ending"), each_with_some(FORMATS))
def test_every_figure_is_written_twice_as_the_same_bytes(kind, ending, tmp_path):
    paths = [tmp_path / f"{index}.{ending}" for index in range(2)]
    for path in paths:
        save_figure(FIGURES[kind](POINTS, STABLE, FORMATS[ending]), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size > 5000


@pytest.mark.parametrize("kind", FIGURES)
def test_the_theme_colours_the_ground(kind):
    for name, theme in (("light", LIGHT), ("dark", DARK)):
        figure = FIGURES[kind](POINTS, STABLE, name)
        for patch in (figure, *figure.axes):
            assert patch.get_facecolor() == (*_rgb(theme.ground), 1.0)
    with pytest.raises(InvalidArgumentError, match="'light' or 'dark'"):
        FIGURES[kind](POINTS, STABLE, "sepia")


def _rgb(colour):
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_every_colour_stands_out_from_the_ground(theme):
    """WCAG 2.1 asks for a contrast of 3 for graphics and 4.5 for text."""
    for name in ("blue", "orange", "green", "red", "purple"):
        assert _contrast(getattr(theme, name), theme.ground) >= 3, name
    for name in ("ink", "faint"):
        assert _contrast(getattr(theme, name), theme.ground) >= 4.5, name


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour):
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in _rgb(colour)]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_the_vertical_segments_are_the_residuals():
    ax = figures.fitted_line(POINTS, STABLE).axes[0]
    (segments,) = [item for item in ax.collections if isinstance(item, LineCollection)]
    drawn = [segment[0, 1] - segment[1, 1] for segment in segments.get_segments()]
    m, c = STABLE.line
    np.testing.assert_array_equal(drawn, POINTS.x * m + c - POINTS.y)


def test_the_bound_is_never_under_what_is_left_to_lose():
    for rate in (0.001, 0.02, 0.05, 0.08):
        ax = figures.loss_curve(POINTS, descend(POINTS, rate)).axes[1]
        left, bound = named(ax, "left").get_ydata(), named(ax, "bound").get_ydata()
        seen = np.isfinite(left) & np.isfinite(bound)
        assert seen.any()
        assert (left[seen] <= bound[seen] * (1 + 1e-9)).all(), rate


def test_the_bound_is_reached_in_the_end():
    """When only the slowest direction is left, what is left to lose shrinks by decay^2, as the bound does."""
    path = descend(POINTS, 0.02, 150)
    ax = figures.loss_curve(POINTS, path).axes[1]
    decay = Curvature.of(POINTS.x).decay(0.02)
    for name, ends in (("left", slice(-20, None)), ("bound", slice(None))):
        drawn = named(ax, name).get_ydata()[ends]
        assert np.max(np.abs(drawn[1:] / drawn[:-1] / decay**2 - 1)) < 1e-6, name


def test_the_tangent_touches_the_parabola_with_the_gradient_as_its_slope():
    for ax, slope in zip(figures.parabola(POINTS, STABLE).axes, STABLE.gradient_m[:1].tolist() * 2, strict=True):
        (x0, x1), (y0, y1) = named(ax, "tangent").get_data()
        wanted = slope if "slope" in ax.get_xlabel() else float(STABLE.gradient_c[0])
        ends = abs(y0) + abs(y1)  # a difference quotient: each end is off by a few roundings of its own size
        assert abs((y1 - y0) / (x1 - x0) - wanted) <= 8 * np.finfo(float).eps * ends / (x1 - x0)
        assert "downhill, so increase" in ax.get_title(loc="left")


def test_the_step_on_the_parabola_is_the_next_row_of_the_trajectory():
    for ax, series in zip(figures.parabola(POINTS, STABLE, row=3).axes, (STABLE.m, STABLE.c), strict=True):
        assert named(ax, "M − α").get_xdata()[0] == series[4]


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(InvalidArgumentError, match="0 to 20"):
        figures.parabola(POINTS, STABLE, row=21)


def test_contour_says_which_rate_diverges_and_draws_both_eigenvectors_at_a_right_angle():
    limit = Curvature.of(POINTS.x).max_learning_rate
    figure = figures.contour(POINTS, STABLE, descend(POINTS, 1.1 * limit))
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert "20 steps" in titles[0]
    assert titles[1].endswith("1.1 of the limit: diverges")
    ends = [np.array(curve.get_data()) for curve in figure.axes[0].get_lines()[:2]]
    steep, flat = (end[:, 1] - end[:, 0] for end in ends)
    assert abs(steep @ flat) <= 1e-12 * np.linalg.norm(steep) * np.linalg.norm(flat)
    assert figure.axes[0].get_aspect() == 1


def test_overlay_says_identical_only_when_every_distance_is_zero():
    zero = STABLE.step * 0
    one_off = zero.copy()
    one_off[7] = 3
    found = [
        figures.overlay(STABLE, STABLE, {"m": zero, "c": distance}).axes[1].get_title(loc="left")
        for distance in (zero, one_off)
    ]
    assert found == ["identical: every bit of every series", "largest difference: 3 ulp"]


def test_overlay_draws_no_markers_where_nothing_differs():
    zero = STABLE.step * 0
    two_off = zero.copy()
    two_off[7] = 2
    same = figures.overlay(STABLE, STABLE, dict.fromkeys(("m", "c", "loss"), zero)).axes[1]
    assert [curve.get_marker() for curve in same.get_lines()] == ["None"]
    ax = figures.overlay(STABLE, STABLE, {"m": zero, "gradient_c": two_off}).axes[1]
    assert [curve.get_label() for curve in ax.get_lines()[1:]] == ["dL/dc"]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_red_and_orange_are_told_apart(theme):
    """By hue, and for who does not see it by lightness."""
    red, orange = (np.array(_rgb(colour)) for colour in (theme.red, theme.orange))
    assert np.linalg.norm(red - orange) >= 0.3
    assert _contrast(theme.red, theme.orange) >= 1.4


@pytest.mark.corpus(4)
@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("size", [1e-9, 1e7])
def test_axes_have_readable_ticks_and_titles_that_fit(kind, size):
    """No offset such as 1e7 in a corner, and no title that is cut off or runs into the next panel."""
    points = Points(POINTS.x + 1e4, POINTS.y * size)
    rate = 0.123456789 * Curvature.of(points.x).max_learning_rate
    figure = FIGURES[kind](points, descend(points, rate), "light")
    renderer, width = FigureCanvasAgg(figure).get_renderer(), figure.bbox.width
    figure.draw_without_rendering()
    for ax in figure.axes:
        assert ax.xaxis.get_offset_text().get_text() == ax.yaxis.get_offset_text().get_text() == ""
        title = ax._left_title.get_window_extent(renderer)
        right = [other.get_window_extent(renderer).x0 for other in figure.axes if other.bbox.x0 > ax.bbox.x1]
        assert title.x1 <= min([width, *right])
        ticks = [text.get_text() for text in ax.get_xticklabels() + ax.get_yticklabels()]
        assert not [text for text in ticks if re.search(r"\d[eE][-+]?\d", text)]


def test_a_large_loss_has_its_unit_in_the_label():
    ax = figures.parabola(Points(POINTS.x, POINTS.y * 1e4), descend(Points(POINTS.x, POINTS.y * 1e4), 0.02)).axes[0]
    assert ax.get_ylabel() == "loss (sum, billions)"


def test_overlay_refuses_other_steps():
    with pytest.raises(InvalidArgumentError, match="same steps"):
        figures.overlay(STABLE, descend(POINTS, 0.02, 5), {})
    with pytest.raises(InvalidArgumentError, match="one distance for each of 21 rows"):
        figures.overlay(STABLE, STABLE, {"m": np.zeros(3)})


ODD = {
    "hostile names": Points([1.0, 2.0, 4.0], [1.0, 0.0, 2.0], HOSTILE, HOSTILE),
    "other scripts": Points([1.0, 2.0], [1.0, 2.0], "速度", "скорость"),
    "one point": Points([3.0], [4.0]),
    "one x": Points([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]),
    "all zero": Points([0.0, 0.0], [0.0, 0.0]),
    "far away": Points([1e9, 1e9 + 1], [1.0, 2.0]),
    "tiny x": Points([1e-8, 2e-8], [1e12, 3e12]),
}


@pytest.mark.corpus(4)
@pytest.mark.parametrize(("kind", "name"), each_with_some(ODD))
def test_any_data_can_be_drawn(kind, name, tmp_path):
    points = ODD[name]
    rate = 0.3 * Curvature.of(points.x).max_learning_rate
    save_figure(FIGURES[kind](points, descend(points, rate, 6), "light"), tmp_path / "figure.png")


@pytest.mark.corpus(3)
@pytest.mark.parametrize("kind", FIGURES)
def test_a_descent_that_overflows_can_be_drawn(kind, tmp_path):
    path = descend(POINTS, 50.0, 200)
    assert not np.isfinite(path.loss[-1])
    save_figure(FIGURES[kind](POINTS, path, "light"), tmp_path / "figure.png")


def test_names_are_text_not_formulas():
    ax = figures.fitted_line(Points([1.0, 2.0], [1.0, 2.0], HOSTILE, "a\nb"), descend(POINTS, 0.02)).axes[0]
    assert ax.get_xlabel() == HOSTILE.replace("\n", " ")
    assert not ax.xaxis.label.get_parse_math()
    assert ax.get_ylabel() == "a b"


def test_a_bad_output_is_one_line(tmp_path):
    figure = figures.fitted_line(POINTS, STABLE)
    with pytest.raises(InvalidArgumentError, match=r"\.png, \.svg or \.pdf"):
        save_figure(figure, tmp_path / "figure.bmp")
    with pytest.raises(DataError, match="`output` must be a file that can be written"):
        save_figure(figure, tmp_path / "nowhere" / "figure.png")


def test_no_pyplot_and_no_changed_settings():
    code = (
        "import matplotlib, sys; before = list(dict.items(matplotlib.rcParams))\n"
        "sys.path[:0] = ['tests/show']\n"
        "from test_figures import FIGURES, POINTS, STABLE\n"
        "[draw(POINTS, STABLE, 'dark') for draw in FIGURES.values()]\n"
        "assert list(dict.items(matplotlib.rcParams)) == before\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=root)


def test_the_surface_is_the_loss():
    """Both are sums of n terms; each rounds by less than (n + 4) eps of the terms' magnitudes."""
    surface = Surface.of(POINTS)
    for m, c in ((0.0, 0.0), (2.0, -1.0), (-30.0, 4.5)):
        terms = (abs(m) * POINTS.x + abs(c) + POINTS.y) ** 2
        bound = 2 * (POINTS.n + 4) * np.finfo(float).eps * terms.sum()
        assert abs(surface.loss(m, c) - loss(Line(m, c), *POINTS)) <= bound
    mean = Surface.of(POINTS, "mean")
    assert mean.least == surface.least / POINTS.n


@pytest.mark.corpus(3)
@pytest.mark.parametrize("kind", ["overview", "line", "loss", "parabola", "contour", "overlay"])
def test_the_command_draws_each_kind(kind, tmp_path, capsys):
    path = tmp_path / "figure.png"
    assert run(["plot", kind, "--num-steps", "12", "--theme", "dark", "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_command_stands_where_it_is_told_on_the_parabola(tmp_path, capsys):
    paths = [tmp_path / f"{row}.svg" for row in (0, 3)]
    for row, path in zip((0, 3), paths, strict=True):
        assert run(["plot", "parabola", "--row", str(row), "--output", str(path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert paths[0].read_bytes() != paths[1].read_bytes()


def test_the_command_says_what_is_wrong_in_one_line(tmp_path, capsys):
    target = str(tmp_path / "figure.png")
    for arguments, message in (
        (["plot", "line", "--output", "figure.bmp"], r".png, .svg or .pdf. Got 'figure.bmp'"),
        (["plot", "pie", "--output", target], "'pie' is not one of"),
        (["plot", "line"], "Missing option '-o' / '--output'"),
        (["plot", "parabola", "--row", "99", "--output", target], "a row of the trajectory, 0 to 60. Got 99"),
        (
            ["plot", "line", "--output", str(tmp_path / "no" / "figure.png")],
            "`output` must be a file that can be written",
        ),
    ):
        assert run(arguments) == 2
        error = capsys.readouterr().err
        assert message in error
        assert len(error.splitlines()) == 1


def test_figures_of_batches_show_the_loss_of_all_points():
    x, y = np.array([0.0, 1.0, 2.0, 5.0]), np.array([1.0, 3.0, 4.0, 12.0])
    path = train(x, y, learning_rate=0.01, num_steps=6, batches=2, start=(1.0, 1.0), engine="manual")
    surface, at = Surface.of(Points(x, y)), Line(1.0, 1.0)
    right = gradient(at, x, y)  # on either side a dozen roundings of each of four terms no larger than 2 * 7 * 5
    for parameter, slope in zip("mc", right, strict=True):
        assert abs(Parabola.of(surface, path, 0, parameter).slope - slope) <= 4 * 12 * 70 * np.finfo(float).eps
    top, bottom = figures.loss_curve(Points(x, y), path).axes
    drawn = top.lines[0].get_ydata()
    assert abs(drawn[0] - loss(at, x, y)) <= 4 * 12 * 49 * np.finfo(float).eps
    assert len(bottom.lines) == 1  # no bound: a step of a batch is not one of all points


def test_without_an_intercept_there_is_one_parabola():
    x, y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 4.0])
    path = train(x, y, learning_rate=0.01, num_steps=3, intercept=False, engine="manual")
    assert [ax.get_xlabel() for ax in parabola(Points(x, y), path).axes] == ["slope m, with c held still"]
