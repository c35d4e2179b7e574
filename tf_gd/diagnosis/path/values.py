"""Reading the values of somebody's program as plain numbers, without changing any of them."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tf_gd.diagnosis.pipe import as_array, is_array, is_scalar

SMALL = 4  # numbers: what is followed from step to step
LARGEST = 1_000_000  # numbers of an array that is kept as points
MOST_COLUMNS = 8
MOST_KEYS = 12


@dataclass(frozen=True)
class Value:
    """What a place holds: a few numbers, or an array.

    Attributes:
        suffix: what comes after the place's own name, such as "['w']".
        dtype: "float64", "float32", "int64", ... or "int" and "float" for Python's own.
        numbers: a list of floats for a few numbers; an array otherwise.
        shape: of the array, () for a number.
    """

    suffix: str
    dtype: str
    numbers: Any
    shape: tuple[int, ...]

    @property
    def is_small(self) -> bool:
        """Whether it is followed from step to step."""
        return isinstance(self.numbers, list)


def values(value: Any, suffix: str = "", depth: int = 2) -> Iterator[Value]:
    """Yield the numbers that a value holds: itself, or those in a dict, a list of arrays or an object."""
    if value is None or isinstance(value, str | bytes | bool | type):
        return
    if isinstance(value, float):
        yield Value(suffix, "float", [value], ())
    elif isinstance(value, int):
        yield from _integer(value, suffix)
    elif is_scalar(value) or is_array(value):
        yield from _of_array(value, suffix)
    elif isinstance(value, dict):
        if depth:
            for key in list(value)[:MOST_KEYS]:
                yield from values(value[key], f"{suffix}[{key!r}]", depth - 1)
    elif isinstance(value, list | tuple | range):
        yield from _of_list(value, suffix, depth)
    elif isinstance(value, numbers.Real) or type(value).__name__ == "Decimal":
        yield Value(suffix, "float", [float(value)], ())
    else:
        yield from _of_object(value, suffix, depth)


def _integer(value: int, suffix: str) -> Iterator[Value]:
    if abs(value) < 2**63:
        yield Value(suffix, "int", [float(value)], ())


def _of_array(value: Any, suffix: str) -> Iterator[Value]:
    array = as_array(value)
    if array.dtype.kind == "O" and 0 < array.size <= LARGEST:
        try:
            array = array.astype(float)
        except (TypeError, ValueError):
            return
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        return
    if 0 < array.size <= SMALL:
        yield Value(suffix, array.dtype.name, [float(one) for one in array.ravel()], array.shape)
    if 2 <= array.size <= LARGEST and array.ndim <= 2 and _is_table(array.shape):
        yield Value(suffix, array.dtype.name, array, array.shape)


def _is_table(shape: tuple[int, ...]) -> bool:
    return len(shape) == 1 or min(shape) <= MOST_COLUMNS


def _of_list(value: Any, suffix: str, depth: int) -> Iterator[Value]:
    if not 0 < len(value) <= LARGEST:
        return
    first = value[0]
    if isinstance(first, str | bytes | bool):
        return
    if isinstance(first, dict):
        if depth:
            for key in list(first)[:MOST_KEYS]:
                yield from _of_list([row.get(key) for row in value if isinstance(row, dict)], f"{suffix}[{key!r}]", 0)
        return
    try:
        array = as_array([_plain(item) for item in value])
        if array.dtype.kind == "O" and all(isinstance(item, numbers.Real) for item in value):
            array = as_array([float(item) for item in value])
    except Exception:
        array = None
    if array is not None and array.dtype.kind in "fiu" and array.ndim <= 3:
        kind = {"i": "int", "f": "float"}.get(array.dtype.kind, array.dtype.name)
        narrow = is_array(first) or is_scalar(first)
        for one in _of_array(
            array.reshape(array.shape[:2]) if array.ndim == 3 and array.shape[2] == 1 else array, suffix
        ):
            yield Value(one.suffix, one.dtype if narrow else kind, one.numbers, one.shape)
        return
    if depth and len(value) <= MOST_KEYS:
        for index, item in enumerate(value):
            yield from values(item, f"{suffix}[{index}]", depth - 1)


def _plain(item: Any) -> Any:
    """Return a row of a list as NumPy can read it."""
    return item.numpy() if is_tensor(item) else item


def is_tensor(value: Any) -> bool:
    """Return whether a value is an eager tensor or variable whose numbers can be read."""
    return hasattr(value, "numpy") and hasattr(value, "dtype") and hasattr(value, "shape") and not is_array(value)


def _of_object(value: Any, suffix: str, depth: int) -> Iterator[Value]:
    if is_tensor(value):
        try:
            read = value.detach().numpy() if hasattr(value, "detach") else value.numpy()
        except Exception:  # a symbolic tensor has no numbers
            return
        yield from _of_array(read, suffix)
    elif hasattr(value, "to_numpy"):
        yield from _of_table(value, suffix)
    elif depth and _is_plain_object(value):
        for name, item in list(vars(value).items())[: 2 * MOST_KEYS]:
            yield from values(item, f"{suffix}.{name}", depth - 1)


def _of_table(value: Any, suffix: str) -> Iterator[Value]:
    """Yield the columns of a data frame, or a series."""
    try:
        columns = list(getattr(value, "columns", ()))
        if not columns:
            yield from _of_array(value.to_numpy(), suffix)
        for column in columns[:MOST_KEYS]:
            yield from _of_array(value[column].to_numpy(), f"{suffix}[{column!r}]")
    except Exception:
        return


def _is_plain_object(value: Any) -> bool:
    return type(value).__module__ in ("learner", "__main__", "argparse", "types") and hasattr(value, "__dict__")
