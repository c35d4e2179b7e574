"""The page's texts about a run: the verdict, the numbers with their meaning, and the table of steps.

What the page says while one plays with it is in `templates/narration.js` and `templates/tasks.js`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tf_gd.line import Line
from tf_gd.moments.evaluation import evaluate
from tf_gd.points import Points
from tf_gd.show.surface import Surface
from tf_gd.show.theme import asked, number, one_line
from tf_gd.show.thinning import MOST_POINTS, MOST_ROWS, MOST_STATES, thinned
from tf_gd.trajectory import SERIES, Outcome, Trajectory

COLOURS = {Outcome.CONVERGED: "good", Outcome.STEP_LIMIT: "", Outcome.DIVERGED: "wrong"}
REDUCTIONS = {
    "sum": "the sum of the squared residuals",
    "mean": "the mean of the squared residuals",
    "half_sum": "half the sum of the squared residuals",
    "half_mean": "half the mean of the squared residuals",
}


def loss_words(surface: Surface) -> str:
    """Return what the loss is, its scale included."""
    scale = "" if surface.loss_scale in (None, 1) else f"{number(surface.loss_scale)} times "
    return scale + REDUCTIONS[surface.reduction]


def line_words(line: Line) -> str:
    """Return the right-hand side of a line's equation.

    Example:
        >>> line_words(Line(2.0, -1.0))
        '2 x − 1'
    """
    c = float(line.c)
    return f"{number(line.m)} x {'−' if c < 0 else '+'} {number(abs(c))}"


def points_words(points: Points) -> dict[str, Any]:
    """Return the texts about the points alone."""
    drawn = f"{MOST_POINTS:,} of {points.n:,} points are drawn; every number is of all of them."
    return {
        "x_name": one_line(points.x_name),
        "y_name": one_line(points.y_name),
        "points_sentence": f"{points.n:,} point{'' if points.n == 1 else 's'}.",
        "thinned": drawn if points.n > MOST_POINTS else "",
    }


def run_words(points: Points, trajectory: Trajectory, surface: Surface) -> dict[str, Any]:
    """Return the texts about a run."""
    kept = thinned(len(trajectory), MOST_ROWS)
    whole = len(kept) == len(trajectory)
    notes = [points_words(points)["thinned"]]
    if len(trajectory) > MOST_STATES:
        notes.append(f"{MOST_STATES:,} of {len(trajectory):,} states are drawn.")
    return {
        "run": {
            "line": line_words(trajectory.line),
            "outcome": trajectory.outcome.name.replace("_", " ").capitalize(),
            "colour": COLOURS.get(trajectory.outcome, ""),
            "message": trajectory.message or trajectory.outcome.value,
        },
        "program": program_words(trajectory),
        "numbers": list(run_numbers(points, trajectory, surface)),
        "thinned": " ".join(filter(None, notes)),
        "loss_scale": "" if surface.loss_scale in (None, 1) else number(surface.loss_scale),
        "columns": ("step", *(name.replace("gradient_", "dL/d") for name in SERIES)),
        "rows": [[str(getattr(trajectory, name)[row]) for name in ("step", *SERIES)] for row in kept],
        "rows_note": "Every step that was kept, with every digit."
        if whole
        else f"{len(kept)} of {len(trajectory):,} rows, evenly spread, with every digit.",
    }


def program_words(trajectory: Trajectory) -> str:
    """Say what the run did that the part to play with does not: it steps over all points, m and c, at one rate."""
    differences = []
    if trajectory.num_batches is not None:
        differences.append(f"each step used one of {trajectory.num_batches:,} batches of points; here it uses all")
    if not trajectory.intercept:
        differences.append(f"c stayed at {number(trajectory.c[0])}; here c moves too")
    if trajectory.num_rates > 1:
        differences.append("the learning rate changed from step to step; here it is the largest of them")
    return f"In the run, {'; and '.join(differences)}." if differences else ""


def run_numbers(points: Points, trajectory: Trajectory, surface: Surface) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, meaning) for each number of a run, rounded to what a reader can use."""
    line, gradient = trajectory.line, trajectory.gradient
    yield "line", f"y = {line_words(line)}", "what the descent ended with"
    yield "loss L", number(trajectory.loss[-1]), f"{loss_words(surface)} there"
    yield (
        "dL/dm, dL/dc",
        f"{number(gradient[0], 3)}, {number(gradient[1], 3)}",
        "the gradient there; 0 at the lowest point",
    )
    several = trajectory.num_rates > 1
    yield (
        "learning rate α",
        asked(trajectory.learning_rate),
        "the largest of its rates" if several else "by which a derivative is multiplied",
    )
    if trajectory.x_sd is not None:
        mean_and_sd = f"mean {number(trajectory.x_mean)}, sd {number(trajectory.x_sd)}"
        yield "x standardized", mean_and_sd, "the descent is on z = (x - mean) / sd: its rate, gradient and rows too"
    yield "steps", f"{trajectory.num_steps:,}", "updates of m and c that were made"
    yield from points_numbers(points, surface, Surface.of_run(points, trajectory))
    yield "arithmetic", f"{trajectory.engine}, {trajectory.m.dtype.name}", "which engine ran, and in which numbers"
    if trajectory.order:
        yield "order of addition", trajectory.order, "in which the sums were added, which fixes their last bits"


def points_numbers(
    points: Points, surface: Surface, descended: Surface | None = None
) -> Iterator[tuple[str, str, str]]:
    """Yield (name, value, meaning) for each number that the points alone decide; the rates are those of `descended`."""
    curvature, best = (descended or surface).curvature, surface.best
    yield "points n", f"{points.n:,}", "observations"
    yield "best line", f"y = {line_words(best)}", "least squares: no line has a smaller loss"
    yield (
        "least loss",
        number(surface.least),
        f"{loss_words(surface)} of the best line",
    )
    yield from quality_numbers(points, best)
    yield (
        "largest stable rate",
        number(curvature.max_learning_rate),
        "2 / λmax; from it on the descent does not converge",
    )
    yield "best rate", number(curvature.best_learning_rate), "2 / (λmax + λmin); fewest steps in the end"
    yield (
        "condition number",
        number(curvature.condition_number),
        "λmax / λmin, ratio of the curvatures; 1 is a bowl",
    )


def quality_numbers(points: Points, line: Line) -> Iterator[tuple[str, str, str]]:
    """Yield how well a line fits, as far as it can be told from so many points."""
    fit = evaluate(line, points.x, points.y)
    for title, value, meaning in (
        ("RMSE", fit.rmse, "the root of the mean squared residual, in the unit of y"),
        ("R²", fit.r_squared, "the share of the variation of y that the best line explains"),
        ("standard error of m", fit.standard_error_m, "how far the best slope may be off by chance"),
        ("standard error of c", fit.standard_error_c, "how far the best intercept may be off by chance"),
    ):
        if value is not None:
            yield title, number(value), meaning
