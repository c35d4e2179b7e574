"""A trajectory on disk: its series as .csv, .parquet or .json, and what else is known of it beside them.

.json holds the series as arrays, and everything else as members of the same object; .parquet holds everything else in
its metadata; .csv holds the series alone, so that any program reads it.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_gd.errors import DataError, plain
from tf_gd.tables.columns import quoted
from tf_gd.tables.contents import kind_of
from tf_gd.tables.database import connect, pattern
from tf_gd.tables.opening import one_line_errors, regular_file
from tf_gd.tables.writing import ColumnValues, Where, check_table, draft_of, save_table

SERIES = ("step", "m", "c", "loss", "gradient_m", "gradient_c")
_KEY = "tf_gd"


class Saved(NamedTuple):
    """What a file holds of a trajectory: its series, and what else is known of it."""

    series: dict[str, list[Any]]
    about: dict[str, Any]


def save_trajectory(series: ColumnValues, about: Mapping[str, Any], path: Where) -> None:
    """Write a trajectory to `path`, as .csv, .json or .parquet by its ending.

    Args:
        series: `SERIES`, as lists of Python's numbers.
        about: what else is known, as values of JSON.
        path: where to.

    Raises:
        InvalidArgumentError: another ending.
        DataError: the file cannot be written.
    """
    check_table(path)
    ending = Path(path).suffix.lower()
    if ending == ".csv":
        save_table(series, path)
        return
    with draft_of(path) as draft:
        if ending == ".json":
            draft.write_text(json.dumps({**series, **about}), encoding="utf-8")
        else:
            _write_parquet(series, about, draft)


def _write_parquet(series: ColumnValues, about: Mapping[str, Any], draft: Path) -> None:
    import duckdb
    import numpy as np

    target, known = (text.replace("'", "''") for text in (str(draft), json.dumps(about)))
    with duckdb.connect() as connection:
        connection.register("series", {name: np.asarray(values) for name, values in series.items()})
        connection.execute(f"COPY series TO '{target}' (FORMAT parquet, KV_METADATA {{{_KEY}: '{known}'}})")


def read_saved(path: Where) -> Saved:
    """Return what `save_trajectory` wrote.

    Raises:
        DataError: there is no such file, or it holds something else.
    """
    file = regular_file(path)
    with one_line_errors(file):
        read = {"parquet": _read_parquet, "json": _read_json}.get(kind_of(file), _read_csv)
        saved = read(file)
        lengths = {len(saved.series.get(name, ())) for name in SERIES}
        if len(lengths) != 1 or lengths == {0}:
            got = ", ".join(plain(name, 30) for name in list(saved.series)[:8]) or "no columns"
            raise DataError(
                f"{quoted(file)} must hold a trajectory, the columns {', '.join(SERIES)}. Got {got}. "
                "Name a file that `Trajectory.save` or --output wrote."
            )
    return saved


def _read_json(file: Path) -> Saved:
    values = _object(file, file.read_text(encoding="utf-8"))
    series = {name: values[name] for name in SERIES if isinstance(values.get(name), list)}
    return Saved(series, {name: value for name, value in values.items() if name not in series})


def _read_parquet(file: Path) -> Saved:
    with connect([file]) as connection:
        parameters = {"path": pattern(file)}
        fetched = connection.execute("SELECT * FROM read_parquet($path)", parameters).fetchnumpy()
        known = connection.execute("SELECT value FROM parquet_kv_metadata($path) WHERE key = 'tf_gd'", parameters)
        row = known.fetchone()
    series = {name: fetched[name].tolist() for name in SERIES if name in fetched}
    return Saved(series, _object(file, bytes(row[0]).decode()) if row else {})


def _read_csv(file: Path) -> Saved:
    import csv

    with file.open(newline="", encoding="utf-8") as stream:
        names, *rows = list(csv.reader(stream))
    series: dict[str, list[Any]] = {
        name: [float(row[at]) for row in rows] for at, name in enumerate(names) if name in SERIES
    }
    if "step" in series:
        series["step"] = [int(step) for step in series["step"]]
    return Saved(series, {})


def _object(file: Path | str, text: str) -> dict[str, Any]:
    """Return a JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise DataError(f"{quoted(file)} must be a JSON object. Got {plain(text[:40])}. Name what --json printed.")
    return value


def read_line(path: Where) -> tuple[float, float]:
    """Return the slope and the intercept in a file: what `tf-gd train --json` printed, or its --output wrote as .json.

    Args:
        path: the file; "-" is standard input.

    Raises:
        DataError: there is no such file, or no line of two finite numbers in it.
    """
    if os.fspath(path) == "-":
        name, values = "standard input", _object("standard input", sys.stdin.read())
    else:
        file = regular_file(path)
        with one_line_errors(file):
            name, values = quoted(file), _object(file, file.read_text(encoding="utf-8-sig"))
    line = values.get("line", values)
    pair = [line.get(key) for key in ("m", "c")] if isinstance(line, dict) else [None, None]
    last: list[Any] = [value[-1] if isinstance(value, list) and value else value for value in pair]
    m, c = last
    if not (_is_finite(m) and _is_finite(c)):
        raise DataError(
            f'{name} must hold a line, {{"line": {{"m": 2.0, "c": 1.0}}}}. Got m = {plain(m)} and c = {plain(c)}. '
            "Name what `tf-gd train --json` printed of a run that did not diverge."
        )
    return float(m), float(c)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
