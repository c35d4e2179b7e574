"""The points: validated once, read-only ever after; and the bundled samples."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, invalid, plain


def as_vector(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return `values` as a one-dimensional floating array; floats keep their dtype, integers become float64.

    Raises:
        DataError: not numeric, not one-dimensional, empty, or an integer that float64 cannot hold exactly.

    Example:
        >>> as_vector("x", [1, 2])
        array([1., 2.])
    """
    if np.ma.is_masked(values):
        raise DataError(f"`{name}` must hold a number everywhere. Got masked values. Use `.compressed()`.")
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"`{name}` must be a one-dimensional array of numbers. Got ragged rows.") from None
    if array.ndim == 0:
        value = f"{plain(values)}, a single value"
        raise DataError(f"`{name}` must be one-dimensional, shape [n]. Got {value}. Give a list or an array.")
    if array.ndim > 1:
        raise DataError(f"`{name}` must be one-dimensional, shape [n]. Got shape {list(array.shape)}. Try `.ravel()`.")
    if array.size == 0:
        raise DataError(f"`{name}` must hold at least one number. Got an empty array.")
    if array.dtype.kind in "iu":
        return _exact(name, array)
    if array.dtype.kind == "f" or array.dtype.name == "bfloat16":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    raise DataError(f"`{name}` must be numbers. Got dtype {array.dtype.name}. Convert it first.")


def _exact(name: str, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return integers as float64, refusing those that would change on the way."""
    floats = array.astype(np.float64)
    if np.abs(floats).max() >= 2**53:
        for index in np.flatnonzero(floats.astype(object) != array.astype(object)):
            raise DataError(f"`{name}` must fit float64 exactly. Got {array[index]} at index {index}.")
    return floats


@dataclass(frozen=True)
class Points:
    """Observations (x_i, y_i): two read-only vectors of one length and dtype, every value finite.

    Args:
        x, y: shape [n], n at least 1. Floats keep their dtype (the wider one when they differ).
        x_name, y_name: the column names, for figures and messages.

    Attributes:
        skipped: how many pairs were left out because a value is missing.
        first_skipped: which were the first of them, and what is there in place of a number.

    Raises:
        DataError: different lengths, not one-dimensional, empty, not numeric, or not finite (the index is
            named).

    Example:
        >>> Points([1, 2, 3], [2, 4, 6]).n
        3
    """

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    x_name: str = "x"
    y_name: str = "y"
    skipped: int = 0
    first_skipped: tuple[str, ...] = ()

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

    def with_skipped(self, count: int, first: Iterable[str]) -> "Points":
        """Return the same points, which say how many pairs were left out, and which of them were the first."""
        points = Points(self.x, self.y, self.x_name, self.y_name)
        object.__setattr__(points, "skipped", count)
        object.__setattr__(points, "first_skipped", tuple(first))
        return points

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
                advice = "Scale the points." if wanted == np.float64 else "Try a wider dtype."
                raise DataError(f"`{name}` must fit {wanted.name}. Got {before[index]!s} at index {index}. {advice}")
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
    view: npt.NDArray[Any] = vector.astype(dtype, copy=False).view()
    view.flags.writeable = False
    return view


_SAMPLES = {
    "hubble1929": ("hubble1929.csv", "distance_mpc", "velocity_km_s", None),
    "norris": ("norris.csv", "x", "y", None),
    "anscombe-1": ("anscombe.csv", "x", "y", "I"),
    "anscombe-2": ("anscombe.csv", "x", "y", "II"),
    "anscombe-3": ("anscombe.csv", "x", "y", "III"),
    "anscombe-4": ("anscombe.csv", "x", "y", "IV"),
    "noint1": ("noint1.csv", "x", "y", None),
    "noint2": ("noint2.csv", "x", "y", None),
}
"""File, x column, y column, and the rows' `set` where the file holds several samples."""

SAMPLES = tuple(_SAMPLES)


def sample(name: str) -> Points:
    """Return a bundled sample, float64.

    Args:
        name: "hubble1929" (distance in Mpc, velocity in km/s, n = 24), "norris" (36), "anscombe-1" to
            "anscombe-4" (11 each), "noint1" (11) or "noint2" (3).

    Raises:
        InvalidArgumentError: there is no such sample.

    Example:
        >>> sample("hubble1929").x_name
        'distance_mpc'

    References:
        E. Hubble, PNAS 15(3):168, 1929; NIST StRD Norris, NoInt1 and NoInt2; F. J. Anscombe, The American
        Statistician 27(1), 1973.
    """
    if name not in SAMPLES:
        raise invalid("name", f"one of {', '.join(SAMPLES)}", name)
    file, x, y, wanted = _SAMPLES[name]
    with files("tf_gd").joinpath("datasets").joinpath(file).open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if wanted is None or row["set"] == wanted]
    return Points([float(row[x]) for row in rows], [float(row[y]) for row in rows], x, y)
