"""`tf-gd predict`: what a fitted line says of further x."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tf_gd.cli.data_options import dialect_options, read_data, said_of_data
from tf_gd.cli.options import output_options
from tf_gd.cli.output import print_json


@click.command(context_settings={"ignore_unknown_options": True}, short_help="Say what a line gives for further x.")
@click.argument("line", metavar="LINE.json", type=click.Path())
@click.argument("values", metavar="X... | FILE", nargs=-1, required=True)
@click.option("--x", "x_column", metavar="COLUMN", help="Of FILE: the column of x, by its name or its position from 0.")
@click.option("-o", "--output", type=click.Path(), help="Write x and predictions: .csv, .parquet or .json.")
@dialect_options
@output_options
def command(
    line: str,
    values: tuple[str, ...],
    x_column: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Print m x + c for each X, or for each row of FILE, one number a line.

    LINE.json is what `tf-gd train --json` printed, or `tf-gd train --output LINE.json` wrote; - is standard input.
    FILE is any file that `tf-gd train` reads; of one with several columns of numbers, --x names the one of x.

    Example: tf-gd predict line.json 1.5 2
    """
    from tf_gd.line import Line, predict
    from tf_gd.tables.outputs import check_outputs
    from tf_gd.tables.reading import read_column
    from tf_gd.tables.trajectories import read_line
    from tf_gd.tables.writing import check_file, check_table, save_table

    if output is not None:
        check_outputs([line, *values], output=output)
        check_table(output, "output")
        check_file(output, "output")
    m, c = read_line(line)
    numbers = _numbers(values)
    if numbers is None:
        x, name = read_data(read_column, values[0], x_column)
    elif x_column is not None or said_of_data():
        raise click.UsageError("--x and how DATA is written go with FILE. Leave them out, or name a file.")
    else:
        x, name = numbers, "x"
    predictions = predict(Line(m, c), x)
    if output is not None:
        save_table({"x" if name == "prediction" else name: list(x), "prediction": list(predictions)}, output)
    if as_json:
        print_json({"line": {"m": m, "c": c}, "x": list(x), "predictions": list(predictions)})
    elif output is None and not quiet:
        click.echo("\n".join(repr(float(prediction)) for prediction in predictions))


def _numbers(values: tuple[str, ...]) -> Any:
    """Return the values as numbers; None where the one value names a file."""
    from tf_gd.errors import invalid
    from tf_gd.tables.numbers import fault, looks_numeric

    for value in values:
        if value.startswith("--"):
            raise click.NoSuchOption(value.split("=")[0])
        wrong = fault(value)
        if wrong and len(values) == 1 and (Path(value).exists() or not looks_numeric(value)):
            return None
        if wrong:
            raise invalid("X", "a finite number with a decimal point, or the only one and a file", value)
    return [float(value) for value in values]
