"""How a function is called, in words: what `--call` says, and what a report says."""

import re

from tf_gd.diagnosis.line.argument_names import role_of
from tf_gd.diagnosis.line.argument_values import CONTAINERS, SHAPES, Form
from tf_gd.diagnosis.line.asking import Call
from tf_gd.diagnosis.line.conventions import Convention, by_name
from tf_gd.errors import invalid


def said_outright(call: Call, text: str) -> tuple[str, list[str]]:
    """Return the function's name and the names of its arguments from `--call "compute_gradient(x, y, w, b)"`.

    Raises:
        InvalidArgumentError: it is no call whose arguments say what they are.
    """
    match = re.fullmatch(r"\s*([\w.]+)\s*\(([\w\s,]*)\)\s*", text)
    names = [name.strip() for name in match[2].split(",") if name.strip()] if match else []
    if match is None or not names or not all(by_name(call, names)):
        advice = 'Try --call "compute_gradient(x, y, w, b)"; theta, X, points and lr are known too.'
        raise invalid("call", "a function's name and what its arguments are", text, advice)
    return match[1], names


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
