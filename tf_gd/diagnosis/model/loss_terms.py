"""The terms of which a loss is the sum, found in its graph, and how they are written."""

import linecache
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_gd.errors import plain

# Operations through which a sum is still a sum: the terms of what goes in are terms of what comes out.
_LINEAR = {"Identity", "Neg", "Mul", "RealDiv", "Sum", "Mean", "Cast", "Reshape", "Squeeze"}
_SUMS = ("add", "sub", "Add", "Sub")  # as the caller's own sums are named; a library's carry its function's name
_LONGEST = 60  # characters of a term that are shown
_HERE = str(Path(__file__).parent)


def loss_terms(value: Any, params: set[int]) -> list[Any]:
    """Return the tensors of which `value` is the sum, up to factors, as far as they depend on a parameter.

    Args:
        value: the loss.
        params: the `id` of each parameter's tensor.
    """
    return list({id(leaf): leaf for leaf in _leaves(value, params)}.values())


def _leaves(tensor: Any, params: set[int]) -> Iterator[Any]:
    sources = [source for source in tensor.op.inputs if _depends(source, params)]
    is_sum = tensor.op.name.split("/")[-1].startswith(_SUMS) or (tensor.op.type in _LINEAR and len(sources) == 1)
    if id(tensor) in params or not is_sum:
        yield tensor
    else:
        for source in sources:
            yield from _leaves(source, params)


def _depends(tensor: Any, params: set[int]) -> bool:
    reached, waiting = set(), [tensor]
    while waiting:
        one = waiting.pop()
        if id(one) in params:
            return True
        if id(one) not in reached:
            reached.add(id(one))
            waiting.extend(one.op.inputs)
    return False


def written(tf: Any, term: Any, names: dict[int, str]) -> str:
    """Return a term as operations on the caller's names, and the caller's line that made it.

    Args:
        tf: TensorFlow.
        term: its tensor.
        names: the name under which the loss took a tensor, by the tensor's `id`.
    """
    formula = _formula(tf, term, names)
    formula = formula if len(formula) <= _LONGEST else f"{formula[: _LONGEST - 3]}..."
    frames = [frame for frame in term.op.traceback if not _is_library(frame.filename)]
    if not frames:
        return f"`{formula}`"
    line = " ".join(linecache.getline(frames[-1].filename, frames[-1].lineno).split())
    return f"`{formula}` (line {frames[-1].lineno}: {plain(line, 160)[1:-1]})"


def _formula(tf: Any, tensor: Any, names: dict[int, str], depth: int = 6) -> str:
    if id(tensor) in names:
        return names[id(tensor)]
    constant = tf.get_static_value(tensor)
    if constant is not None:
        return f"{constant:g}" if constant.ndim == 0 and constant.dtype.kind == "f" else tensor.op.type
    if depth == 0 or not tensor.op.inputs:
        return "..."
    parts = ", ".join(_formula(tf, source, names, depth - 1) for source in tensor.op.inputs)
    return f"{tensor.op.type}({parts})"


def _is_library(filename: str) -> bool:
    return filename.startswith(_HERE) or "site-packages" in filename
