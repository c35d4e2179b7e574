"""How a function wants to be called: which of its arguments is the slope, which the data, which the rate.

Names say it where they can: `x, y, w, b`; `theta, X, y`; `b, m, points, rate`. Where they do not, the orders that are
left are tried before anything is called wrong. The results follow the order of the arguments.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, permutations, zip_longest
from typing import Any

from tf_gd.diagnosis.line.argument_names import holds_derivatives, holds_predictions, role_of
from tf_gd.diagnosis.line.argument_values import Form, QuestionValues
from tf_gd.diagnosis.line.asking import Call
from tf_gd.diagnosis.sandbox import Question

MOST = 400  # ways to call a function that are tried

Argument = tuple[str, str]  # its name, and its kind: "positional", "keyword" or "outside"


@dataclass(frozen=True)
class Convention:
    """A way to call a function.

    Attributes:
        call: in words, for messages.
        forms: (parameter, kind, form) of each argument.
        c_first: whether the results come in the order (c, m).
        container: "array", or one of `argument_values.CONTAINERS`.
        columns: what the columns of x and y are called.
        fields: what m and c are called in a dict.
        extra: the index of a third result, which is no derivative, such as the loss; None where there is none.
    """

    call: Call
    forms: tuple[tuple[str, str, Form], ...]
    c_first: bool = False
    container: str = "array"
    columns: tuple[str, str] = ("x", "y")
    fields: tuple[str, str] = ("m", "c")
    extra: int | None = None

    @property
    def takes_columns(self) -> bool:
        """Whether x is passed as a column."""
        return any(form.shape == "[n, 1]" or form.shape.endswith("column") for _, _, form in self.forms)

    def with_c_first(self) -> "Convention":
        """Return the same way, where c comes first in the results in spite of the arguments."""
        m, c = sorted(self.call.results, key=lambda name: name.endswith("c"))
        return replace(self, c_first=True, call=replace(self.call, results=(c, m)))

    def question(self, m: Any, c: Any, x: Any, y: Any, rate: Any = None) -> Question:
        """Return the arguments for this line, these points and this rate."""
        values = QuestionValues(m, c, x, y, rate, self.container, self.columns, self.fields)
        arguments = [values.of(form) for _, kind, form in self.forms if kind == "positional"]
        return arguments, {name: values.of(form) for name, kind, form in self.forms if kind != "positional"}


def conventions(call: Call, parameters: list[list[Any]] | None) -> tuple[list[Convention], bool]:
    """Return the ways in which a function can be called, the likeliest first, and whether its names say which.

    Args:
        call: what it is asked for: a gradient, an update or a descent.
        parameters: see `calling.parameters_of`.
    """
    if parameters is None or _is_ours(call, parameters):
        return _as_ours(call), True
    wanted = [(name, kind) for name, kind, default in parameters if _is_passed(call, name, kind, default)]
    outside = _read_outside(call, wanted, parameters)
    wanted += outside
    if any(kind == "many" for _, kind, _ in parameters) and len(wanted) < len(call.arguments):
        return _as_ours(call), True
    names = [name for name, _ in wanted]
    if any(map(holds_predictions, names)) or any(map(holds_derivatives, names)):
        return [], True  # they are neither a line nor points
    words = [name for name, kind, _ in parameters if kind == "word"]
    roles = by_name(call, names)
    forgotten = set(call.needs) - _covered([role_of(name) for name in names]) if outside else set()
    if all(roles) or (forgotten and forgotten <= {"c", "y"}):
        least = replace(call, needs=tuple(role for role in call.needs if role not in forgotten))
        named_forms = _forms(call, roles, wanted, words) if all(roles) else ()
        bare = _forms(least, by_name(least, names), wanted, words) if forgotten else ()  # what is never read
        others = [] if forgotten else [one for one in _orders(call, _without_letters(names, roles)) if one != roles]
        return list(chain(named_forms, bare, _in_forms(call, others, wanted, words)))[:MOST], True
    if all(map(role_of, names)) and len(names) < len(call.arguments) and not any(roles):
        return [], True  # the names say that something is missing
    orders = [*_orders(call, roles), *_orders(call, _without_letters(names, roles))]
    return list(islice(_in_forms(call, list(map(list, dict.fromkeys(map(tuple, orders)))), wanted, words), MOST)), False


def _as_ours(call: Call) -> list[Convention]:
    wanted = [(name, "positional") for name in call.arguments]
    containers = ("array", "list", "decimal", "fraction")
    return [of_roles(call, list(call.needs), wanted, container=container) for container in containers]


def _is_ours(call: Call, parameters: list[list[Any]]) -> bool:
    own = [(name, kind) for name, kind, _ in parameters if kind not in ("outside", "word")]
    return own == [(name, "positional") for name in call.arguments]


def _is_passed(call: Call, name: str, kind: str, default: bool) -> bool:
    if kind not in ("positional", "keyword"):
        return False
    return not default or (role_of(name) in ("rate", "x", "y", "m", "c") and role_of(name) in call.needs)


def _read_outside(call: Call, wanted: list[Argument], parameters: list[list[Any]]) -> list[Argument]:
    """Return what a function reads from its program and needs, and the number of points where it reads that."""
    covered = _covered([role_of(name) for name, _ in wanted])
    outside_arguments: list[Argument] = []
    for name, kind, _ in parameters:
        role = "n" if name == "m" and "m" in covered else role_of(name)
        gives = _covered([role])
        if kind == "outside" and gives & {*call.needs, "n"} and not gives & covered:
            covered |= gives
            outside_arguments.append((name, kind))
    return outside_arguments


def _covered(roles: Sequence[str]) -> set[str]:
    """Return the roles that are there when these are."""
    parts = {"theta": {"theta", "m", "c"}, "table": {"table", "x", "y"}}
    return {part for role in roles if role for part in parts.get(role, {role})}


def _keys(words: Sequence[str], roles: tuple[str, str]) -> list[tuple[str, str]]:
    """Return what two things may be called among the texts of a function, such as x and y; the likelier first."""
    named = [next((word for word in words if role_of(word) == role), "") for role in roles]
    if all(named):
        return [(named[0], named[1])]
    return [(words[0], words[1]), (words[1], words[0])] if len(words) >= 2 and roles == ("x", "y") else []


def by_name(call: Call, names: list[str]) -> list[str]:
    """Return the role of each parameter, as far as the names say it without contradiction."""
    roles = [call.role_of(name) for name in names]
    lower = [name.lower().strip("_") for name in names]
    if "a" in lower and "" in roles:  # y = a x + b, or y = a + b x: whichever is left
        roles[lower.index("a")] = "m" if "m" not in roles else "c" if "c" not in roles else ""
    if "theta" in roles:
        roles = ["n" if name == "m" else role for name, role in zip(lower, roles, strict=True)]
        if {"m", "c"} & set(roles):  # p and q
            roles = ["" if role == "theta" else role for role in roles]
    elif roles.count("m") == 2 and "m" in lower:  # w is the slope, and m the number of points
        roles[lower.index("m")] = "n"
    if "c" in call.needs and roles.count("m") == 1 and not {"c", "theta", ""} & set(roles):
        roles[roles.index("m")] = "theta"  # w alone holds both
    known = [role for role in roles if role]
    return roles if len(set(known)) == len(known) and _suffices(call, roles) else [""] * len(names)


def _suffices(call: Call, roles: Sequence[str]) -> bool:
    """Return whether these roles hold all that is needed, or leave room for it."""
    given = _covered(roles)
    twice = ("theta" in roles and {"m", "c"} & set(roles)) or ("table" in roles and {"x", "y"} & set(roles))
    return "" in roles or (not twice and set(call.needs) <= given)


def _without_letters(names: Sequence[str], roles: Sequence[str]) -> list[str]:
    """Return the roles without those that only a letter says, which may mean anything: p, q and t are such.

    So are all letters but x and y beside a letter that says nothing (u, v, w), and a and b, for y = a + b x.
    """
    lower = [name.lower().strip("_") for name in names]
    unclear = {"a", "b"} if "a" in lower else set()
    clear = "xy" if any(len(name) == 1 and not role_of(name) for name in lower if name != "a") else "xymcwb"
    return [
        "" if len(name) == 1 and (name in unclear or name not in clear) else role
        for name, role in zip(lower, roles, strict=True)
    ]


def _in_forms(
    call: Call, orders: Sequence[list[str]], wanted: Sequence[Argument], words: Sequence[str]
) -> Iterator[Convention]:
    """Yield the conventions for each order, every order in its plainest form first."""
    forms = [list(_forms(call, order, wanted, words)) for order in orders]
    for several in zip_longest(*forms):
        yield from (one for one in several if one is not None)


def _orders(call: Call, roles: list[str]) -> Iterator[list[str]]:
    """Yield every way to give the parameters that have no role one."""
    free = [index for index, role in enumerate(roles) if not role]
    for needed in (call.needs, *(_folded(call) if any(roles) else ())):
        left = [role for role in needed if role not in roles]
        if len(left) == len(free):
            for order in permutations(left):
                filled = list(roles)
                for index, role in zip(free, order, strict=True):
                    filled[index] = role
                if _suffices(call, filled):
                    yield filled


def _folded(call: Call) -> list[tuple[str, ...]]:
    """Return what is needed where m and c, or x and y, come in one argument."""
    rate = call.needs[4:]
    return [("theta", "x", "y", *rate), ("m", "c", "table", *rate), ("theta", "table", *rate)]


def _forms(call: Call, roles: Sequence[str], wanted: Sequence[Argument], words: Sequence[str]) -> Iterator[Convention]:
    """Yield the conventions for these roles: the forms that the data and theta may have."""
    for shapes in _shapes(roles):
        yield of_roles(call, roles, wanted, shapes)
    if "theta" in roles:
        for keys in _keys(words, ("m", "c")):
            yield replace(of_roles(call, roles, wanted, {"theta": "dict"}), fields=keys)
    has_pandas, texts = "pandas" in words, [word for word in words if word != "pandas"]
    for columns in _keys(texts, ("x", "y")) or ([("x", "y")] if has_pandas else []):
        for container in ("pandas",) * has_pandas + ("dicts",) * ("table" in roles):
            yield replace(of_roles(call, roles, wanted, container=container), columns=columns)
    if "theta" not in roles:
        yield from (of_roles(call, roles, wanted, container=one) for one in ("list", "decimal", "fraction"))


def _shapes(roles: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the shapes in which arrays may be passed: {role: shape}."""
    if "theta" not in roles:
        yield {}
        if "table" not in roles:
            yield from ({"x": "[n, 1]", "y": "[n, 1]"}, {"x": "[n, 1]"}, {"x": "[n, 1]", "m": "[1]"})
        return
    for theta, x in (("mc", ""), ("cm", ""), ("cm", "1x"), ("mc", "x1")):
        yield {"theta": theta, "x": x}
        if x:
            yield {"theta": f"{theta} column", "x": x, "y": "[n, 1]"}
        yield {"theta": f"{theta} column", "x": x}


def of_roles(
    call: Call,
    roles: Sequence[str],
    wanted: Sequence[Argument],
    shapes: dict[str, str] | None = None,
    container: str = "array",
) -> Convention:
    """Return the convention in which each parameter has this role."""
    shapes = shapes or {}
    forms = tuple(
        (name, kind, Form(role, shapes.get(role, ""))) for (name, kind), role in zip(wanted, roles, strict=True)
    )
    own = [role for (_, kind), role in zip(wanted, roles, strict=True) if kind != "outside"]
    c_first = shapes.get("theta", "").startswith("cm") or ("c" in own and "m" in own[own.index("c") :])
    results = (call.results[1], call.results[0]) if c_first else call.results
    arguments = tuple(name for name, kind in wanted if kind != "outside")
    return Convention(replace(call, arguments=arguments, results=results), forms, c_first, container)
