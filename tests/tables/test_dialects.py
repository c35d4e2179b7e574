"""Files as people have them: read as they are meant, or refused with the option that reads them, carried out here."""

import bz2
import gzip
import io
import json
import re
import shlex
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas
import pytest
from support.spreadsheet import Date, Formula, sheet, table, workbook

import tf_gd
from tf_gd.cli import run
from tf_gd.moments.files import moments_of_file
from tf_gd.tables import spreadsheets, unpacking
from tf_gd.tables.dialect import Dialect

Pairs = list[tuple[float, float]]
SAME: Pairs = [(1.0, 2.0), (3.0, 4.5)]


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("_csv", ".csv"), content)
    return stream.getvalue()


def saved(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


PLAIN = b"x,y\n1,2\n3,4.5\n"
READ: dict[str, bytes] = {
    "comma.csv": PLAIN,
    "headerless.txt": b"1,2\n3,4.5\n",
    "semicolon.dat": b"x;y\n1;2\n3;4.5\n",
    "tab.data": b"x\ty\n1\t2\n3\t4.5\n",
    "bar": b"x|y\n1|2\n3|4.5\n",
    "spaces": b"x y\n1 2\n3 4.5\n",
    "columns.txt": b"  x     y\n  1   2.0\n  3   4.5   \n\n",
    "tabs and spaces.dat": b"1\t 2\n3\t  4.5\n",
    "comma and space.csv": b"x, y\n1, 2\n3, 4.5\n",
    "semicolons in a .csv, commas in a name.csv": b'"x, in m";y\n1;2\n3;4.5\n',
    "CR.csv": b"x,y\r1,2\r3,4.5\r",
    "CR LF.csv": b"x,y\r\n1,2\r\n3,4.5\r\n",
    "CR CR LF.csv": b"x,y\r\r\n1,2\r\r\n3,4.5\r\r\n",
    "all line ends.csv": b"x,y\n1,2\r\n3,4.5\r",
    "blank lines.csv": b"\n\nx,y\n\n1,2\n   \n3,4.5\n",
    "BOM.csv": b"\xef\xbb\xbf" + PLAIN,
    "UTF-16.csv": PLAIN.decode().encode("utf-16"),
    "UTF-32.csv": PLAIN.decode().encode("utf-32"),
    "spare delimiters.csv": b"x,y\n1,2,\n3,4.5,,\n",
    "y first.csv": b"y,x\n2,1\n4.5,3\n",
    "X and Y among others.csv": b"n,Y,X\n1,2,1\n2,4.5,3\n",
    "a line break in the header.csv": b'"x\n(m)",y\n1,2\n3,4.5\n',
    "quotes behind spaces.csv": b'x, y\n1, "2"\n3, "4.5"\n',
    "packed.csv.gz": gzip.compress(PLAIN),
    "packed.bz2": bz2.compress(PLAIN),
    "packed.zip": zipped(data_csv=PLAIN),
    "from macOS.zip": zipped(data_csv=PLAIN, **{"__MACOSX/data_csv": b"?"}),
    "JSON in a .gz": gzip.compress(b'[{"x":1,"y":2},{"x":3,"y":4.5}]'),
    "records.json": b'[{"x":1,"y":2},{"x":3,"y":4.5}]',
    "indented.json": json.dumps([{"x": 1, "y": 2}, {"x": 3, "y": 4.5}], indent=2).encode(),
    "columns.json": b'{"x": [1, 3], "y": [2, 4.5]}',
    "indented columns.json": json.dumps({"x": [1, 3], "y": [2, 4.5]}, indent=1).encode(),
    "as pandas writes.json": b'{"x":{"0":1,"1":3},"y":{"0":2,"1":4.5}}',
    "pairs.json": b"[[1, 2], [3, 4.5]]",
    "JSON lines.txt": b'{"x":1,"y":2}\n{"x":3,"y":4.5}\n',
    "JSON of any name": b'[{"y":2,"x":1},{"y":4.5,"x":3}]',
    "sheet.xlsx": table([["x", "y"], [1, 2], [3, 4.5]]),
    "no header.xlsx": table([[1, 2], [3, 4.5]]),
    "lower down.xlsx": table([[None, "x", "y"], [None, 1, 2], [], [None, 3, 4.5]], first=3),
    "formulas.xlsx": table([["x", "y"], [1, Formula("=A2*2|2")], [3, Formula("=A3*1.5|4.5")]]),
    "numbers as text.xlsx": table([["x", "y"], ["1", "2"], ["3", "4.5"]]),
    "xlsx of any name": table([["x", "y"], [1, 2], [3, 4.5]]),
    "fields.npy": saved(np.array([(1, 2), (3, 4.5)], [("x", "f8"), ("y", "f8")])),
}


def pairs(points: tf_gd.Points) -> Pairs:
    return list(zip(points.x.tolist(), points.y.tolist(), strict=True))


@pytest.mark.corpus(20)
@pytest.mark.parametrize("name", READ)
def test_it_is_read_as_it_is_meant(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(READ[name])
    assert pairs(tf_gd.read_points(file)) == SAME
    assert moments_of_file(file).moments == tf_gd.Moments.of([1, 3], [2, 4.5])
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


GERMAN = "Größe;Preis\n1;2\n3;4,5\n"
ADVISED: dict[str, tuple[bytes, str, Pairs]] = {
    "decimal commas.csv": (b"x;y\n1;2\n3;4,5\n", "--decimal ,", SAME),
    "decimal commas.txt": (b"1 2,0\n3 4,5\n", "--decimal ,", SAME),
    "decimal commas, no header.csv": (b"1,0;2,0\n3,0;4,5\n", "--decimal ,", SAME),
    "both marks.csv": (b"x;y\n1;2\n1.003;4,5\n", "--decimal , --thousands .", [(1, 2), (1003, 4.5)]),
    "thousands.csv": (b'x,y\n1,2\n"1,003",4.5\n', "--thousands ,", [(1, 2), (1003, 4.5)]),
    "spaces.csv": (b"x;y\n1;2\n1 003;4,5\n", "--thousands space --decimal ,", [(1, 2), (1003, 4.5)]),
    "apostrophes.csv": (b"x;y\n1;2\n1'003;4.5\n", "--thousands apostrophe", [(1, 2), (1003, 4.5)]),
    "one or the other.csv": (b"x;y\n1;2\n3;1,003\n", "--decimal , or --thousands ,", [(1, 2), (3, 1.003)]),
    "latin-1.csv": (GERMAN.encode("cp1252"), "--encoding cp1252 --decimal ,", SAME),
    "no BOM.csv": (PLAIN.decode().encode("utf-16-le"), "--encoding utf-16-le", SAME),
    "no BOM, big.csv": (PLAIN.decode().encode("utf-16-be"), "--encoding utf-16-be", SAME),
    "a title.csv": (b"Measured in May\n\nx,y\n1,2\n3,4.5\n", "--skip-rows 2", SAME),
    "a long title.csv": (b"Room: 3, 4\nIn: 2020\n\nx,y\n1,2\n3,4.5\n", "--skip-rows 3", SAME),
    "comments.csv": (b"# one, two, three\nx,y\n1,2\n3,4.5 # odd\n", "--comment '#'", SAME),
    "savetxt.txt": (b"# x y\n1.0e+00 2.0e+00\n3.0e+00 4.5e+00\n", "--comment '#'", SAME),
    "per cents.tex": (b"% x y\nx y\n1 2\n3 4.5\n", "--comment %", SAME),
    "of a spreadsheet.csv": (b"sep=;\r\nx;y\r\n1;2\r\n3;4,5\r\n", "--skip-rows 1 --decimal ,", SAME),
    "of R.txt": (b'"x" "y"\n"1" 1 2\n"2" 3 4.5\n', "--skip-rows 1 --no-header --x 1 --y 2", SAME),
    "text and no header.data": (b"1,a,2\n3,b,4.5\n", "--no-header", SAME),
    "a year as a name.csv": (b"x,2020\n1,2\n3,4.5\n", "--header", SAME),
    "NA.csv": (b"x,y\n1,2\n2,NA\n3,4.5\n", "--na NA --skip-invalid", SAME),
    "several.csv": (b"x,y\n1,2\n?,1\n2,-\n3,4.5\n", "--na '?' --na=- --skip-invalid", SAME),
    "units.csv": (b"x,y\nm,kg\n1,2\n3,4.5\n", "--na m --na kg --skip-invalid", SAME),
    "missing.csv": (b"x,y\n1,2\n,3\n2,nan\n3,4.5\n", "--skip-invalid", SAME),
    "missing.json": (b'[{"x":1,"y":2},{"x":2,"y":null},{"x":3,"y":4.5}]', "--skip-invalid", SAME),
    "missing.jsonl": (b'{"x":1,"y":2}\n{"x":2,"y":NaN}\n{"x":3,"y":4.5}', "--skip-invalid", SAME),
    "NA.json": (b'[{"x":1,"y":2},{"x":"NA","y":7},{"x":3,"y":4.5}]', "--na NA --skip-invalid", SAME),
    "missing.npy": (saved(np.array([[1, 2], [2, np.nan], [3, 4.5]])), "--skip-invalid", SAME),
    "missing.xlsx": (table([["x", "y"], [1, 2], [2, None], [3, 4.5]]), "--skip-invalid", SAME),
    "commas.xlsx": (table([["x", "y"], [1, "2"], [3, "4,5"], [3.5, 1.5]]), "--decimal ,", [*SAME, (3.5, 1.5)]),
    "a title.xlsx": (table([["May"], [], ["x", "y"], [1, 2], [3, 4.5]]), "--skip-rows 2", SAME),
    "three columns.csv": (b"a,b,c\n1,2,3\n3,4.5,5\n", "--x a --y b", SAME),
    "an index.csv": (b",a,b\n0,1,2\n1,3,4.5\n", "--x a --y b", SAME),
    "prices.csv": (b"a,b,price\n1,2,$3\n3,4.5,$5\n", "--x a --y b", SAME),
    "dates.csv": (b"when,a,b\n2020-01-01,1,2\n2020-01-02,3,4.5\n", "--x a --y b", [(1, 2), (3, 4.5)]),
    "colons.txt": (b"1:2\n3:4.5\n", "--delimiter :", SAME),
    "commas or spaces.csv": (b"1 000,2\n3 000,4.5\n", None, []),  # type: ignore[dict-item]
}


def complaint(call: Callable[[], object]) -> str:
    with pytest.raises(tf_gd.DataError) as caught:
        call()
    assert str(caught.value).isprintable()
    return str(caught.value)


def some(names: Iterable[str]) -> list[object]:
    """Return every third case, and the others for `--slow`: a reading starts a database, which takes its time."""
    return [pytest.param(name, marks=[] if at % 3 == 0 else [pytest.mark.slow]) for at, name in enumerate(names)]


@pytest.mark.corpus(5)
@pytest.mark.parametrize("name", some(ADVISED))
def test_each_refusal_ends_with_the_option_that_reads_the_file(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, options, expected = ADVISED[name]
    file = tmp_path / name
    file.write_bytes(data)
    fit = ["train", str(file), "--engine", "manual", "--num-steps", "0", "--quiet"]
    assert run(fit) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    told = re.search(r" Add (.*)\n$", error)
    assert told, error
    keywords = re.search(r" Add (.*)$", complaint(lambda: tf_gd.read_points(file)))
    assert keywords
    if options is not None:
        assert told[1] == options
        assert pairs(tf_gd.read_points(file, **eval(f"dict({keywords[1].split(' or ')[0]})"))) == expected
    for way in told[1].split(" or "):
        assert run([*fit, *shlex.split(way)]) == 0, capsys.readouterr().err
        assert run([*fit, *shlex.split(way), "--engine", "moments"]) == 0, capsys.readouterr().err
    for way in keywords[1].split(" or "):
        tf_gd.read_points(file, **eval(f"dict({way})"))


REFUSED: dict[str, tuple[bytes, str]] = {
    "prices.csv": (b"rooms,price\n3,$200\n", "line 2: 'price' must be a number. Got '$200'. Write plain numbers"),
    "shares.csv": (b"a,b\n3,12%\n", "line 2: 'b' must be a number. Got '12%'. Write plain numbers"),
    "dates.csv": (b"day,b\n2020-01-01,1\n", "line 2: 'day' must be a number. Got '2020-01-01'. Write plain"),
    "infinite.csv": (b"x,y\n1,2\ninf,3\n", "line 3: 'x' must be finite. Got 'inf'. Correct or remove it."),
    "infinite.json": (b'[{"x":1,"y":Infinity}]', "row 1: 'y' must be finite. Got 'Infinity'."),
    "two.zip": (zipped(a_csv=PLAIN, b_csv=PLAIN), "must hold one file. Got 2: 'a.csv', 'b.csv'. Unpack it"),
    "none.zip": (zipped(), "must hold one file. Got none. Unpack it"),
    "twice.gz": (gzip.compress(gzip.compress(PLAIN)), "must be packed once. Got a packed file in another."),
    "empty.gz": (gzip.compress(b""), "must hold points. Got an empty file."),
    "cut.gz": (gzip.compress(PLAIN)[:-9], "cannot be read: "),
    "page.csv": (b"<!DOCTYPE html>\n<html>", "Got a web page (HTML). Download the data itself"),
    "table.pdf": (b"%PDF-1.7\n", "Got a PDF. Copy the table into a text file."),
    "split.json": (b'{"columns":["x"],"data":[[1]]}', "must be JSON, an array of objects, an object of columns, or an"),
    "train.json": (b'{"line":{"m":1.0,"c":2.0},"loss":3.0}', "must be JSON, an array of objects, an object of columns"),
    "no JSON.json": (b"[{]", "must be JSON, an array of objects"),
    "empty.json": (b"[]", "Got an empty array."),
    "dates.xlsx": (table([["d", "y"], [Date(44000), 2]]), "row 2: 'd' must be a number. Got '2020-06-18'. Write plain"),
    "booleans.xlsx": (table([["x", "y"], [True, 2]]), "row 2: 'x' must be a number. Got 'TRUE'."),
    "never computed.xlsx": (table([["x", "y"], [1, Formula("=A2*2")]]), "row 2: 'y' must be a number. Got nothing."),
    "empty.xlsx": (table([]), "must hold points. Got an empty sheet."),
    "no workbook.xlsx": (PLAIN, "cannot be read: "),
    "wide.npy": (saved(np.ones((2, 9))), "must hold an array of shape [n, 2]. Got shape [2, 9]. Save `array.T`."),
}


@pytest.mark.parametrize("name", some(REFUSED))
def test_what_no_option_reads_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    data, expected = REFUSED[name]
    file = tmp_path / name
    file.write_bytes(data)
    for read in (tf_gd.read_points, moments_of_file):
        message = complaint(lambda read=read: read(file)).replace(" There is 1 such row in all.", "")
        assert expected in message


def test_what_is_said_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("preface\n\n2019;2020\n1.000,5;-999\n2.000,5;7\n// 9;9\n3.000;n/a\n")
    points = tf_gd.read_points(
        file, skip_rows=2, header=True, delimiter="semicolon", decimal=",", thousands=".", comment="//",
        na=["n/a", -999], skip_invalid=True,
    )  # fmt: skip
    assert (points.x_name, points.y_name, pairs(points)) == ("2019", "2020", [(2000.5, 7.0)])
    assert (points.skipped, points.first_skipped) == (2, ("line 4 (2020: -999)", "line 7 (2020: n/a)"))
    reading = moments_of_file(
        file, skip_rows=2, header=True, decimal=",", thousands=".", comment="//", na=("n/a", "-999"), skip_invalid=True
    )
    assert (reading.moments.n, reading.skipped, reading.first_skipped) == (1, 2, points.first_skipped)


def test_a_number_for_missing_in_every_format(tmp_path: Path) -> None:
    frame = pandas.DataFrame({"x": [1.0, 2.0, 3.0], "y": [2.0, -999.0, 4.5]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_json(tmp_path / "a.json", orient="records")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    frame.to_parquet(tmp_path / "a.parquet")
    (2 * frame).astype("int64").to_parquet(tmp_path / "b.parquet")
    np.save(tmp_path / "a.npy", frame.to_numpy())
    (tmp_path / "a.xlsx").write_bytes(table([["x", "y"], *frame.to_numpy().tolist()]))
    for file in sorted(tmp_path.iterdir()):
        if file.name == "b.parquet":
            assert pairs(tf_gd.read_points(file, na=-1998, skip_invalid=True)) == [(2.0, 4.0), (6.0, 9.0)]
            continue
        points = tf_gd.read_points(file, na=-999, skip_invalid=True)
        assert (pairs(points), points.skipped) == (SAME, 1), file
        assert moments_of_file(file, na=-999, skip_invalid=True).skipped == 1
        assert "Add skip_invalid=True" in complaint(lambda file=file: tf_gd.read_points(file, na=-999))


def test_a_cell_that_is_neither_stays_an_error(tmp_path: Path) -> None:
    """Also in a row of which the other value is missing."""
    file = tmp_path / "a.csv"
    for bad in ('"1,010"', "inf"):
        for row in (f"{bad},3", f",{bad}"):
            file.write_text(f"x,y\n1,2\n,5\n{row}\n3,4\n")
            for read in (tf_gd.read_points, moments_of_file):
                assert ", line 4: " in complaint(lambda read=read: read(file, skip_invalid=True))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"delimiter": "ab"}, "`delimiter` must be one character, tab, comma, semicolon, bar or whitespace. Got 'ab'."),
        ({"delimiter": ","} | {"decimal": ","}, "`delimiter` must be another mark than `decimal`."),
        ({"decimal": ";"}, "`decimal` must be '.' or ','. Got ';'."),
        ({"thousands": "."}, "`thousands` must be another mark than `decimal`."),
        ({"thousands": "1"}, "`thousands` must be one character that stands in a number"),
        ({"encoding": "klingon"}, "`encoding` must be a text encoding"),
        ({"encoding": "zlib"}, "`encoding` must be a text encoding"),
        ({"header": 1}, "`header` must be True, False or None."),
        ({"skip_rows": -1}, "`skip_rows` must be a whole number, 0 or above."),
        ({"comment": " "}, "`comment` must be the text that starts a comment"),
        ({"na": 3j}, "`na` must be a text, or several."),
        ({"sheet": 1.5}, "`sheet` must be a sheet's name or its position from 0."),
        ({"format": "ods"}, "`format` must be one of csv, json"),
        ({"sheet": "a"}, "`sheet` must be left out for text in columns, which "),
    ],
)
def test_bad_keywords(tmp_path: Path, said: dict[str, object], message: str) -> None:
    (tmp_path / "a.csv").write_bytes(PLAIN)
    with pytest.raises(tf_gd.InvalidArgumentError, match=f"^{re.escape(message)}"):
        tf_gd.read_points(tmp_path / "a.csv", **said)  # type: ignore[arg-type]


def test_words_for_marks() -> None:
    assert Dialect(delimiter="Tab").delimiter == Dialect(delimiter="\\t").delimiter == "\t"
    assert Dialect(delimiter=" ").delimiter == "whitespace"
    assert Dialect(na="NA").na == ("NA",)
    assert Dialect(format=".TSV").format == "csv"


@pytest.mark.parametrize(("given", "meant"), [("Distance", "distance"), ("distanse", "distance"), ("speeds", "speed")])
def test_did_you_mean(tmp_path: Path, given: str, meant: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps([{"star": "a", "distance": 1, "speed": 2, "n": 3}]))
    message = complaint(lambda: tf_gd.read_points(file, x=given, y="n"))
    assert message.endswith(f"Got '{given}': did you mean '{meant}'? Add x='{meant}'")
    assert complaint(lambda: tf_gd.read_points(file, x="mass", y="n")).endswith("Got 'mass'. Choose one of them.")


def test_sheets(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    sheets = {"Notes": sheet([["nothing"]]), "Data": sheet([["x", "y"], [1, 2], [3, 4.5]])}
    file.write_bytes(workbook(sheets))
    assert pairs(tf_gd.read_points(file, sheet="Data")) == pairs(tf_gd.read_points(file, sheet=1)) == SAME
    assert "`sheet` must be one of" in complaint(lambda: tf_gd.read_points(file, sheet="Dates"))
    assert run(["train", str(file), "--sheet", "1", "--engine", "manual", "--num-steps", "0", "--quiet"]) == 0


def test_nothing_but_values_is_read_from_a_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Macros, links and drawings are not handed on; an entity is not expanded."""
    seen: list[str] = []

    class Watched(io.BytesIO):
        def __init__(self, data: bytes) -> None:
            seen.extend(zipfile.ZipFile(io.BytesIO(data)).namelist())
            super().__init__(data)

    file = tmp_path / "a.xlsx"
    more = {
        "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0",
        "xl/externalLinks/externalLink1.xml": "<externalLink/>",
        "xl/connections.xml": '<connections><connection name="http://example.org"/></connections>',
        "xl/drawings/drawing1.xml": "<wsDr/>",
    }
    rows = [["x", "y"], [1, Formula('=HYPERLINK("http://example.org")|2')], [3, Formula("=[1]Other!A1|4.5")]]
    file.write_bytes(workbook({"S": sheet(rows)}, more))
    real = spreadsheets._repacked
    monkeypatch.setattr(spreadsheets, "_repacked", lambda *given: Watched(real(*given)).getvalue())
    assert pairs(tf_gd.read_points(file)) == SAME
    assert not set(more) & set(seen)
    bomb = f'<!DOCTYPE a [<!ENTITY b "{"9" * 50}">]>' + sheet([["x", "y"], [1, "&b;"]]).replace("&amp;b;", "&b;" * 1000)
    file.write_bytes(workbook({"S": bomb}))
    complaint(lambda: tf_gd.read_points(file))


def test_a_workbook_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.xlsx"
    rows = f"{sheet([['x', 'y'], [1, 2]])}".replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    file.write_bytes(workbook({"S": rows}))
    assert "cells in a sheet. Got 1048576 rows of 16384" in complaint(lambda: tf_gd.read_points(file))
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED", 10_000)
    file.write_bytes(workbook({"S": sheet([["x", "y"], [1, 2]])}, {"xl/sharedStrings.xml": " " * 20_000}))
    assert "must unpack to at most 10000 bytes" in complaint(lambda: tf_gd.read_points(file))


def test_a_million_empty_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    empty = "".join(f'<row r="{n}"/>' for n in range(4, 1_000_000))
    last = '<row r="1000000"><c r="A1000000"/></row>'
    content = sheet([["x", "y"], [1, 2], [3, 4.5]]).replace("</sheetData>", f"{empty}{last}</sheetData>")
    file.write_bytes(workbook({"S": content}))
    assert pairs(tf_gd.read_points(file)) == SAME


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".zip"])
def test_a_packed_file_that_unpacks_to_too_much(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_UNPACKED", 2**20)
    data = b"x,y\n" + b"1,2\n" * 2**20
    packed = {".gz": gzip.compress, ".bz2": bz2.compress, ".zip": lambda data: deflated(data)}[ending](data)
    file = tmp_path / f"bomb{ending}"
    file.write_bytes(packed)
    assert "must unpack to at most 1048576 bytes. Got more." in complaint(lambda: tf_gd.read_points(file))


def deflated(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", data)
    return stream.getvalue()


def conversion(file: Path) -> str:
    """Return the line that the refusal gives."""
    found = re.search(r"(python -c .*|sqlite3 .*|curl .*)$", complaint(lambda: tf_gd.read_points(file)))
    assert found
    return found[1]


@pytest.mark.corpus(3)
@pytest.mark.parametrize("ending", [".pkl", ".feather", ".h5", ".mat", ".sqlite"])
def test_the_conversion_works(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"file{ending}"
    frame = pandas.DataFrame({"x": [1.0, 3.0], "y": [2.0, 4.5]})
    if ending == ".pkl":
        frame.to_pickle(file)
    elif ending == ".feather":
        frame.to_feather(file)
    elif ending == ".h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(file, "w") as stream:
            stream["x"], stream["y"] = frame.x, frame.y
    elif ending == ".mat":
        pytest.importorskip("scipy.io").savemat(file, {"x": frame.x, "y": frame.y})
    else:
        with sqlite3.connect(file) as database:
            frame.to_sql("points", database, index=False)
        database.close()
        if subprocess.run(["sh", "-c", "command -v sqlite3"], capture_output=True).returncode:
            pytest.skip("there is no sqlite3 here")
    line = conversion(file).replace("python ", f"{shlex.quote(sys.executable)} ", 1)
    subprocess.run(line, shell=True, check=True, cwd=tmp_path)
    made = next(each for each in tmp_path.iterdir() if each != file)
    assert pairs(tf_gd.read_points(made)) == SAME


def test_a_url_is_downloaded_by_the_line_that_is_given(tmp_path: Path) -> None:
    url = "https://example.org/data/points.csv?raw=1&a=b"
    message = complaint(lambda: tf_gd.read_points(url))
    assert message.endswith("Download it first: curl -L -o points.csv 'https://example.org/data/points.csv?raw=1&a=b'")


def test_our_own_output_is_read(tmp_path: Path) -> None:
    file = tmp_path / "path.json"
    path = tf_gd.train([0.0, 1.0], [1.0, 3.0], learning_rate=0.1, num_steps=3, engine="manual")
    for ending in (".json", ".csv", ".parquet"):
        path.save(file.with_suffix(ending))
        points = tf_gd.read_points(file.with_suffix(ending), x="step", y="loss")
        assert (points.x.tolist(), points.y.tolist()) == ([0, 1, 2, 3], path.loss.tolist())
