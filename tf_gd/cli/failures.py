"""Whatever ends a command becomes one line on stderr and an exit code that the documentation promises."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path

import click

from tf_gd.cli.output import say
from tf_gd.errors import TfGdError, printable

USAGE_ERROR, OWN_ERROR, INTERRUPTED = 2, 70, 130

SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN,
          errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT}  # fmt: skip
"""What the system refuses, and no program can help."""

PACKAGE = Path(__file__).parents[1]


def complain(message: str, code: int) -> int:
    """Write one `tf-gd: error:` line, free of control characters, folded on a terminal, and return `code`."""
    say(f"tf-gd: error: {printable(' '.join(message.split()))}", err=True, hang=4)
    return code


def fail(error: BaseException) -> int:
    """Say in one line why a command ended, and return its exit code."""
    if isinstance(error, TfGdError):
        return complain(str(error), USAGE_ERROR)
    if isinstance(error, click.ClickException):
        return complain(error.format_message(), USAGE_ERROR)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return complain(str(error) or "interrupted", getattr(error, "exit_code", INTERRUPTED))
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return complain("Memory ran out. --engine moments needs six numbers, whatever the file.", USAGE_ERROR)
    if isinstance(error, ImportError):
        return complain(f"A library cannot be loaded: {error}. Install it again, or allow more memory.", USAGE_ERROR)
    if isinstance(error, OSError) and error.errno in SYSTEM:
        where = f" ({os.fsdecode(error.filename)})" if isinstance(error.filename, str | bytes) else ""
        return complain(f"The system refused: {error.strerror}{where}. Make room for it, and try again.", USAGE_ERROR)
    return complain(_report(error), OWN_ERROR)


def _report(error: BaseException) -> str:
    """Return what to report about an error that is nobody's but ours."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(PACKAGE)
    ]
    where = f" in {Path(frames[-1].filename).relative_to(PACKAGE.parent)}, line {frames[-1].lineno}" if frames else ""
    from tf_gd.session.versions import versions  # not for --help

    used = ", ".join(f"{name} {number}" for name, number in versions().items())
    what = " ".join(traceback.format_exception_only(type(error), error)[-1].split())[:300]
    return f"This is a mistake in tf_gd, not yours. Please report this line with the command: {what}{where}; {used}."
