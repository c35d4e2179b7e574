"""Colours and blank figures, light and dark: told apart by the colour-blind and, by line style, in print.

Figures are made without pyplot, so nothing of the caller's matplotlib state is read or changed.
"""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_gd.errors import invalid
from tf_gd.tables.writing import draft_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
LETTERS_AN_INCH = 14.5  # of a title
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Theme:
    """The colours of a figure; `blue` to `purple` are Okabe and Ito's, lightened a little on the dark ground.

    References:
        M. Okabe, K. Ito, Color Universal Design (2008), colours for every kind of colour vision.
    """

    ground: str
    ink: str
    faint: str
    grid: str
    blue: str
    orange: str
    green: str
    red: str
    purple: str
    valley: str  # where the loss is low


LIGHT = Theme(
    "#ffffff", "#1b1f24", "#57606a", "#d8dee4", "#0072b2", "#c98500", "#007a59", "#b3261e", "#a8487f", "#7fb8dc"
)
DARK = Theme(
    "#14181d", "#e6edf3", "#9aa5b1", "#30363d", "#56b4e9", "#f2b134", "#2fc59b", "#ff6b5e", "#e09cc3", "#2f6690"
)
THEMES = {"light": LIGHT, "dark": DARK}


def named_theme(theme: str) -> Theme:
    """Return the theme called `theme`.

    Raises:
        InvalidArgumentError: neither "light" nor "dark".
    """
    if theme not in THEMES:
        raise invalid("theme", "'light' or 'dark'", theme)
    return THEMES[theme]


def new_figure(theme: Theme, columns: int = 1, rows: int = 1, **options: Any) -> "tuple[Figure, list[Axes]]":
    """Return a blank figure in the colours of `theme`, and its axes from left to right, top to bottom."""
    from matplotlib.figure import Figure

    size = options.pop("figsize", (6.4 if columns == 1 else 4.6 * columns, 4.4))
    figure = Figure(figsize=size, facecolor=theme.ground, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options).ravel().tolist()
    for ax in axes:
        _paint(ax, theme)
    return figure, axes


def new_mosaic(theme: Theme, layout: list[list[str]], **options: Any) -> "tuple[Figure, dict[str, Axes]]":
    """Return a blank figure whose axes are laid out by name, as `Figure.subplot_mosaic` reads it."""
    from matplotlib.figure import Figure

    figure = Figure(facecolor=theme.ground, layout="constrained", **options)
    axes = figure.subplot_mosaic(layout)  # type: ignore[arg-type]
    for ax in axes.values():
        _paint(ax, theme)
    return figure, axes


def _paint(ax: "Axes", theme: Theme) -> None:
    """Give empty axes their colours: no box, a faint grid behind the data."""
    ax.set_facecolor(theme.ground)
    ax.set_axisbelow(True)
    ax.grid(color=theme.grid, linewidth=0.6)
    ax.tick_params(colors=theme.faint, which="both", labelsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    for spine in ax.spines.values():
        spine.set_color(theme.faint)


def label(ax: "Axes", theme: Theme, title: str, x: str, y: str) -> None:
    """Write a title and axis labels as plain text: a `$` in a column's name starts no formula.

    It is called when everything is drawn, for the units of the axes depend on what is there.
    """
    figure_width = ax.get_figure().get_size_inches()[0]  # type: ignore[union-attr]
    fits = int(LETTERS_AN_INCH * figure_width * ax.get_position().width)
    wrapped = "\n".join(wrap(one_line(title, 120), max(20, fits)))
    ax.set_title(wrapped, color=theme.ink, fontsize=11, loc="left", parse_math=False)
    ax.set_xlabel(one_line(with_unit(x, ax.xaxis)), color=theme.ink, parse_math=False)
    ax.set_ylabel(one_line(with_unit(y, ax.yaxis)), color=theme.ink, parse_math=False)


def with_unit(name: str, axis: "Axis") -> str:
    """Write the ticks of an axis out; return its name with the unit of the ticks, where they have one.

    A loss of 2.5e7 is written as 25, and "loss (sum)" becomes "loss (sum, millions)".
    """
    unit = _readable_ticks(axis)
    with_it = f"{name[:-1]}, {unit})" if name.endswith(")") else f"{name} ({unit})"
    return with_it if unit else name


def _readable_ticks(axis: "Axis") -> str:
    """Write the ticks of an axis out, without an offset in the corner; return their unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if axis.get_scale() != "linear":
        axis.set_major_formatter(FuncFormatter(lambda value, _: _power(value)))
        axis.set_minor_formatter(FuncFormatter(lambda value, _: _between_powers(value, *axis.get_view_interval())))
        return ""
    low, high = sorted(axis.get_view_interval())
    size = max(abs(low), abs(high))
    exponent = 3 * math.floor(math.log10(size) / 3) if 0 < size < math.inf else 0
    exponent = exponent if exponent >= 6 or exponent <= -6 else 0
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value / 10.0**exponent:,.12g}".replace("-", "−")))
    if high - low < 1e-3 * size:  # far from zero: the labels are long
        axis.set_major_locator(MaxNLocator(3))
    names = {0: "", 6: "millions", 9: "billions", -6: "millionths"}
    return names.get(exponent, f"× 10{str(exponent).translate(SUPERSCRIPTS)}")


def _power(value: float) -> str:
    """Return a power of ten as plain text, which is drawn much faster than a formula."""
    return f"10{str(round(math.log10(value))).translate(SUPERSCRIPTS)}" if value > 0 else ""


def _between_powers(value: float, low: float, high: float) -> str:
    """Return 2, 3 or 5 times a power of ten where a logarithmic axis shows hardly a whole power."""
    if not 0 < low < high < 20 * low or f"{value:e}"[0] not in "235":
        return ""
    return number(value, 3)


def legend(where: "Axes | Figure", theme: Theme, **options: Any) -> None:
    """Draw the legend in the colours of `theme`."""
    options = {
        "facecolor": theme.ground,
        "edgecolor": theme.grid,
        "fontsize": 9,
        "framealpha": 0.9,
        **options,
    }
    where.legend(labelcolor=theme.ink, **options)


def number(value: Any, digits: int = 6) -> str:
    """Return a number for a reader: thousands set apart, a real minus sign, powers of ten where it is far from 1.

    A whole number under 10^9 keeps all its digits.

    Example:
        >>> number(-0.25), number(1193442.1), number(2.5e-7)
        ('−0.25', '1,193,442', '2.5 × 10⁻⁷')
    """
    value = float(value)
    size, sign = abs(value), "−" if value < 0 else ""
    if size and math.isfinite(size) and not 1e-4 <= size < 1e9:
        front, exponent = f"{size:.{digits - 1}e}".split("e")
        power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
        return f"{sign}{float(front):g} × {power}" if float(front) != 1 else f"{sign}{power}"
    whole = math.floor(math.log10(size)) + 1 if size and math.isfinite(size) else 0
    return f"{sign}{size:,.{max(digits, whole)}g}"


def asked(rate: Any, digits: int = 6) -> str:
    """Return a learning rate as it was asked for, where float32 rounded it.

    Example:
        >>> asked(0.018999999389052), asked(0.125)
        ('0.019', '0.125')
    """
    value = float(rate)
    with np.errstate(over="ignore", under="ignore"):
        single = np.float32(value)
    return number(value if float(single) != value else float(str(single)), digits)


def share(value: float, digits: int = 3) -> str:
    """Return a number for a label, never rounded to 1 when it is not 1.

    Example:
        >>> share(0.95), share(0.99999), share(1.0)
        ('0.95', '(1 − 10⁻⁵)', '1')
    """
    rounded = number(value, digits)
    if value == 1 or rounded != "1":
        return rounded
    return f"(1 {'−' if value < 1 else '+'} {number(abs(1 - value), digits)})"


def one_line(text: str, limit: int = 60) -> str:
    r"""Return `text` fit for a label: printable, on one line, and short.

    Example:
        >>> one_line("speed\nkm/s")
        'speed km/s'
    """
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def check_output(path: str | Path) -> str:
    """Return the ending of a figure's file.

    Raises:
        InvalidArgumentError: neither .png, .svg nor .pdf.
    """
    ending = Path(path).suffix.lower()
    if ending not in FORMATS:
        raise invalid("output", "a name that ends in .png, .svg or .pdf", str(path))
    return ending


def save_figure(figure: "Figure", path: str | Path) -> Path:
    """Write a figure as PNG, SVG or PDF, by the ending of `path`; the same figure gives the same bytes.

    Raises:
        InvalidArgumentError: another ending.
        DataError: the file cannot be written.
    """
    from matplotlib import rc_context

    ending = check_output(path)
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(ending)
    with draft_of(path, "output") as draft, warnings.catch_warnings(), rc_context({"svg.hashsalt": "tf_gd"}):
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # a column's name may be in any script
        figure.savefig(draft, dpi=160, metadata=undated)
    return Path(path)
