"""The command line, `tf-gd`: a file for each command; each parses, calls and prints, and computes nothing.

Nothing heavy is imported until a command runs, so `tf-gd --help` answers at once.
"""

import sys
from importlib import import_module
from typing import Any

import click

from tf_gd import __version__
from tf_gd.errors import TfGdError

COMMANDS = ("train", "check", "derive", "diagnose", "plot", "report", "brute-force")

USAGE_ERROR, INTERRUPTED = 2, 130


class UserInterruptError(Exception):
    """The user pressed Ctrl-C; a training session says how to go on."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an interrupt is told once, by `run`, and not by click with an empty line before."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise UserInterruptError(str(interrupt) or "interrupted") from interrupt

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file and return its `command`."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"tf_gd.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="tf-gd")
@click.pass_context
def tf_gd(ctx: click.Context) -> None:
    """Gradient descent you can check: fit y = m x + c in TensorFlow and by hand, and prove that they agree.

    Example: tf-gd train
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code; every error is one line on stderr."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    try:
        code: Any = tf_gd.main(arguments, prog_name="tf-gd", standalone_mode=False)
        sys.stdout.flush()
    except TfGdError as error:
        return complain(str(error), USAGE_ERROR)
    except click.ClickException as error:
        return complain(error.format_message(), USAGE_ERROR)
    except (KeyboardInterrupt, UserInterruptError, click.Abort) as error:
        return complain(str(error) or "interrupted", getattr(error.__cause__, "exit_code", INTERRUPTED))
    except BrokenPipeError:
        sys.stdout = None  # the reader has gone; nothing is left to say
        return 0
    except MemoryError:
        return complain("Memory ran out. --engine moments needs six numbers, whatever the file.", USAGE_ERROR)
    return code if isinstance(code, int) else 0


def complain(message: str, code: int) -> int:
    """Write one `tf-gd: error:` line, free of control characters, and return `code`."""
    text = " ".join(message.split())
    text = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    click.echo(f"tf-gd: error: {text}", err=True)
    return code
