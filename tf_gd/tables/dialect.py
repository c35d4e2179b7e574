"""How a file is written: what its reader was told, by the command line's options or by `read_points`' keywords."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, fields
from typing import Any

from tf_gd.errors import invalid

WHITESPACE = "whitespace"
WORDS = {
    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|", "colon": ":", "point": ".",
    "dot": ".", "period": ".", "apostrophe": "'", "underscore": "_", "space": " ",
}  # fmt: skip
"""Words for the characters that a shell or an eye stumbles over."""

FORMATS = ("csv", "json", "jsonl", "parquet", "xlsx", "npy", "npz")
_ALIASES = {"text": "csv", "txt": "csv", "tsv": "csv", "ndjson": "jsonl"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written; what is None is told from its content, and doubt is an error.

    Args:
        delimiter: what stands between two fields: one character, a word for it (tab, comma, semicolon, bar), or
            "whitespace".
        decimal: the decimal mark, "." or ",".
        thousands: the mark that groups digits.
        encoding: of text, as Python names it.
        header: whether the first row names the columns.
        skip_rows: how many lines to pass over at the start; blank lines count.
        comment: what starts a comment, which ends with its line.
        na: the texts that stand for a missing value, besides nothing and NaN.
        sheet: of a spreadsheet: its name, or its position from 0.
        format: one of csv (any text in columns), json, jsonl, parquet, xlsx, npy, npz.

    Raises:
        InvalidArgumentError: none of these.
    """

    delimiter: str | None = None
    decimal: str = "."
    thousands: str | None = None
    encoding: str | None = None
    header: bool | None = None
    skip_rows: int = 0
    comment: str | None = None
    na: tuple[str, ...] = ()
    sheet: str | int | None = None
    format: str | None = None

    def __post_init__(self) -> None:
        """Turn words into characters, and refuse what cannot be."""
        for name, value in (
            ("delimiter", _delimiter(self.delimiter)),
            ("decimal", _mark("decimal", self.decimal)),
            ("thousands", None if self.thousands is None else _mark("thousands", self.thousands)),
            ("encoding", _encoding(self.encoding)),
            ("na", _words(self.na)),
            ("format", _format(self.format)),
        ):
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if self.decimal not in (".", ","):
            raise invalid("decimal", "'.' or ','", self.decimal)
        if self.header is not None and not isinstance(self.header, bool):
            raise invalid("header", "True, False or None", self.header)
        if isinstance(self.skip_rows, bool) or not isinstance(self.skip_rows, int) or self.skip_rows < 0:
            raise invalid("skip_rows", "a whole number, 0 or above", self.skip_rows)
        if self.comment is not None and (not isinstance(self.comment, str) or not self.comment.strip()):
            raise invalid("comment", "the text that starts a comment, for example '#'", self.comment)
        if isinstance(self.sheet, bool) or not isinstance(self.sheet, str | int | None):
            raise invalid("sheet", "a sheet's name or its position from 0", self.sheet)
        if self.thousands == self.decimal:
            raise invalid("thousands", "another mark than `decimal`", self.thousands)
        if self.delimiter == self.decimal:
            raise invalid("delimiter", "another mark than `decimal`", self.delimiter)

    @property
    def said(self) -> frozenset[str]:
        """The names of what differs from the default."""
        return frozenset(field.name for field in fields(self) if getattr(self, field.name) != field.default)


def _delimiter(value: Any) -> str | None:
    """Return the character, or `WHITESPACE`."""
    if value is None:
        return None
    character = WORDS.get(value.lower(), value) if isinstance(value, str) else None
    if character in (" ", WHITESPACE):
        return WHITESPACE
    if character is None or len(character) != 1 or character in '"\r\n\0' or character.isalnum():
        raise invalid("delimiter", "one character, tab, comma, semicolon, bar or whitespace", value)
    return character


def _mark(name: str, value: Any) -> str:
    """Return the character that `value` is or names."""
    character = WORDS.get(value.lower(), value) if isinstance(value, str) else None
    if character is None or len(character) != 1 or character.isalnum() or character in '+-"\r\n\0':
        raise invalid(name, "one character that stands in a number, as ',' '.' or space", value)
    return character


def _encoding(value: Any) -> str | None:
    """Return the encoding's name, if Python knows it as one of text."""
    if value is None:
        return None
    try:
        codec = codecs.lookup(value)
        if not getattr(codec, "_is_text_encoding", True) or codec.name in ("undefined", "idna", "punycode"):
            raise LookupError
    except (LookupError, TypeError, ValueError):
        raise invalid("encoding", "a text encoding, for example utf-8, cp1252 or utf-16", value) from None
    return codec.name


def _words(value: Any) -> tuple[str, ...]:
    """Return one or several texts, or numbers as text, as a tuple."""
    several = (value,) if isinstance(value, str | int | float) else value
    try:
        words = tuple(several)
    except TypeError:
        words = (None,)
    if not all(isinstance(word, str | int | float) and not isinstance(word, bool) for word in words):
        raise invalid("na", "a text, or several", value)
    return tuple(str(word).strip() for word in words)


def _format(value: Any) -> str | None:
    if value is None:
        return None
    name = value.lower().removeprefix(".") if isinstance(value, str) else value
    name = _ALIASES.get(name, name) if isinstance(name, str) else name
    if name not in FORMATS:
        raise invalid("format", f"one of {', '.join(FORMATS)}", value)
    return str(name)


PLAIN = Dialect()
"""Nothing said."""
