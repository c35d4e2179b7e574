"""`tf-gd diagnose`: name the mistake in a program that trains a line, in its functions, or in a table of steps."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from tf_gd.cli.data_options import dialect_options, read_data, said_of_data
from tf_gd.cli.options import REDUCTIONS
from tf_gd.cli.output import say
from tf_gd.diagnosis.limits import MEMORY_LIMIT, TIME_LIMIT

if TYPE_CHECKING:
    from tf_gd.diagnosis.gradient_check import GradientCheck

EXIT_CODES = {"right": 0, "wrong": 1, "cannot-tell": 5}
NOTHING_COMPARED = 2


def names_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --m, --c, --x, --y and --rate."""
    for name, what in (
        ("rate", "The learning rate: a number, or a name or expression of the program."),
        ("y", "y: a name or expression of the program; with --path a column of the points."),
        ("x", "x: a name or expression of the program; with --path a column of the points."),
        ("c", "The intercept: a name in the program; with --path a column of the steps."),
        ("m", "The slope: a name in the program; with --path a column of the steps."),
    ):
        command = click.option(f"--{name}", metavar="NAME", help=what)(command)
    return command


@click.command(short_help="Name the mistake in a function, a layer or a program.")
@click.argument("file", type=click.Path(), required=False)
@click.option("--path", "steps", type=click.Path(), help="A table of steps: m and c before the first, and after each.")
@click.option("--data", type=click.Path(), help="With --path: the file of the points.")
@names_options
@dialect_options
@click.option(
    "--reduction",
    type=click.Choice(REDUCTIONS),
    help="The loss that is meant, and no other: sum(e^2), or that divided by n, by 2, or by 2n.",
)
@click.option("--call", help='How a function is called, where names do not say it: "f(x, y, w, b)".')
@click.option("--time-limit", type=float, default=TIME_LIMIT, show_default=True, help="Seconds that the file may take.")
@click.option(
    "--memory-limit",
    type=int,
    default=MEMORY_LIMIT,
    show_default=True,
    help="Megabytes that the file may allocate.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: verdict, loss, diagnosis, remarks.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells.")
def command(
    file: str | None,
    steps: str | None,
    data: str | None,
    m: str | None,
    c: str | None,
    x: str | None,
    y: str | None,
    rate: str | None,
    reduction: Any,
    call: str | None,
    time_limit: float,
    memory_limit: int,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check FILE, a program (.py) or a notebook (.ipynb), and name what is wrong with it.

    FILE is run as it stands: a script, a class, functions or a TensorFlow session that fits y = m x + c by gradient
    descent. The steps that it takes are judged. So are its functions that compute a gradient or a step, such as
    gradient(m, c, x, y) or step(x, y, w, b, lr): names say what is what. A function or a class's fit that holds the
    descent and that nothing calls is called with points of ours. For another model it defines
    loss(**params, **data) in TensorFlow or NumPy, gradient(**params, **data) in NumPy, and the dicts params and data.
    A layer is NAME_forward and NAME_backward, with the dict NAME_inputs.

    This runs the code in FILE, with all that you yourself may do, in a child process with a time and a memory
    limit; what it prints is thrown away.

    Without FILE, --path steps.csv --data points.csv judges a table of steps, from any language.

    Exit code: 0 all right, 1 something is wrong, 2 there is nothing to check, 5 the steps cannot tell.

    Example: tf-gd diagnose homework.py
    """
    given = {key: value for key, value in (("m", m), ("c", c), ("x", x), ("y", y), ("rate", rate)) if value is not None}
    if (file is None) == (steps is None):
        raise click.UsageError("Give a program, or --path and --data. For example: tf-gd diagnose homework.py")
    if file is not None and (table_options := said_of_data()):
        raise click.UsageError(
            f"--{next(iter(table_options)).replace('_', '-')} says how tables are written: it goes with --path."
        )
    checks = (
        _of_table(steps, data, given, reduction)
        if steps is not None
        else _of_program(file, reduction, time_limit, memory_limit, given, call, as_json)
    )
    verdict = _verdict(checks)
    if as_json:
        click.echo(json.dumps(_as_json(str(file or steps), verdict, checks)))
    elif not quiet:
        say("\n\n".join(f"{name}: {check}" for name, check in checks.items()))
    if not any(check.compared for check in checks.values()):
        return NOTHING_COMPARED
    return EXIT_CODES[verdict]


def _of_program(
    file: Any,
    reduction: Any,
    time_limit: float,
    memory_limit: int,
    given: dict[str, str],
    call: str | None,
    as_json: bool,
) -> "dict[str, GradientCheck]":
    from tf_gd.diagnosis.file_check import NothingToCheck, check_file

    try:
        return check_file(file, reduction, time_limit, memory_limit, given, call)
    except NothingToCheck as nothing:
        if as_json:
            finding = {"function": "file", "name": "nothing-to-check", "message": str(nothing), "line": None}
            click.echo(json.dumps({**_as_json(file, "cannot-tell", {}), "diagnosis": [finding]}))
        raise


def _of_table(steps: str, data: str | None, given: dict[str, str], reduction: Any) -> "dict[str, GradientCheck]":
    from tf_gd.diagnosis.path.steps_table import check_table

    if data is None:
        raise click.UsageError("--path needs the points as well: --data points.csv")
    return {"path": read_data(check_table, steps, data, given, reduction)}


def _verdict(checks: "dict[str, GradientCheck]") -> str:
    """Return the verdict on all of them: wrong if one is wrong, else cannot-tell if one is, else right."""
    verdicts = {check.verdict for check in checks.values()}
    return next(verdict for verdict in ("wrong", "cannot-tell", "right") if verdict in verdicts)


def _as_json(file: str, verdict: str, checks: "dict[str, GradientCheck]") -> dict[str, Any]:
    return {
        "file": file,
        "ok": verdict == "right",
        "verdict": verdict,
        "loss": next((check.loss for check in checks.values() if check.loss), None),
        "checks": {function: check.ok for function, check in checks.items()},
        "diagnosis": [one for name, check in checks.items() for one in _findings(name, check, check.diagnosis)],
        "remarks": [one for name, check in checks.items() for one in _findings(name, check, check.remarks)],
    }


def _findings(function: str, check: "GradientCheck", named_messages: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"function": function, "name": name, "message": message, "line": check.lines.get(name)}
        for name, message in named_messages
    ]
