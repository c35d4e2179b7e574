"""The one column that somebody means: a table, a text or an iterator in its place is refused with what to write.

None of the libraries that make tables is imported: their objects are known by what they can do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AnySet
from typing import Any

import numpy as np

from tf_gd.errors import DataError, plain


def check_one_column(name: str, values: Any) -> None:
    """Raise the error for a whole table, an iterator or a text in place of one column.

    Raises:
        DataError: as `as_vector` does, before anything is read.
    """
    one_column(name, values)


def one_column(name: str, values: Any) -> Any:
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
