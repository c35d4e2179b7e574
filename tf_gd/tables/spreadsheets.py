"""Spreadsheets (.xlsx): the values of one sheet's cells, and nothing else.

calamine is handed a new archive in memory with the parts that hold values. So no link is followed, no macro is there
to run, and nothing unpacks to more than was counted.
"""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_gd.errors import DataError, plain
from tf_gd.tables.advice import FileError
from tf_gd.tables.columns import quoted
from tf_gd.tables.copies import SAMPLED, Cells, copied
from tf_gd.tables.dialect import Dialect
from tf_gd.tables.headers import is_header
from tf_gd.tables.source import Source
from tf_gd.tables.temporary_folder import Aside

MAX_UNPACKED = 2**28
"""Bytes that a workbook's parts may take."""
MAX_CELLS = 2**25
"""Cells of the rectangle around a sheet's values."""
_PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/(_rels/[^/]+\.rels|workbook\.xml|styles\.xml|sharedStrings\.xml"
    r"|worksheets/[^/]+\.xml)",
    re.IGNORECASE,
)
_CELL = re.compile(rb"""\br=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")


def open_spreadsheet(file: Path, data: Path, dialect: Dialect, aside: Aside) -> Source:
    """Return one sheet of a workbook as a source.

    Args:
        file: its name, for messages.
        data: where its bytes are.
        dialect: which sheet, and how it is written.
        aside: where a copy may be written.

    Raises:
        DataError: no workbook, a password, too large, no such sheet, or doubt about the header.
    """
    rows = _rows(file, data, dialect)
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(row) and number > dialect.skip_rows]
    if not filled:
        raise DataError(f"{quoted(file)} must hold points. Got an empty sheet. Choose another by `sheet`.")
    used = [
        at for at in range(max(len(row) for _, row in filled)) if any(row[at : at + 1] != [""] for _, row in filled)
    ]
    table = [(number, [row[at] if at < len(row) else "" for at in used]) for number, row in filled]
    top = _top(file, table)
    header = is_header(f"{quoted(file)}, row {top}", [row for _, row in table[:SAMPLED]], dialect, top)
    names = [name.strip() for name in table[0][1]] if header else [f"column {at}" for at in range(len(used))]

    def read() -> Iterator[Cells]:
        for number, row in table[header:]:
            yield Cells(f"row {number}", row)

    return copied(file, names, read, dialect, aside)


def _top(file: Path, table: list[tuple[int, list[str]]]) -> int:
    """Return the first row's number, refusing a title above the table."""
    counts = [sum(map(bool, row)) for _, row in table[:SAMPLED]]
    if counts[0] == 1 and len(counts) > 1 and max(counts) > 1:
        start = table[next(at for at, count in enumerate(counts) if count == max(counts))][0]
        got = next(text for text in table[0][1] if text)
        raise FileError(
            f"{quoted(file)}, row {table[0][0]}: must be a row of the table or its header. Got {plain(got)}",
            [{"skip_rows": start - 1}],
        )
    return table[0][0]


def _rows(file: Path, data: Path, dialect: Dialect) -> list[list[str]]:
    """Return the values of a sheet as text, from its first cell on."""
    try:
        from python_calamine import CalamineWorkbook

        workbook = CalamineWorkbook.from_filelike(io.BytesIO(_repacked(file, data)))
        sheet = workbook.get_sheet_by_name(_sheet(file, list(workbook.sheet_names), dialect))
        return [[_text(value, dialect.decimal) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    except DataError:
        raise
    except BaseException as error:  # calamine's panics are no `Exception`
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise DataError(f"{quoted(file)} cannot be read: not a sound .xlsx file. Save it again.") from None
        raise


def _repacked(file: Path, data: Path) -> bytes:
    """Return an archive of the parts that hold values, each unpacked and counted."""
    target, total = io.BytesIO(), 0
    with zipfile.ZipFile(data) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as copy:
        for name in dict.fromkeys(source.namelist()):
            if not _PARTS.fullmatch(name):
                continue
            with source.open(name) as part:
                content = part.read(MAX_UNPACKED - total + 1)
            total += len(content)
            if total > MAX_UNPACKED:
                raise DataError(
                    f"{quoted(file)} must unpack to at most {MAX_UNPACKED} bytes. Got more. Save it as .csv."
                )
            if name.lower().startswith("xl/worksheets/"):
                _check_size(file, content)
            copy.writestr(name, content)
    return target.getvalue()


def _check_size(file: Path, sheet: bytes) -> None:
    """Refuse a sheet whose cells are so far apart that the rectangle around them would not fit in memory."""
    width = height = 0
    for column, row in _CELL.findall(sheet):
        number = 0
        for letter in column.upper():
            number = 26 * number + letter - 64
        width, height = max(width, number), max(height, int(row))
    if width * height > MAX_CELLS:
        raise DataError(
            f"{quoted(file)} must have at most {MAX_CELLS} cells in a sheet. Got {height} rows of {width}. "
            "Delete the cells beside the table, or save it as .csv."
        )


def _sheet(file: Path, names: list[str], dialect: Dialect) -> str:
    """Return the name of the sheet that was said, the first where none was."""
    if not names:
        raise DataError(f"{quoted(file)} must have a sheet. Got none.")
    wanted = dialect.sheet
    if wanted is None:
        return names[0]
    if wanted in names:
        return str(wanted)
    if str(wanted).isdecimal() and len(str(wanted)) < 6 and int(wanted) < len(names):
        return names[int(wanted)]
    shown = ", ".join(plain(name, 30) for name in names[:8])
    raise DataError(f"`sheet` must be one of {quoted(file)}: {shown}. Got {plain(wanted)}. Choose one of them.")


def _text(value: Any, decimal: str) -> str:
    """Return a cell's value as text; a number as short as float64 allows, with the decimal mark of the text cells."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value).replace(".", decimal)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
