"""`tf-gd diagnose`: name the mistake in the gradient or update that a file defines."""

import json
from typing import Any

import click

TIME_LIMIT, MEMORY_LIMIT = 20.0, 4096  # seconds, megabytes


@click.command()
@click.argument("file", type=click.Path())
@click.option(
    "--reduction",
    type=click.Choice(["sum", "mean"]),
    default="sum",
    show_default=True,
    help="Whether the loss is the sum or the mean of the squared residuals.",
)
@click.option("--time-limit", type=float, default=TIME_LIMIT, show_default=True, help="Seconds that the file may take.")
@click.option(
    "--memory-limit",
    type=int,
    default=MEMORY_LIMIT,
    show_default=True,
    help="Megabytes that the file may allocate.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: file, ok, checks and diagnosis.")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code tells.")
def command(file: str, reduction: Any, time_limit: float, memory_limit: int, as_json: bool, quiet: bool) -> int:
    """Check the functions in FILE, and name what is wrong with them.

    FILE defines gradient(m, c, x, y) that returns (dL/dm, dL/dc), or update(m, c, x, y, learning_rate) that
    returns the new (m, c), or both. For another model it defines loss(**params, **data) in TensorFlow,
    gradient(**params, **data) in NumPy, and the dicts params and data.

    This runs the code in FILE, with all that you yourself may do, in a child process with a time and a memory
    limit; what it prints is thrown away.

    Exit code: 0 all right, 1 something is wrong, 2 there is nothing to check.

    Example: tf-gd diagnose homework.py
    """
    from tf_gd.diagnosis.sandbox import check_file

    checks = check_file(file, reduction, time_limit, memory_limit)
    ok = all(check.ok for check in checks.values())
    if as_json:
        findings = [
            {"function": function, "name": name, "message": message}
            for function, check in checks.items()
            for name, message in check.diagnosis
        ]
        by_function = {function: check.ok for function, check in checks.items()}
        click.echo(json.dumps({"file": file, "ok": ok, "checks": by_function, "diagnosis": findings}))
    elif not quiet:
        click.echo("\n\n".join(f"{name}: {check}" for name, check in checks.items()))
    return 0 if ok else 1
