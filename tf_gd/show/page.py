"""The report: one HTML file that shows a run and can be played with; it needs no network.

Nothing from the data can run in the page. Every name is escaped, the numbers stand in a JSON block, and the page's own
Content-Security-Policy lets run only the scripts whose hashes it lists.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from tf_gd import __version__
from tf_gd.curvature import Curvature
from tf_gd.line import Reduction
from tf_gd.points import Points
from tf_gd.show.surface import Surface
from tf_gd.show.theme import DARK, LIGHT, number, one_line
from tf_gd.tables.writing import draft_of
from tf_gd.trajectory import SERIES, Outcome, Trajectory

SCRIPTS = ("model.js", "plots.js", "play.js")
MOST_POINTS, MOST_ROWS = 2000, 101
POLICY = (
    "default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def render(
    points: Points,
    trajectory: Trajectory,
    check: Mapping[str, Any] | None = None,
    derivation: Sequence[tuple[str, str, Sequence[str]]] = (),
) -> str:
    """Return the report of a run as the text of an HTML file.

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
    from jinja2 import Environment, PackageLoader
    from markupsafe import Markup

    templates = Environment(loader=PackageLoader("tf_gd.show"), autoescape=True, trim_blocks=True)
    scripts = [_plotly(), *(_source(templates, name) for name in SCRIPTS)]
    style = templates.get_template("report.css").render(light=asdict(LIGHT), dark=asdict(DARK))
    return templates.get_template("report.html").render(
        policy=POLICY.format(hashes=" ".join(map(_hash, scripts))),
        scripts=map(Markup, scripts),
        style=Markup(style),
        data=_data(points, trajectory),
        check=check,
        derivation=[(title, sentence, map(Markup, formulas)) for title, sentence, formulas in derivation],
        version=__version__,
        **_words(points, trajectory),
    )


def write_report(path: str | Path, html: str) -> Path:
    """Write a rendered report to `path`.

    Raises:
        DataError: the file cannot be written.
    """
    with draft_of(path, "report") as draft:
        draft.write_text(html, encoding="utf-8", newline="\n")
    return Path(path)


def _plotly() -> str:
    """Return plotly's script, as a browser will see it between the tags."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("\r\n", "\n").replace("</script", r"<\/script")


def _source(templates: Any, name: str) -> str:
    """Return a file of `templates/` as it stands."""
    return str(templates.loader.get_source(templates, name)[0])


def _hash(script: str) -> str:
    """Return the source expression that lets this very script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _data(points: Points, trajectory: Trajectory) -> dict[str, Any]:
    """Return what the page's scripts need, as plain values for JSON."""
    surface = Surface.of(points, cast(Reduction, trajectory.reduction))
    best, curvature = surface.best, Curvature.of(points.x, surface.reduction)
    start = {"m": float(trajectory.m[0]), "c": float(trajectory.c[0])}
    kept = _thin(points.n, MOST_POINTS)
    return {
        "x_name": one_line(points.x_name),
        "y_name": one_line(points.y_name),
        "points": {"x": _plain(points.x[kept]), "y": _plain(points.y[kept])},
        "moments": {
            "n": surface.n, "mean": surface.mean, "spread": surface.spread, "best_m": best.m, "best_c": best.c,
            "least": surface.least, "divisor": surface.n if surface.reduction == "mean" else 1,
        },
        "rate": float(trajectory.learning_rate),
        "best_rate": curvature.best_learning_rate,
        "max_rate": curvature.max_learning_rate,
        "start": start,
        "radius": surface.radius(best),
        "run": _run(trajectory, surface),
    }  # fmt: skip


def _run(trajectory: Trajectory, surface: Surface) -> dict[str, Any]:
    """Return the run as the figures draw it; `line` is None where it is not finite."""
    kept = _thin(len(trajectory), MOST_POINTS)
    m, c = (np.asarray(series, dtype=np.float64) for series in (trajectory.m, trajectory.c))
    finite = bool(np.isfinite([m[-1], c[-1]]).all())
    return {
        "line": {"m": float(m[-1]), "c": float(c[-1])} if finite else None,
        "step": trajectory.step[kept].tolist(),
        "loss": _plain(trajectory.loss[kept]),
        "excess": _plain(surface.excess(m[kept], c[kept])),
    }


def _thin(count: int, most: int) -> Any:
    """Return indices of at most `most` of `count` items, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _plain(values: Any) -> list[float | None]:
    """Return numbers for JSON, which knows neither NaN nor infinity."""
    return [value if math.isfinite(value) else None for value in map(float, values)]


def _words(points: Points, trajectory: Trajectory) -> dict[str, Any]:
    """Return the texts of the page."""
    surface = Surface.of(points, cast(Reduction, trajectory.reduction))
    c = float(trajectory.line.c)
    kept = _thin(len(trajectory), MOST_ROWS)
    all_rows = len(kept) == len(trajectory)
    return {
        "x_name": one_line(points.x_name),
        "y_name": one_line(points.y_name),
        "line": {"m": number(trajectory.line.m), "c": f"{'−' if c < 0 else '+'} {number(abs(c))}"},
        "outcome": trajectory.outcome.name.replace("_", " ").capitalize(),
        "stable": trajectory.outcome is not Outcome.DIVERGED,
        "message": trajectory.message or trajectory.outcome.value,
        "numbers": [(name, str(value)) for name, value in _numbers(points, trajectory, surface)],
        "best_share": surface.curvature.best_learning_rate / trajectory.max_learning_rate,
        "columns": ("step", *(name.replace("gradient_", "dL/d") for name in SERIES)),
        "rows": [[str(getattr(trajectory, name)[row]) for name in ("step", *SERIES)] for row in kept],
        "rows_note": "Every step that was kept."
        if all_rows
        else f"{len(kept)} of {len(trajectory)} rows, evenly spread.",
        "thinned": "" if points.n <= MOST_POINTS else f"{MOST_POINTS:,} of {points.n:,} points are drawn.",
    }


def _numbers(points: Points, trajectory: Trajectory, surface: Surface) -> Iterable[tuple[str, Any]]:
    """Return (name, value) for each line of the list of numbers."""
    line, gradient = trajectory.line, trajectory.gradient
    curvature = Curvature.of(points.x, surface.reduction)
    yield from (("slope m", line.m), ("intercept c", line.c))
    yield f"loss ({trajectory.reduction} of squared residuals)", trajectory.loss[-1]
    yield from (("dL/dm", gradient.m), ("dL/dc", gradient.c))
    yield from (("least-squares slope", surface.best.m), ("least-squares intercept", surface.best.c))
    yield from (("least loss", surface.least), ("points", points.n), ("steps", trajectory.num_steps))
    yield from (("learning rate, as applied", trajectory.learning_rate),)
    yield "largest stable learning rate", curvature.max_learning_rate
    yield "best learning rate", curvature.best_learning_rate
    yield "condition number", curvature.condition_number
    yield from (
        ("engine", trajectory.engine),
        ("dtype", trajectory.m.dtype.name),
        ("order of addition", trajectory.order),
    )
