"""Draws a TensorFlow graph as a plan that is read from left to right."""

from typing import Any

from matplotlib.figure import Figure

from tf_gd.show.theme import LIGHT, new_figure

EDGES = {"Placeholder": LIGHT.orange, "VarHandleOp": LIGHT.green}


def depths(tensor: Any) -> dict[Any, int]:
    """Return every operation that a tensor depends on, with its distance from the inputs; constants are left out."""
    depth: dict[Any, int] = {}

    def visit(op: Any) -> int:
        if op not in depth:
            depth[op] = 1 + max([visit(source.op) for source in op.inputs], default=0)
        return depth[op]

    visit(tensor.op)
    return {op: level for op, level in depth.items() if op.type != "Const"}


def draw_plan(tensor: Any, title: str) -> Figure:
    """Return a figure of the operations that lead to a tensor: variables green, placeholders orange."""
    depth = depths(tensor)
    place = {}
    for level in range(1, max(depth.values()) + 1):
        column = [op for op in depth if depth[op] == level]
        place |= {op: (level, (len(column) - 1) / 2 - row) for row, op in enumerate(column)}
    figure, (ax,) = new_figure(LIGHT, figsize=(7.2, 3.2))
    arrow = {"arrowstyle": "-|>", "color": LIGHT.faint, "shrinkA": 14, "shrinkB": 18}
    for op in place:
        for source in op.inputs:
            if source.op in place:
                ax.annotate("", place[op], place[source.op], arrowprops=arrow, zorder=1)
        box = {"boxstyle": "round", "facecolor": "white", "edgecolor": EDGES.get(op.type, LIGHT.blue)}
        name = op.name.split("/")[-1].replace("VariableOp", "").lower()
        ax.text(*place[op], name, ha="center", va="center", fontsize=10, bbox=box)
    ax.set(xlim=(0.5, max(depth.values()) + 0.5), ylim=(-2, 2), title=title)
    ax.axis("off")
    return figure
