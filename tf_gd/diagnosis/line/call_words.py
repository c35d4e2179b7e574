"""How a function is called, in words: what `--call` says, and what a report says."""

import ast
from dataclasses import dataclass, replace

from tf_gd.diagnosis.line.argument_names import role_of
from tf_gd.diagnosis.line.argument_values import CONTAINERS, SHAPES, Form
from tf_gd.diagnosis.line.asking import Call
from tf_gd.diagnosis.line.conventions import Convention, by_name
from tf_gd.errors import invalid


@dataclass(frozen=True)
class SaidCall:
    """What `--call` says.

    Attributes:
        function: its name.
        arguments: the names of its arguments, without the literals.
        order: "mc" or "cm" where one argument holds both of these.
        literals: the position of each argument that is a literal of Python, and its text.
    """

    function: str
    arguments: list[str]
    order: str = ""
    literals: tuple[tuple[int, str], ...] = ()

    def with_literals(self, way: Convention) -> Convention:
        """Return a way to call the function with the literals at their places."""
        forms = list(way.forms)
        for position, text in self.literals:
            forms.insert(position, (text, "positional", Form("literal", text)))
        names = tuple(name for name, kind, _ in forms if kind != "outside")
        return replace(way, forms=tuple(forms), call=replace(way.call, arguments=names))


def said_outright(call: Call, text: str) -> SaidCall:
    """Return what `--call "compute_gradient(x, y, w, b)"` says; `(w, b)` is one argument that holds both.

    Raises:
        InvalidArgumentError: it is no call whose arguments say what they are.
    """
    parsed_call = _parsed(text)
    if (
        parsed_call is None
        or not (parsed_call.arguments or parsed_call.literals)
        or not all(by_name(call, parsed_call.arguments))
    ):
        advice = 'Try --call "compute_gradient(x, y, w, b)"; theta, (w, b), X, points, lr and numbers are known too.'
        raise invalid("call", "a function's name and what its arguments are", text, advice)
    return parsed_call


def _parsed(text: str) -> SaidCall | None:
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    literals = tuple((position, ast.unparse(one)) for position, one in enumerate(node.args) if _is_literal(one))
    argument_nodes = [one for one in node.args if not _is_literal(one)]
    names = [[getattr(one, "id", "") for one in getattr(argument, "elts", [argument])] for argument in argument_nodes]
    roles = ["".join(map(role_of, some)) for some in names]
    pairs = [role for role in roles if role in ("mc", "cm")]
    arguments = ["theta" if role in pairs else ",".join(some) for some, role in zip(names, roles, strict=True)]
    return SaidCall(ast.unparse(node.func), arguments, pairs[0] if len(pairs) == 1 else "", literals)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def is_default(convention: Convention) -> bool:
    """Return whether a function is called as this package calls it, so that nothing need be said."""
    plain = all(form == Form(role_of(name)) and kind != "outside" for name, kind, form in convention.forms)
    return plain and convention.container == "array" and convention.call.arguments[:4] == ("m", "c", "x", "y")


def words_of(convention: Convention) -> str:
    """Return in a sentence how the function was called."""
    shapes = [f"{name} as {SHAPES[form.shape]}" for name, _, form in convention.forms if form.shape in SHAPES]
    if convention.container != "array":
        shapes.append(CONTAINERS[convention.container])
    told = [(name, form.role) for name, _, form in convention.forms if form.role != "literal"]
    unnamed = [f"{name} for {role}" for name, role in told if role_of(name) != role]
    read = [f"{name} set for it" for name, kind, _ in convention.forms if kind == "outside"]
    how = ", ".join([*unnamed, *shapes, *read])
    return f"Called as {convention.call}{', with ' if how else ''}{how}."
