"""The points: validated once, read-only ever after."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError
from tf_gd.points.arrays import read_only
from tf_gd.points.vectors import Vector, vector_of


@dataclass(frozen=True)
class Points:
    """Observations (x_i, y_i): two read-only vectors of one length and dtype, every value finite.

    Args:
        x, y: shape [n], n at least 1; also [n, 1] and [1, n], and a column of a table of pandas, polars or Arrow.
            Floats keep their dtype (the wider one when they differ).
        x_name, y_name: the column names, for figures and messages.
        skip_invalid: leave out pairs of which a value is missing: NaN, None, masked or null.

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

    def __init__(
        self,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        x_name: str = "x",
        y_name: str = "y",
        *,
        skip_invalid: bool = False,
    ) -> None:
        vectors = vector_of("x", x), vector_of("y", y)
        dtype = common_dtype(*(vector.values for vector in vectors))
        keep = _kept(vectors) if skip_invalid else None
        for name, vector in zip("xy", vectors, strict=True):
            object.__setattr__(self, name, _frozen(name, vector, keep, dtype))
        object.__setattr__(self, "x_name", x_name)
        object.__setattr__(self, "y_name", y_name)
        if keep is not None:
            first = [f"index {index}" for index in np.flatnonzero(~keep)[:3]]
            self._note_skipped(int((~keep).sum()), first)

    @property
    def n(self) -> int:
        """The number of points."""
        return int(self.x.size)

    def with_skipped(self, count: int, first: Iterable[str]) -> "Points":
        """Return the same points, which say how many pairs were left out, and which of them were the first."""
        points = Points(self.x, self.y, self.x_name, self.y_name)
        points._note_skipped(count, first)
        return points

    def _note_skipped(self, count: int, first: Iterable[str]) -> None:
        object.__setattr__(self, "skipped", count)
        object.__setattr__(self, "first_skipped", tuple(first))

    def __iter__(self) -> Iterator[npt.NDArray[Any]]:
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


def common_dtype(x: npt.NDArray[Any], y: npt.NDArray[Any]) -> np.dtype[Any]:
    """Return the dtype of points made of two vectors, the wider one; raise `DataError` where their lengths differ."""
    if x.size != y.size:
        raise DataError(f"`x` and `y` must have one length. Got {x.size} and {y.size}.")
    return np.result_type(x, y)


def _kept(vectors: tuple[Vector, Vector]) -> npt.NDArray[np.bool_] | None:
    """Return which pairs have both values; None where all have."""
    missing: npt.NDArray[np.bool_] = np.isnan(vectors[0].values) | np.isnan(vectors[1].values)
    if not missing.any():
        return None
    if missing.all():
        raise DataError("`x` and `y` must hold at least one pair. Got a missing value in each. Look at where they are.")
    return ~missing


def _frozen(name: str, vector: Vector, keep: npt.NDArray[np.bool_] | None, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return a read-only view of `vector` as `dtype`, refusing NaN and infinity in what is kept."""
    values = vector.values if keep is None else vector.values[keep]
    finite = np.isfinite(values)
    if not finite.all():
        raise _not_finite(name, vector, values, finite, skipping=keep is not None)
    return read_only(values.astype(dtype, copy=False))


def _not_finite(
    name: str, vector: Vector, values: npt.NDArray[Any], finite: npt.NDArray[np.bool_], skipping: bool
) -> DataError:
    """Return the error for the first value that is missing or infinite."""
    index, count = int(np.argmin(finite)), values.size - int(finite.sum())
    many = f"({count} such in all)"
    if skipping or np.isinf(values[index]):
        return DataError(f"`{name}` must be finite. Got {values[index]} at index {index} {many}. Remove or replace it.")
    advice = "Leave such pairs out: `x, y = tf_gd.Points(x, y, skip_invalid=True)`."
    if vector.found is not None and vector.found[0] == index:
        return DataError(
            f"`{name}` must hold a number everywhere. Got {vector.found[1]} at index {index} {many}. {advice}"
        )
    return DataError(f"`{name}` must be finite. Got {values[index]} at index {index} {many}. {advice}")
