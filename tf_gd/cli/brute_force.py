"""`tf-gd brute-force`: try every line on a grid, and count what gradient descent needs for the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from tf_gd.cli import INTERRUPTED, complain
from tf_gd.cli.options import NumberParameter, load_points, output_options, points_options
from tf_gd.cli.output import print_json, print_table, progress_bar, say

if TYPE_CHECKING:
    from tf_gd.points import Points
    from tf_gd.show.grid_search import GridSearch

PATIENCE = 600  # seconds that a search may take without --yes
MOST_STEPS = 100_000  # of gradient descent: more are counted, but not made


@click.command(short_help="Find the line by trying them all, and count what that costs.")
@points_options
@click.option(
    "--digits",
    type=NumberParameter("digits", "a number above 0, at most 9", float),
    default=3.0,
    show_default=True,
    help="Decimal digits to find m and c to; one more is a hundred times the work.",
)
@click.option("--estimate", is_flag=True, help="Say how long it would take, and stop.")
@click.option("--yes", is_flag=True, help="Search even where it takes longer than ten minutes.")
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    digits: float,
    estimate: bool,
    yes: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Find the line of DATA by trying every (m, c) on a grid, and compare with gradient descent.

    The grid covers the box that must hold the best line, 10^digits intervals each way. It says first how long it will
    take; Ctrl-C stops it with the best line so far.

    Exit code: 0 done, 2 usage or data, 130 interrupted.

    Example: tf-gd brute-force --digits 2
    """
    from tf_gd.show.grid_search import GridSearch

    points = load_points(data, x_column, y_column, sample)
    search = GridSearch(points, digits)
    expected = search.seconds()
    if not (quiet or as_json):
        say(f"{search.evaluations:,} lines on {points.n:,} points: about {duration(expected)}")
    if not estimate:
        _check_patience(digits, expected, yes)
        begun = time.perf_counter()
        if not _searched(search, quiet or as_json):
            return INTERRUPTED
        took = time.perf_counter() - begun
    grid = None if estimate else {**search.best._asdict(), "loss": search.least, "seconds": took}
    descent = _descend(points, digits, estimate)
    if as_json:
        facts = {"digits": digits, "evaluations": search.evaluations, "estimated_seconds": expected}
        print_json({**facts, "grid": grid, "descent": descent})
    elif not quiet:
        _report(search.evaluations, grid, descent)
        _outlook(points, digits, expected / search.evaluations)
    return 0


def _check_patience(digits: float, expected: float, yes: bool) -> None:
    """Refuse a search that takes very long, unless it was asked for."""
    if expected > PATIENCE and not yes:
        raise click.UsageError(
            f"`digits` must be small enough for ten minutes. Got {digits:g}, which takes about "
            f"{duration(expected)}. Ask for fewer digits, or add --yes."
        )


def _descend(points: Points, digits: float, estimate: bool) -> dict[str, Any]:
    """Return gradient descent's count for the same digits and, where it is not too many to try, its result."""
    from tf_gd.show.grid_search import descend_as_far, steps_as_far

    num_steps = steps_as_far(points, digits)
    if estimate or num_steps > MOST_STEPS:
        return {"num_steps": num_steps}
    path, seconds = descend_as_far(points, digits)
    return {"num_steps": num_steps, **path.line._asdict(), "loss": path.loss[-1], "seconds": seconds}


def _searched(search: GridSearch, silent: bool) -> bool:
    """Search, with a bar on a terminal; when interrupted, say what was found so far and return False."""
    try:
        with progress_bar("trying every line", silent) as on_progress:
            search.run(on_progress)
    except KeyboardInterrupt:
        best = f"m = {search.best.m:.6g}, c = {search.best.c:.6g}, loss = {search.least:.6g}"
        complain(
            f"interrupted after {search.tried:,} of {search.evaluations:,} lines; the best so far: {best}", INTERRUPTED
        )
        return False
    return True


def _report(evaluations: int, grid: dict[str, Any] | None, descent: dict[str, Any]) -> None:
    """Print the two ways beside each other."""
    rows: list[tuple[str, ...]] = [("evaluations", f"{evaluations:,}", f"{descent['num_steps']:,.0f} steps")]
    for name, digits in (("seconds", 3), ("m", 6), ("c", 6), ("loss", 8)):  # the two losses differ in their last ones
        cells = [f"{float(way[name]):.{digits}g}" if name in way else "-" for way in (grid or {}, descent)]
        rows.append((name, *cells))
    print_table(("", "every line", "gradient descent"), rows)


def _outlook(points: Points, digits: float, seconds_a_line: float) -> None:
    """Print what more digits would cost, either way."""
    from tf_gd.show.grid_search import MOST_DIGITS, GridSearch, steps_as_far

    rows = []
    for more in range(int(digits) + 1, int(MOST_DIGITS) + 1):
        lines = GridSearch(points, more).evaluations
        steps = f"{steps_as_far(points, more):,.0f} steps"
        rows.append((f"{more} digits", f"{lines:,}", duration(lines * seconds_a_line), steps))
    if rows:
        click.echo()
        print_table(("to find", "lines", "time", "gradient descent"), rows)


def duration(seconds: float) -> str:
    """Return a length of time in the unit that suits it.

    Example:
        >>> duration(0.0123), duration(7200), duration(1e9)
        ('12.3 ms', '2 hours', '31.7 years')
    """
    for size, unit in ((31557600.0, "years"), (86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "s")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.3g} {unit}" if seconds < 1000 * size else f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1000:.3g} ms"
