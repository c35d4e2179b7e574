"""Ten data sets of the kinds that courses hand out (own numbers): one command that a beginner types, or one error."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pytest
from support.spreadsheet import table

import tf_gd
from tf_gd.cli import run

X = [1.5, 2.0, 3.5, 5.0, 6.5]
Y = [4.0, 5.5, 8.0, 11.5, 14.0]


def lines(head: str, row: str, x: list[float] = X, y: list[float] = Y) -> bytes:
    return (head + "".join(row.format(n=n, x=a, y=b) for n, (a, b) in enumerate(zip(x, y, strict=True)))).encode()


def comma(data: bytes) -> bytes:
    return data.replace(b".", b",")


def column_file(folder: Path) -> bytes:
    np.savez(folder / "made.npz", x=np.array(X).reshape(-1, 1), y=np.array(Y).reshape(-1, 1))
    return (folder / "made.npz").read_bytes()


def frame_file(folder: Path) -> bytes:
    pandas.DataFrame({"YearsExperience": X, "Salary": Y}).to_csv(folder / "made.csv")
    return (folder / "made.csv").read_bytes()


YEARS = [1990.0, 1995.0, 2000.0, 2005.0, 2010.0]
SETS: dict[str, tuple[str, bytes | Callable[[Path], bytes], str, list[float], list[float]]] = {
    "text without a header": ("ex1data1.txt", lines("", "{x},{y}\n"), "", X, Y),
    "white space": ("galton.dat", lines("  height    child\n", "  {x}    {y}  \n"), "", X, Y),
    "semicolons, decimal commas": ("miete.csv", comma(lines("m2;Miete\n", "{x};{y}\n")), "--decimal ,", X, Y),
    "a spreadsheet": ("ads.xlsx", table([["TV", "Sales"], *zip(X, Y, strict=True)]), "", X, Y),
    "an index column": ("Salary_Data.csv", frame_file, "--x YearsExperience --y Salary", X, Y),
    "years": ("temp.csv", lines("Year,Temp\n", "{x:.0f},{y}\n", YEARS), "", YEARS, Y),
    "kilometres": ("data.csv", lines("km,price\r\n", "{x:.0f},{y}\r\n", [240000, 139800, 150500, 185530, 176000]), "",
                   [240000, 139800, 150500, 185530, 176000], Y),
    "prices": ("houses.csv", lines("sqft,price\n", '"2,10{n}","{y:.0f}9,900"\n'), "--thousands ,",
               [2100, 2101, 2102, 2103, 2104], [10000 * round(y) + 9900.0 for y in Y]),
    "missing values": ("cars.csv", lines("weight,mpg\n", "{x},{y}\n") + b"7,?\n,15\n", "--na '?' --skip-invalid", X, Y),
    "arrays [n, 1]": ("regression.npz", column_file, "", X, Y),
}  # fmt: skip


@pytest.mark.parametrize("kind", SETS)
def test_a_data_set_of_a_course(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, made, options, x, y = SETS[kind]
    data = made(tmp_path) if callable(made) else made
    file = tmp_path / name
    file.write_bytes(data)
    fit = ["train", str(file), "--engine", "manual", "--num-steps", "5", "--quiet"]
    code = run(fit)
    error = capsys.readouterr().err
    if options:
        assert code == 2
        told = re.search(r" Add (.*)\n$", error)
        assert told, error
        assert told[1] == options
        code = run([*fit, *shlex.split(told[1])])
    assert code in (0, 4), error
    keywords = {}
    if options:
        with pytest.raises(tf_gd.DataError) as caught:
            tf_gd.read_points(file)
        keywords = eval(f"dict({str(caught.value).split(' Add ')[1]})")
    points = tf_gd.read_points(file, **keywords)
    assert (points.x.tolist(), points.y.tolist()) == (x, y)
