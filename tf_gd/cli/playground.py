"""`tf-gd playground`: write the page to play with, without a run."""

from __future__ import annotations

from typing import Any

import click

from tf_gd.cli.options import load_points, output_options, points_options
from tf_gd.cli.output import on_one_line, print_json


@click.command(short_help="Write that page without a run.")
@points_options
@click.option(
    "--reduction", default="sum", show_default=True, help="The loss to begin with: sum, mean, half_sum or half_mean."
)
@click.option("-o", "--output", required=True, type=click.Path(), help="The HTML file to write.")
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    reduction: Any,
    output: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write a page on which to play with gradient descent on DATA: one HTML file that needs no network.

    It draws the contours of the loss and the line, tells every step in words, asks twelve tasks, and takes points that
    are dragged, pasted or typed. Without DATA, the 24 nebulae of Hubble's 1929 paper. `tf-gd report` writes the same
    page about a run.

    Exit code: 0 done, 2 usage or data.

    Example: tf-gd playground points.csv --x distance --y velocity --output playground.html
    """
    from tf_gd.cli.report_file import derivation_of
    from tf_gd.show.page import render_playground, write_report
    from tf_gd.tables.outputs import check_outputs
    from tf_gd.tables.writing import check_file

    check_outputs([data], output=output)
    check_file(output, "output")
    points = load_points(data, x_column, y_column, sample)
    write_report(output, render_playground(points, reduction, derivation_of(reduction)))
    if as_json:
        print_json({"n": points.n, "output": output})
    elif not quiet:
        click.echo(on_one_line(output))
