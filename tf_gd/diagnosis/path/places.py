"""A place of a program that holds a value: a name, an attribute of it, or a constant item."""

from __future__ import annotations

import ast

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
