"""Arrays of any length as they go through the pipe, and what is no array told apart."""

import base64
import binascii
import math
from typing import Any, cast

import numpy as np

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.model.finite_differences import UNITS
from tf_gd.diagnosis.model.model_problem import ModelProblem
from tf_gd.diagnosis.pipe import Arguments
from tf_gd.points.arrays import Array, Floats

PipedAnswer = dict[str, Any]

MOST = 100  # arrays, or facts, in one answer
DTYPES = {*UNITS, "bool", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}


def packed(array: Array) -> dict[str, Any]:
    """Return an array as it goes through the pipe."""
    arguments = Arguments()
    arguments.encode(np.asarray(array))
    return cast("dict[str, Any]", arguments.table[0])


def arrays_of(answer: PipedAnswer) -> list[Array]:
    """Return the arrays of an answer."""
    entries = answer.get("arrays")
    if not isinstance(entries, list) or len(entries) > MOST:
        raise garbled("arrays are missing")
    return [array_of(entry) for entry in entries]


def vector_of(answer: PipedAnswer, problem: ModelProblem) -> Floats:
    """Return the only array of an answer, which has one number for each parameter."""
    arrays = arrays_of(answer)
    if len(arrays) != 1 or arrays[0].shape != (problem.size,) or arrays[0].dtype.kind != "f":
        raise garbled("a gradient has another size")
    return np.asarray(arrays[0], np.float64)


def array_of(entry: Any) -> Array:
    """Return an array that came through the pipe, if it is one."""
    match entry:
        case {"dtype": str(name), "shape": list(shape), "bytes": str(text)} if name in DTYPES:
            if all(type(length) is int and length >= 0 for length in shape):
                return _from_bytes(name, shape, text)
    raise garbled("no array")


def _from_bytes(name: str, shape: list[int], text: str) -> Array:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise garbled("an array is broken") from None
    if name == "bfloat16":
        import ml_dtypes

        dtype = np.dtype(ml_dtypes.bfloat16)
    else:
        dtype = np.dtype(name)
    if len(content) != math.prod(shape) * dtype.itemsize or len(shape) > 32:
        raise garbled("an array has another size")
    array: Array = np.frombuffer(content, dtype).reshape(shape).copy()
    return array


def garbled(why: str) -> Misbehaved:
    """Return the fault of a file whose child sent something else than an answer."""
    message = f"What came back is no answer ({why}). Does the file write to open files by number?"
    return Misbehaved("cannot-check", message)
