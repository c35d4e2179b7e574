"""Files to try a reader on: good ones whose points are known, spoiled ones, and good ones with damage.

Each case carries what may come back: the points, nothing but an error, or whatever an independent reading allows.
"""

import bz2
import csv
import gzip
import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple

import duckdb
import numpy as np
from support.spreadsheet import Formula, table

Points = list[tuple[float, float]]

REFUSED: list[Points] = []
"""No points may come back."""


class Case(NamedTuple):
    kind: str
    ending: str
    data: bytes
    allowed: list[Points] | None
    """The readings that are right, none of them in doubt if there is only one; None: what is inside is unknowable."""
    must_read: bool = False
    """Whether an error would be wrong."""


NUMBER = re.compile(r"[ \t\n\r\f\v]*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[ \t\n\r\f\v]*")

BAD_CELLS = [
    "", " ", "nan", "NaN", "-nan", "inf", "-Infinity", "1e999", "-1e400", "abc", "1_000", "1__0", "0x10", "0b1",
    "1 000", "1'000", "+-1", "--1", "1e", "1e+", "1.2.3", ".", "-", "+", "1f", "1d", "1%", "$1", "2020-01-01",
    "12:30", "true", "null", "NULL", "N/A", "9007199254740993", "-9007199254740993",
    "123456789012345678901234567890", "\u0661\u0662", "\uff11", "1\u00a0000", "1\u2009000", "1\u2212",
    "\u22121", "1e1_0", "#1", "=1+1", "\x1b[31m1", "1;", "1\x00", "0x1p3",
]  # fmt: skip
"""No cell of these is a finite number that float64 can stand for."""

HEADERS = [
    "x",
    "distance (Mpc)",
    "größe",
    "速度",
    "a'b",
    'say "hi"',
    "a,b",
    "x;y",
    "DROP TABLE t;--",
    "\x1b[31mred",
    "v|w",
    "  ",
]


def number(rng: random.Random) -> str:
    """Return the text of a float64 in one of its spellings."""
    kind = rng.randrange(9)
    if kind == 0:
        return str(rng.randint(-(2**53) + 1, 2**53 - 1))
    if kind == 1:
        return rng.choice(["-0", "0", "-0.0", "+0", "0e5", "00012", "1.", ".5", "+1.5", "5e-324", "1e-400", "2.5E3"])
    if kind == 2:
        return f"{rng.uniform(-1e3, 1e3):.{rng.randrange(60)}f}"
    if kind == 3:
        return f"{rng.uniform(-10, 10):.{rng.randrange(30)}e}"
    if kind == 4:
        return repr(struct.unpack("d", struct.pack("q", rng.randrange(2**52)))[0])  # subnormal
    while True:
        value: float = struct.unpack("d", rng.randbytes(8))[0]
        if abs(value) < 1e300:
            return repr(value)


def good_csv(rng: random.Random, ending: str) -> tuple[list[list[str]], str, str, bool]:
    """Return rows of fields, the delimiter, the line's end, and whether there is a header."""
    delimiter = "\t" if ending == ".tsv" else rng.choice([",", ",", ";", "\t", "|"])
    header = rng.random() < 0.8
    rows = [[number(rng), number(rng)] for _ in range(rng.randrange(1, 30))]
    if header:
        rows.insert(0, rng.sample(HEADERS, 2))
    return rows, delimiter, rng.choice(["\n", "\n", "\r\n"]), header


def written(rows: list[list[str]], delimiter: str, end: str, rng: random.Random, quote_all: bool = False) -> bytes:
    """Return the rows as CSV, sometimes quoted throughout, with a byte order mark, or without a last line's end."""
    always = quote_all or rng.random() < 0.2
    value = "".join(delimiter.join(field(text, delimiter, always) for text in row) + end for row in rows)
    if rng.random() < 0.2:
        value = value.removesuffix(end)
    if rng.random() < 0.2:
        value = value.replace(end, end + end, 1)  # a blank line
    return (b"\xef\xbb\xbf" if rng.random() < 0.15 else b"") + value.encode()


def field(text: str, delimiter: str, always: bool) -> str:
    """Return one field of CSV, quoted where it must be (the csv module of Python 3.10 cannot write a NUL)."""
    needed = always or any(char in text for char in (delimiter, '"', "\r", "\n"))
    return '"' + text.replace('"', '""') + '"' if needed else text


def truth(rows: list[list[str]], header: bool) -> Points:
    """Return the points; a column called x is x, wherever it stands."""
    x, y = (1, 0) if header and rows[0][1] == "x" else (0, 1)
    return [(float(row[x]), float(row[y])) for row in rows[header:]]


def clean(rng: random.Random) -> Case:
    ending = rng.choice([".csv", ".csv", ".tsv"])
    rows, delimiter, end, header = good_csv(rng, ending)
    readable = all(name.strip() for name in rows[0])
    plain = not (header and any(d in name for name in rows[0] for d in ",;|" if d != delimiter))
    return Case("clean", ending, written(rows, delimiter, end, rng), [truth(rows, header)], readable and plain)


def spoiled(rng: random.Random) -> Case:
    ending = rng.choice([".csv", ".csv", ".tsv"])
    rows, delimiter, end, header = good_csv(rng, ending)
    rows[rng.randrange(int(header), len(rows))][rng.randrange(2)] = rng.choice(BAD_CELLS)
    return Case("one bad cell", ending, written(rows, delimiter, end, rng), REFUSED)


def decimal_comma(rng: random.Random) -> Case:
    rows = [[f"{rng.uniform(0, 99):.2f}".replace(".", ",") for _ in "xy"] for _ in range(rng.randrange(2, 9))]
    if rng.random() < 0.5:
        rows.insert(0, ["x", "y"])
    data = "\n".join(";".join(row) for row in rows).encode()
    return Case("decimal commas", ".csv", data, REFUSED)


def ragged(rng: random.Random) -> Case:
    rows, delimiter, end, header = good_csv(rng, ".csv")
    rows = [["x", "y"], *rows[header:], ["1", "2"]]
    row = rows[rng.randrange(1, len(rows))]
    if rng.random() < 0.5:
        row.pop()
    else:
        row.extend(["7"] * rng.randrange(1, 4))
    return Case("ragged", ".csv", written(rows, delimiter, end, rng), REFUSED)


def encoded(rng: random.Random) -> Case:
    text = "größe,y\n1,2\n3,4\n"
    encoding = rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp037", "utf-7"])
    told = encoding in ("utf-7", "utf-16", "utf-32")  # the last two by their byte order mark
    allowed = [[(1.0, 2.0), (3.0, 4.0)]] if told else REFUSED
    return Case("encodings", ".csv", text.encode(encoding), allowed)


def wide(rng: random.Random) -> Case:
    width = rng.choice([3, 10, 300, 3000, 9999])
    names = ",".join(rng.choice(["", "a", f"c{i}"]) for i in range(width))
    return Case("wide", ".csv", f"{names}\n{','.join('1' * width)}\n".encode(), REFUSED)


def damage(rng: random.Random, data: bytes) -> bytes:
    """Return `data` with a few bytes changed, added, removed or cut off."""
    damaged = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(damaged) + 1)
        what = rng.randrange(5)
        if what == 0:
            damaged[at:at] = rng.choice(
                [b'"', b"\0", b"\xff", b"\r", b"\n", b",", b";", b"_", b"-", b"\\", b"\x1a", b"e9999"]
            )
        elif what == 1 and at < len(damaged):
            damaged[at] = rng.randrange(256)
        elif what == 2:
            del damaged[at : at + rng.randrange(1, 6)]
        elif what == 3:
            del damaged[at:]
        else:
            damaged[at:at] = rng.randbytes(rng.randrange(1, 8))
    return bytes(damaged)


def damaged_csv(rng: random.Random) -> Case:
    rows, _, end, header = good_csv(rng, ".csv")
    rows = [["x", "y"], *rows[header:]]
    data = damage(rng, written(rows, ",", end, rng))
    return Case("damaged CSV", ".csv", data, readings_of_csv(data))


def garbage(rng: random.Random) -> Case:
    ending = rng.choice([".csv", ".tsv", ".jsonl", ".parquet", ".npy", ".npz"])
    alphabet = rng.choice([bytes(range(256)), b'01.,\n"', b"1,\n", b'{"xy:1}\n ', b"\0\xff"])
    data = bytes(rng.choice(alphabet) for _ in range(rng.randrange(400)))
    allowed = readings_of_csv(data, "\t" if ending == ".tsv" else ",") if ending in (".csv", ".tsv") else REFUSED
    return Case("garbage", ending, data, allowed)


def json_lines(rng: random.Random) -> Case:
    rows = [(number(rng), number(rng)) for _ in range(rng.randrange(1, 20))]
    rows = [tuple(repr(float(text)) for text in row) for row in rows]  # JSON has no +1, 1. or 007
    lines = [f'{{"x": {x}, "label": "a{rng.randrange(9)}", "y": {y}}}' for x, y in rows]
    return Case("JSON lines", ".jsonl", "\n".join(lines).encode(), [[(float(x), float(y)) for x, y in rows]], True)


def spoiled_json(rng: random.Random) -> Case:
    bad = rng.choice(
        ['"1"', "null", "true", "[1]", "{}", "NaN", "Infinity", "1e999", "9007199254740993", "01", "+1", "", "'1'"]
    )
    lines = ['{"x": 1, "y": 2}', f'{{"x": {bad}, "y": 3}}', '{"x": 4.5, "y": 2}']
    rng.shuffle(lines)
    return Case("bad JSON", ".jsonl", "\n".join(lines).encode(), REFUSED)


def damaged_json(rng: random.Random) -> Case:
    data = damage(rng, json_lines(rng).data)
    return Case("damaged JSON", ".jsonl", data, readings_of_json(data))


def damaged_binary(rng: random.Random) -> Case:
    ending, data = rng.choice(BINARIES)
    return Case("damaged binary", ending, damage(rng, data), None)


def readings_of_csv(data: bytes, delimiter: str = ",") -> list[Points]:
    """Return every reading of the bytes as CSV with this delimiter that takes nothing for granted."""
    try:
        text = data.decode("utf-8-sig")
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True) if row
        ]
    except (UnicodeDecodeError, csv.Error):
        return REFUSED
    if not rows or any(len(row) < len(rows[0]) or any(row[len(rows[0]) :]) for row in rows):
        return REFUSED
    header = not any(NUMBER.fullmatch(name) for name in rows[0])
    body = rows[header:]
    columns = [i for i in range(len(rows[0])) if all(NUMBER.fullmatch(row[i]) for row in body)]
    return [[(float(row[i]), float(row[j])) for row in body] for i in columns for j in columns if i < j and body]


def readings_of_json(data: bytes) -> list[Points]:
    """Return the one reading of the bytes as JSON lines, if there is one."""
    try:
        rows = [json.loads(line) for line in data.decode("utf-8-sig").split("\n") if line.strip()]
        return [[(float(row["x"]), float(row["y"])) for row in rows if type(row["x"]) is not str]]
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return REFUSED


def dialect(rng: random.Random) -> Case:
    """A good file in one of the ways people write them: any delimiter, any line ends, packed or not."""
    rows = [[repr(rng.uniform(-99, 99)), repr(rng.uniform(-99, 99))] for _ in range(rng.randrange(2, 20))]
    points = truth(rows, False)
    delimiter = rng.choice([",", ";", "\t", "|", " ", "   ", ", ", "\t "])
    if rng.random() < 0.6:
        rows.insert(0, ["distance", "speed"])
    text = "".join(delimiter.join(row) + rng.choice(["\n", "\r\n", "\r", "\r\r\n"]) for row in rows)
    data = text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
    ending = rng.choice([".csv", ".txt", ".dat", ".data", ".tsv", ""])
    pack = rng.choice([None, None, gzip.compress, bz2.compress, zipped])
    return Case("dialects", ending, pack(data) if pack else data, [points], True)


def doubtful(rng: random.Random) -> Case:
    """A file of which no reading is certain: grouped digits, decimal commas, signs, dates, a mark for missing."""
    kind = rng.choice(
        ["1,5;2", "1 000;2", "1'000;2", "$5;2", "5%;2", "2020-01-01;2", "NA;2", "?;2", "1.5.2;2", "1:30;2"]
    )
    rows = ["a;b", *["3;4"] * rng.randrange(4), kind, *["5;6"] * rng.randrange(4)]
    end = rng.choice(["\n", "\r\n", "\r"])
    data = (end.join(rows) + end).encode()
    return Case("doubtful", rng.choice([".csv", ".txt", ""]), data, REFUSED)


def json_table(rng: random.Random) -> Case:
    points = [(rng.uniform(-9, 9), rng.uniform(-9, 9)) for _ in range(rng.randrange(1, 9))]
    x, y = [a for a, _ in points], [b for _, b in points]
    value: object = [{"x": a, "y": b} for a, b in points] if rng.random() < 0.5 else {"x": x, "y": y}
    data = json.dumps(value, indent=rng.choice([None, 1, 2])).encode()
    return Case("JSON tables", rng.choice([".json", ".txt", ""]), data, [points], True)


def damaged_json_table(rng: random.Random) -> Case:
    data = damage(rng, json_table(rng).data)
    return Case("damaged JSON tables", ".json", data, None)


def sheet(rng: random.Random) -> Case:
    points = [(rng.uniform(-9, 9), rng.uniform(-9, 9)) for _ in range(rng.randrange(1, 9))]
    rows: list[list[object]] = [["x", "y"], *([a, Formula(f"=A1*2|{b!r}")] for a, b in points)]
    rows[1:1] = [[]] * rng.randrange(3)
    return Case(
        "spreadsheets", rng.choice([".xlsx", ".csv", ""]), table(rows, first=rng.randrange(1, 5)), [points], True
    )


def damaged_sheet(rng: random.Random) -> Case:
    return Case("damaged spreadsheets", ".xlsx", damage(rng, sheet(rng).data), None)


def damaged_pack(rng: random.Random) -> Case:
    pack = rng.choice([gzip.compress, bz2.compress, zipped])
    data = damage(rng, pack(b"x,y\n1,2\n3,4\n"))
    return Case("damaged packs", rng.choice([".gz", ".bz2", ".zip"]), data, None)


def zipped(data: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", data)
    return stream.getvalue()


def binaries() -> list[tuple[str, bytes]]:
    """Return small good files of the binary formats, their points (1, 2), (3, 4), (5, 6)."""
    values = np.array([[1.0, 2], [3, 4], [5, 6]])
    npy, npz, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(npy, values)
    np.savez(npz, x=values[:, 0], y=values[:, 1])
    np.savez_compressed(packed, x=values[:, 0], y=values[:, 1])
    return [(".npy", npy.getvalue()), (".npz", npz.getvalue()), (".npz", packed.getvalue()), (".parquet", parquet())]


def parquet() -> bytes:
    """Return a small Parquet file."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        file = Path(folder, "small.parquet")
        rows = "(VALUES (1.0::DOUBLE, 2.0::DOUBLE), (3, 4), (5, 6)) AS t(x, y)"
        connection.execute(f"COPY (SELECT * FROM {rows}) TO '{file}' (FORMAT parquet)")
        return file.read_bytes()


BINARIES = binaries()

KINDS: list[Callable[[random.Random], Case]] = [
    clean, clean, spoiled, spoiled, decimal_comma, ragged, encoded, wide, damaged_csv, damaged_csv, garbage,
    json_lines, spoiled_json, damaged_json, damaged_binary, damaged_binary,
    dialect, dialect, doubtful, json_table, damaged_json_table, sheet, damaged_sheet, damaged_pack,
]  # fmt: skip


def cases(seed: int, count: int) -> Iterator[Case]:
    """Yield `count` cases, the kinds in turn."""
    rng = random.Random(seed)
    for position in range(count):
        yield KINDS[position % len(KINDS)](rng)
