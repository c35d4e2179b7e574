"""The list of the names that a session wrote: nothing else in its directory is ever removed.

    tf_gd session manifest 1
    name rows/00000000000000000000-0a1b...c3.npy 5d41402a      may be there, whole or not
    state 9f86d081884c7d65... 7d793037                         the SHA-256 of a session.json

A line, which ends with its own checksum, is on the disk before the file that it names is made. So a process that dies
leaves no file that stands in no line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tf_gd.errors import plain
from tf_gd.session.regular import read_regular
from tf_gd.session.state import digest
from tf_gd.tables.atomic import flush, replacing

FILE = "manifest.txt"
HEADER = "tf_gd session manifest 1\n"

_SAFE = re.compile(r"(?!.*\.\.)[\w.-]+(/[\w.-]+)?")
_MODEL_FILE = re.compile(r"checkpoint|model\.ckpt-.*")


class Manifest:
    """What a session wrote; see the module.

    Attributes:
        names: paths within the directory, in the order in which they were listed.
        states: the SHA-256 of every session.json, the newest last.
        length: how many bytes of the file are whole lines.
        token: makes the names of drafts this process's own.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.names: list[str] = []
        self.states: list[str] = []
        self.length = 0
        self.token = os.urandom(6).hex()

    @property
    def path(self) -> Path:
        """The file."""
        return self.directory / FILE

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Read a manifest; a last line that was cut short names nothing that was written.

        Raises:
            ValueError: it is no manifest.
            OSError: it cannot be read.
        """
        manifest = cls(directory)
        text = read_regular(manifest.path).decode("ascii")
        if not text.startswith(HEADER):
            if HEADER.startswith(text):  # cut short while it was begun
                return manifest
            raise ValueError("it does not begin as a manifest does")
        manifest.length = text.rfind("\n") + 1
        for line in text[len(HEADER) : manifest.length].splitlines():
            kind, _, value = line.rpartition(" ")[0].partition(" ")
            if not _SAFE.fullmatch(value) or line != _line(kind, value):
                raise ValueError(f"it holds {plain(line)}")
            {"name": manifest.names, "state": manifest.states}[kind].append(value)
        return manifest

    def create(self) -> None:
        """Make the file, or take over one in which nothing was listed yet.

        Raises:
            OSError: it cannot be written.
        """
        self.path.touch()
        self.length = 0
        self._append(HEADER)
        flush(self.directory)

    def list(self, *names: str, state: str | None = None) -> None:
        """Append names that are about to be written, and wait until they are on the disk.

        Raises:
            OSError: it cannot be written.
        """
        states = [] if state is None else [state]
        self._append(_lines(names, states))
        self.names += names
        self.states += states

    def _append(self, text: str) -> None:
        """Write whole lines after the whole lines that are there."""
        with open(self.path, "r+b") as file:
            file.truncate(self.length)
            file.seek(self.length)
            file.write(text.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
            self.length = file.tell()

    def shorten(self, names: Iterable[str]) -> None:
        """Keep these names and the newest state only.

        Raises:
            OSError: it cannot be written; the longer list is still there.
        """
        kept, states = list(names), self.states[-1:]
        text, draft = HEADER + _lines(kept, states), self.draft_of(FILE)
        self.list(draft)
        with replacing(self.path, self.directory / draft):
            (self.directory / draft).write_text(text, encoding="ascii")
        self.names, self.states, self.length = kept, states, len(text)

    def draft_of(self, name: str) -> str:
        """Return the name under which a file is written before it takes its place."""
        folder, _, last = name.rpartition("/")
        return f"{folder}/.{last}.{self.token}" if folder else f".{last}.{self.token}"

    def remove(self, name: str) -> None:
        """Remove a listed file; of a directory, listed files and the drafts of TensorFlow, and itself when empty."""
        path = self.directory / name
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
            return
        is_draft = path.name.startswith(".")
        for entry in sorted(path.rglob("*"), reverse=True):
            listed = f"{name}/{entry.relative_to(path)}" in self.names
            with suppress(OSError):  # a directory with something in it that nobody listed
                if entry.is_dir() and not entry.is_symlink():
                    entry.rmdir()
                elif listed or (is_draft and _MODEL_FILE.fullmatch(entry.name)):
                    entry.unlink()
        with suppress(OSError):
            path.rmdir()


def _lines(names: Iterable[str], states: Iterable[str]) -> str:
    lines = [_line("name", name) for name in names] + [_line("state", state) for state in states]
    return "".join(f"{line}\n" for line in lines)


def _line(kind: str, value: str) -> str:
    """Return a line with its checksum, without which a damaged name might be that of somebody's file."""
    return f"{kind} {value} {digest(f'{kind} {value}'.encode())[:8]}"
