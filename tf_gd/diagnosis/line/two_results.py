"""Reading what a gradient or an update gave back: its two numbers, exactly, or why there are none."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply, exactly, shortened, what_was_raised
from tf_gd.diagnosis.line.argument_names import field_role, role_of
from tf_gd.diagnosis.line.asking import GRADIENT, UNITS, Answer, Call
from tf_gd.diagnosis.line.probes import OURS

_NOT_FINITE = "Look for a division by zero, a root of a negative number, or numbers that grow too large."


def read(call: Call, reply: Reply, named: tuple[str, str] = ("", ""), extra: int | None = None) -> Answer:
    """Return the two numbers of a reply, in the order of `call.results`.

    Args:
        call: how the function was called.
        reply: what it answered.
        named: the results' usual order, m first: by it the fields of a dict or a named tuple are told apart.
        extra: the index of a third number that is no derivative.

    Raises:
        Misbehaved: it holds none.
    """
    if "raised" in reply:
        raise Misbehaved("raises", f"{call} {what_was_raised(_error(reply))}", reply["raised"].get("line"))
    changed = [name for name in map(_parameter, [call] * 99, reply.get("changed", ())) if name not in _THETAS]
    if changed:
        raise Misbehaved("in-place", _changed(call, changed[0]))
    value = _inner_pair(reply["value"]) if extra is None else _without(reply["value"], extra)
    pairs = zip(call.results, _by_field(call, value, named) or _two(call, value), strict=True)
    (first, first_unit), (second, second_unit) = [_number(call, *pair) for pair in pairs]
    return Answer((first, second), max(first_unit, second_unit))


_THETAS = ("theta", "params", "parameters", "weights", "w", "beta", "coeffs", "line")  # moved in place by many


def _parameter(call: Call, key: Any) -> str:
    """Return the name of an argument, from its position or its keyword."""
    return str(call.arguments[key]) if isinstance(key, int) and key < len(call.arguments) else str(key)


def extra_of(replies: Sequence[Reply]) -> int | None:
    """Return which of three numbers is no derivative, the loss say: the last that is never below 0. Else None."""
    rows = [_items(reply["value"]) for reply in replies if "value" in reply and reply["value"][0] != "fields"]
    if len(rows) < len(replies) or any(len(row) != 3 for row in rows):
        return None
    columns = [[_float(row[which]) for row in rows] for which in range(3)]
    unread = [which for which in range(3) if None in columns[which]]
    if unread:
        return unread[0] if len(unread) == 1 else None
    return next((which for which in (2, 0, 1) if all(number >= 0 for number in columns[which])), 2)


def _float(value: Any) -> Any:
    try:
        return float(_number(GRADIENT, "", value)[0])
    except (Misbehaved, OverflowError):
        return None


def _items(value: Any) -> list[Any]:
    """Return the things that a list, an array or an object with fields holds."""
    kind, *rest = value
    if kind == "array" and rest[1] and len(rest[2]):
        size = len(rest[2]) // rest[1][0]
        parts = [rest[2][start : start + size] for start in range(0, len(rest[2]), size)]
        return [["array", rest[0], rest[1][1:], part] for part in parts]
    return rest[2] if kind == "list" else [item for _, item in rest[1]] if kind == "fields" else []


def _inner_pair(value: Any) -> Any:
    """Return the one thing of two or three that is a pair itself, as in `return loss, (dm, dc)`; else the value."""
    items = value[3] if value[0] == "list" and value[2] in (2, 3) else []
    pairs = [item for item in items if len(_items(item)) == 2]
    return pairs[0] if len(pairs) == 1 else value


def _without(value: Any, extra: int) -> Any:
    items = _items(value)
    return ["list", "tuple", 2, items[:extra] + items[extra + 1 :]]


def _by_field(call: Call, value: Any, named: tuple[str, str]) -> tuple[Any, Any] | None:
    """Return the two numbers of a dict, a named tuple or an object whose fields say which is which."""
    if value[0] != "fields" or not named[0]:
        return None
    role_values: dict[str, Any] = {}
    for name, item in sorted(value[2], key=lambda one: bool(role_of(one[0])) != call.is_update):
        if role := field_role(name):
            role_values.setdefault(role, item)
    if len(role_values) != 2:
        return None
    first, second = role_values["m"], role_values["c"]
    return (first, second) if call.results == named else (second, first)


def _error(reply: Reply) -> dict[str, Any]:
    raised = reply["raised"]
    return {key: shortened(raised[key]) for key in ("type", "text", "line", "source") if raised.get(key) is not None}


def _changed(call: Call, name: str) -> str:
    return (
        f"{call} changes the caller's {name} in place, so the next call sees other data. An operator such as "
        f"`{name} -= ...` or `{name}[i] = ...` writes into the caller's array: work on a new one, "
        f"`{name} = {name} - ...`, or on {name}.copy()."
    )


def _two(call: Call, value: Any) -> tuple[Any, Any]:
    """Return the two things that came back."""
    kind, *rest = value
    if kind == "none":
        raise Misbehaved("returns-nothing", f"{call} returned None. {call.wanted} Is a `return` missing at its end?")
    if kind == "number":
        raise Misbehaved("wrong-shape", f"{call} returned a single {rest[0]}. {call.wanted}")
    if kind == "other":
        raise Misbehaved("wrong-shape", f"{call} returned a {rest[0]}. {call.wanted}")
    items = _items(value)
    length = rest[1] if kind == "list" else (rest[1] or [1])[0] if kind == "array" else len(items)
    if length != 2:
        raise Misbehaved("wrong-shape", f"{call} returned {_sizes([length])[1:-1]} values. {call.wanted}")
    return items[0], items[1]


def _sizes(shape: Sequence[int]) -> str:
    """Return a shape in words, n for the number of our points."""
    return f"[{', '.join('n' if size == OURS.n else str(size) for size in shape)}]"


def _number(call: Call, label: str, value: Any) -> tuple[Fraction, Fraction]:
    """Return one returned number, exactly, and its dtype's unit roundoff."""
    kind, dtype, rest = value[0], value[1] if len(value) > 1 else "", list(value[2:])
    if kind == "array":
        shape, numbers = rest[0], rest[1]
        if int(np.prod(shape)) != 1:
            hint = "Add up over the points, for example with np.sum." if shape else ""
            raise Misbehaved("wrong-shape", f"{label} has shape {_sizes(shape)}; it must be one number. {hint}")
        kind, rest = "number", [numbers[0]]
    if kind == "list" and rest[0] == 1:
        return _number(call, label, rest[1][0])
    if kind != "number":
        description = "None" if kind == "none" else f"{rest[0]}, a {dtype}" if kind == "other" else f"a {dtype}"
        raise Misbehaved("not-a-number", f"{label} is {description}. {call.wanted}")
    number = exactly(rest[0])
    if number is None:
        raise Misbehaved("not-finite", f"{label} is {rest[0]}. {_NOT_FINITE}")
    return number, Fraction(0) if dtype == "exact" else UNITS.get(str(dtype), UNITS["float64"])
