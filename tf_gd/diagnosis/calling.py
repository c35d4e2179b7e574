"""Calling somebody's function safely, and telling in plain data what came back.

`answer` calls a function, in the caller's process or in the child, and returns a *reply* of JSON's types: what came
back as numbers with their dtypes, or what was raised and where. Nothing of the caller's own objects leaves it, so the
same reading of replies serves both. Whatever a function does wrong other than computing the wrong numbers ends as a
`Misbehaved` with a name and a sentence, never as a traceback.
"""

import inspect
import linecache
import sys
import sysconfig
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from tf_gd.diagnosis.pipe import is_array
from tf_gd.diagnosis.telling import tell, type_name
from tf_gd.errors import plain, printable

_PACKAGE = Path(__file__).resolve().parents[1]
_PYTHON = tuple({Path(path).resolve() for path in map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib")) if path})

# What keeps a function from being compared at all: not "wrong", but "could not be called".
NOT_COMPARED = frozenset(
    {
        *("raises", "hangs", "exits", "crashes", "prints-too-much", "wrong-arguments", "syntax-error", "cannot-check"),
        "out-of-memory",
    }
)

Reply = dict[str, Any]

_errstate = np.errstate


class Misbehaved(Exception):  # noqa: N818 (it says what the function under test did; it is no error of ours)
    """The function gave nothing to compare: `name` and `message` say what it did; `line` where, if that is known."""

    def __init__(self, name: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.name, self.message, self.line = name, message, line


def answer(function: Callable[..., Any], arguments: list[Any], keywords: Mapping[str, Any]) -> Reply:
    """Call a function and tell what came back: {"value": ...}, or {"raised": ...}; and which arguments it changed.

    Args:
        function: somebody's.
        arguments, keywords: given to it as they are; a caller who needs them afterwards passes copies.

    Returns:
        `value`: see `tell`. `raised`: the exception's name, its text, the learner's line and that line's text.
        `changed`: the positions and keywords of the arrays that are other arrays afterwards.
    """
    before = {key: value.copy() for key, value in _arrays(arguments, keywords)}
    try:
        with _errstate(all="ignore"):
            reply = {"value": tell(function(*arguments, **keywords))}
    except (Exception, SystemExit) as error:
        return {"raised": tell_error(error)}
    changed = [key for key, value in _arrays(arguments, keywords) if not _same(before[key], value)]
    return {**reply, "changed": changed} if changed else reply


def _arrays(arguments: list[Any], keywords: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(key, value) for key, value in [*enumerate(arguments), *keywords.items()] if is_array(value)]


def _same(before: Any, after: Any) -> bool:
    same_form = before.shape == after.shape and before.dtype == after.dtype
    return same_form and bool(
        (before == after).all() if before.dtype == object else before.tobytes() == after.tobytes()
    )


def tell_error(error: BaseException) -> dict[str, Any]:
    """Return what was raised: `type`, `text`, and the learner's `line` and its `source`, where there is one."""
    told: dict[str, Any] = {"type": type_name(error), "text": plain_text(" ".join(_text(error).split()))}
    if isinstance(error, SyntaxError) and error.lineno and not is_library(error.filename or "<"):
        return {**told, "text": plain_text(error.msg), "line": error.lineno, "source": plain_text(error.text or "")}
    place = _place(error)
    return (
        told if place is None else {**told, "line": place[1], "source": plain_text(linecache.getline(*place).strip())}
    )


def _place(error: BaseException) -> tuple[str, int] | None:
    """Return the file and the line of the learner's innermost frame."""
    place, trace = None, error.__traceback__
    library: dict[str, bool] = {}
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename not in library:
            library[filename] = is_library(filename)
        if not library[filename]:
            place = filename, trace.tb_lineno
        trace = trace.tb_next
    return place


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return ""


def what_was_raised(error: BaseException | dict[str, Any]) -> str:
    """Return `raised TypeError: ... (line 3: the source)` for an exception from somebody's code."""
    told = error if isinstance(error, dict) else tell_error(error)
    if told["type"] == "SystemExit":
        return "called sys.exit(). Remove the call: a function ends with `return`."
    message = f"raised {told['type']}" + (f": {told['text']}" if told["text"] else "")
    where = f" (line {told['line']}: {told['source']})" if told.get("line") else ""
    return message.removesuffix(".") + where


def is_library(filename: str) -> bool:
    """Return whether a source file is ours, Python's or an installed library's, not the learner's."""
    if filename.startswith(("<frozen", "<string>", "<__array_function__")):
        return True
    if "site-packages" in filename or "dist-packages" in filename:
        return True
    path = Path(filename)
    return path.is_relative_to(_PACKAGE) or any(path.is_relative_to(folder) for folder in _PYTHON)


def plain_text(text: object) -> str:
    """Return text without control characters, cut to a readable length, fit for a sentence."""
    return plain(str(text), 160)[1:-1]


def shortened(text: object, limit: int = 160) -> str:
    """Return text that went through the pipe, without control characters, cut to a length."""
    excerpt = printable(str(text)[:limit])
    return excerpt if len(str(text)) <= limit else f"{excerpt[:-3]}..."


def exactly(told: Any) -> Fraction | None:
    """Return a number of a reply; None for infinity and NaN."""
    if isinstance(told, str):
        top, _, bottom = told.partition("/")
        return Fraction(int(top, 16), int(bottom, 16))
    return Fraction(told) if np.isfinite(told) else None


def parameters_of(function: Any) -> list[list[Any]] | None:
    """Return [name, kind, whether it has a default] for each parameter; None where a function does not tell.

    The kind is "positional", "keyword", "many" (*args) or "many-keywords" (**kwargs); `own_functions` adds "outside"
    for what a function reads from its program, and "word" for the texts in it.
    """
    kinds: dict[Any, str] = {
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_POSITIONAL: "many",
        inspect.Parameter.VAR_KEYWORD: "many-keywords",
    }
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[one.name, kinds.get(one.kind, "positional"), one.default is not one.empty] for one in parameters]


def words_of(function: Any) -> list[str]:
    """Return the texts in a function by which it may look up columns or fields; first "pandas" where that is loaded."""
    code = getattr(inspect.unwrap(function) if callable(function) else function, "__code__", None)
    if code is None:
        return []
    words = [one for one in _texts(code) if one != function.__doc__ and len(one) < 40]
    return [*(["pandas"] if "pandas" in sys.modules else []), *dict.fromkeys(words)][:8]


def _texts(code: CodeType) -> list[str]:
    inner = [text for part in code.co_consts if isinstance(part, CodeType) for text in _texts(part)]
    keys = [text for part in code.co_consts if isinstance(part, tuple) for text in part if isinstance(text, str)]
    return [one for one in code.co_consts if isinstance(one, str) and "<" not in one] + keys + inner
