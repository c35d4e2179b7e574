"""The catalogue of bad files: each gives one clear line that names the file, the line or row, and what to do."""

import io
import os
import pickle
import sys
import tracemalloc
import zipfile
from pathlib import Path

import duckdb
import numpy as np
import pytest
from support.hostile_files import BAD_CELLS

import tf_gd
from tf_gd.tables import parquet_files as parquet
from tf_gd.tables import unpacking
from tf_gd.tables.database import connect, pattern


def refusal(file: Path, data: bytes | None = None, **columns: str | int) -> str:
    """Return the one line with which `read_points` refuses the file."""
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(tf_gd.DataError) as caught:
        tf_gd.read_points(file, **columns)
    message = str(caught.value)
    assert message.isprintable()
    return message.replace(repr(str(file)), "F")


CSV = {
    "empty": (b"", "F must hold points. Got an empty file."),
    "only blank lines": (b"\n\n", "F must hold points. Got an empty file."),
    "only a header": (b"x,y\n", "F must hold at least one point. Got none below the header."),
    "one column": (b"x\n1\n", "F must have two columns or more. Got 1 column: 'x'."),
    "text": (b"x,y\n1,2\n3,abc\n", "F, line 3: 'y' must be a number. Got 'abc'. Add na='abc', skip_invalid=True"),
    "text on line 7, after blank lines": (b"x,y\n\n1,2\n\n\n3,4\n5,?\n", "F, line 7: 'y' must be a number. Got '?'"),
    "text after a quoted line break": (b'x,y\n1,2\n"3\n",4\n5,?\n', "F, line 5: 'y' must be a number. Got '?'"),
    "missing": (b"x,y\n1,2\n3,\n", "F, line 3: 'y' must be a number. Got nothing."),
    "NaN": (b"x,y\n1,2\nNaN,4\n", "F, line 3: 'x' must be finite. Got 'NaN'."),
    "infinity": (b"x,y\n1,-inf\n", "F, line 2: 'y' must be finite. Got '-inf'."),
    "NaN without a header": (b"nan,1\n1,2\n", "F, line 1: 'column 0' must be finite. Got 'nan'."),
    "beyond float64": (b"x,y\n1e999,2\n", "F, line 2: 'x' must fit float64. Got '1e999'."),
    "a rounded integer": (
        b"x,y\n9007199254740993,2\n",
        "F, line 2: 'x' must be an integer that float64 holds exactly. Got '9007199254740993'.",
    ),
    "too few fields": (b"x,y\n1,2\n3\n", "F, line 3: must have 2 fields. Got 1."),
    "too many fields": (b"x,y\n1,2\n3,4,5\n", "F, line 3: must have 2 fields. Got 3."),
    "an open quote": (b'x,y\n1,2\n"3,4\n', "F, line 3: must be CSV. Got 'unexpected end of data'."),
    "a quote in a field": (b'x,y\n1,2\n"3"4,5\n', "F, line 3: must be CSV."),
    "decimal comma": (
        b"x;y\n1,5;2,5\n",
        "F, line 2: 'x' must be a number with a decimal point and no grouping. Got '1,5'.",
    ),
    "decimal comma, no header": (
        b"1,5;2,5\n3,5;4,5\n",
        "F, line 1: 'column 0' must be a number with a decimal point and no grouping. Got '1,5'. Add decimal=','",
    ),
    "one delimiter or another": (
        b"1 000,2\n3 000,4\n",
        "F must use one delimiter. Got ',' and white space. Add delimiter=',', thousands=' ' or delimiter='whitespace'",
    ),
    "thousands": (b'x,y\n"1,000",2\n', "F, line 2: 'x' must be a number with a decimal point and no grouping."),
    "underscore": (b"x,y\n1_000,2\n", "F, line 2: 'x' must be a number with a decimal point and no grouping."),
    "hexadecimal": (b"x,y\n0x10,2\n", "F, line 2: 'x' must be a number with a decimal point and no grouping."),
    "date": (b"x,y\n2020-01-01,2\n", "F, line 2: 'x' must be a number. Got '2020-01-01'."),
    "names and numbers on line 1": (b"S. Mag,170\nL. Mag,290\n", "F, line 1: must be all names (a header) or all num"),
    "a third numeric column": (b"a,y,z\n1,2,3\n", "`x` and `y` must name their columns unless F has just two numeric"),
    "latin-1": (b"x,y\n1,2\n3,\xe9\n", "F, line 3: must be UTF-8 text. Got other bytes."),
    "UTF-16 without a mark": ("x,y\n1,2\n".encode("utf-16-le"), "F, line 1: must be text. Got a NUL byte."),
    "NUL": (b"x,y\n1,2\n3,\x004\n", "F, line 3: must be text. Got a NUL byte."),
    "a long line": (b"x,y\n1," + b"2" * 2_000_001, "F, line 2: must be at most 2000000 bytes long."),
    "an escape sequence": (b"x,y\n1,\x1b[31m\n", r"F, line 2: 'y' must be a number. Got '\x1b[31m'."),
}


@pytest.mark.corpus(20)
@pytest.mark.parametrize("case", CSV)
def test_bad_csv(tmp_path: Path, case: str) -> None:
    data, message = CSV[case]
    assert refusal(tmp_path / "file.csv", data).startswith(message)


@pytest.mark.corpus(13)
@pytest.mark.parametrize(
    ("cell", "row"),
    [
        pytest.param(cell, row, marks=[] if (at + row) % 4 == 1 else [pytest.mark.slow])
        for at, cell in enumerate(BAD_CELLS)
        for row in (1, 300)
    ],
)
def test_no_bad_cell_is_ever_a_number(tmp_path: Path, cell: str, row: int) -> None:
    """On the first row, where the header is told apart, and beyond the rows that are looked at for that."""
    rows = ["x,y", *(f"{n},{n}" for n in range(1, 400))]
    quoted = cell.replace('"', '""')
    rows[row] = f'1,"{quoted}"'
    assert refusal(tmp_path / "file.csv", "\n".join(rows).encode()).startswith(f"F, line {row + 1}: ")


@pytest.mark.corpus(8)
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("blank", [0, 3])
@pytest.mark.parametrize("bad", ["nan", "?", "1,2", "9007199254740993"])
def test_a_late_fault_is_found_on_its_line(tmp_path: Path, bad: str, blank: int, quoted: bool) -> None:
    """The sound rows before it are passed over, unless a quote may hide line ends among them."""
    rows = [
        "x,y",
        *[""] * blank,
        *('"1\n",2' if quoted and n == 7 else "1,2" for n in range(5000)),
        f"{bad},3",
        "nan,1",
    ]
    line = len("\n".join(rows[:-2]).split("\n")) + 1
    assert refusal(tmp_path / "file.csv", "\n".join(rows).encode()).startswith(f"F, line {line}: ")
    if "," not in bad and not quoted:
        objects = ['{"x": 1, "y": 2}'] * 500 + [""] * blank + [f'{{"x": {bad.replace("nan", "NaN")}, "y": 3}}']
        assert refusal(tmp_path / "file.jsonl", "\n".join(objects).encode()).startswith(f"F, line {501 + blank}: ")


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    message = refusal(tmp_path / "file.csv", b"a,a,b\n1,2,3\n", x="a", y="b")
    assert message == "`x` must name one column. Got 'a', which 2 are called. Give a position in F, from 0."
    assert tf_gd.read_points(tmp_path / "file.csv", x=1, y="b").x.tolist() == [2.0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.csv", "F must be a file. There is none of that name."),
        ("folder.csv", "F must be a file. Got a directory."),
        ("pipe.csv", "F must be a file. Got something else."),
    ],
)
def test_no_such_file(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert refusal(tmp_path / name).startswith(message)


@pytest.mark.parametrize("path", ["https://example.org/a.csv", "s3://bucket/a.parquet", "a\0.csv", "a" * 5000])
def test_no_path_at_all(path: str) -> None:
    with pytest.raises(tf_gd.DataError, match=r"must be a file|cannot be read") as caught:
        tf_gd.read_points(path)
    assert str(caught.value).isprintable()


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file.csv").write_text("x,y\n1,2\n")

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(tmp_path / "file.csv") == "F cannot be read: [Errno 13] Permission denied"


JSON = {
    "text": (b'{"x":1,"y":2}\n{"x":"3","y":4}\n', "F, line 2: 'x' must be a number. Got '\"3\"'."),
    "null": (b'{"x":1,"y":null}\n', "F, line 1: 'y' must be a number. Got nothing."),
    "a missing member": (b'{"x":1,"y":2}\n\n{"x":3}\n', "F, line 3: 'y' must be a number. Got nothing."),
    "NaN": (b'{"x":1,"y":NaN}\n', "F, line 1: 'y' must be finite. Got 'NaN'."),
    "an array of something else": (b'[{"x":1,"y":2},3]', "F, row 2: must be a JSON object. Got '3'."),
    "an object of rows": (b'{"data":[{"x":1}]}', "F must be JSON, an array of objects, an object of columns, or"),
    "columns of two lengths": (b'{"x":[1,2],"y":[1]}', "F must have columns of one length. Got 'x' 2, 'y' 1."),
    "a broken line": (b'{"x":1,"y":2}\n{"x":3\n', "F, line 2: must be a JSON object. Got "),
    "a deep one": (b"[" * 100_000, "F, line 1: must be a JSON object. Got one nested too deep."),
    "a member named twice": (b'{"x":1,"x":3,"y":2}\n', "F, line 1: must be a JSON object. Got "),
    "a rounded integer": (b'{"x":9007199254740993,"y":2}', "F, line 1: 'x' must be an integer that float64 holds"),
}


@pytest.mark.parametrize("case", JSON)
def test_bad_json_lines(tmp_path: Path, case: str) -> None:
    data, message = JSON[case]
    assert refusal(tmp_path / "file.jsonl", data).startswith(message)


@pytest.mark.corpus(6)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("NULL::DOUBLE", "F, row 2: 'x' must be a number. Got nothing."),
        ("'nan'::DOUBLE", "F, row 2: 'x' must be finite. Got 'nan'."),
        ("'-inf'::FLOAT", "F, row 2: 'x' must be finite. Got '-inf'."),
        ("9007199254740993::BIGINT", "F, row 2: 'x' must be an integer that float64 holds exactly."),
        ("18446744073709551615::UBIGINT", "F, row 2: 'x' must be an integer that float64 holds exactly."),
        ("9007199254740993::DECIMAL(30, 0)", "F, row 2: 'x' must be an integer that float64 holds exactly."),
        ("'1_0'", "F, row 2: 'x' must be a number with a decimal point and no grouping. Got '1_0'."),
        ("DATE '2020-01-01'", "F, row 1: 'x' must be a number."),
        ("true", "F, row 1: 'x' must be a number. Got 'true'."),
        ("[1.0]", "F, row 1: 'x' must be a number."),
    ],
)
def test_bad_parquet(tmp_path: Path, x: str, message: str) -> None:
    file = tmp_path / "file.parquet"
    with duckdb.connect() as connection:
        first = f"CAST({x} AS VARCHAR)" if x == "'1_0'" else x
        good = first if "row 1" in message else f"CAST('1' AS {connection.sql(f'SELECT typeof({x})').fetchall()[0][0]})"
        rows = f"SELECT {good} AS x, 1.0::DOUBLE AS y UNION ALL SELECT {x}, 2.0"
        connection.execute(f"COPY ({rows}) TO '{file}'")
    assert refusal(file, x="x", y="y").startswith(message)


def saved(**arrays: object) -> bytes:
    """Return the bytes of an `.npz`, or, for one array called npy, of an `.npy`."""
    stream = io.BytesIO()
    if "npy" in arrays:
        np.save(stream, arrays["npy"])  # type: ignore[arg-type]
    else:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


ARRAYS = {
    "one dimension": (".npy", saved(npy=np.ones(3)), "F must hold an array of shape [n, k]. Got shape [3]."),
    "no rows": (".npy", saved(npy=np.ones((0, 2))), "F: `x` must hold at least one number."),
    "three columns": (".npy", saved(npy=np.ones((4, 3))), "`x` and `y` must name their columns"),
    "two rows": (
        ".npy",
        saved(npy=np.ones((2, 3))),
        "F must hold an array of shape [n, 2]. Got shape [2, 3]. Save `array.T`.",
    ),
    "NaN": (".npy", saved(npy=[[1, 2], [3, np.nan]]), "F, row 2: 'column 1' must be finite. Got nan."),
    "text": (".npy", saved(npy=[["a", "b"]]), "F: `x` must be numbers. Got dtype str"),
    "too large": (".npy", saved(npy=[[2**53 + 1, 1]]), "F: `x` must fit float64 exactly."),
    "other lengths": (".npz", saved(x=[1, 2], y=[1]), "F: `x` and `y` must have one length. Got 2 and 1."),
    "two dimensions": (".npz", saved(x=[[1, 2], [3, 4]], y=[1]), "F: `x` must be one-dimensional, shape [n]."),
    "one array": (".npz", saved(x=[1]), "F must have two columns or more. Got 1 column: 'x'."),
    "nothing": (".npz", b"PK\5\6" + bytes(18), "F must have two columns or more. Got 0 columns"),
}


@pytest.mark.parametrize("case", ARRAYS)
def test_bad_arrays(tmp_path: Path, case: str) -> None:
    ending, data, message = ARRAYS[case]
    assert refusal(tmp_path / f"file{ending}", data).startswith(message)


class Trap:
    """Unpickling this would leave a mark."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("import sys; sys.tf_gd_was_unpickled = True",)


@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_nothing_is_unpickled(tmp_path: Path, ending: str) -> None:
    traps = np.array([[Trap(), Trap()]], dtype=object)
    data = saved(npy=traps) if ending == ".npy" else saved(x=traps[0], y=traps[0])
    assert "pickled Python objects, which are not loaded" in refusal(tmp_path / f"file{ending}", data)
    refusal(tmp_path / f"file{ending}", pickle.dumps(Trap()))
    assert not hasattr(sys, "tf_gd_was_unpickled")


def test_an_archive_that_unpacks_to_too_much(tmp_path: Path) -> None:
    size = unpacking.ALWAYS_UNPACKED // 8 + 1
    file = tmp_path / "bomb.npz"
    np.savez_compressed(file, x=np.zeros(size), y=np.zeros(size))
    assert file.stat().st_size < size * 8 // unpacking.MAX_EXPANSION
    tracemalloc.start()
    assert refusal(file).startswith(f"F must unpack to at most {unpacking.ALWAYS_UNPACKED} bytes an array.")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20  # the refusal reads the archive's directory only


def test_an_archive_that_lies_about_its_size(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    file = tmp_path / "liar.npz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", array)
        archive.writestr("y.npy", array)
    assert refusal(file) == "F must hold the [1000000000000] values that it announces. Got a shorter file."
    two = array.replace(b"(1000000000000,)", b"(500000000000,2)")
    assert "values that it announces" in refusal(tmp_path / "liar.npy", two)


def test_a_parquet_file_that_unpacks_to_too_much(tmp_path: Path) -> None:
    file = tmp_path / "bomb.parquet"
    rows = parquet.ALWAYS_READ // 16 + 1
    with duckdb.connect() as connection:
        query = f"SELECT 1.0::DOUBLE AS x, 2.0::DOUBLE AS y FROM range({rows})"
        connection.execute(f"COPY ({query}) TO '{file}' (ROW_GROUP_SIZE 10000000)")
    assert refusal(file) == f"F must unpack to at most {parquet.ALWAYS_READ} bytes. Got {rows} rows. Split it."


NAMES = ["a[1].csv", "a*.csv", "a?.csv", "a{1,2}.csv", "~.csv", "-a.csv", "a b.csv", "a'b.csv", 'a"b.csv', "a;b--.csv",
         "a\nb.csv", "a\x1b[31m.csv", "größe.csv", "$path.csv", "%s.csv", "a%20b.csv", "hive=1.csv"]  # fmt: skip


@pytest.mark.corpus(8)
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_path_names_that_file_and_no_other(tmp_path: Path, name: str) -> None:
    for decoy in ("a1.csv", "ab.csv", "aa.csv", "a.csv"):
        (tmp_path / decoy).write_text("x,y\n99,99\n")
    (tmp_path / name).write_text("x,y\n1,2\n")
    assert tf_gd.read_points(tmp_path / name).x.tolist() == [1.0]
    refusal(tmp_path / name, b"x,y\n1,?\n")


HOSTILE_COLUMNS = [
    'x"; DROP TABLE t; --', "x'); COPY t TO 'out", "$path", "{x}", "%(x)s", "c0", "a.b", "\x1b]0;x\x07", "*",
    "größe", "select", "x\ny", "rowid", "file_row_number_", '""', "''", "\\", "x" * 5000,
]  # fmt: skip


@pytest.mark.corpus(6)
@pytest.mark.parametrize(
    ("name", "ending"),
    [
        pytest.param(name, ending, marks=[] if at % 3 == number else [pytest.mark.slow])
        for at, name in enumerate(HOSTILE_COLUMNS)
        for number, ending in enumerate(["csv", "parquet", "jsonl"])
    ],
)
def test_a_hostile_column_is_a_name_and_nothing_else(tmp_path: Path, name: str, ending: str) -> None:
    file = tmp_path / f"file.{ending}"
    quoted = name.replace('"', '""')
    with duckdb.connect() as connection:
        rows = f'SELECT 1.5 AS "{quoted}", 2.5::DOUBLE AS "other one"'
        form = {"csv": "csv", "parquet": "parquet", "jsonl": "json"}[ending]
        connection.execute(f"COPY ({rows}) TO '{file}' (FORMAT {form})")
    points = tf_gd.read_points(file, x=name, y="other one")
    assert (points.x[0], points.y[0], points.x_name) == (1.5, 2.5, name.strip())
    assert sorted(tmp_path.iterdir()) == [file]
    refusal(file, x=name + "!", y="other one")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('{other}')",
        "SELECT * FROM read_text('{other}')",
        "SELECT * FROM sniff_csv('{other}')",
        "SELECT * FROM '{other}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv('{folder}/*.csv')",
        "SELECT * FROM read_csv('https://example.org/a.csv')",
        "COPY (SELECT 1) TO '{other}'",
        "COPY (SELECT 1) TO '{file}'",
        "ATTACH '{folder}/new.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "LOAD '{folder}/evil.duckdb_extension'",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{other}']",
        "SET lock_configuration = false",
        "EXPORT DATABASE '{folder}/dump'",
    ],
)
def test_the_database_reads_what_it_was_handed_and_nothing_else(tmp_path: Path, query: str) -> None:
    file, other = tmp_path / "file.csv", tmp_path / "other.csv"
    for each in (file, other):
        each.write_text("x,y\n1,2\n")
    with connect([file]) as connection:
        assert connection.execute("SELECT * FROM read_csv($path)", {"path": pattern(file)}).fetchall() == [(1, 2)]
        with pytest.raises(duckdb.Error):
            connection.execute(query.format(file=file, other=other, folder=tmp_path)).fetchall()
    assert sorted(tmp_path.iterdir()) == [file, other]
    assert other.read_text() == file.read_text() == "x,y\n1,2\n"
