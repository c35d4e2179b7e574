"""What a function returned, as plain data of JSON's types: numbers exactly, with their dtypes."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from itertools import islice
from numbers import Rational
from types import SimpleNamespace
from typing import Any

from tf_gd.diagnosis.pipe import as_array, dtype_name, is_scalar
from tf_gd.errors import plain

MOST_ITEMS = 64  # of a returned array or sequence, this many are told; for a longer one its length
MOST_BITS = 1 << 14  # of a whole number or a fraction that comes back


def tell(value: Any, depth: int = 3) -> list[Any]:
    """Return what a function returned, as plain data.

    ["number", dtype, number], dtype "exact" for whole numbers and fractions, "float" for Python's floats;
    ["array", dtype, shape, numbers]; ["list", type, length, items]; ["fields", type, [[name, item], ...]];
    ["none"]; ["other", type, text]. A number is a float, or two hexadecimal whole numbers, "p/q".
    """
    if value is None:
        return ["none"]
    if isinstance(value, bool | str | bytes | complex) or type(value).__name__ == "bool_":
        return _other(value)
    number = _number(value)
    if number is not None:
        return number
    if depth == 0:
        return _other(value)
    if (named := _fields(value)) is not None:
        return ["fields", type_name(value), [[str(key)[:80], tell(item, depth - 1)] for key, item in named]]
    array = None if isinstance(value, list | tuple) else _as_numbers(value)
    if array is not None:
        items = array.ravel()[:MOST_ITEMS] if array.size <= MOST_ITEMS else []
        return ["array", dtype_name(array.dtype), list(array.shape), [_exact(item.item()) for item in items]]
    try:
        items = list(islice(iter(value), MOST_ITEMS + 1))
    except TypeError:
        return _other(value)
    length = len(value) if hasattr(value, "__len__") else len(items)
    return ["list", type_name(value), length, [tell(item, depth - 1) for item in items] if length <= MOST_ITEMS else []]


def _fields(value: Any) -> list[tuple[Any, Any]] | None:
    """Return (name, item) for a dict, a named tuple, a dataclass, or an object that holds two or more numbers."""
    if isinstance(value, Mapping):
        return list(islice(value.items(), MOST_ITEMS))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    attributes = getattr(value, "__dict__", None)
    plain_object = isinstance(value, SimpleNamespace) or type(value).__module__ in ("learner", "__main__")
    return list(islice(attributes.items(), MOST_ITEMS)) if attributes and plain_object else None


def _number(value: Any) -> list[Any] | None:
    """Return a single number of any kind that Python can read as one."""
    if is_scalar(value):
        return ["number", dtype_name(value.dtype), _exact(value.item())] if _real(value.dtype) else None
    if isinstance(value, float):
        return ["number", "float", float(value)]
    if isinstance(value, Rational):
        return ["number", "exact", _exact(value)]
    if isinstance(value, Decimal):
        return ["number", "decimal", _exact(value)]
    if hasattr(value, "__float__") and not hasattr(value, "__len__") and not hasattr(value, "shape"):
        try:
            return ["number", type_name(value), float(value)]  # mpmath, SymPy
        except (TypeError, ValueError, OverflowError):
            return None
    return None


def _real(dtype: Any) -> bool:
    return dtype.kind in "fiu" or dtype_name(dtype) == "bfloat16"


def _as_numbers(value: Any) -> Any:
    """Return an array of real numbers, of NumPy or of another library; None where it is none."""
    if not hasattr(value, "__array__"):
        return None
    try:
        array = as_array(value)
    except Exception:
        return None
    return array if _real(array.dtype) else None


def _exact(number: Any) -> Any:
    """Return a float as it is, any other number as the ratio of two whole ones, in hexadecimal."""
    if isinstance(number, float):
        return float(number)
    if isinstance(number, Decimal) and not number.is_finite():
        return float(number)
    try:
        top, bottom = (int(part) for part in number.as_integer_ratio())
    except (OverflowError, ValueError):
        return float(number)
    except AttributeError:
        top, bottom = int(number.numerator), int(number.denominator)
    if max(top.bit_length(), bottom.bit_length()) > MOST_BITS:
        return float("inf") if top > 0 else float("-inf")
    return f"{top:x}/{bottom:x}"


def _other(value: Any) -> list[Any]:
    try:
        text = plain(value)
    except Exception:
        text = "?"
    return ["other", type_name(value), text]


def type_name(value: Any) -> str:
    return str(type(value).__name__)[:80]
