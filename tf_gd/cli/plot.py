"""`tf-gd plot`: draw a figure of a descent into a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tf_gd.cli.options import count, descent_options, load_points, output_options, points_options
from tf_gd.cli.output import on_one_line, print_json

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tf_gd.problem import Problem

KINDS = ("overview", "line", "loss", "parabola", "contour", "overlay")


@click.command(short_help="Draw the line, the loss, the parabola, the contours, the paths.")
@click.argument("kind", type=click.Choice(KINDS), metavar="KIND")
@points_options
@descent_options
@click.option("-o", "--output", required=True, type=click.Path(), help="The file to write: .png, .svg or .pdf.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="The colours.")
@click.option("--row", type=count("row", 0), default=0, show_default=True, help="The step to stand at on the parabola.")
@output_options
def command(
    kind: str,
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    num_steps: int | None,
    output: str,
    theme: str,
    row: int,
    as_json: bool,
    quiet: bool,
    **descent: Any,
) -> None:
    """Draw the figure KIND of a descent on DATA, 60 steps where --num-steps does not say.

    \b
    overview  the fitted line beside the loss curve
    line      the data, the fitted line and the residuals
    loss      the loss at each step, and the bound that the curvature puts on it
    parabola  L against M: the tangent, the sign of the derivative, and the step
    contour   L(m, c) with the path; without --learning-rate a slow, the best and a diverging one
    overlay   TensorFlow's and the hand-written path over each other, and their difference in ulps

    Example: tf-gd plot contour --output contour.png
    """  # noqa: D301  (click wants the character itself)
    from tf_gd.problem import Problem
    from tf_gd.show import gallery
    from tf_gd.show.theme import check_output, save_figure
    from tf_gd.tables.outputs import check_outputs
    from tf_gd.tables.writing import check_file

    check_output(output)
    check_outputs([data], output=output)
    check_file(output, "output")
    points = load_points(data, x_column, y_column, sample)
    problem = Problem.of(points, num_steps=60 if num_steps is None else num_steps, **descent)
    asked = click.get_current_context().get_parameter_source("learning_rate") is not click.core.ParameterSource.DEFAULT
    if kind == "overlay":
        figure = _overlay(problem, theme)
    elif kind == "contour" and not asked:
        figure = gallery.draw_three_rates(points, problem, theme)
    else:
        figure = gallery.draw(kind, points, problem, theme, row)
    save_figure(figure, output)
    if as_json:
        print_json({"kind": kind, "output": output})
    elif not quiet:
        click.echo(on_one_line(output))


def _overlay(problem: Problem, theme: str) -> Figure:
    """Run both paths, and draw them with their distance at every row."""
    from tf_gd.show.figures import overlay
    from tf_gd.trajectory import SERIES
    from tf_gd.verify.compare import check_problem
    from tf_gd.verify.rounding import ulp_distance

    both = check_problem(problem)
    ulps = {name: ulp_distance(getattr(both.tensorflow, name), getattr(both.manual, name)) for name in SERIES}
    return overlay(both.tensorflow, both.manual, ulps, theme)
