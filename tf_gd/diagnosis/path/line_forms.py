"""Where a source writes a line: what it multiplies, and what it adds to the product, as in m * x + c.

Names order the search for m, c, x and y; this is better evidence, for it says how they are used.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tf_gd.diagnosis.path.places import called_name, mentioned, place_of, text_of

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
