"""`tf-gd check`: compare TensorFlow's path with the hand-written one."""

from __future__ import annotations

from typing import Any

import click

from tf_gd.cli.options import descent_options, load_points, output_options, points_options
from tf_gd.cli.output import print_json, progress_bar, say, warn


@click.command(short_help="Compare the two paths, bit by bit.")
@points_options
@descent_options
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    num_steps: int | None,
    as_json: bool,
    quiet: bool,
    **descent: Any,
) -> int:
    """Train in TensorFlow and by hand, and compare every number of the two paths, bit by bit.

    Where bits differ, they are held against the bound that rounding allows. Without --num-steps and --tolerance, it
    stops when the gradient is as close to 0 as the arithmetic allows.

    Exit code: 0 the same, 1 a difference, 2 usage or data.

    Example: tf-gd check points.csv --x distance --y velocity --dtype float32
    """
    from tf_gd.verify.compare import check_problem
    from tf_gd.verify.steps_needed import problem_of

    points = load_points(data, x_column, y_column, sample)
    problem = problem_of(points, num_steps=num_steps, **descent)
    if problem.warning:
        warn(problem.warning, quiet)
    with progress_bar("checking", quiet or as_json) as on_progress:
        comparison = check_problem(problem, on_progress)
    if as_json:
        names = ("ok", "identical", "max_ulp", "bound_used", "ratio")
        print_json({name: getattr(comparison, name) for name in names} | {"order": str(comparison.order or "")})
    elif not quiet:
        say(str(comparison))
    return 0 if comparison.ok else 1
