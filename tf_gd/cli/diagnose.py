"""`tf-gd diagnose`: name the mistake in the gradient or update that a file defines."""

import contextlib
import json
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tf_gd.diagnosis.gradient_check import GradientCheck

EXIT_CODES = {"right": 0, "wrong": 1, "cannot-tell": 5}
NOTHING_COMPARED = 2
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
    from tf_gd.diagnosis.file_check import check_file

    with _ended_by_sigterm():
        checks = check_file(file, reduction, time_limit, memory_limit)
    verdict = _verdict(checks)
    if as_json:
        click.echo(json.dumps(_as_json(file, verdict, checks)))
    elif not quiet:
        click.echo("\n\n".join(f"{name}: {check}" for name, check in checks.items()))
    if not any(check.compared for check in checks.values()):
        return NOTHING_COMPARED
    return EXIT_CODES[verdict]


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


def _findings(function: str, check: "GradientCheck", found: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"function": function, "name": name, "message": message, "line": check.lines.get(name)}
        for name, message in found
    ]


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """While entered, SIGTERM ends the command as Ctrl-C does, so that the child ends with it."""
    from tf_gd.session.signals import Interrupted

    def end(signum: int, frame: object) -> None:
        raise Interrupted("terminated", signum)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
