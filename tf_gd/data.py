"""The points: validated once, read-only ever after."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError


def as_vector(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return `values` as a one-dimensional floating array; floats keep their dtype, integers become float64.

    Raises:
        DataError: not numeric, not one-dimensional, empty, or an integer that float64 cannot hold exactly.

    Example:
        >>> as_vector("x", [1, 2])
        array([1., 2.])
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"`{name}` must be a one-dimensional array of numbers. Got ragged rows.") from None
    if array.ndim != 1:
        raise DataError(
            f"`{name}` must be one-dimensional, shape [n]. Got shape {list(array.shape)}. Try `.ravel()`."
        )
    if array.size == 0:
        raise DataError(f"`{name}` must hold at least one number. Got an empty array.")
    if array.dtype.kind in "iu":
        return _exact(name, array)
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return array
    raise DataError(f"`{name}` must be numbers. Got dtype {array.dtype.name}. Convert it first.")


def _exact(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return integers as float64, refusing those that would change on the way."""
    floats = array.astype(np.float64)
    changed = np.flatnonzero(floats.astype(object) != array) if np.abs(floats).max() > 2**53 else []
    if len(changed):
        row = int(changed[0])
        raise DataError(
            f"`{name}` must fit its dtype. Got {array[row]} at index {row}, too large for float64."
        )
    return floats


@dataclass(frozen=True)
class Points:
    """Observations (x_i, y_i): two read-only vectors of one length and dtype, every value finite.

    Args:
        x, y: shape [n], n at least 1. Floats keep their dtype (the wider one when they differ).
        x_name, y_name: the column names, for figures and messages.

    Raises:
        DataError: different lengths, not one-dimensional, empty, not numeric, or NaN or infinity (the index is named).

    Example:
        >>> Points([1, 2, 3], [2, 4, 6]).n
        3
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    x_name: str = "x"
    y_name: str = "y"

    def __init__(self, x: npt.ArrayLike, y: npt.ArrayLike, x_name: str = "x", y_name: str = "y") -> None:
        x_vector, y_vector = as_vector("x", x), as_vector("y", y)
        if x_vector.size != y_vector.size:
            raise DataError(f"`x` and `y` must have one length. Got {x_vector.size} and {y_vector.size}.")
        dtype = np.result_type(x_vector, y_vector)
        for name, vector in (("x", x_vector), ("y", y_vector)):
            object.__setattr__(self, name, _frozen(name, vector, dtype))
        object.__setattr__(self, "x_name", x_name)
        object.__setattr__(self, "y_name", y_name)

    @property
    def n(self) -> int:
        """The number of points."""
        return int(self.x.size)

    def __iter__(self) -> Any:
        """Unpack as `x, y = points`."""
        return iter((self.x, self.y))

    def astype(self, dtype: npt.DTypeLike) -> "Points":
        """Return the points in another dtype.

        Raises:
            DataError: a value is too large for `dtype`.
        """
        wanted = np.dtype(dtype)
        if wanted == self.x.dtype:
            return self
        with np.errstate(over="ignore"):
            x, y = self.x.astype(wanted), self.y.astype(wanted)
        for name, before, after in (("x", self.x, x), ("y", self.y, y)):
            lost = np.flatnonzero(~np.isfinite(after))
            if lost.size:
                index = int(lost[0])
                raise DataError(
                    f"`{name}` must fit {wanted.name}. Got {before[index]} at index {index}. Try a wider dtype."
                )
        return Points(x, y, self.x_name, self.y_name)


def _frozen(name: str, vector: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return a read-only view of `vector` as `dtype`, refusing NaN and infinity."""
    finite = np.isfinite(vector)
    if not finite.all():
        index = int(np.argmin(finite))
        raise DataError(
            f"`{name}` must be finite. Got {vector[index]} at index {index} "
            f"({vector.size - int(finite.sum())} such in all). Remove or replace it."
        )
    view = vector.astype(dtype, copy=False).view()
    view.flags.writeable = False
    return view
