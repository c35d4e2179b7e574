"""Asking a gradient or an update of the line, here or in the child, and reading its two numbers exactly."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved, Reply, answer, exactly, parameters_of, printable, what_was_raised
from tf_gd.diagnosis.sandbox import Call as Question
from tf_gd.diagnosis.sandbox import Sandbox
from tf_gd.errors import invalid
from tf_gd.verify.rounding import unit_roundoff

UNITS = {name: Fraction(unit_roundoff(name)) for name in ("float64", "float32", "float16")}
UNITS["bfloat16"] = Fraction(1, 2**8)  # NumPy knows this one only once TensorFlow is there

_NOT_FINITE = "Look for a division by zero, a root of a negative number, or numbers that grow too large."


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


class Subject(Protocol):
    """A function that is checked, wherever it is."""

    parameters: list[list[Any]] | None

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply to each question."""


class Here:
    """A function of the caller's process."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.parameters = function, parameters_of(function)

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Call it on copies of the arrays."""
        return [
            answer(self.function, [_copy(one) for one in positional], {key: _copy(one) for key, one in named.items()})
            for positional, named in questions
        ]


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


class InChild:
    """A function of a program in the child."""

    def __init__(self, sandbox: Sandbox, name: str, parameters: list[list[Any]] | None) -> None:
        self.sandbox, self.name, self.parameters = sandbox, name, parameters

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Call it over the pipe, all questions in one message."""
        return self.sandbox.ask(self.name, questions)


@dataclass(frozen=True)
class Answer:
    """The two numbers that came back, exactly, and their dtype's unit roundoff: 0 for fractions."""

    values: tuple[Fraction, Fraction]
    unit: Fraction


def subject_of(call: Call, function: object) -> Subject:
    """Return a function of the caller's as a subject.

    Raises:
        InvalidArgumentError: it is no function.
    """
    if isinstance(function, InChild):
        return function
    if not callable(function):
        raise invalid(call.name, f"a function, called as {call}", function)
    return Here(function)


def read(call: Call, reply: Reply, named: tuple[str, str] = ("", "")) -> Answer:
    """Return the two numbers of a reply, in the order of `call.results`.

    Args:
        call: how the function was called.
        reply: what it answered.
        named: the results' usual order, m first: by it the fields of a dict or a named tuple are told apart.

    Raises:
        Misbehaved: it holds none.
    """
    if "raised" in reply:
        raise Misbehaved("raises", f"{call} {what_was_raised(_error(reply))}", reply["raised"].get("line"))
    changed = [name for name in map(_parameter, [call] * 99, reply.get("changed", ())) if name not in _THETAS]
    if changed:
        raise Misbehaved("in-place", _changed(call, changed[0]))
    value = reply.get("value")
    pairs = zip(call.results, _by_field(call, value, named) or _two(call, value), strict=True)
    (first, first_unit), (second, second_unit) = [_number(call, *pair) for pair in pairs]
    return Answer((first, second), max(first_unit, second_unit))


_THETAS = ("theta", "params", "parameters", "weights", "w", "beta", "coeffs", "line")  # moved in place by many


def _parameter(call: Call, key: Any) -> str:
    """Return the name of an argument, from its position or its keyword."""
    return str(call.arguments[key]) if isinstance(key, int) and key < len(call.arguments) else str(key)


def _by_field(call: Call, value: Any, named: tuple[str, str]) -> tuple[Any, Any] | None:
    """Return the two numbers of a dict, a named tuple or an object whose fields say which is which."""
    if value[0] != "fields" or not named[0]:
        return None
    found: dict[str, Any] = {}
    for name, item in value[2]:
        if role := field_role(name):
            found.setdefault(role, item)
    if len(found) != 2:
        return None
    first, second = found["m"], found["c"]
    return (first, second) if call.results == named else (second, first)


_OF_M = "m w slope k dm dw gm gw dldm dldw dmdl djdw djdm dedm grad_m m_grad w_grad slope_grad b1 theta1 w1 a a1 weight"
_OF_C = "c b intercept bias dc db gc gb dldc dldb djdb djdc dedc grad_c c_grad b_grad offset b0 theta0 w0 q d a0 const"
_FIELDS = {name.replace("_", ""): "m" for name in _OF_M.split()} | {
    name.replace("_", ""): "c" for name in _OF_C.split()
}


def field_role(name: str) -> str:
    """Return "m" or "c" for the field of a result that is one of the two; nothing for any other.

    Example:
        >>> field_role("dj_dw"), field_role("grad_b"), field_role("loss")
        ('m', 'c', '')
    """
    plain = re.sub(r"[^a-z0-9]", "", name.lower().replace("∂", "d"))
    for part in ("gradient", "grad", "new", "derivative", "partial", "d", "delta"):
        for candidate in (plain, plain.removeprefix(part), plain.removesuffix(part)):
            if candidate in _FIELDS:
                return _FIELDS[candidate]
    return ""


def _error(reply: Reply) -> dict[str, Any]:
    raised = reply["raised"]
    return {key: printable(raised[key]) for key in ("type", "text", "line", "source") if raised.get(key) is not None}


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
    if kind == "array":
        dtype, shape, numbers = rest
        if not shape or shape[0] != 2:
            raise Misbehaved("wrong-shape", f"{call} returned {shape[0] if shape else 1} values. {call.wanted}")
        half = len(numbers) // 2
        first, second = (["array", dtype, shape[1:], part] for part in (numbers[:half], numbers[half:]))
        return first, second
    items = [item for _, item in rest[1]] if kind == "fields" else rest[2]
    length = len(items) if kind == "fields" else rest[1]
    if length != 2:
        raise Misbehaved("wrong-shape", f"{call} returned {length} values. {call.wanted}")
    return items[0], items[1]


def _number(call: Call, label: str, value: Any) -> tuple[Fraction, Fraction]:
    """Return one returned number, exactly, and its dtype's unit roundoff."""
    kind, dtype, rest = value[0], value[1] if len(value) > 1 else "", list(value[2:])
    if kind == "array":
        shape, numbers = rest[0], rest[1]
        if int(np.prod(shape)) != 1:
            hint = "Add up over the points, for example with np.sum." if shape else ""
            raise Misbehaved("wrong-shape", f"{label} has shape {shape}; it must be one number. {hint}")
        kind, rest = "number", [numbers[0]]
    if kind == "list" and rest[0] == 1:
        return _number(call, label, rest[1][0])
    if kind != "number":
        said = "None" if kind == "none" else f"{rest[0]}, a {dtype}" if kind == "other" else f"a {dtype}"
        raise Misbehaved("not-a-number", f"{label} is {said}. {call.wanted}")
    number = exactly(rest[0])
    if number is None:
        raise Misbehaved("not-finite", f"{label} is {rest[0]}. {_NOT_FINITE}")
    return number, Fraction(0) if dtype == "exact" else UNITS.get(str(dtype), UNITS["float64"])
