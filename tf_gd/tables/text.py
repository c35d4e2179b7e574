"""Text: its encoding, its lines, whatever ends them, and the records of fields that they make."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tf_gd.errors import DataError, plain
from tf_gd.tables.advice import FileError
from tf_gd.tables.columns import quoted
from tf_gd.tables.dialect import PLAIN, WHITESPACE, Dialect

MAX_LINE = 2_000_000
"""The longest line that is read, in bytes: DuckDB's own limit."""
_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_SCANNED = 2**28


class TextRecord(NamedTuple):
    """One record of a text file: the line on which it starts, from 1, and its fields."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class Text:
    """A text file.

    Args:
        file: its name, for messages.
        data: where its bytes are: the file itself, or what was unpacked from it.
        dialect: how it was said to be written.
    """

    file: Path
    data: Path
    dialect: Dialect = PLAIN
    encoding: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the encoding that was said, or that the byte order mark says, or UTF-8."""
        with self.data.open("rb") as stream:
            start = stream.read(4)
        marked = next((encoding for mark, encoding in _MARKS.items() if start.startswith(mark)), None)
        object.__setattr__(self, "encoding", self.dialect.encoding or marked or "utf-8")

    def lines(self, skip: int = 0) -> Iterator[tuple[int, str]]:
        r"""Yield each line's number, from 1, and its text, which ends in "\n" however the file has it.

        CR, LF, CR LF and CR CR LF (left by a careless conversion) are line ends.

        Raises:
            DataError: bytes that are not text in this encoding, or a line that is too long.
        """
        skip = max(skip, self.dialect.skip_rows)
        for number, line in enumerate(self._raw_lines(), start=1):
            text = line.removeprefix("\ufeff") if number == 1 else line
            if len(line) > MAX_LINE or (len(line) > MAX_LINE // 4 and len(line.encode("utf-8", "replace")) > MAX_LINE):
                raise self.error(number, f"must be at most {MAX_LINE} bytes long")
            if number <= skip:
                continue
            self._check(number, text)
            yield number, self._without_comment(text.rstrip("\r\n")) + ("\n" if line[-1:] in "\r\n" else "")

    def _raw_lines(self) -> Iterator[str]:
        """Yield the lines with their ends; one that stops short of its end is longer than `MAX_LINE`."""
        multibyte = self.encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32"))
        before = ""
        try:
            with self.data.open("rb") as stream:
                text = io.TextIOWrapper(
                    stream, self.encoding, errors="strict" if multibyte else "surrogateescape", newline=""
                )
                for line in iter(lambda: text.readline(MAX_LINE + 1), ""):
                    if line == "\r\n" and before.endswith("\r"):  # CR CR LF is one line end
                        before = line
                        continue
                    before = line
                    yield line
        except UnicodeError:
            raise FileError(f"{quoted(self.file)} must be {self.encoding} text. Got other bytes") from None

    def _check(self, number: int, line: str) -> None:
        """Refuse bytes that are no text in this encoding."""
        if not line.isascii() and any("\ud800" <= char <= "\udfff" for char in line):
            name = {"utf-8": "UTF-8"}.get(self.encoding, self.encoding)
            others = [{"encoding": name} for name in ("cp1252", "latin-1")] if self.dialect.encoding is None else []
            raise FileError(
                f"{quoted(self.file)}, line {number}: must be {name} text. Got other bytes",
                others[:1] if _decodes(self.data, "cp1252") else others[1:],
                otherwise="Save the file as UTF-8.",
            )
        if "\0" in line:
            raise FileError(
                f"{quoted(self.file)}, line {number}: must be text. Got a NUL byte",
                [{"encoding": "utf-16-be" if line.startswith("\0") else "utf-16-le"}]
                if self.dialect.encoding is None
                else [],
                otherwise="Save the file as UTF-8.",
            )

    def _without_comment(self, line: str) -> str:
        """Return the line up to a comment that no quotes hide."""
        mark = self.dialect.comment
        if mark is None or mark not in line:
            return line
        at = line.find(mark)
        while at >= 0 and line.count('"', 0, at) % 2:
            at = line.find(mark, at + 1)
        return line[:at].rstrip() if at >= 0 else line

    def records(self, delimiter: str, strict: bool = True, skip: int = 0) -> Iterator[TextRecord]:
        """Yield the records, blank lines included (as no fields).

        Args:
            delimiter: what stands between two fields, or `WHITESPACE`.
            strict: refuse quotes that do not close, or that close inside a field.
            skip: how many lines to pass over.

        Raises:
            DataError: what `lines` refuses, or what `strict` does.
        """
        skip = max(skip, self.dialect.skip_rows)
        line = skip + 1
        text = (each for _, each in self.lines(skip))
        if delimiter == WHITESPACE:
            delimiter, text = " ", (_spaced(each) for each in text)
        reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=strict)
        while True:
            try:
                fields = next(reader, None)
            except csv.Error as error:
                raise self.error(line, f"must be CSV. Got {plain(str(error).split(' - ')[0])}") from None
            if fields is None:
                return
            yield TextRecord(line, [] if len(fields) == 1 and not fields[0].strip() else fields)
            line = skip + reader.line_num + 1

    def error(self, line: int, complaint: str) -> DataError:
        """Return the error for something wrong on a line."""
        return FileError(
            f"{quoted(self.file)}, line {line}: {complaint}", otherwise="Correct it, or save the file as UTF-8 CSV."
        )

    def is_plain(self) -> bool:
        """Say whether DuckDB reads these very lines: UTF-8, and one kind of line end, LF or CR LF."""
        if self.encoding != "utf-8" or self.dialect.comment is not None:
            return False
        ends = {b"\r": 0, b"\n": 0, b"\r\n": 0}
        last = b""
        with self.data.open("rb") as stream:
            for chunk in iter(lambda: stream.read(2**20), b""):
                if b"\0" in chunk:
                    return False
                if b"\r" in chunk or last == b"\r":
                    ends[b"\r\n"] += (last + chunk).count(b"\r\n")
                ends[b"\r"] += chunk.count(b"\r")
                ends[b"\n"] += chunk.count(b"\n")
                last = chunk[-1:]
                if stream.tell() > _SCANNED:
                    break
        return not ends[b"\r"] or ends[b"\r"] == ends[b"\n"] == ends[b"\r\n"]


def _spaced(line: str) -> str:
    """Return the line with one kind of white space, none at its ends."""
    return " ".join(line.split()) + "\n" if '"' not in line else line.strip().replace("\t", " ") + "\n"


def _decodes(data: Path, encoding: str) -> bool:
    """Say whether all bytes are text in an encoding of one byte a character."""
    try:
        with data.open(encoding=encoding) as stream:
            while stream.read(2**20):
                pass
    except UnicodeError:
        return False
    return True
