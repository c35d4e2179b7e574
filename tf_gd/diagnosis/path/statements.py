"""The statements of a program: which names each may change, and what stands in its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from tf_gd.diagnosis.path.places import LAST, LineForms, Place, place_of

# Methods of a variable or tensor that put another value into it.
ASSIGNING = ("assign", "assign_sub", "assign_add", "sub_", "add_", "copy_")


@dataclass
class Statement:
    """One statement, or the head of a loop; several of them on one line are one.

    Attributes:
        first, last: its lines.
        places: what it may change: names, attributes and items, each as the steps that lead there.
        maybe: what it calls may change these in place, or not.
        indexed: what it reads at an index that is no constant, such as "x[k]" and "points[i][0]".
        elements: arrays that it puts one element into, and the expression of the index.
        calls: whether it calls anything.
        block: the innermost loop, or else function, that it stands in: (kind, line).
        nodes: the syntax trees.
    """

    first: int
    last: int
    places: list[Place] = field(default_factory=list)
    maybe: list[Place] = field(default_factory=list)
    elements: list[tuple[Place, str]] = field(default_factory=list)
    indexed: list[str] = field(default_factory=list)
    calls: bool = False
    block: tuple[str, int] = ("module", 0)
    nodes: list[ast.AST] = field(default_factory=list)

    @cached_property
    def is_loop_on_one_line(self) -> bool:
        """Whether a loop and its body stand on one line: when it ends, its body has been read already."""
        return len(self.nodes) > 1 and any(isinstance(node, ast.For | ast.While) for node in self.nodes)


class Statements:
    """All statements of a source, by line."""

    def __init__(self, source: bytes | str) -> None:
        self.tree = ast.parse(source)
        self.by_line: dict[int, Statement] = {}
        self._visit(self.tree.body, ("module", 0))

    @cached_property
    def all(self) -> list[Statement]:
        """Each statement once, in the order of the source."""
        return sorted({id(one): one for one in self.by_line.values()}.values(), key=lambda one: one.first)

    @cached_property
    def functions(self) -> dict[int, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions by the line of their head."""
        definitions = (one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
        return {one.lineno: one for one in definitions}

    @cached_property
    def indices(self) -> set[str]:
        """The names that stand in an index."""
        index_nodes = (one.slice for one in ast.walk(self.tree) if isinstance(one, ast.Subscript))
        return {name.id for index in index_nodes for name in ast.walk(index) if isinstance(name, ast.Name)}

    @cached_property
    def forms(self) -> LineForms:
        """Where a line is written."""
        return LineForms(self.tree)

    @cached_property
    def recursive(self) -> set[int]:
        """The heads of the functions that call themselves."""
        return {line for line, function in self.functions.items() if calls(function, function.name)}

    def _visit(self, body: list[ast.stmt], block: tuple[str, int]) -> None:
        for node in body:
            inner = block
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = ("function", node.lineno)
            elif isinstance(node, ast.For | ast.While):
                inner = ("loop", node.lineno)
                self._add(node, inner)
            elif isinstance(node, ast.ClassDef):
                inner = ("class", node.lineno)
            else:
                self._add(node, block)
            for part in _bodies(node):
                self._visit(part, inner)

    def _add(self, node: ast.stmt, block: tuple[str, int]) -> None:
        first, last = node.lineno, _last_line(node)
        there = self.by_line.get(first)
        if there is None:
            there = Statement(first, last, block=block)
        there.last = max(there.last, last)
        there.nodes.append(node)
        heads = list(_heads(node))
        there.places += [place for place in _assigned(node) if place not in there.places]
        there.elements += list(_elements(node))
        indexed = dict.fromkeys(one for head in heads for one in _indexed(head))
        there.indexed += [one for one in indexed if one not in there.indexed]
        there.maybe += [place for place in _maybe_changed(node, heads) if place not in there.maybe]
        there.calls = there.calls or any(isinstance(one, ast.Call) for head in heads for one in ast.walk(head))
        for line in range(first, last + 1):
            self.by_line[line] = there


def calls(node: ast.AST, name: str) -> bool:
    """Return whether anything in a tree calls a function of this name."""
    return any(
        isinstance(one, ast.Call) and getattr(one.func, "attr", getattr(one.func, "id", "")) == name
        for one in ast.walk(node)
    )


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, None) or []
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _last_line(node: ast.stmt) -> int:
    """Return the last line of a statement; of a compound one, that of its head."""
    body = next((part for part in _bodies(node) if part), None)
    if body:
        return max(node.lineno, max((one.end_lineno or one.lineno for one in _heads(node)), default=node.lineno))
    return node.end_lineno or node.lineno


def _heads(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield the expressions of a statement that are not in its body."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child
        elif isinstance(child, ast.withitem):
            yield child.context_expr


def _assigned(node: ast.stmt) -> Iterator[Place]:
    """Yield what a statement assigns to."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [node.target]
    elif isinstance(node, ast.With):
        targets = [item.optional_vars for item in node.items if item.optional_vars is not None]
    elif isinstance(node, ast.ImportFrom):
        yield from ((("name", alias.asname or alias.name),) for alias in node.names)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        method = node.value.func
        if isinstance(method, ast.Attribute) and method.attr in ASSIGNING:
            targets = [method.value]
    for target in targets:
        yield from _places(target)
    for head in _heads(node):
        for one in ast.walk(head):
            if isinstance(one, ast.NamedExpr):
                yield from _places(one.target)


def _elements(node: ast.stmt) -> Iterator[tuple[Place, str]]:
    """Yield what `w[k + 1] = ...` puts one element into, and its index: a name, or a name and a number."""
    for target in getattr(node, "targets", [getattr(node, "target", None)]):
        for one in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.Name | ast.BinOp):
                place = place_of(one.value)
                simple = all(
                    isinstance(part, ast.Name | ast.BinOp | ast.Constant | ast.Add | ast.Sub | ast.Load)
                    for part in ast.walk(one.slice)
                )
                if place is not None and simple:
                    yield place, ast.unparse(one.slice)


_IN_INDEX = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.Slice, ast.BinOp, ast.UnaryOp),
    *(ast.operator, ast.unaryop, ast.expr_context),
)


def _indexed(node: ast.AST) -> Iterator[str]:
    """Yield what an expression reads at an index that is no constant and calls nothing."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        simple = all(isinstance(one, _IN_INDEX) for one in ast.walk(node))
        subscripts = [one for one in ast.walk(node) if isinstance(one, ast.Subscript)]
        if simple and any(isinstance(name, ast.Name) for one in subscripts for name in ast.walk(one.slice)):
            yield ast.unparse(node)
            return
    if not isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp):
        for child in ast.iter_child_nodes(node):
            yield from _indexed(child)


def _places(target: ast.expr) -> Iterator[Place]:
    if isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _places(element)
    elif isinstance(target, ast.Starred | ast.Subscript):
        yield from _places(target.value)
    else:
        place = place_of(target)
        if place is not None:
            yield place


def _maybe_changed(node: ast.stmt, heads: list[ast.expr]) -> Iterator[Place]:
    """Yield what a call in a statement may change in place."""
    for head in heads:
        for call in ast.walk(head):
            if not isinstance(call, ast.Call):
                continue
            for keyword in call.keywords:
                if keyword.arg == "out":
                    yield from _mentioned(keyword.value)
            if isinstance(node, ast.Expr):
                if isinstance(call.func, ast.Attribute) and call.func.attr == "append":
                    base = place_of(call.func.value)
                    if base is not None:
                        yield (*base, LAST)
                        continue
                if isinstance(call.func, ast.Attribute):
                    yield from _mentioned(call.func.value)
                for argument in call.args:
                    yield from _mentioned(argument)


def _mentioned(node: ast.expr) -> Iterator[Place]:
    """Yield every name, attribute or item that an expression mentions, the longest that can be followed."""
    place = place_of(node)
    if place is not None:
        yield place
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _mentioned(child)
