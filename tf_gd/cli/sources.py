"""Reading files that need not fit in memory: the options of `tf-gd train --engine moments`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tf_gd.cli.data_options import Command, read_data, tell_skipped
from tf_gd.cli.options import load_points
from tf_gd.cli.output import progress_bar

if TYPE_CHECKING:
    from tf_gd.moments.files import Reading
    from tf_gd.moments.moments import Moments
    from tf_gd.points import Points

READING = ("cluster",)


class DataSource(NamedTuple):
    """What to descend on: points in memory, or the moments of files that need not fit there."""

    data: Points | Moments
    n: int
    x_name: str
    y_name: str


def reading_options(command: Command) -> Command:
    """Add --cluster."""
    for decorate in (
        click.option(
            "--cluster",
            metavar="ADDRESS",
            help="With --engine moments: read on a Dask cluster; local, tcp://HOST:PORT or tls://HOST:PORT.",
        ),
    ):
        command = decorate(command)
    return command


def split_options(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of the reading, and all others."""
    reading = {name: options.pop(name) for name in READING}
    return reading, options


def reads_files(data: str | None, engine: str | None) -> bool:
    """Whether only the moments of DATA are read, as the engine "moments" does with files."""
    return engine == "moments" and data not in (None, "-")


def load_source(
    data: str | None,
    x_column: str | None,
    y_column: str | None,
    sample: str | None,
    engine: str | None,
    quiet: bool,
    **reading: Any,
) -> DataSource:
    """Return the points that the options name, or for the engine "moments" the moments of the files."""
    if reads_files(data, engine):
        if sample is not None:
            raise click.UsageError(f"Give DATA or --sample, not both. Got {data!r} and {sample!r}.")
        read = _read(str(data), x_column, y_column, quiet, **reading)
        return DataSource(read.moments, read.moments.n, read.x_name, read.y_name)
    if reading["cluster"] is not None:
        raise click.UsageError("--cluster goes with --engine moments and DATA. Add them.")
    points = load_points(data, x_column, y_column, sample)
    return DataSource(points, points.n, points.x_name, points.y_name)


def load_held_out(
    test: str | None,
    x_column: str | None,
    y_column: str | None,
    source: DataSource,
    engine: str | None,
    quiet: bool,
    **reading: Any,
) -> Points | Moments | None:
    """Return the data of --test, from the columns that the line was fitted to; None where there are none."""
    if test is None:
        return None
    x, y = x_column or source.x_name, y_column or source.y_name
    return load_source(test, x, y, None, engine, quiet, **reading).data


def _read(data: str, x_column: str | None, y_column: str | None, quiet: bool, **where: Any) -> Reading:
    """Read files once, here or on a cluster."""
    with progress_bar("reading", quiet) as on_progress:
        if where["cluster"] is None:
            from tf_gd.moments.files import moments_of_files

            done = read_data(moments_of_files, data, x_column, y_column, on_progress=on_progress)
        else:
            from tf_gd.moments.cluster import moments_on_cluster

            done = read_data(
                moments_on_cluster,
                data,
                x_column,
                y_column,
                cluster=where["cluster"],
                on_progress=on_progress,
            )
    tell_skipped(done.skipped, done.first_skipped, done.moments.n)
    return done
