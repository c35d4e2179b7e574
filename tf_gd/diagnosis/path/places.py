"""A place of a program that holds a value: a name, an attribute of it, or a constant item; and what trees mention."""

from __future__ import annotations

import ast
from collections.abc import Iterator

Step = tuple[str, str | int]  # ("name", "w"), then ("attribute", "theta") or ("item", 0)
Place = tuple[Step, ...]

LAST: Step = ("last", -1)  # the element that `append` added


def place_of(node: ast.expr) -> Place | None:
    """Return the steps that lead to a name, an attribute or a constant item; None for anything else."""
    if isinstance(node, ast.Name):
        return (("name", node.id),)
    if isinstance(node, ast.Attribute):
        base = place_of(node.value)
        return None if base is None else (*base, ("attribute", node.attr))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        base, key = place_of(node.value), node.slice.value
        return None if base is None or not isinstance(key, str | int) else (*base, ("item", key))
    return None


def text_of(place: Place) -> str:
    """Return a place as it is written in a program.

    Example:
        >>> text_of((("name", "self"), ("attribute", "theta"), ("item", 0)))
        'self.theta[0]'
    """
    parts = []
    for kind, value in place:
        parts.append({"name": f"{value}", "attribute": f".{value}"}.get(kind, f"[{value!r}]"))
    return "".join(parts)


def called_name(node: ast.AST) -> str:
    """Return the last name of what is called; "" for anything but a call."""
    return str(getattr(node.func, "attr", getattr(node.func, "id", ""))) if isinstance(node, ast.Call) else ""


def mentioned(node: ast.AST) -> Iterator[Place]:
    """Yield every place that an expression mentions, in its order."""
    place = place_of(node) if isinstance(node, ast.expr) else None
    if place is not None:
        yield place
        return
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        children[0] = node.func.value  # of a method only what it belongs to
    for child in children:
        yield from mentioned(child)
