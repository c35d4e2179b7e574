"""DuckDB, shut in: it reads the files that it is handed and nothing else.

Paths reach it as parameters, column names as quoted identifiers; no extension is loaded, nothing is fetched
or written, and the settings are locked before the first file is opened.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_gd.errors import printable

if TYPE_CHECKING:
    import duckdb

_SETTINGS: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_directory": "",
    "enable_external_file_cache": False,
}


def connect(files: Iterable[Path], streaming_buffer: str | None = None, **settings: Any) -> "duckdb.DuckDBPyConnection":
    """Return a connection to an empty database in memory that can read `files` only.

    `streaming_buffer` is how much a query may have ready for whoever reads its rows one batch after another.
    """
    import duckdb

    connection = duckdb.connect(":memory:", config={**_SETTINGS, **settings})
    allowed = [name for file in files for name in {_absolute(file), pattern(file)}]
    with suppress(duckdb.InvalidInputException):  # a notebook without ipywidgets: DuckDB reads, but does not count
        connection.execute("SET enable_progress_bar = true")  # counts progress; the next line keeps it off the terminal
        connection.execute("SET enable_progress_bar_print = false")
    connection.execute("SET parquet_metadata_cache = true")
    if streaming_buffer is not None:
        connection.execute("SET streaming_buffer_size = $size", {"size": streaming_buffer})
    connection.execute("SET allowed_paths = $allowed", {"allowed": allowed})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _absolute(file: Path) -> str:
    return file.absolute().as_posix()


def pattern(file: Path) -> str:
    """Return the absolute path of `file` with `*`, `?` and `[` quoted, which DuckDB would expand.

    Example:
        >>> pattern(Path("/data/run[1].csv"))
        '/data/run[[]1].csv'
    """
    return re.sub(r"([*?\[])", r"[\1]", _absolute(file))


def identifier(name: str) -> str:
    """Return `name` quoted as an SQL identifier.

    Example:
        >>> print(identifier('x"; DROP'))
        "x""; DROP"
    """
    return '"' + name.replace('"', '""') + '"'


def reason(error: BaseException) -> str:
    """Return the line of a library's message that says what went wrong, without its advice on its options."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0].split("Error: ", 1)[-1][:200] if lines else type(error).__name__
    return printable(text)
