"""A place of a program that holds a value: a name, an attribute of it, or a constant item.

`LineForms` finds where a source writes a line: what it multiplies, and what it adds to the product, as in m * x + c.
Names order the search for m, c, x and y; how they are used tells more.
"""

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


PRODUCTS = ("dot", "matmul", "multiply", "inner")


class LineForms:
    """The products of a source, and the sums of a product and one place."""

    def __init__(self, tree: ast.AST) -> None:
        grown = {id(one) for node in ast.walk(tree) if isinstance(node, ast.Assign) for one in _grown(node)}
        self._products = {frozenset(_texts(node)) for node in ast.walk(tree) if _is_product(node)}
        self._sums = {one for node in ast.walk(tree) if id(node) not in grown for one in _sums(node)}

    def adds(self, m: str, c: str) -> bool:
        """Return whether c is added to a product of m and something else; `self.w` and `model.w` are one here."""
        m, c = m.rpartition(".")[2], c.rpartition(".")[2]
        return any(m in factors and c == added for factors, added in self._sums)

    def multiplies(self, m: str, x: str) -> bool:
        """Return whether m and x stand in one product."""
        m, x = m.rpartition(".")[2], x.rpartition(".")[2]
        return any(m in factors and x in factors for factors in self._products)


def _is_product(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mult | ast.MatMult)
    return called_name(node) in PRODUCTS


def _texts(node: ast.AST) -> Iterator[str]:
    return (text_of(place).rpartition(".")[2] for place in mentioned(node))


def _sums(node: ast.AST) -> Iterator[tuple[frozenset[str], str]]:
    """Yield (factors, what is added) of a sum of a product and a place."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for product, added in ((node.left, node.right), (node.right, node.left)):
            place = place_of(added)
            if place is not None and _is_product(product):
                yield frozenset(_texts(product)), text_of(place).rpartition(".")[2]


def _grown(node: ast.Assign) -> Iterator[ast.AST]:
    """Yield the sums of an assignment that add to what it assigns to: no line, but a total or an update."""
    targets = {text for target in node.targets for text in _texts(target)}
    for one in ast.walk(node.value):
        if any(added in targets for _, added in _sums(one)):
            yield one
