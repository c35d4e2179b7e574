"""Asking a gradient or an update of the line, here or in the child."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from tf_gd.diagnosis.calling import Reply, answer, parameters_of, words_of
from tf_gd.diagnosis.line.argument_names import counts_steps, role_of
from tf_gd.diagnosis.line.running_error import as_float
from tf_gd.diagnosis.pipe import PandasValues, PythonLiteral
from tf_gd.diagnosis.sandbox import Question, Sandbox
from tf_gd.errors import invalid
from tf_gd.validation import float_info
from tf_gd.verify.rounding import UNIT_ROUNDOFFS

UNITS = {name: Fraction(unit) for name, unit in UNIT_ROUNDOFFS.items()}
# The smallest number above 0 of each dtype, by its unit roundoff: what a product that underflows is wrong by.
SMALLEST = {unit: Fraction(float(float_info(name).smallest_subnormal)) for name, unit in UNITS.items()}
SMALLEST[Fraction(0)] = Fraction(0)


@dataclass(frozen=True)
class Call:
    """How a function is asked: `name(arguments)` must return `results`; `needs` are the roles that it must be given."""

    name: str
    arguments: tuple[str, ...]
    results: tuple[str, str]
    needs: tuple[str, ...] = ("m", "c", "x", "y")

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})"

    @property
    def wanted(self) -> str:
        """What must come back."""
        return f"It must return two numbers, ({', '.join(self.results)})."

    @property
    def is_update(self) -> bool:
        """Whether it gives the new m and c, not the derivatives."""
        return self.results[0] in ("m", "c")

    def role_of(self, name: str) -> str:
        """Return the role of an argument by its name; of a descent, that of the number of steps too."""
        if self.needs == DESCENT.needs and (counts_steps(name) or "epsilon" in name or "threshold" in name):
            return "tolerance" if re.search("tol|(^|_)eps|thresh", name.lower()) else "steps"
        return role_of(name)


GRADIENT = Call("gradient", ("m", "c", "x", "y"), ("dL/dm", "dL/dc"))
UPDATE = Call("update", ("m", "c", "x", "y", "learning_rate"), ("m", "c"), ("m", "c", "x", "y", "rate"))
STEP = Call("update", ("m", "c", "x", "y"), ("m", "c"))  # at a rate of its own
DESCENT = Call("gradient_descent", ("x", "y"), ("m", "c"), ("x", "y"))


class Subject(Protocol):
    """A function that is checked, wherever it is."""

    parameters: list[list[Any]] | None
    c_first: bool

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply to each question."""


class Here:
    """A function of the caller's process."""

    c_first = False

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.parameters = function, parameters_of(function)
        if self.parameters is not None:
            self.parameters += [[word, "word", True] for word in words_of(function)]

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Call it on copies of the arrays."""
        return [
            answer(self.function, [_copy(one) for one in positional], {key: _copy(one) for key, one in named.items()})
            for positional, named in questions
        ]


def _copy(value: Any) -> Any:
    if isinstance(value, PandasValues | PythonLiteral):
        return value.made()
    return value.copy() if isinstance(value, np.ndarray) else value


class InChild:
    """A function of a program in the child; `c_first` where the program takes its results with c first."""

    def __init__(self, sandbox: Sandbox, name: str, parameters: list[list[Any]] | None, c_first: bool = False) -> None:
        self.sandbox, self.name, self.parameters, self.c_first = sandbox, name, parameters, c_first

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Call it over the pipe, all questions in one message."""
        return self.sandbox.ask(self.name, questions)


class PairInChild(InChild):
    """Two functions of a program: one computes the derivative (or the new value) of m, the other that of c."""

    def __init__(self, sandbox: Sandbox, names: tuple[str, str], parameters: Mapping[str, Any]) -> None:
        super().__init__(sandbox, names[0], parameters[names[0]])
        self.names = names
        self._positional = {name: [one for one, kind, _ in parameters[name] if kind == "positional"] for name in names}

    def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """Ask both, and return their numbers as the fields m and c."""
        own, other = (self._positional[name] for name in self.names)
        moved = []
        for positional, keywords in questions:
            by_name = dict(zip(own, positional, strict=False))
            moved.append(([by_name[name] for name in other if name in by_name], keywords))
        replies = zip(self.sandbox.ask(self.names[0], questions), self.sandbox.ask(self.names[1], moved), strict=True)
        return [_together(*pair) for pair in replies]


def _together(for_m: Reply, for_c: Reply) -> Reply:
    failed = next((reply for reply in (for_m, for_c) if "raised" in reply), None)
    if failed is not None:
        return failed
    changed = [*for_m.get("changed", ()), *for_c.get("changed", ())]
    return {"value": ["fields", "dict", [["m", for_m["value"]], ["c", for_c["value"]]]], "changed": changed}


@dataclass(frozen=True)
class Answer:
    """The two numbers that came back, exactly, and their dtype's unit roundoff: 0 for fractions."""

    values: tuple[Fraction, Fraction]
    unit: Fraction

    @cached_property
    def rounded(self) -> tuple[float, float]:
        """The numbers as floats."""
        return as_float(self.values[0]), as_float(self.values[1])

    @cached_property
    def precision(self) -> tuple[float, float]:
        """The unit roundoff and the smallest number above 0, as floats: fractions are slow to compare."""
        return float(self.unit), float(SMALLEST[self.unit])


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
