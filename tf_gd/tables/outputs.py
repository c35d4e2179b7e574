"""No file that is read, and no file that is written already, may be written: told before any work is done."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from tf_gd.errors import DataError, invalid, plain

STREAMS = {"standard input": 0, "standard output": 1, "standard error": 2}
PACKAGE = str(Path(__file__).parents[1])


def check_outputs(inputs: Iterable[str | None], **outputs: str | None) -> None:
    """Refuse an output that is an input or another output, however it is spelled: by links and hard links too.

    Args:
        inputs: the files, directories and patterns that are read; "-" is standard input.
        **outputs: the places to write, by the names of their options; None where there is none.

    Raises:
        InvalidArgumentError: a name is empty.
        DataError: an output is an input, lies in a directory of inputs, or is another output.
    """
    read = [name for name in inputs if name is not None]
    written = {option: path for option, path in outputs.items() if path is not None}
    for option, path in written.items():
        if not os.fspath(path):
            raise invalid(option, "a name that is not empty", path, "Choose a file or a directory.")
    for option, path in written.items():
        for name in read:
            if _reads(name, path):
                raise _taken(option, path, f"apart from DATA ({plain(name)}), which is only read")
        if _lies_in(path, PACKAGE):
            raise _taken(option, path, "outside tf_gd's own files")
        for stream in ("standard output", "standard error"):
            if _is_stream(stream, path):
                raise _taken(option, path, f"another file than {stream}")
        for other, taken in written.items():
            if other != option and (_is_same(path, taken) or (_lies_in(path, taken) and not _may_hold(other))):
                raise _taken(option, path, f"apart from {plain(taken)}, where `{other}` is written")


def _taken(option: str, path: str, requirement: str) -> DataError:
    return DataError(f"`{option}` must be {requirement}. Got {plain(os.fspath(path))}. Choose another place.")


def _may_hold(option: str) -> bool:
    """Whether other outputs may lie in this one: a directory of event files is shared, a session's is not."""
    return option == "log_dir"


def _reads(name: str, path: str) -> bool:
    """Whether what is at `path` is read when `name` is."""
    if name == "-":
        return _is_stream("standard input", path)
    if glob.has_magic(name) and not os.path.lexists(name):
        matches = glob.glob(name, recursive=True)
        return fnmatch(os.path.abspath(path), os.path.abspath(name)) or any(_reads(match, path) for match in matches)
    if not os.path.isdir(name):
        return _is_same(name, path)
    return _is_same(name, path) or _lies_in(path, name) or _has_link_in(name, path)


def _has_link_in(folder: str, path: str) -> bool:
    """Whether a file in the folder is the one at `path`, under another name."""
    wanted = _regular(path)
    files = Path(folder).rglob("*") if wanted is not None else []
    return any(wanted is not None and _is_same(str(file), path) for file in files)


def _is_same(one: str, other: str) -> bool:
    """Whether two names stand for one file or directory, there or not; devices and pipes may be shared."""
    if _is_device(one) or _is_device(other):
        return False
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return False


def _lies_in(path: str, folder: str) -> bool:
    inside, outside = os.path.realpath(path), os.path.realpath(folder)
    return not _is_device(path) and inside != outside and os.path.commonpath([inside, outside]) == outside


def _is_stream(stream: str, path: str) -> bool:
    """Whether a stream of this process reads or writes the regular file at `path`."""
    try:
        of_stream = os.fstat(STREAMS[stream])
    except OSError:
        return False
    of_path = _regular(path)
    return of_path is not None and stat.S_ISREG(of_stream.st_mode) and os.path.samestat(of_stream, of_path)


def _regular(path: str) -> os.stat_result | None:
    """Return the status of a regular file, None where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _is_device(path: str) -> bool:
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
