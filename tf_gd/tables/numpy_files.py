"""`.npy` and `.npz`: arrays without pickles, and archives that unpack to no more than their weight allows."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, plain
from tf_gd.points import Points, as_vector
from tf_gd.tables.advice import FileError
from tf_gd.tables.columns import Choice, Column, Selector, choose, quoted
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.numbers import na_numbers
from tf_gd.tables.unpacking import most_bytes


class Arrays(NamedTuple):
    """Two columns as NumPy holds them, and their names."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any]
    names: tuple[str, str]


def read_npy(file: Path, data: Path, x: Selector, y: Selector, pick: Choice = choose) -> Arrays:
    """Return two columns of the array of shape [n, k], or with named fields, in a `.npy` file.

    Args:
        file: its name, for messages.
        data: where its bytes are.
        x, y: as for `choose`.
        pick: which columns are meant; `choose` or `choose_one`.
    """
    with data.open("rb") as stream:
        array = _load(stream, file, data.stat().st_size)
    if array.dtype.names and array.ndim == 1:
        first, second = pick([Column(name) for name in array.dtype.names], x, y, file)
        names = array.dtype.names[first], array.dtype.names[second]
        return Arrays(array[names[0]], array[names[1]], names)
    if array.ndim == 1 and pick is not choose:
        array = array.reshape(-1, 1)
    if array.ndim != 2:
        raise DataError(f"{quoted(file)} must hold an array of shape [n, k]. Got shape {list(array.shape)}.")
    if array.shape[0] == 2 < array.shape[1]:
        raise DataError(
            f"{quoted(file)} must hold an array of shape [n, 2]. Got shape {list(array.shape)}. Save `array.T`."
        )
    columns = [Column(f"column {position}") for position in range(min(array.shape[1], 1_000_000))]
    first, second = pick(columns, x, y, file)
    return Arrays(array[:, first], array[:, second], (columns[first].name, columns[second].name))


def read_npz(file: Path, data: Path, x: Selector, y: Selector, pick: Choice = choose) -> Arrays:
    """Return two of the arrays of shape [n] in an `.npz` archive."""
    with zipfile.ZipFile(data) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        columns = [Column(member.filename.removesuffix(".npy")) for member in members]
        chosen = pick(columns, x, y, file)
        arrays = [_unpack(archive, members[position], file) for position in chosen]
    first, second = chosen
    return Arrays(arrays[0], arrays[1], (columns[first].name, columns[second].name))


def points_of(file: Path, arrays: Arrays, dialect: Dialect, skip_invalid: bool) -> Points:
    """Return the points, naming the file and the row in what is wrong with them.

    Args:
        file: its name, for messages.
        arrays: the two columns.
        dialect: which numbers stand for a missing value.
        skip_invalid: whether to leave out pairs of which a value is missing.
    """
    try:
        x, y = as_vector("x", arrays.x), as_vector("y", arrays.y)
        if x.size != y.size:
            raise DataError(f"`x` and `y` must have one length. Got {x.size} and {y.size}.")
    except DataError as error:
        raise DataError(f"{quoted(file)}: {error}") from None
    missing = [np.isnan(vector) | np.isin(vector, na_numbers(dialect)) for vector in (x, y)]
    for vector, absent, name in zip((x, y), missing, arrays.names, strict=True):
        wrong = np.isinf(vector) if skip_invalid else absent | np.isinf(vector)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise FileError(
                f"{quoted(file)}, row {row + 1}: {plain(name)} must be finite. Got {vector[row]}",
                [{"skip_invalid": True}] if absent[row] else [],
            )
    left = missing[0] | missing[1]
    if not left.any():
        return Points(x.copy(), y.copy(), *arrays.names)
    told = [
        f"row {row + 1} ({arrays.names[int(not missing[0][row])]}: {(x if missing[0][row] else y)[row]})"
        for row in np.flatnonzero(left)[:3]
    ]
    return Points(x[~left], y[~left], *arrays.names).with_skipped(int(left.sum()), told)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: Path) -> npt.NDArray[Any]:
    """Return one array of the archive, refusing one that unpacks to too much."""
    limit = most_bytes(file)
    if member.file_size > limit:
        raise DataError(
            f"{quoted(file)} must unpack to at most {limit} bytes an array. {plain(member.filename)} says "
            f"{member.file_size}. Save it with `np.savez`, without compression."
        )
    return _load(io.BytesIO(archive.read(member)), file, member.file_size)


def _load(stream: Any, file: Path, size: int) -> npt.NDArray[Any]:
    """Return the array in `stream`, which holds `size` bytes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "additional header parsing": a file from Python 2 is read all the same
        header = _header(stream)
        shape, _, dtype = header
        if dtype.hasobject:
            raise DataError(
                f"{quoted(file)} must hold plain numbers. Got pickled Python objects, which are not loaded."
            )
        if dtype.itemsize * int(np.prod([int(n) for n in shape], dtype=object)) > size:
            raise DataError(f"{quoted(file)} must hold the {list(shape)} values that it announces. Got a shorter file.")
        stream.seek(0)
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, order and dtype as the header announces them."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, order, dtype = read(stream)
    return shape, order, dtype
