"""Asking somebody's function: call it safely, and read its two numbers exactly.

Whatever it does wrong other than computing the wrong numbers (raising, returning one number, changing its
input) ends as a `Misbehaved` with a name and a sentence, never as a traceback.
"""

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import invalid, plain
from tf_gd.verify.rounding import unit_roundoff

_PACKAGE = Path(__file__).resolve().parents[1]

UNITS = {name: Fraction(unit_roundoff(name)) for name in ("float64", "float32", "float16")}
UNITS["bfloat16"] = Fraction(1, 2**8)  # NumPy knows this one only once TensorFlow is there


_NOT_FINITE = "Look for a division by zero, a root of a negative number, or numbers that grow too large."


class Misbehaved(Exception):  # noqa: N818 (it says what the function under test did; it is no error of ours)
    """The function did not return two finite numbers: `name` and `message` say what it did."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name, self.message = name, message


@dataclass(frozen=True)
class Call:
    """How a function is asked, in words: `name(arguments)` must return `results`."""

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, str]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"

    @property
    def wanted(self) -> str:
        """What must come back."""
        return f"It must return two numbers, ({', '.join(self.results)})."


GRADIENT = Call("gradient", ("m", "c", "x", "y"), ("dL/dm", "dL/dc"))
UPDATE = Call("update", ("m", "c", "x", "y", "learning_rate"), ("m", "c"))


@dataclass(frozen=True)
class Answer:
    """The two numbers that came back, exactly, and their dtype's unit roundoff: 0 for fractions."""

    values: tuple[Fraction, Fraction]
    unit: Fraction


def require_callable(call: Call, function: object) -> None:
    """Raise `InvalidArgumentError` for no function, `Misbehaved` for one with other arguments."""
    if not callable(function):
        raise invalid(call.name, f"a function, called as {call}", function)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # some built-in functions tell nothing about their arguments
    if not _fits(signature, call):
        message = f"Your function takes {signature}, but it is called as {call}: take these, in this order."
        raise Misbehaved("wrong-arguments", message)


def _fits(signature: inspect.Signature, call: Call) -> bool:
    """Return whether a function takes as many arguments, and not the very same ones in another order."""
    try:
        signature.bind(*call.arguments)
    except TypeError:
        return False
    names = tuple(signature.parameters)
    return names == call.arguments or sorted(names) != sorted(call.arguments)


def ask(call: Call, function: Callable[..., Any], *arguments: Any) -> Answer:
    """Call `function` on copies of the arrays among `arguments` and return its answer.

    Raises:
        Misbehaved: it raised, returned something else than two finite numbers, or changed an array.
    """
    given = [argument.copy() if isinstance(argument, np.ndarray) else argument for argument in arguments]
    try:
        with np.errstate(all="ignore"):
            result = function(*given)
    except (Exception, SystemExit) as error:
        raise Misbehaved("raises", f"{call} {what_was_raised(error)}") from None
    for name, before, after in zip(call.arguments, arguments, given, strict=True):
        if isinstance(before, np.ndarray) and not np.array_equal(before, after):
            raise Misbehaved("in-place", _changed(call, name))
    numbers = [_number(call, *pair) for pair in zip(call.results, _two(call, result), strict=True)]
    (first, first_unit), (second, second_unit) = numbers
    return Answer((first, second), max(first_unit, second_unit))


def _changed(call: Call, name: str) -> str:
    return (
        f"{call} changes the caller's {name} in place, so the next call sees other data. An operator such as "
        f"`{name} -= ...` or `{name}[i] = ...` writes into the caller's array: work on a new one, "
        f"`{name} = {name} - ...`, or on {name}.copy()."
    )


def what_was_raised(error: BaseException) -> str:
    """Return `raised TypeError: ... (line 3: the source)` for an exception from somebody's code."""
    if isinstance(error, SystemExit):
        return "called sys.exit(). Remove the call: a function ends with `return`."
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_library(frame.filename)]
    text = plain_text(" ".join(str(error).split()))
    said = f"raised {type(error).__name__}" + (f": {text}" if text else "")
    where = f" (line {frames[-1].lineno}: {plain_text(frames[-1].line)})" if frames else ""
    return said.removesuffix(".") + where


def is_library(filename: str) -> bool:
    """Return whether a source file is ours or an installed library's, not the learner's."""
    return Path(filename).is_relative_to(_PACKAGE) or "site-packages" in filename or filename.startswith("<frozen")


def plain_text(text: object) -> str:
    """Return text without control characters, cut to a readable length, fit for a sentence."""
    return plain(str(text), 160)[1:-1]


def _two(call: Call, result: Any) -> tuple[Any, Any]:
    """Return the two things that came back."""
    if result is None:
        raise Misbehaved("returns-nothing", f"{call} returned None. {call.wanted} Is a `return` missing at its end?")
    if isinstance(result, str | bytes | dict | set):
        raise Misbehaved("wrong-shape", f"{call} returned a {type(result).__name__}. {call.wanted}")
    try:
        parts = tuple(result)
    except TypeError:
        raise Misbehaved("wrong-shape", f"{call} returned a single {type(result).__name__}. {call.wanted}") from None
    if len(parts) != 2:
        raise Misbehaved("wrong-shape", f"{call} returned {len(parts)} values. {call.wanted}")
    return parts


def _number(call: Call, label: str, value: Any) -> tuple[Fraction, Fraction]:
    """Return one returned number, exactly, and its dtype's unit roundoff."""
    array = _array(value)
    if array.size != 1 and array.dtype.kind in "fiu":
        hint = "Add up over the points, for example with np.sum." if array.ndim else ""
        raise Misbehaved("wrong-shape", f"{label} has shape {list(array.shape)}; it must be one number. {hint}")
    item = array.reshape(-1)[0] if array.size == 1 else None
    if isinstance(item, Rational) and not isinstance(item, np.integer):
        return Fraction(item), Fraction(0)
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise Misbehaved("not-a-number", f"{label} is {plain(value)}, a {type(value).__name__}. {call.wanted}")
    if not np.isfinite(float(array.item())):
        raise Misbehaved("not-finite", f"{label} is {array.item()}. {_NOT_FINITE}")
    return Fraction(*array.item().as_integer_ratio()), UNITS.get(array.dtype.name, UNITS["float64"])


def _array(value: Any) -> npt.NDArray[Any]:
    """Return anything as an array; Python's whole numbers and Fractions stay objects."""
    if isinstance(value, Rational) and not isinstance(value, np.generic | bool):
        return np.array(value, dtype=object)
    try:
        return np.asarray(value)
    except Exception:
        return np.array(None, dtype=object)
