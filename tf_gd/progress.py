"""Who is told how far something has come: a function of what is done and what there is to do in all."""

from collections.abc import Callable
from typing import Any

from tf_gd.errors import invalid

Progress = Callable[[int, int], None]


def check_progress(on_progress: Any) -> None:
    """Raise `InvalidArgumentError` unless `on_progress` is None, or something that can be called.

    Example:
        >>> check_progress(print)
    """
    if on_progress is not None and not callable(on_progress):
        raise invalid("on_progress", "a function of (done, total), or None", on_progress, "Try print.")
