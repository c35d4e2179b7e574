"""`tf-gd train`: fit the line in TensorFlow and by hand, and say how it went."""

from __future__ import annotations

from typing import Any

import click

from tf_gd.cli.options import count, descent_options, output_options, points_options
from tf_gd.cli.output import on_one_line, print_json, progress_bar, say, warn
from tf_gd.cli.sources import load_held_out, load_source, reading_options, reads_files, split_options

COMPARED_POINTS = 1_000_000  # both engines run by default up to so many points


@click.command(short_help="Fit the line, in TensorFlow and by hand.")
@points_options
@descent_options
@click.option(
    "--engine",
    type=click.Choice(["tensorflow", "manual", "moments", "both"]),
    help="Which path to take; both, and compared bit by bit, up to a million points.",
)
@click.option(
    "--record-every",
    metavar="K",
    type=count("record_every", 1),
    default=1,
    show_default=True,
    help="Record every K-th step; the final state is always recorded.",
)
@click.option("-o", "--output", type=click.Path(), help="Save the trajectory: .csv, .parquet or .json.")
@click.option("--report", "report_path", type=click.Path(), help="Write an HTML report to look at and play with.")
@click.option("--test", "test", type=click.Path(), help="Data held out: say how well the line fits them too.")
@click.option("--log-dir", type=click.Path(), help="Write event files for TensorBoard.")
@click.option("--session", type=click.Path(), help="Train in this directory, from which --resume can go on.")
@click.option("--resume", is_flag=True, help="Go on where the session was saved last, to the same bits.")
@click.option(
    "--checkpoint-steps",
    metavar="K",
    type=count("checkpoint_steps", 1),
    help="Save the session every K steps at least.",
)
@reading_options
@output_options
def command(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    engine: str | None,
    output: str | None,
    test: str | None,
    report_path: str | None,
    log_dir: str | None,
    session: str | None,
    resume: bool,
    checkpoint_steps: int | None,
    as_json: bool,
    quiet: bool,
    tolerance: float | None,
    **others: Any,
) -> int:
    """Fit y = m x + c to DATA by gradient descent, in TensorFlow and by hand.

    DATA is CSV, TSV, Parquet, JSON, JSON lines, .xlsx, .npy or .npz; - is CSV on standard input. With --engine
    moments also a directory or a pattern such as "year-*.parquet", of any size: it is read once. Without DATA, the 24
    nebulae of Hubble's 1929 paper. Without --num-steps and --tolerance, it stops when the gradient is as close to 0 as
    the arithmetic allows.

    Exit code: 0 done, 1 the two paths differ, 2 usage or data, 3 diverged, 4 stopped before the tolerance,
    the one asked for or the one that the arithmetic allows; 70 a mistake in tf_gd; 130 and 143 interrupted.

    Example: tf-gd train points.csv --x distance --y velocity --learning-rate 0.01 --num-steps 500
    """
    from tf_gd.cli.train_output import carry_out, exit_code, report, summary, tell_shortfall
    from tf_gd.verify.steps_needed import problem_of

    _check_session(session, resume, checkpoint_steps, engine)
    _check_places([data, test], output, report_path, log_dir, session, drawn=not reads_files(data, engine))
    reading, descent = split_options(others)
    silent = quiet or as_json
    source = load_source(data, x_column, y_column, sample, engine, silent, **reading)
    held_out = load_held_out(test, x_column, y_column, source, engine, silent, **reading)
    problem = problem_of(source.data, tolerance=tolerance, **descent)
    if problem.warning:
        warn(problem.warning, quiet)
    tell_shortfall(problem, session, quiet)
    engine = engine or ("tensorflow" if session else None)
    if engine is None and source.n > COMPARED_POINTS:
        warn(f"{source.n:,} points: only the hand-written path runs. --engine both compares it with TensorFlow.", quiet)
    engine = engine or ("both" if source.n <= COMPARED_POINTS else "manual")
    with progress_bar("training", silent) as on_progress:
        done = carry_out(problem, source.data, engine, on_progress, session, resume, checkpoint_steps)
    done = done.evaluated(held_out)
    if output is not None:
        done.path.save(output)
    if report_path is not None or log_dir is not None:
        from tf_gd.cli.report_file import save_views

        save_views(source.data, done, report_path, log_dir)
    if as_json:
        print_json(summary(done))
    elif not quiet:
        say(f"{on_one_line(source.y_name)} against {on_one_line(source.x_name)}, {source.n:,} points\n")
        report(done)
    return exit_code(done)


def _check_session(session: str | None, resume: bool, checkpoint_steps: int | None, engine: str | None) -> None:
    """Refuse options of a session that do not go together."""
    if resume and session is None:
        raise click.UsageError("--resume must come with --session DIRECTORY. Name the directory to go on in.")
    if checkpoint_steps is not None and session is None:
        raise click.UsageError("--checkpoint-steps must come with --session DIRECTORY. Name the directory to save in.")
    if session is not None and engine == "both":
        raise click.UsageError("--session must come with one engine. Got both. Choose tensorflow, manual or moments.")


def _check_places(
    inputs: list[str | None],
    output: str | None,
    report_path: str | None,
    log_dir: str | None,
    session: str | None,
    drawn: bool,
) -> None:
    """Refuse places that cannot or must not be written, before any work is done for them."""
    from tf_gd.tables.outputs import check_outputs
    from tf_gd.tables.writing import check_file, check_folder, check_table

    if not drawn and (report_path is not None or log_dir is not None):
        raise click.UsageError("--report and --log-dir draw the points. Leave them out, or choose another --engine.")
    check_outputs(inputs, output=output, report=report_path, log_dir=log_dir, session=session)
    if output is not None:
        check_table(output, "output")
        check_file(output, "output")
    if report_path is not None:
        check_file(report_path, "report")
    if log_dir is not None:
        check_folder(log_dir, "log_dir")
