"""Whatever holds one column of numbers, as a vector: lists, arrays, tensors, columns of pandas, polars and Arrow.

None of these libraries is imported: their objects are known by what they can do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AnySet
from decimal import Decimal
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, plain


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
    values = _column(name, values)
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


def check_one_column(name: str, values: Any) -> None:
    """Raise the error for a whole table, an iterator or a text in place of one column.

    Raises:
        DataError: as `as_vector` does, before anything is read.
    """
    _column(name, values)


def _column(name: str, values: Any) -> Any:
    """Return what holds one column: `values`, its only column, or its values where nulls are among them."""
    wanted = f"`{name}` must be one-dimensional, shape [n]. Got"
    if isinstance(values, str | bytes):
        raise DataError(f"{wanted} {plain(values)}, a text. Read a file by `tf_gd.read_points({plain(values)})`.")
    if isinstance(values, Mapping):
        raise DataError(f"{wanted} a dict. {_two_of('data', list(values), values)}")
    if isinstance(values, AnySet):
        raise DataError(f"{wanted} {plain(values)}, without an order. Use `list({name})`, or keep the pairs' order.")
    if hasattr(values, "__next__") or (
        hasattr(values, "__iter__")
        and not hasattr(values, "__len__")
        and not hasattr(values, "__array__")
        and not hasattr(values, "shape")
    ):
        raise DataError(f"{wanted} {plain(values)}, which gives its values one by one. Use `list({name})`.")
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        raise DataError(f"{wanted} a sparse matrix. Use `{name}.toarray()`.")
    names = _column_names(values)
    if names is not None:
        return _only_column(wanted, values, names)
    nulls = getattr(values, "null_count", 0)
    if callable(nulls):
        nulls = nulls()
    for method in ("to_pylist", "to_list") if isinstance(nulls, int) and nulls else ():
        if hasattr(values, method):
            return getattr(values, method)()
    if not hasattr(values, "__array__") and not hasattr(values, "__len__") and hasattr(values, "to_numpy"):
        return values.to_numpy()
    return values


def _column_names(values: Any) -> list[Any] | None:
    """Return the names of a table's columns, None for what is no table."""
    if isinstance(values, np.ndarray):
        return list(values.dtype.names) if values.dtype.names else None
    names = getattr(values, "column_names", getattr(values, "columns", None))
    if names is None and hasattr(values, "data_vars"):
        names = values.data_vars
    if names is None or callable(names) or isinstance(names, str):
        return None
    return list(names)


def _only_column(wanted: str, table: Any, names: list[Any]) -> Any:
    """Return the column of a table that has just one; refuse others."""
    if len(names) == 1 and hasattr(table, "__len__"):
        return table[names[0]]
    kind = type(table).__name__
    shown = ", ".join(plain(name, 30) for name in names[:6]) + (", ..." if len(names) > 6 else "")
    got = f"a {'structured array' if isinstance(table, np.ndarray) else kind} with the columns {shown}"
    if hasattr(table, "collect") and not hasattr(table, "__len__"):
        raise DataError(f"{wanted} {got}, not computed yet. Use `frame = frame.collect()`, and then one column of it.")
    if hasattr(table, "fetchnumpy"):
        raise DataError(f"{wanted} {got}. Use `data = data.fetchnumpy()`, and then one column of it.")
    raise DataError(f"{wanted} {got}. {_two_of('frame', names, table)}")


def _two_of(called: str, names: list[Any], table: Any) -> str:
    """Return the advice to train on two columns of a table: the first two of numbers, if they can be told."""
    numeric = [name for name in names[:50] if _is_numeric(table, name)]
    chosen = numeric if len(numeric) > 1 else names
    if len(chosen) < 2:
        return f"Use `{called}[{_key(chosen[0])}]`." if chosen else "Give a list or an array."
    if {"x", "y"} <= set(chosen):
        chosen = ["x", "y"]
    return f"Use `train({called}[{_key(chosen[0])}], {called}[{_key(chosen[1])}])`."


def _is_numeric(table: Any, name: Any) -> bool:
    try:
        return np.asarray(table[name]).dtype.kind in "iuf"
    except Exception:
        return False


def _key(name: Any) -> str:
    return json.dumps(name, ensure_ascii=False) if isinstance(name, str) and name.isprintable() else plain(name)


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
    found = None
    for index, value in enumerate(array):
        if _is_missing(value):
            found = found or (index, plain(value))
            floats[index], missing[index] = np.nan, True
        else:
            floats[index] = _as_float(name, value, index, array)
    return Vector(floats, missing if found else None, found)


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
