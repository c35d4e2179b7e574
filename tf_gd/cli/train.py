"""`tf-gd train`: fit the line in TensorFlow and by hand, and say how it went."""

from __future__ import annotations

from typing import Any

import click

from tf_gd.cli.options import count, descent_options, load_points, output_options, points_options
from tf_gd.cli.output import print_json, printable, progress_bar, warn

COMPARED_POINTS = 1_000_000  # both engines run by default up to so many points
MOST_STEPS = 10_000  # where neither --num-steps nor --tolerance says when to stop


@click.command()
@points_options
@descent_options
@click.option(
    "--engine",
    type=click.Choice(["tensorflow", "manual", "moments", "both"]),
    help="Which path to take; both, and compared bit by bit, up to a million points.",
)
@click.option(
    "--record-every", type=count("record_every", 1), default=1, show_default=True, help="Keep every K-th row."
)
@click.option("--output", type=click.Path(), help="Save the trajectory: .csv, .parquet or .json.")
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    engine: str | None,
    num_steps: int | None,
    tolerance: float | None,
    record_every: int,
    output: str | None,
    as_json: bool,
    quiet: bool,
    **descent: Any,
) -> int:
    """Fit y = m x + c to DATA by gradient descent, in TensorFlow and by hand.

    DATA is CSV, TSV, Parquet, JSON lines, .npy or .npz; - is CSV on standard input. Without DATA, the 24 nebulae of
    Hubble's 1929 paper. Without --num-steps and --tolerance, it stops when the gradient is as close to 0 as the
    arithmetic allows.

    Exit code: 0 done, 1 the two paths differ, 2 usage or data, 3 diverged, 4 stopped before the tolerance asked for.

    Example: tf-gd train points.csv --x distance --y velocity --learning-rate 0.01 --num-steps 500
    """
    from tf_gd.cli.training import carry_out, exit_code, report, summary
    from tf_gd.plan import Plan
    from tf_gd.verify.rounding import smallest_tolerance

    points = load_points(data, x_column, y_column, sample)
    limit = MOST_STEPS if num_steps is None else num_steps
    plan = Plan.of(*points, num_steps=limit, record_every=record_every, tolerance=tolerance, **descent)
    if num_steps is None and tolerance is None:
        plan = plan.replace(tolerance=smallest_tolerance(plan.points, plan.reduction))
    if plan.warning:
        warn(plan.warning, quiet)
    if engine is None and points.n > COMPARED_POINTS:
        warn(f"{points.n:,} points: only the hand-written path runs. --engine both compares it with TensorFlow.", quiet)
    engine = engine or ("both" if points.n <= COMPARED_POINTS else "manual")
    with progress_bar("training", quiet or as_json) as on_progress:
        done = carry_out(plan, engine, on_progress)
    if output is not None:
        done.path.save(output)
    if as_json:
        print_json(summary(done))
    elif not quiet:
        click.echo(f"{printable(points.y_name)} against {printable(points.x_name)}, {points.n:,} points\n")
        report(done)
    return exit_code(done, asked=tolerance is not None)
