"""Calling somebody's function safely, and telling in plain data what came back.

`answer` calls a function, in the caller's process or in the child, and returns a *reply* of JSON's types: what came
back as numbers with their dtypes, or what was raised and where. Nothing of the caller's own objects leaves it, so the
same reading of replies serves both. Whatever a function does wrong other than computing the wrong numbers ends as a
`Misbehaved` with a name and a sentence, never as a traceback.
"""

import inspect
import linecache
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from numbers import Rational
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tf_gd.diagnosis.pipe import as_array, is_array, is_scalar
from tf_gd.errors import plain

_PACKAGE = Path(__file__).resolve().parents[1]
_PYTHON = tuple({Path(path).resolve() for path in map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib")) if path})

MOST_ITEMS = 64  # of a returned array or sequence, this many are told; for a longer one its length
MOST_BITS = 1 << 14  # of a whole number or a fraction that comes back

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


def tell(value: Any, depth: int = 3) -> list[Any]:
    """Return what a function returned, as plain data.

    ["number", dtype, number], dtype "exact" for whole numbers and fractions, "float" for Python's floats;
    ["array", dtype, shape, numbers]; ["list", type, length, items]; ["fields", type, [[name, item], ...]];
    ["none"]; ["other", type, text]. A number is a float, or two hexadecimal whole numbers, "p/q".
    """
    if value is None:
        return ["none"]
    if isinstance(value, bool | str | bytes | complex) or type(value).__name__ == "bool_":
        return _other(value)
    number = _number(value)
    if number is not None:
        return number
    if depth == 0:
        return _other(value)
    if (named := _fields(value)) is not None:
        return ["fields", _type(value), [[str(key)[:80], tell(item, depth - 1)] for key, item in named]]
    array = None if isinstance(value, list | tuple) else _as_numbers(value)
    if array is not None:
        items = array.ravel()[:MOST_ITEMS] if array.size <= MOST_ITEMS else []
        return ["array", array.dtype.name, list(array.shape), [_exact(item.item()) for item in items]]
    try:
        items = list(islice(iter(value), MOST_ITEMS + 1))
    except TypeError:
        return _other(value)
    length = len(value) if hasattr(value, "__len__") else len(items)
    return ["list", _type(value), length, [tell(item, depth - 1) for item in items] if length <= MOST_ITEMS else []]


def _fields(value: Any) -> list[tuple[Any, Any]] | None:
    """Return (name, item) for a dict, a named tuple, a dataclass, or an object that holds two or more numbers."""
    if isinstance(value, Mapping):
        return list(islice(value.items(), MOST_ITEMS))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    attributes = getattr(value, "__dict__", None)
    plain_object = isinstance(value, SimpleNamespace) or type(value).__module__ in ("learner", "__main__")
    return list(islice(attributes.items(), MOST_ITEMS)) if attributes and plain_object else None


def _number(value: Any) -> list[Any] | None:
    """Return a single number of any kind that Python can read as one."""
    if is_scalar(value):
        name = value.dtype.name
        return ["number", name, _exact(value.item())] if _real(value.dtype) else None
    if isinstance(value, float):
        return ["number", "float", float(value)]
    if isinstance(value, Rational):
        return ["number", "exact", _exact(value)]
    if isinstance(value, Decimal):
        return ["number", "decimal", _exact(value)]
    if hasattr(value, "__float__") and not hasattr(value, "__len__") and not hasattr(value, "shape"):
        try:
            return ["number", _type(value), float(value)]  # mpmath, SymPy
        except (TypeError, ValueError, OverflowError):
            return None
    return None


def _real(dtype: Any) -> bool:
    return dtype.kind in "fiu" or dtype.name == "bfloat16"


def _as_numbers(value: Any) -> Any:
    """Return an array of real numbers, of NumPy or of another library; None where it is none."""
    if not hasattr(value, "__array__"):
        return None
    try:
        array = as_array(value)
    except Exception:
        return None
    return array if _real(array.dtype) else None


def _exact(number: Any) -> Any:
    """Return a float as it is, any other number as the ratio of two whole ones, in hexadecimal."""
    if isinstance(number, float):
        return float(number)
    if isinstance(number, Decimal) and not number.is_finite():
        return float(number)
    try:
        top, bottom = (int(part) for part in number.as_integer_ratio())
    except (OverflowError, ValueError):
        return float(number)
    except AttributeError:
        top, bottom = int(number.numerator), int(number.denominator)
    if max(top.bit_length(), bottom.bit_length()) > MOST_BITS:
        return float("inf") if top > 0 else float("-inf")
    return f"{top:x}/{bottom:x}"


def _other(value: Any) -> list[Any]:
    try:
        text = plain(value)
    except Exception:
        text = "?"
    return ["other", _type(value), text]


def _type(value: Any) -> str:
    return str(type(value).__name__)[:80]


def tell_error(error: BaseException) -> dict[str, Any]:
    """Return what was raised: `type`, `text`, and the learner's `line` and its `source`, where there is one."""
    told: dict[str, Any] = {"type": _type(error), "text": plain_text(" ".join(_text(error).split()))}
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
    said = f"raised {told['type']}" + (f": {told['text']}" if told["text"] else "")
    where = f" (line {told['line']}: {told['source']})" if told.get("line") else ""
    return said.removesuffix(".") + where


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


def printable(text: object, limit: int = 160) -> str:
    """Return text that went through the pipe, without control characters, cut to a length."""
    said = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in str(text)[:limit])
    return said if len(str(text)) <= limit else f"{said[:-3]}..."


def exactly(told: Any) -> Fraction | None:
    """Return a number of a reply; None for infinity and NaN."""
    if isinstance(told, str):
        top, _, bottom = told.partition("/")
        return Fraction(int(top, 16), int(bottom, 16))
    return Fraction(told) if np.isfinite(told) else None


def parameters_of(function: Any) -> list[list[Any]] | None:
    """Return [name, kind, whether it has a default] for each parameter; None where a function does not tell.

    The kind is "positional", "keyword", "many" (*args) or "many-keywords" (**kwargs).
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
