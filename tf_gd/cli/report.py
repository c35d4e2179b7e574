"""`tf-gd report`: train in TensorFlow and by hand, and write one page to look at and play with."""

from __future__ import annotations

from typing import Any

import click

from tf_gd.cli.options import descent_options, load_points, output_options, points_options
from tf_gd.cli.output import on_one_line, print_json, progress_bar, warn


@click.command(short_help="Write one HTML page about a run, to look at and play with.")
@points_options
@descent_options
@click.option("-o", "--output", required=True, type=click.Path(), help="The HTML file to write.")
@click.option(
    "--engine",
    type=click.Choice(["tensorflow", "manual", "moments", "both"]),
    default="both",
    show_default=True,
    help="Which path to take; both are compared bit by bit.",
)
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    num_steps: int | None,
    output: str,
    engine: str,
    as_json: bool,
    quiet: bool,
    **descent: Any,
) -> int:
    """Fit y = m x + c to DATA, 100 steps where --num-steps does not say, and write a page about it.

    The page is one HTML file that needs no network: contours and line to play with, every step in words, tasks with
    hints, points to drag, paste and type; under them figures, numbers, derivation, check and every step.

    Exit code: 0 done, 1 the two paths differ, 3 diverged.

    Example: tf-gd report points.csv --x distance --y velocity --output report.html
    """
    from tf_gd.cli.report_file import save_report
    from tf_gd.cli.train_output import carry_out, exit_code, summary
    from tf_gd.problem import Problem
    from tf_gd.tables.outputs import check_outputs
    from tf_gd.tables.writing import check_file

    check_outputs([data], output=output)
    check_file(output, "output")
    points = load_points(data, x_column, y_column, sample)
    problem = Problem.of(points, num_steps=100 if num_steps is None else num_steps, **descent)
    if problem.warning:
        warn(problem.warning, quiet)
    with progress_bar("training", quiet or as_json) as on_progress:
        done = carry_out(problem, points, engine, on_progress)
    save_report(output, points, done)
    if as_json:
        print_json(summary(done) | {"output": output})
    elif not quiet:
        click.echo(on_one_line(output))
    return exit_code(done)
