"""How a function is called, in words: what `--call` says, and what a report says."""

import ast
from dataclasses import dataclass

from tf_gd.diagnosis.line.argument_names import role_of
from tf_gd.diagnosis.line.argument_values import CONTAINERS, SHAPES, Form
from tf_gd.diagnosis.line.asking import Call
from tf_gd.diagnosis.line.conventions import Convention, by_name
from tf_gd.errors import invalid


@dataclass(frozen=True)
class SaidCall:
    """What `--call` says: the function, the names of its arguments, and "mc" or "cm" where one holds both of these."""

    function: str
    arguments: list[str]
    order: str = ""


def said_outright(call: Call, text: str) -> SaidCall:
    """Return what `--call "compute_gradient(x, y, w, b)"` says; `(w, b)` is one argument that holds both.

    Raises:
        InvalidArgumentError: it is no call whose arguments say what they are.
    """
    said = _parsed(text)
    if said is None or not said.arguments or not all(by_name(call, said.arguments)):
        advice = 'Try --call "compute_gradient(x, y, w, b)"; theta, (w, b), X, points and lr are known too.'
        raise invalid("call", "a function's name and what its arguments are", text, advice)
    return said


def _parsed(text: str) -> SaidCall | None:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    names = [[getattr(one, "id", "") for one in getattr(argument, "elts", [argument])] for argument in node.args]
    roles = ["".join(map(role_of, some)) for some in names]
    pairs = [role for role in roles if role in ("mc", "cm")]
    arguments = ["theta" if role in pairs else ",".join(some) for some, role in zip(names, roles, strict=True)]
    return SaidCall(ast.unparse(node.func), arguments, pairs[0] if len(pairs) == 1 else "")


def is_default(convention: Convention) -> bool:
    """Return whether a function is called as this package calls it, so that nothing need be said."""
    plain = all(form == Form(role_of(name)) and kind != "outside" for name, kind, form in convention.forms)
    return plain and convention.container == "array" and convention.call.arguments[:4] == ("m", "c", "x", "y")


def words_of(convention: Convention) -> str:
    """Return in a sentence how the function was called."""
    shapes = [f"{name} as {SHAPES[form.shape]}" for name, _, form in convention.forms if form.shape in SHAPES]
    if convention.container != "array":
        shapes.append(CONTAINERS[convention.container])
    unnamed = [f"{name} for {form.role}" for name, _, form in convention.forms if role_of(name) != form.role]
    read = [f"{name} set for it" for name, kind, _ in convention.forms if kind == "outside"]
    how = ", ".join([*unnamed, *shapes, *read])
    return f"Called as {convention.call}{', with ' if how else ''}{how}."
