"""Look at it: figures, the page to play with, TensorBoard, and the brute-force search."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_gd.show.cell import Playground as Playground
    from tf_gd.show.cell import playground as playground

__all__ = ["Playground", "playground"]


def __getattr__(name: str) -> Any:
    """Import what the page needs when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tf_gd.show import cell

    return getattr(cell, name)
