"""What goes through the pipe between the parent and the child: length-prefixed JSON, numbers and text only.

Nothing is unpickled and nothing is executed: whatever arrives is parsed as JSON, limited in length, and read as
numbers and text. A number that JSON cannot hold exactly travels as the ratio of two whole numbers in hexadecimal.
"""

import ast
import base64
import json
import struct
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

LONGEST = 64 * 2**20  # bytes of one message
HEADER = struct.Struct(">I")

# Bound here, so that a file that replaces functions of NumPy or of `json` does not change ours.
_dumps, _loads = json.dumps, json.loads
_asarray, _frombuffer, _ndarray, _generic = np.asarray, np.frombuffer, np.ndarray, np.generic


class BrokenMessageError(ValueError):
    """What came through the pipe is no message of ours."""


def pack(message: Any) -> bytes:
    """Return a message as bytes, with its length in front.

    Raises:
        BrokenMessageError: it is longer than a message may be.
    """
    body = _dumps(message, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(body) > LONGEST:
        raise BrokenMessageError(f"a message of {len(body):,} bytes is longer than {LONGEST:,}")
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> dict[str, Any]:
    """Return the message that these bytes hold.

    Raises:
        BrokenMessageError: they hold none.
    """
    try:
        message = _loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise BrokenMessageError(f"not JSON: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise BrokenMessageError("not an object")
    return message


def length_of(header: bytes) -> int:
    """Return how many bytes follow a header.

    Raises:
        BrokenMessageError: more than a message may have.
    """
    length: int = HEADER.unpack(header)[0]
    if length > LONGEST:
        raise BrokenMessageError(f"a message of {length:,} bytes")
    return length


@dataclass(frozen=True)
class PandasValues:
    """What becomes a table of pandas where it is passed, or a column: then there is one, without a name."""

    columns: tuple[tuple[str, Any], ...]

    def made(self) -> Any:
        """Return the DataFrame, or the Series."""
        import pandas  # type: ignore[import-untyped]  # only where the learner's program has it

        named = {name: values.copy() for name, values in self.columns}
        return pandas.Series(named[""]) if "" in named else pandas.DataFrame(named)


@dataclass(frozen=True)
class PythonLiteral:
    """What becomes a number, a text, a tuple or whatever else stands in a source, where it is passed."""

    text: str

    def made(self) -> Any:
        """Return what the text says."""
        return ast.literal_eval(self.text)


class Arguments:
    """The arguments of many calls, each array written once."""

    def __init__(self) -> None:
        self.table: list[Any] = []
        self._index: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no id is given twice

    def encode(self, value: Any) -> Any:
        """Return one argument in JSON's terms; arrays go to the table.

        Raises:
            TypeError: a type of value that no question has.
        """
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, np.ndarray):
            return {"array": self._entry(value)}
        if isinstance(value, np.generic):
            return {"scalar": [dtype_name(value.dtype), base64.b64encode(value.tobytes()).decode()]}
        if isinstance(value, bool | int | float):
            return value
        if isinstance(value, Fraction):
            return {"fraction": [hex(value.numerator), hex(value.denominator)]}
        if isinstance(value, Decimal):
            return {"decimal": str(value)}
        if isinstance(value, PandasValues):
            return {"pandas": [[name, self.encode(values)] for name, values in value.columns]}
        if isinstance(value, PythonLiteral):
            return {"literal": value.text}
        if isinstance(value, dict):
            return {"dict": [[name, self.encode(item)] for name, item in value.items()]}
        if isinstance(value, list | tuple):
            return {"list": [self.encode(item) for item in value]}
        raise TypeError(type(value).__name__)

    def _entry(self, array: Any) -> int:
        if id(array) not in self._index:
            self._kept.append(array)
            self._index[id(array)] = len(self.table)
            self.table.append(self._array(array))
        return self._index[id(array)]

    def _array(self, array: Any) -> Any:
        if array.dtype == object:
            return {"objects": list(array.shape), "items": [self.encode(item) for item in array.ravel()]}
        content = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"dtype": dtype_name(array.dtype), "shape": list(array.shape), "bytes": content}


def decode_array(entry: dict[str, Any]) -> Any:
    """Return an array of the table of `Arguments`; the child calls this."""
    if "objects" in entry:
        array = np.empty(len(entry["items"]), dtype=object)
        array[:] = [decode(item, []) for item in entry["items"]]
        return array.reshape(entry["objects"])
    return _frombuffer(base64.b64decode(entry["bytes"]), dtype=_dtype(entry["dtype"])).reshape(entry["shape"])


def decode(value: Any, arrays: list[Any]) -> Any:
    """Return an argument as the function gets it: every array a copy of its own."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]].copy()
    if "scalar" in value:
        name, content = value["scalar"]
        return _frombuffer(base64.b64decode(content), dtype=_dtype(name))[0]
    if "fraction" in value:
        return Fraction(*(int(number, 16) for number in value["fraction"]))
    if "decimal" in value:
        return Decimal(value["decimal"])
    if "dict" in value:
        return {name: decode(item, arrays) for name, item in value["dict"]}
    if "literal" in value:
        return PythonLiteral(value["literal"]).made()
    if "pandas" in value:
        return PandasValues(tuple((name, decode(one, arrays)) for name, one in value["pandas"])).made()
    return [decode(item, arrays) for item in value["list"]]


@lru_cache
def dtype_name(dtype: Any) -> str:
    """Return a dtype's name, which NumPy puts together anew each time."""
    name: str = dtype.name
    return name


@lru_cache
def _dtype(name: str) -> Any:
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def is_array(value: Any) -> bool:
    """Return whether a value is a NumPy array; NumPy's scalars are none."""
    return isinstance(value, _ndarray)


def is_scalar(value: Any) -> bool:
    """Return whether a value is a NumPy scalar."""
    return isinstance(value, _generic)


def as_array(value: Any) -> Any:
    """Return `numpy.asarray(value)`, whatever became of `numpy.asarray`."""
    return _asarray(value)
