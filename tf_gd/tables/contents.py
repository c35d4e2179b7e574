"""What a file is, told from its first bytes; its name decides only where they leave it open."""

from __future__ import annotations

import shlex
import zipfile
from pathlib import Path

from tf_gd.errors import DataError, plain, printable

_SIGNATURES = {
    b"PAR1": "parquet",
    b"\x93NUMPY": "npy",
    b"\x1f\x8b": "gz",
    b"BZh": "bz2",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x89HDF\r\n\x1a\n": "h5",
    b"MATLAB ": "mat",
    b"ARROW1": "feather",
    b"FEA1": "feather",
    b"SQLite format 3\0": "sqlite",
    b"\x80\x02": "pkl",
    b"\x80\x03": "pkl",
    b"\x80\x04": "pkl",
    b"\x80\x05": "pkl",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "xls",
    b"%PDF-": "pdf",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}
_BINARY_ENDINGS = {
    ".parquet": "parquet", ".npy": "npy", ".npz": "npz", ".xlsx": "xlsx", ".h5": "h5", ".hdf5": "h5", ".mat": "mat",
    ".feather": "feather", ".arrow": "feather", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
    ".pkl": "pkl", ".pickle": "pkl", ".xls": "xls", ".ods": "ods", ".gz": "gz", ".bz2": "bz2", ".zip": "zip",
}  # fmt: skip
PACKED = ("gz", "bz2", "zip")
KINDS = {
    "h5": "an HDF5 file", "mat": "a MATLAB file", "feather": "a Feather file", "sqlite": "an SQLite database",
    "pkl": "a pickle", "xls": "an old spreadsheet (.xls)", "ods": "an OpenDocument spreadsheet", "pdf": "a PDF",
    "xz": "packed by xz", "zst": "packed by Zstandard", "html": "a web page (HTML)", "rtf": "rich text (RTF)",
}  # fmt: skip
"""What is recognized and not read."""


def kind_of(file: Path, data: Path | None = None) -> str:
    """Return what the file holds: a key of `KINDS`, a format of `Dialect`, "gz", "bz2" or "zip".

    Args:
        file: its name.
        data: where its bytes are, if they were unpacked.
    """
    with (data or file).open("rb") as stream:
        start = stream.read(4096)
    detected_kind = next((kind for signature, kind in _SIGNATURES.items() if start.startswith(signature)), None)
    if detected_kind == "zip":
        return _kind_of_zip(data or file)
    if detected_kind == "h5" and file.suffix.lower() == ".mat":
        return "mat"
    if detected_kind:
        return detected_kind
    named = _BINARY_ENDINGS.get(file.suffix.lower())
    if named and data is None:
        return named
    return _kind_of_text(start, file)


def _kind_of_zip(data: Path) -> str:
    """Tell a spreadsheet and an archive of arrays from a plain archive."""
    with zipfile.ZipFile(data) as archive:
        names = archive.namelist()
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names and "mimetype" in names:
        return "ods"
    arrays = all(name.endswith(".npy") for name in names)
    return "npz" if arrays and (names or data.suffix.lower() == ".npz") else "zip"


def _kind_of_text(start: bytes, file: Path) -> str:
    """Tell JSON and web pages from text in columns."""
    head = start.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").removeprefix(b"\xff\xfe").lstrip()
    lowered = head[:200].lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        return "html"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    ending = file.suffix.lower()
    if ending in (".jsonl", ".ndjson", ".json"):
        return "json"
    after = head[1:].lstrip()[:1]
    objects = head.startswith(b"{") and after in (b'"', b"}")
    arrays = head.startswith(b"[") and after in (b"{", b"[", b"]")
    return "json" if objects or arrays else "csv"


def refuse(file: Path, shown: str, kind: str) -> DataError:
    """Return the error for a file that is recognized and not read, with the line that converts it."""
    return DataError(
        f"{shown} must be text, JSON, .xlsx, Parquet or .npy. Got {KINDS[kind]}. {_conversion(file, kind)}"
    )


def _conversion(file: Path, kind: str) -> str:
    """Return what makes a file that is read out of this one."""
    name, table = str(file), str(file.with_suffix(".csv"))
    programs = {
        "mat": f"import scipy.io, numpy; d = scipy.io.loadmat({name!r}); numpy.savez('points.npz', x=d['x'], y=d['y'])",
        "h5": f"import h5py, numpy; f = h5py.File({name!r}); numpy.savez('points.npz', x=f['x'], y=f['y'])",
        "feather": f"import pandas; pandas.read_feather({name!r}).to_csv({table!r}, index=False)",
        "pkl": f"import pandas; pandas.read_pickle({name!r}).to_csv({table!r}, index=False)",
        "xls": f"import pandas; pandas.read_excel({name!r}).to_csv({table!r}, index=False)",
        "ods": f"import pandas; pandas.read_excel({name!r}).to_csv({table!r}, index=False)",
    }
    if kind in programs:
        trust = ", if you trust its author" if kind == "pkl" else ""
        return f"Convert it{trust}: python -c {shlex.quote(programs[kind])}"
    if kind == "sqlite":
        query = "SELECT x, y FROM points"
        return f"Convert it: sqlite3 -header -csv {shlex.quote(name)} {shlex.quote(query)} > points.csv"
    if kind in ("xz", "zst"):
        return f"Unpack it: {'xz' if kind == 'xz' else 'zstd'} -d -k {shlex.quote(name)}"
    return {
        "pdf": "Copy the table into a text file.",
        "html": "Download the data itself (on GitHub: the Raw button).",
        "rtf": "Save it as plain text.",
    }[kind]


def refuse_url(url: str) -> DataError:
    """Return the error for an address in place of a file, with the line that downloads it."""
    name = Path(url.split("?")[0].split("#")[0]).name or "points.csv"
    line = (
        f"curl -L -o {shlex.quote(name)} {shlex.quote(url)}"
        if url.startswith(("http://", "https://", "ftp://"))
        else ""
    )
    return DataError(
        f"{plain(url, 200)} must be a file on this machine. Download it first{f': {plain_line(line)}' if line else '.'}"
    )


def plain_line(text: str) -> str:
    """Return text free of control characters, without quotes around it."""
    return printable(text)[:500]
