"""One compressed file inside another: unpacked aside, and never to more than its weight allows."""

from __future__ import annotations

import bz2
import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import quoted

MAX_EXPANSION = 100
"""How many times its own weight a file may unpack to ..."""
ALWAYS_UNPACKED = 2**26
"""... or up to this many bytes, whichever is more."""
_CHUNK = 2**20


def most_bytes(file: Path, always: int | None = None) -> int:
    """Return how many bytes a file may unpack to: many times its weight, and always some."""
    return max(ALWAYS_UNPACKED if always is None else always, MAX_EXPANSION * file.stat().st_size)


def unpack(file: Path, kind: str, folder: Path) -> Path:
    """Return the one file inside `file`, unpacked into `folder`.

    Args:
        file: a .gz, .bz2 or .zip file.
        kind: "gz", "bz2" or "zip".
        folder: where to.

    Raises:
        DataError: no member or several, a password, or more bytes than its weight allows.
    """
    limit = most_bytes(file)
    target = folder / "unpacked"
    with _opened(file, kind) as packed, target.open("wb") as copy:
        size = 0
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise DataError(f"{quoted(file)} must unpack to at most {limit} bytes. Got more. Unpack it by hand.")
            copy.write(chunk)
    if not size:
        raise DataError(f"{quoted(file)} must hold points. Got an empty file.")
    return target


@contextmanager
def _opened(file: Path, kind: str) -> Iterator[IO[bytes]]:
    """Open the one member."""
    if kind == "gz":
        with gzip.open(file) as stream:
            yield stream  # type: ignore[misc]
    elif kind == "bz2":
        with bz2.open(file) as stream:
            yield stream
    else:
        with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive, file)) as member:
            yield member


def _only_member(archive: zipfile.ZipFile, file: Path) -> zipfile.ZipInfo:
    """Return the archive's one file; what macOS adds to it does not count."""
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.endswith(".DS_Store")
    ]
    if len(members) != 1:
        names = ", ".join(plain(member.filename, 40) for member in members[:5])
        got = f"{len(members)}: {names}" if names else "none"
        raise DataError(f"{quoted(file)} must hold one file. Got {got}. Unpack it and name one.")
    if members[0].flag_bits & 1:
        raise DataError(f"{quoted(file)} must be without a password. Got an encrypted archive. Unpack it by hand.")
    return members[0]


def member_name(file: Path, kind: str) -> Path:
    """Return the name of the file inside, whose ending may tell its format."""
    if kind == "zip":
        with zipfile.ZipFile(file) as archive:
            return Path(_only_member(archive, file).filename)
    return Path(file.stem) if file.suffix.lower() in (".gz", ".bz2") else file
