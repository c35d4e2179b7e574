"""The page: one HTML file about points, and a run over them, that asks and can be played with; without a network.

Nothing from the data can run in the page. Every name is escaped, the numbers stand in a JSON block, and the page's own
Content-Security-Policy lets run only the one script whose hash it lists.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tf_gd import __version__
from tf_gd.line import Line
from tf_gd.points import Points
from tf_gd.reduction import Reduction
from tf_gd.show.page_data import page_data
from tf_gd.show.page_words import line_words, points_numbers, points_words, run_words
from tf_gd.show.static_figures import Still, still_of_points, stills_of_run
from tf_gd.show.surface import Surface
from tf_gd.show.theme import DARK, LIGHT
from tf_gd.tables.writing import draft_of
from tf_gd.trajectory import Trajectory

if TYPE_CHECKING:
    from jinja2 import Environment

SCRIPTS = (
    "numbers", "model", "descent", "drawing", "pictures", "narration", "data", "address", "state", "tasks", "asking",
    "showing", "controls", "own_points", "opening",
)  # fmt: skip
POLICY = (
    "default-src 'none'; script-src {hash}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
FIRST_SHARE = 0.2  # of the largest stable rate, where no run says which one to begin with


def render(
    points: Points,
    trajectory: Trajectory,
    check: Mapping[str, Any] | None = None,
    derivation: Sequence[tuple[str, str, Sequence[str]]] = (),
) -> str:
    """Return the page of a run as the text of an HTML file.

    Args:
        points: the observations.
        trajectory: the descent over them.
        check: what a comparison with TensorFlow found: `ok`, `sentence` and, if wanted, `report`, its whole text.
        derivation: (title, sentence, formulas in MathML) for each step. The MathML is put into the page as it is,
            so it must be the program's own and may not come from the data.

    Example:
        >>> from tf_gd import train
        >>> points = Points([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], x_name="a <b> c")
        >>> path = train(points.x, points.y, learning_rate=0.1, num_steps=10, engine="manual")
        >>> "<h1>y against a &lt;b&gt; c</h1>" in render(points, path)
        True
    """
    surface = Surface.of(points, cast(Reduction, trajectory.reduction), trajectory.loss_scale)
    rate = float(trajectory.learning_rate)
    data = page_data(points, surface, rate, Line(trajectory.m[0], trajectory.c[0]), trajectory)
    words = points_words(points) | run_words(points, trajectory, surface)
    return _fill(data, stills_of_run(points, trajectory), derivation, check=check, **words)


def render_playground(
    points: Points, reduction: Reduction = "sum", derivation: Sequence[tuple[str, str, Sequence[str]]] = ()
) -> str:
    """Return the page of points without a run; it starts at (0, 0) with a fifth of the largest stable rate.

    Example:
        >>> "4 points." in render_playground(Points([0.0, 1.0, 2.0, 4.0], [1.0, 3.0, 4.0, 9.0]))
        True
    """
    surface = Surface.of(points, reduction)
    data = page_data(points, surface, _first_rate(surface), Line(0.0, 0.0), None)
    words = points_words(points) | {"best_line": line_words(surface.best)}
    numbers = list(points_numbers(points, surface))
    return _fill(data, [still_of_points(points, surface.best)], derivation, numbers=numbers, **words)


def _first_rate(surface: Surface) -> float:
    """Return a rate of two digits, as float32 holds it where it can."""
    wanted = float(f"{FIRST_SHARE * surface.curvature.max_learning_rate:.2g}")
    with np.errstate(over="ignore", under="ignore"):
        single = float(np.float32(wanted))
    return single if 0 < single < np.inf else wanted or float(np.finfo(np.float64).tiny)


def write_report(path: str | Path, html: str) -> Path:
    """Write a rendered page to `path`.

    Raises:
        DataError: the file cannot be written.
    """
    with draft_of(path, "report") as draft:
        draft.write_text(html, encoding="utf-8", newline="\n")
    return Path(path)


def _fill(
    data: dict[str, Any],
    stills: Iterable[Still],
    derivation: Sequence[tuple[str, str, Sequence[str]]],
    **words: Any,
) -> str:
    """Return the template with everything in its place; what comes from the data is escaped by it."""
    from markupsafe import Markup

    templates, script = _templates(), _script()
    style = templates.get_template("page.css").render(light=asdict(LIGHT), dark=asdict(DARK))
    return templates.get_template("page.html").render(
        policy=POLICY.format(hash=_hash(script)),
        script=Markup(script),
        style=Markup(style),
        data=data,
        stills=[{"svg": Markup(still.svg), "caption": still.caption} for still in stills],
        derivation=[(title, sentence, map(Markup, formulas)) for title, sentence, formulas in derivation],
        version=__version__,
        **words,
    )


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("tf_gd.show"), autoescape=True, trim_blocks=True)


@cache
def _script() -> str:
    """Return the page's scripts, one after another, as a browser will see them between the tags."""
    loader: Any = _templates().loader
    sources = [str(loader.get_source(_templates(), f"{name}.js")[0]) for name in SCRIPTS]
    return '"use strict";\n' + "\n".join(sources)


def _hash(script: str) -> str:
    """Return the source expression that lets this very script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
