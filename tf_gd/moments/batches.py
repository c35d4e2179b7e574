"""The rows of a DuckDB query as NumPy arrays, in the file's order, in memory that does not grow with their number.

DuckDB hands them over by the Arrow C stream interface, whose three structures are spelled out here: that costs a
hundredth of the time of fetching rows, and no further package.

References:
    https://arrow.apache.org/docs/format/CStreamInterface.html
"""

import ctypes
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from tf_gd.points.arrays import Floats

HELD = 3
"""How many batches stay in memory: where each is freed before the next is made, the system clears its pages anew."""


class _Array(ctypes.Structure):
    """`ArrowArray`; its fields follow, because it points to others of its kind."""


class _Stream(ctypes.Structure):
    """`ArrowArrayStream`."""


_Array._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset", "n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Array))),
    *((name, ctypes.c_void_p) for name in ("dictionary", "release", "private_data")),
]
_Stream._fields_ = [
    ("get_schema", ctypes.c_void_p),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Array))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Stream))),
    ("private_data", ctypes.c_void_p),
]
_RELEASE = ctypes.CFUNCTYPE(None, ctypes.POINTER(_Array))


class StreamError(Exception):
    """DuckDB could not go on; the message is its own."""


def batches(relation: Any) -> Iterator[list[Floats]]:
    """Yield the columns of a DuckDB relation, all of them DOUBLE, batch by batch; what is NULL is NaN.

    The arrays are valid until the next batch is asked for.

    Raises:
        StreamError: a row could not be read.
    """
    capsule = relation.__arrow_c_stream__()
    stream = _Stream.from_address(_pointer(capsule))
    held: deque[_Array] = deque()
    try:
        while True:
            array = _Array()
            if stream.get_next(ctypes.byref(stream), ctypes.byref(array)):
                message = stream.get_last_error(ctypes.byref(stream)) or b"DuckDB stopped"
                raise StreamError(message.decode(errors="replace"))
            if not array.release:
                return
            held.append(array)
            yield [_values(array.children[at].contents) for at in range(array.n_children)]
            if len(held) == HELD:
                _free(held.popleft())
    finally:
        for array in held:
            _free(array)
        stream.release(ctypes.byref(stream))  # now, not when the capsule goes: the connection takes one query at a time


def _pointer(capsule: object) -> int:
    """Return the address that a capsule of Python's C interface holds."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address: int = get(capsule, b"arrow_array_stream")
    return address


def _values(column: _Array) -> Floats:
    """Return the values of a column of DOUBLE; a copy where some are missing, or else a view."""
    first, end = column.offset, column.offset + column.length
    if not column.length:
        return np.empty(0)
    doubles = ctypes.cast(column.buffers[1], ctypes.POINTER(ctypes.c_double))
    values = np.ctypeslib.as_array(doubles, (end,))[first:]
    if not column.null_count or not column.buffers[0]:
        return values
    bits = np.ctypeslib.as_array(ctypes.cast(column.buffers[0], ctypes.POINTER(ctypes.c_uint8)), (-(-end // 8),))
    return np.where(np.unpackbits(bits, count=end, bitorder="little")[first:], values, np.nan)


def _free(array: _Array) -> None:
    """Give a batch back to DuckDB."""
    _RELEASE(array.release)(ctypes.byref(array))
