"""What several commands share: the options that name points and a descent, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tf_gd.cli.data_options import Command, dialect_options, read_data, said_of_data, tell_skipped
from tf_gd.errors import TfGdError, invalid

if TYPE_CHECKING:
    from tf_gd.points import Points


SAMPLES = ("hubble1929", "norris", "anscombe-1", "anscombe-2", "anscombe-3", "anscombe-4", "noint1", "noint2")
DEFAULT_SAMPLE = "hubble1929"
REDUCTIONS = ("sum", "mean", "half_sum", "half_mean")


class NumberParameter(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic from click 8.2 on
    """A number on the command line, with this package's own error where it is none."""

    name = "number"

    def __init__(self, parameter: str, requirement: str, read: Callable[[str], Any]) -> None:
        self.parameter, self.requirement, self.read = parameter, requirement, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number that the text stands for."""
        if not isinstance(value, str):
            return value
        try:
            return self.read(value)
        except ValueError as error:
            if isinstance(error, TfGdError):
                raise
            raise invalid(self.parameter, self.requirement, value) from None


def count(parameter: str, least: int) -> NumberParameter:
    """Return the type of an option that takes a whole number, `least` or above."""
    return NumberParameter(parameter, f"a whole number, {least} or above", int)


def _rate(text: str) -> Any:
    return text if text == "auto" else float(text)


def points_options(command: Command) -> Command:
    """Add DATA, --x, --y, --sample, and the options that say how DATA is written."""
    for decorate in (
        dialect_options,
        click.option(
            "--sample",
            type=click.Choice(SAMPLES),
            metavar="NAME",
            help=f"Use a bundled sample in place of DATA: {', '.join(SAMPLES)}.",
        ),
        click.option("--y", "y_column", metavar="COLUMN", help="The column of y: its name, or its position from 0."),
        click.option("--x", "x_column", metavar="COLUMN", help="The column of x: its name, or its position from 0."),
        click.argument("data", required=False, type=click.Path()),
    ):
        command = decorate(command)
    return command


def descent_options(command: Command) -> Command:
    """Add the options that say how to descend."""
    rate = NumberParameter("learning_rate", "a finite number above 0, or auto", _rate)
    number = NumberParameter("start", "two finite numbers", float)
    for decorate in (
        click.option(
            "--batches",
            type=count("batches", 1),
            metavar="SIZE",
            help="Descend over so many consecutive points at a time, in turn.",
        ),
        click.option(
            "--intercept/--no-intercept", default=True, help="Whether c is a parameter; else it stays where it starts."
        ),
        click.option("--constants", is_flag=True, help="Build the program with its points as constants in the graph."),
        click.option(
            "--loss-scale",
            type=NumberParameter("loss_scale", "a number from 1e-300 to 1e300", float),
            help="A further number in front of the loss.",
        ),
        click.option(
            "--reduction",
            default="sum",
            show_default=True,
            help="The loss: sum or mean of the squared errors, or half of it: half_sum, half_mean.",
        ),
        click.option(
            "--standardize",
            is_flag=True,
            help="Descend on z = (x - mean) / sd, which takes a few steps wherever x lies; --start is in z too.",
        ),
        click.option("--dtype", default="float64", show_default=True, help="float64, float32, float16 or bfloat16."),
        click.option("--start", type=number, nargs=2, default=(0.0, 0.0), metavar="M C", help="Where to begin: 0 0."),
        click.option(
            "--tolerance",
            type=NumberParameter("tolerance", "a finite number, 0 or above", float),
            help="Stop when no component of the gradient is over it.",
        ),
        click.option("--num-steps", type=count("num_steps", 0), help="The largest number of updates."),
        click.option(
            "--learning-rate",
            type=rate,
            default="auto",
            show_default=True,
            metavar="RATE",
            help="alpha, rounded to float32 as TensorFlow does; auto: the rate that leaves the least loss.",
        ),
    ):
        command = decorate(command)
    return command


def output_options(command: Command) -> Command:
    """Add --json and --quiet."""
    for decorate in (
        click.option("--quiet", is_flag=True, help="Print nothing but errors; the exit code tells."),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="Print one JSON object and nothing else; null where not finite.",
        ),
    ):
        command = decorate(command)
    return command


def load_points(data: str | None, x_column: str | None, y_column: str | None, sample: str | None) -> Points:
    """Return the points that the options name; the Hubble sample where they name none."""
    from tf_gd.points import sample as bundled

    if data is None:
        if x_column is not None or y_column is not None:
            raise click.UsageError("--x and --y choose columns of DATA. Name a file, for example points.csv.")
        for name in said_of_data():
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} says how DATA is written. Name a file, for example points.csv.")
        return bundled(sample or DEFAULT_SAMPLE)
    if sample is not None:
        raise click.UsageError(f"Give DATA or --sample, not both. Got {data!r} and {sample!r}.")
    from tf_gd.tables.reading import read_points

    points = read_data(read_points, data, x_column, y_column)
    tell_skipped(points.skipped, points.first_skipped, points.n)
    return points
