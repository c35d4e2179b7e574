"""`.npy` and `.npz`: arrays without pickles, and archives that unpack to no more than their weight allows."""

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import DataError, plain
from tf_gd.points import Points
from tf_gd.tables.columns import Column, Selector, choose, quoted

MAX_EXPANSION = 100
"""How many times its own weight an archive may unpack to ..."""
ALWAYS_UNPACKED = 64 * 2**20
"""... or up to this many bytes, whichever is more."""


def read_npy(file: Path, x: Selector, y: Selector) -> Points:
    """Return two columns of the array of shape [n, k] in a `.npy` file."""
    with file.open("rb") as stream:
        array = _load(stream, file, file.stat().st_size)
    if array.ndim != 2:
        raise DataError(f"{quoted(file)} must hold an array of shape [n, k]. Got shape {list(array.shape)}.")
    columns = [Column(f"column {position}") for position in range(min(array.shape[1], 1_000_000))]
    first, second = choose(columns, x, y, file)
    return _points(file, (array[:, first], array[:, second]), (columns[first].name, columns[second].name))


def read_npz(file: Path, x: Selector, y: Selector) -> Points:
    """Return two of the arrays of shape [n] in an `.npz` archive."""
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        columns = [Column(member.filename.removesuffix(".npy")) for member in members]
        chosen = choose(columns, x, y, file)
        arrays = [_unpack(archive, members[position], file) for position in chosen]
    first, second = chosen
    return _points(file, (arrays[0], arrays[1]), (columns[first].name, columns[second].name))


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: Path) -> npt.NDArray[Any]:
    """Return one array of the archive, refusing one that unpacks to too much."""
    limit = max(ALWAYS_UNPACKED, MAX_EXPANSION * file.stat().st_size)
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


def _points(file: Path, arrays: tuple[npt.NDArray[Any], npt.NDArray[Any]], names: tuple[str, str]) -> Points:
    """Return the points, naming the file and the row in what is wrong with them."""
    for array, name in zip(arrays, names, strict=True):
        if array.dtype.kind == "f" and array.ndim == 1 and not np.isfinite(array).all():
            row = int(np.argmin(np.isfinite(array)))
            raise DataError(
                f"{quoted(file)}, row {row + 1}: {plain(name)} must be finite. Got {array[row]}. Correct or remove it."
            )
    try:
        return Points(arrays[0].copy(), arrays[1].copy(), *names)
    except DataError as error:
        raise DataError(f"{quoted(file)}: {error}") from None
