"""What would read a file that was refused: tried on the file itself before it is advised."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from tf_gd.errors import DataError, TfGdError

Keywords = dict[str, Any]
"""Keywords of `read_points`: x, y, skip_invalid, and those of `Dialect`."""
Returned = TypeVar("Returned")

MOST_TRIES = 16
"""How often a file is read again to find out what else one remedy needs."""
MOST_BYTES = 2**24
"""The largest file that is read again."""
_MEANINGS = {"delimiter", "decimal", "thousands"}
"""Keywords of which another reading would give other numbers, so that all that work are told."""
_NAMES = {"\t": "tab", ";": "semicolon", "|": "bar", " ": "space", "'": "apostrophe"}


class FileError(DataError):
    """A file that cannot be read as it was asked for.

    Args:
        complaint: what is wrong and where, without a next move.
        remedies: keywords of `read_points` that may read the file, the likeliest first.
        otherwise: the next move where there are none.
    """

    def __init__(
        self, complaint: str, remedies: Iterable[Keywords] = (), otherwise: str = "Correct or remove it."
    ) -> None:
        self.complaint, self.remedies, self.otherwise = complaint, list(remedies), otherwise
        super().__init__(self.worded(as_keywords))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel whole from a worker of a cluster, remedies included."""
        return type(self), (self.complaint, self.remedies, self.otherwise)

    def worded(self, write: Callable[[Keywords], str]) -> str:
        """Return the message, its advice in the words of Python or of the command line."""
        advice = " or ".join(write(remedy) for remedy in self.remedies)
        end = "" if self.complaint.endswith("?") else "."
        return f"{self.complaint}{end} Add {advice}" if advice else f"{self.complaint}{end} {self.otherwise}".rstrip()


def as_keywords(remedy: Mapping[str, Any]) -> str:
    """Return the remedy as Python's keywords.

    Example:
        >>> as_keywords({"decimal": ",", "na": ("NA",)})
        "decimal=',', na='NA'"
    """
    single = {name: value[0] if name == "na" and len(value) == 1 else value for name, value in remedy.items()}
    return ", ".join(f"{name}={list(value) if isinstance(value, tuple) else value!r}" for name, value in single.items())


def as_options(remedy: Mapping[str, Any]) -> str:
    """Return the remedy as options of the command line.

    Example:
        >>> as_options({"decimal": ",", "header": False, "na": ("NA", "-"), "skip_invalid": True})
        '--decimal , --no-header --na NA --na=- --skip-invalid'
    """
    return " ".join(_option(name, value) for name, value in remedy.items())


def _option(name: str, value: Any) -> str:
    option = f"--{name.replace('_', '-')}"
    if name == "na":
        return " ".join(_with(option, word) for word in value)
    if isinstance(value, bool):
        return option if value else f"--no-{name.replace('_', '-')}"
    return _with(option, _NAMES.get(value, value) if name in ("delimiter", "decimal", "thousands") else value)


def _with(option: str, value: Any) -> str:
    """Return the option with its value, which a shell leaves as it is."""
    text = str(value)
    return f"{option}={shlex.quote(text)}" if text.startswith("-") else f"{option} {shlex.quote(text)}"


def advised(read: Callable[..., Returned], keywords: Keywords, size: int) -> Returned:
    """Return what `read(**keywords)` returns; where it refuses, advise only what was seen to read the file.

    Args:
        read: a reader of the file.
        keywords: what it was told.
        size: of the file, in bytes.

    Raises:
        FileError: with remedies that work, alone or together; as the reader made it for a large file.
    """
    try:
        return read(**keywords)
    except FileError as error:
        if size > MOST_BYTES or not error.remedies:
            raise
        tried = (_complete(read, keywords, remedy, [MOST_TRIES], 5) for remedy in error.remedies)
        working = [combination for combination in tried if combination]
        working = [{name: value for name, value in each.items() if keywords.get(name) != value} for each in working]
        unique = [combination for at, combination in enumerate(working) if combination not in working[:at]]
        told = unique if unique and _MEANINGS & unique[0].keys() else unique[:1]
        raise FileError(error.complaint, told, error.otherwise) from None


def _complete(
    read: Callable[..., Any], keywords: Keywords, remedy: Keywords, tries: list[int], depth: int
) -> Keywords | None:
    """Return `remedy` with what else it takes to read the file, None where that is not found."""
    if not depth or tries[0] <= 0:
        return None
    tries[0] -= 1
    try:
        read(**merged(keywords, remedy))
    except FileError as error:
        for further in error.remedies:
            if further.items() <= remedy.items():
                continue
            full_remedy = _complete(read, keywords, merged(remedy, further), tries, depth - 1)
            if full_remedy:
                return full_remedy
        return None
    except TfGdError:
        return None
    return remedy


def merged(keywords: Keywords, remedy: Keywords) -> Keywords:
    """Return the keywords with the remedy's among them; texts for missing values add up."""
    both = {**keywords, **remedy}
    if keywords.get("na") and remedy.get("na"):
        both["na"] = tuple(dict.fromkeys((*keywords["na"], *remedy["na"])))
    return both
