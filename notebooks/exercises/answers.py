"""What an answer may look like: one number in any form, or a function that a checker of the package judges."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

DOTS = "put your answer in the place of the three dots"


class NotYetError(Exception):
    """An answer that is not right yet; the message says what to look at next."""


def one_line(text: str) -> str:
    """Return a text without line breaks, and not longer than a reader wants to read."""
    text = " ".join(text.split())
    return text if len(text) <= 400 else f"{text[:397]}..."


def require(condition: Any, hint: str) -> None:
    """Raise `NotYetError` unless the condition holds."""
    if not condition:
        raise NotYetError(hint)


def number(answer: Any) -> float:
    """Return the one number that an answer holds: 2, 2.0, "4/2", [2], np.float32(2) and Fraction(2) are all 2.0."""
    require(answer is not ..., DOTS)
    require(answer is not None, "there is no value: did a `return` get lost?")
    require(not callable(answer), "that is a function; call it, and give the number that comes back")
    while isinstance(answer, (list, tuple)) and len(answer) == 1:
        answer = answer[0]
    if hasattr(answer, "numpy"):
        answer = answer.numpy()
    if isinstance(answer, np.ndarray) and answer.size == 1:
        answer = answer.reshape(())[()]
    try:
        require(not isinstance(answer, bool), "one number is wanted, and this is True or False")
        value = float(Fraction(answer) if isinstance(answer, str) else answer)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise NotYetError(f"one number is wanted, and this is {one_line(repr(answer))[:60]}") from None
    require(np.isfinite(value), f"a finite number is wanted, and this is {value}")
    return value


def close(value: float, right: float, digits: int = 9) -> bool:
    """Whether two numbers agree to so many decimal digits of the larger one."""
    return abs(value - right) <= 10.0**-digits * max(abs(value), abs(right))


def choose(answer: Any, right: float, hints: Sequence[tuple[float, str]], otherwise: str, digits: int = 9) -> None:
    """Accept one number; a wrong one that has a hint of its own gets that hint."""
    value = number(answer)
    if close(value, right, digits):
        return
    for wrong, hint in hints:
        require(not close(value, wrong, digits), hint)
    raise NotYetError(otherwise)


def unwritten(value: Any) -> bool:
    """Whether a result, or a part of it, is still the three dots."""
    return value is ... or (isinstance(value, (list, tuple)) and any(part is ... for part in value))


def function(answer: Any, *arguments: Any) -> Callable[..., Any]:
    """Return the function that an answer is; `arguments` are what it is tried on, to see whether it is written."""
    require(answer is not ..., DOTS)
    require(callable(answer), "a function is wanted: hand over its name, without brackets")
    try:
        value = answer(*arguments)
    except Exception as error:
        raise NotYetError(f"your function stopped with {type(error).__name__}: {error}") from None
    require(value is not None, "your function returns nothing: did a `return` get lost?")
    require(not unwritten(value), DOTS)
    result: Callable[..., Any] = answer
    return result


def judged(result: Any) -> None:
    """Accept what one of the package's own checkers found right, else pass on its first message."""
    if not result.ok:
        _, message = result.diagnosis[0] if result.diagnosis else ("", str(result))
        raise NotYetError(message)
