"""Which functions of a program are checked: those whose name, arguments or results say gradient or step."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tf_gd.diagnosis import function_lines
from tf_gd.diagnosis.line.argument_names import (
    counts_steps,
    derivative_of,
    role_of,
    says_gradient,
    says_loss,
    says_step,
)
from tf_gd.diagnosis.line.asking import DESCENT, GRADIENT, STEP, UPDATE, Call, InChild, PairInChild
from tf_gd.diagnosis.line.call_words import said_outright
from tf_gd.diagnosis.line.conventions import conventions
from tf_gd.diagnosis.line.each_point import EachPoint, takes_one_point
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.diagnosis.sandbox import Loaded, Sandbox
from tf_gd.errors import invalid


@dataclass(frozen=True)
class Candidate:
    """A function that is checked.

    Attributes:
        names: its name; or those of two functions, one for m and one for c.
        kinds: as what it is checked: as a gradient, an update, or either.
        certain: whether its name says outright what it is.
        taken_at: the line of the program that takes its results with that of c first, against its arguments.
        said_at: the line that returns them so, by their names, where nothing takes them.
    """

    names: tuple[str, ...]
    kinds: tuple[Call, ...]
    certain: bool = False
    taken_at: int | None = None
    said_at: int | None = None

    @property
    def c_first(self) -> bool:
        """Whether its results come with that of c first, though its arguments do not."""
        return self.taken_at is not None or self.said_at is not None

    @property
    def name(self) -> str:
        """Under which its check comes back."""
        return " and ".join(self.names)

    def subject(self, sandbox: Sandbox, loaded: Loaded) -> InChild:
        """Return what is asked."""
        if len(self.names) == 2:
            return PairInChild(sandbox, (self.names[0], self.names[1]), loaded.functions)
        parameters = loaded.functions[self.name]
        kind = EachPoint if GRADIENT in self.kinds and takes_one_point(parameters or []) else InChild
        return kind(sandbox, self.name, parameters, self.c_first)


def candidates(loaded: Loaded, source: ProgramSource, call: str | None = None) -> list[Candidate]:
    """Return the functions of a program that are checked; with `call` that which it names."""
    if call is not None:
        return [_outright(loaded, call)]
    pairs = list(_pairs(loaded.functions))
    known = function_lines.functions(source)
    single = [
        one for name, parameters in loaded.functions.items() for one in _single(name, parameters or [], known.get(name))
    ]
    return [_in_order(one, loaded.functions[one.name], source) for one in single] + pairs


def _in_order(one: Candidate, parameters: list[list[Any]] | None, source: ProgramSource) -> Candidate:
    """Return a gradient with the line that says that its results come the other way round than its arguments."""
    roles = [role for name in _arguments(parameters or []) if (role := role_of(name)) in ("m", "c")]
    if roles != ["m", "c"] or GRADIENT not in one.kinds:
        return one
    taken = function_lines.intercept_first(source, one.name)
    return_line = None if one.certain else function_lines.returned_intercept_first(source, one.name)
    return replace(one, taken_at=taken, said_at=return_line)


def descents(loaded: Loaded, source: ProgramSource) -> Iterator[str]:
    """Yield the functions that hold a descent themselves and do not run when the program runs."""
    run, known = function_lines.run_by(source), function_lines.functions(source)
    for name, parameters in loaded.functions.items():
        holds = _plain(name) not in run and _holds_descent(parameters or [], known.get(name))
        if holds and conventions(DESCENT, parameters)[0]:
            yield name


def steps_at_own_rate(loaded: Loaded, source: ProgramSource) -> Iterator[str]:
    """Yield the functions that make one step at a rate that stands in them, and do not run when the program runs."""
    run, known = function_lines.run_by(source), function_lines.functions(source)
    for name, parameters in loaded.functions.items():
        plain, function = _plain(name), known.get(name)
        rates = any(role_of(one) == "rate" for one, kind, _ in parameters or [] if kind != "word")
        moves = says_step(plain) and not (says_gradient(plain) or derivative_of(plain) or rates or plain in run)
        if moves and not _holds_descent(parameters or [], function) and conventions(STEP, parameters)[0]:
            yield name


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def _arguments(parameters: list[list[Any]]) -> list[str]:
    return [name for name, kind, _ in parameters if kind not in ("outside", "word")]


def _holds_descent(parameters: list[list[Any]], function: Any) -> bool:
    counts = any(map(counts_steps, _arguments(parameters)))
    return counts or (function is not None and function_lines.moves_in_a_loop(function))


def _single(name: str, parameters: list[list[Any]], function: Any) -> Iterator[Candidate]:
    if name in ("gradient", "update"):
        yield Candidate((name,), (GRADIENT if name == "gradient" else UPDATE,), True)
        return
    plain = _plain(name)
    if _holds_descent(parameters, function) or says_loss(plain) or derivative_of(plain):
        return
    kinds = _kinds(plain, parameters, function)
    if any(conventions(kind, parameters)[0] for kind in kinds):
        yield Candidate((name,), kinds)


def _kinds(name: str, parameters: list[list[Any]], function: Any) -> tuple[Call, ...]:
    """Return what a function may be, by its name, its arguments and its results; nothing where they do not say."""
    takes_rate = any(role_of(one) == "rate" for one in _arguments(parameters))
    reads_rate = any(role_of(one) == "rate" for one, kind, _ in parameters if kind == "outside")
    gradient = says_gradient(name) or (function is not None and function_lines.returns_derivatives(function))
    if says_step(name) and (takes_rate or reads_rate):
        return (UPDATE,)
    if gradient:
        return (GRADIENT, UPDATE) if takes_rate else (GRADIENT,)
    ways, certain = conventions(UPDATE, parameters) if takes_rate else ([], False)
    return (UPDATE,) if ways and certain else ()


def _pairs(functions: Mapping[str, list[list[Any]] | None]) -> Iterator[Candidate]:
    """Yield two functions with the same arguments, of which one derives with respect to m and the other to c."""
    names_by_role: dict[tuple[frozenset[str], str], str] = {}
    for name, parameters in functions.items():
        stem = derivative_of(_plain(name))
        arguments = frozenset(_arguments(parameters or []))
        kind = UPDATE if any(role_of(one) == "rate" for one in arguments) else GRADIENT
        role = _role_of_stem(stem, arguments) if stem else ""
        if not role or not conventions(kind, parameters)[0]:
            continue
        names_by_role[arguments, role] = name
        if (other := names_by_role.get((arguments, "c" if role == "m" else "m"))) is not None:
            yield Candidate((name, other) if role == "m" else (other, name), (kind,))


def _role_of_stem(stem: str, arguments: frozenset[str]) -> str:
    """Return "m" or "c" for what a function derives with respect to; in y = a x + b a is m, in y = a + b x it is c."""
    if stem == "a":
        return "m" if any(role_of(one) == "c" for one in arguments) else "c"
    return role_of(stem) if role_of(stem) in ("m", "c") else ""


def says_descent(loaded: Loaded, source: ProgramSource, call: str) -> bool:
    """Return whether `call` names a function that holds a descent: it takes no line, or moves one in a loop."""
    parsed_call = said_outright(DESCENT, call)
    if parsed_call.function not in loaded.functions:
        return False
    takes_line = any(role_of(name) in ("m", "c", "theta") for name in parsed_call.arguments)
    known = function_lines.functions(source).get(parsed_call.function)
    return not takes_line or _holds_descent(loaded.functions[parsed_call.function] or [], known)


def _outright(loaded: Loaded, call: str) -> Candidate:
    """Return the function that `call` names."""
    has_rate = any(role_of(word.strip("() ")) == "rate" for word in call.partition("(")[2].split(","))
    kind = UPDATE if has_rate else GRADIENT
    name = said_outright(kind, call).function
    if name not in loaded.functions:
        known = ", ".join(loaded.functions) or "none"
        raise invalid("call", "a call of a function that the file defines", call, f"It defines: {known}.")
    return Candidate((name,), (kind,), True)
