"""The command line, `tf-gd`: a file for each command; each parses, calls and prints, and computes nothing.

Nothing heavy is imported until a command runs, so `tf-gd --help` answers at once.
"""

import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click

from tf_gd import __version__
from tf_gd.cli.failures import INTERRUPTED as INTERRUPTED
from tf_gd.cli.failures import USAGE_ERROR, fail
from tf_gd.cli.failures import complain as complain
from tf_gd.cli.folding import PROSE, FoldingContext, terminal_width
from tf_gd.cli.own_memory import little_memory
from tf_gd.cli.streams import settle_streams
from tf_gd.loading import without_keras

PATIENCE = 0.5  # seconds
COMMANDS = ("train", "predict", "check", "derive", "diagnose", "plot", "report", "playground", "brute-force")


class EndedError(Exception):
    """A command was ended by its cause, an error or an interrupt."""


class TerminatedError(KeyboardInterrupt):
    """A command was ended by SIGTERM."""

    exit_code = 128 + signal.SIGTERM


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    context_class = FoldingContext

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what ends it is told once, by `run`, and not by click in words and lines of its own."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, EOFError, OSError) as error:
            raise EndedError from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tf_gd.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        command.name, command.context_class = cmd_name, FoldingContext
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": PROSE},
)
@click.version_option(__version__, prog_name="tf-gd")
@click.pass_context
def tf_gd(ctx: click.Context) -> None:
    """Gradient descent you can check: fit y = m x + c in TensorFlow and by hand, and prove that they agree.

    Example: tf-gd train
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line in this process and exit with its code; every error is one line on stderr."""
    stdout = settle_streams()
    if (little := little_memory()) is not None:
        sys.exit(complain(little, USAGE_ERROR))
    logging.getLogger().addHandler(logging.NullHandler())  # Matplotlib's remarks on its fonts
    warnings.simplefilter("ignore")  # what there is to say, commands say themselves, in a line of their own
    sys.warnoptions.append("ignore")  # in processes that multiprocessing starts, too
    for signum, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(signum) is usual:
            signal.signal(signum, _ending())
    with without_keras():
        code = run(arguments)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.SIG_IGN)  # nothing is left to end
    if code in (INTERRUPTED, TerminatedError.exit_code):  # other libraries' threads and clusters would say so again
        sys.stderr.flush()
        os._exit(code)
    if stdout.failure is not None:
        code = complain(f"stdout must take what is written. Got {stdout.failure.strerror}. Make room.", USAGE_ERROR)
    sys.exit(code)


def _ending() -> Callable[[int, FrameType | None], None]:
    """Return a handler of Ctrl-C or SIGTERM: the first ends the command, a later one the process.

    The first leaves nothing in a temporary directory; the later one does not wait for libraries that still close.
    """
    begun: list[float] = []

    def end(signum: int, frame: FrameType | None) -> None:
        error = KeyboardInterrupt("interrupted") if signum == signal.SIGINT else TerminatedError("terminated")
        if not begun:
            begun.append(time.monotonic())
            raise error
        if time.monotonic() - begun[0] > PATIENCE:  # sooner it is the same Ctrl-C, sent by a shell and by a parent
            os._exit(complain(str(error), 128 + signum))

    return end


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    width = terminal_width(sys.stdout)
    try:
        code: Any = tf_gd.main(
            arguments,
            prog_name="tf-gd",
            standalone_mode=False,
            obj=sys.argv[1:] if arguments is None else arguments,
            terminal_width=width and min(width, PROSE),
        )
        sys.stdout.flush()
    except EndedError as error:
        return fail(error.__cause__ or error)
    except (KeyboardInterrupt, Exception) as error:
        return fail(error)
    return code if isinstance(code, int) else 0
