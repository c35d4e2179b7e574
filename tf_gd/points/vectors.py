"""Whatever holds one column of numbers, as a vector: lists, arrays, tensors, columns of pandas, polars and Arrow.

None of these libraries is imported: their objects are known by what they can do.
"""

from __future__ import annotations

from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, plain
from tf_gd.points.one_column import one_column


class Vector(NamedTuple):
    """Numbers, and where one is missing.

    Args:
        values: shape [n], floating; NaN where a value is missing.
        missing: shape [n]; None where nothing is missing.
        found: the index and the text of the first missing value.
    """

    values: npt.NDArray[Any]
    missing: npt.NDArray[np.bool_] | None = None
    found: tuple[int, str] | None = None


def as_vector(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return `values` as a one-dimensional floating array; floats keep their dtype, integers become float64.

    Args:
        name: of the parameter, for messages.
        values: shape [n], [n, 1] or [1, n].

    Raises:
        DataError: not numeric, of another shape, empty, a value is missing, or an integer that float64 cannot hold
            exactly; the message says what to write for this very object.

    Example:
        >>> as_vector("x", [[1], [2]])
        array([1., 2.])
    """
    vector = vector_of(name, values)
    if vector.found is not None:
        index, text = vector.found
        raise DataError(f"`{name}` must hold a number everywhere. Got {text} at index {index}. Remove or replace it.")
    return vector.values


def vector_of(name: str, values: Any) -> Vector:
    """Return `values` as a vector that may have missing values; see `as_vector`."""
    values = one_column(name, values)
    mask = np.ma.getmaskarray(values).reshape(-1) if np.ma.is_masked(values) else None
    array = _flat(name, values, _array(name, values))
    if array.dtype.kind in "iu":
        vector = Vector(_exact(name, array))
    elif array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        vector = Vector(array.astype(array.dtype.newbyteorder("="), copy=False))
    elif array.dtype.kind == "O":
        vector = _from_objects(name, array)
    else:
        raise _no_numbers(name, array)
    if mask is None:
        return vector
    floats = np.where(mask, np.array(np.nan, vector.values.dtype), vector.values)
    return Vector(floats, mask, (int(np.argmax(mask)), "a masked value"))


def is_number(value: Any) -> bool:
    """Say whether `value` is a single number: Python's, NumPy's, or a tensor of no dimension.

    Example:
        >>> is_number(5), is_number(np.float32(5)), is_number("5"), is_number([5])
        (True, True, False, False)
    """
    if isinstance(value, bool | np.bool_ | str | bytes):
        return False
    if isinstance(value, Real | Decimal):
        return True
    return hasattr(value, "__array__") and getattr(value, "shape", None) == () and np.asarray(value).dtype.kind in "iuf"


def _array(name: str, values: Any) -> npt.NDArray[Any]:
    """Return `values` as an array, of whatever shape and dtype."""
    wanted = f"`{name}` must be a one-dimensional array of numbers. Got"
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(f"{wanted} ragged rows. Give every row one number.") from None
    except Exception as error:  # a tensor that is on another device, has a gradient, or no values yet
        if hasattr(values, "detach"):
            raise DataError(f"{wanted} a tensor with a gradient. Use `{name}.detach().cpu().numpy()`.") from None
        if hasattr(values, "graph"):
            raise DataError(f"{wanted} a tensor of a graph, without values. Use `session.run({name})`.") from None
        raise DataError(f"{wanted} {type(values).__name__}: {plain(str(error))}. Give a list or an array.") from None


def _flat(name: str, values: Any, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the array as shape [n], from [n], [n, 1] or [1, n]."""
    wanted = f"`{name}` must be one-dimensional, shape [n]. Got"
    if array.ndim == 0:
        raise DataError(f"{wanted} {plain(values)}, a single value. Give a list or an array.")
    if array.size == 0:
        raise DataError(f"`{name}` must hold at least one number. Got an empty array.")
    if array.ndim == 1 or (array.ndim == 2 and 1 in array.shape):
        return array.reshape(-1)
    shape = list(array.shape)
    if array.ndim == 2:
        taken = name if hasattr(values, "shape") else f"np.asarray({name})"
        part = f"{taken}[0]" if shape[0] == 2 < shape[1] else f"{taken}[:, 0]"
        raise DataError(f"{wanted} shape {shape}. Use one {'row' if '[0]' in part else 'column'} of it: `{part}`.")
    raise DataError(f"{wanted} shape {shape}. Use `np.ravel({name})`.")


def _exact(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return integers as float64, refusing those that would change on the way."""
    floats = array.astype(np.float64)
    if np.abs(floats).max() >= 2**53:
        for index in np.flatnonzero(floats.astype(object) != array.astype(object)):
            raise DataError(
                f"`{name}` must fit float64 exactly. Got {array[index]} at index {index}. "
                f"Use `np.asarray({name}, dtype=float)` to round it."
            )
    return floats


def _from_objects(name: str, array: npt.NDArray[Any]) -> Vector:
    """Return an array of Python's numbers (int, float, Decimal, Fraction) as float64, rounded once."""
    floats = np.empty(array.size, np.float64)
    missing = np.zeros(array.size, np.bool_)
    first_missing = None
    for index, value in enumerate(array):
        if _is_missing(value):
            first_missing = first_missing or (index, plain(value))
            floats[index], missing[index] = np.nan, True
        else:
            floats[index] = _as_float(name, value, index, array)
    return Vector(floats, missing if first_missing else None, first_missing)


def _is_missing(value: Any) -> bool:
    """Say whether an object stands for no value: None, pandas' NA and NaT, NumPy's masked."""
    return value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant")


def _as_float(name: str, value: Any, index: int, array: npt.NDArray[Any]) -> float:
    """Return one object as a float."""
    if isinstance(value, bool | np.bool_ | str | bytes):
        raise _no_numbers(name, array, index)
    try:
        number = float(value)
    except OverflowError:
        raise DataError(f"`{name}` must fit float64. Got {plain(value)} at index {index}. Scale it.") from None
    except (TypeError, ValueError):
        raise _no_numbers(name, array, index) from None
    if isinstance(value, int) and int(number) != value:
        raise DataError(
            f"`{name}` must fit float64 exactly. Got {plain(value)} at index {index}. "
            f"Use `np.asarray({name}, dtype=float)` to round it."
        )
    return number


def _no_numbers(name: str, array: npt.NDArray[Any], index: int = 0) -> DataError:
    """Return the error for an array that holds something else, with what makes numbers of it."""
    value: Any = array[index]
    kind: str = array.dtype.kind
    if kind == "O":
        kind = {bool: "b", str: "U", bytes: "S"}.get(type(value), "O")
    got = f"dtype {array.dtype.name}" if array.dtype.kind != "O" else f"{plain(value)} at index {index}"
    advice = {
        "b": f"Use `np.asarray({name}, dtype=float)`.",
        "c": f"Use `np.real({name})`.",
        "M": f"Use `np.asarray({name}, dtype='datetime64[D]').astype(float)`, in days.",
        "m": f"Use `np.asarray({name}) / np.timedelta64(1, 's')`, in seconds.",
    }.get(kind, "Convert it first.")
    if type(value).__module__ == "datetime" and hasattr(value, "year"):
        advice = f"Use `np.asarray({name}, dtype='datetime64[D]').astype(float)`, in days."
    if kind in "USTO" and isinstance(value, str):
        return _texts(name, array, got)
    return DataError(f"`{name}` must be numbers. Got {got}. {advice}")


def _texts(name: str, array: npt.NDArray[Any], got: str) -> DataError:
    """Return the error for numbers as text, or for text that is none."""
    for index, value in enumerate(array):
        if _reads(value):
            continue
        if isinstance(value, str) and _reads(value.replace(",", ".")):
            return DataError(
                f"`{name}` must be numbers. Got {got}. Use `[float(text.replace(',', '.')) for text in {name}]`."
            )
        return DataError(f"`{name}` must be numbers. Got {got}, {plain(value)} at index {index}. Leave it out.")
    return DataError(f"`{name}` must be numbers. Got {got}. Use `np.asarray({name}, dtype=float)`.")


def _reads(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
