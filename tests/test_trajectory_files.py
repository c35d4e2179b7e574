"""What `Trajectory.save` writes comes back; what a line says of further x is printed."""

import io
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import duckdb
import numpy as np
import pandas
import pytest

import tf_gd
from tf_gd.cli import run
from tf_gd.trajectory import SERIES


def path_of(dtype: str = "float64", rate: float = 0.1, steps: int = 5) -> tf_gd.Trajectory:
    return tf_gd.train([0.0, 1, 2], [1.0, 3, 4], learning_rate=rate, num_steps=steps, engine="manual", dtype=dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("ending", [".json", ".parquet", ".csv", ".JSON"])
def test_every_format_comes_back(tmp_path: Path, ending: str, dtype: str) -> None:
    path = path_of(dtype)
    path.save(tmp_path / f"it's{ending}")
    back = tf_gd.read_trajectory(tmp_path / f"it's{ending}")
    assert back.step.tolist() == path.step.tolist()
    assert back.to_dict() == path.to_dict()
    assert tuple(map(float, back.line)) == tuple(map(float, path.line))
    if ending != ".csv":
        assert [getattr(back, name).tobytes() for name in SERIES] == [getattr(path, name).tobytes() for name in SERIES]
        others = [field.name for field in fields(path) if field.name not in ("step", *SERIES)]
        assert [getattr(back, name) for name in others] == [getattr(path, name) for name in others]


@pytest.mark.parametrize("ending", [".json", ".parquet", ".csv"])
@pytest.mark.filterwarnings("ignore::tf_gd.errors.DescentWarning")
def test_a_run_that_diverged_comes_back(tmp_path: Path, ending: str) -> None:
    path = path_of(rate=1e30, steps=40)
    file = tmp_path / f"a{ending}"
    path.save(file)
    back = tf_gd.read_trajectory(file)
    assert back.outcome is path.outcome is tf_gd.Outcome.DIVERGED
    assert np.array(back.loss).tobytes() == path.loss.tobytes() or ending == ".csv"


def test_other_programs_read_them(tmp_path: Path) -> None:
    path = path_of()
    for ending in (".json", ".parquet", ".csv"):
        path.save(tmp_path / f"a{ending}")
    assert pandas.read_csv(tmp_path / "a.csv").columns.tolist() == ["step", *SERIES]
    assert pandas.read_parquet(tmp_path / "a.parquet").m.tolist() == path.m.tolist()
    assert json.loads((tmp_path / "a.json").read_text())["line"] == {"m": path.m[-1], "c": path.c[-1]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b"x,y\n1,2\n"),
        ("a.csv", b"step,m,c,loss,gradient_m,gradient_c\n"),
        ("a.csv", b"step,m,c,loss,gradient_m,gradient_c\n0,a,b,c,d,e\n"),
        ("a.json", b'{"m": [1.0]}'),
        ("a.json", b"[1]"),
        ("a.json", b'{"step":[0],"m":[1],"c":[1],"loss":[1],"gradient_m":[1],"gradient_c":[1],"outcome":"?"}'),
        ("a.json", b'{"step":[0],"m":[1],"c":[1],"loss":[1],"gradient_m":[1],"gradient_c":["a"]}'),
        ("a.json", b'{"step":[0],"m":[1],"c":[1],"loss":[1],"gradient_m":[1],"gradient_c":[1],"dtype":"int8"}'),
        ("a.parquet", b"PAR1"),
        ("a.txt", b""),
    ],
)
def test_what_is_no_trajectory_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(tf_gd.TfGdError) as caught:
        tf_gd.read_trajectory(tmp_path / name)
    assert str(caught.value).isprintable()
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS x) TO '{tmp_path}/b.parquet'")
    with pytest.raises(tf_gd.DataError, match="must hold a trajectory"):
        tf_gd.read_trajectory(tmp_path / "b.parquet")


@pytest.fixture
def line(tmp_path: Path) -> str:
    file = tmp_path / "line.json"
    file.write_text('{"line": {"m": 2.0, "c": 1.0}, "loss": 0.0}\n')
    return str(file)


def predicted(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert run(["predict", *arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out.splitlines()


def test_predict_numbers(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert predicted(capsys, line, "1", "-2", "1e3", ".5") == ["3.0", "-3.0", "2001.0", "2.0"]
    assert json.loads(predicted(capsys, line, "5", "--json")[0])["predictions"] == [11.0]


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("one column.txt", "1\n2\n", []),
        ("a header.csv", "x\n1\n2\n", []),
        ("named.csv", "y,x\n8,1\n9,2\n", []),
        ("chosen.csv", "a,b\n8,1\n9,2\n", ["--x", "b"]),
        ("german.csv", "km;Preis\n1,0;8\n2,0;9\n", ["--x", "km", "--decimal", ","]),
        ("a label.json", '[{"name": "a", "km": 1}, {"name": "b", "km": 2}]', []),
    ],
)
def test_predict_files(
    line: str, tmp_path: Path, name: str, content: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / name
    file.write_text(content)
    assert predicted(capsys, line, str(file), *options) == ["3.0", "5.0"]
    for ending in (".csv", ".json", ".parquet"):
        output = tmp_path / f"out{ending}"
        assert predicted(capsys, line, str(file), *options, "--output", str(output)) == []
        assert tf_gd.read_points(output, y="prediction").y.tolist() == [3.0, 5.0]


def test_predict_an_array(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "x.npy", [1.0, 2.0])
    assert predicted(capsys, line, str(tmp_path / "x.npy")) == ["3.0", "5.0"]


def test_what_train_printed_and_saved_predicts_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "saved.json"
    assert run(["train", "--engine", "manual", "--num-steps", "9", "--output", str(saved), "--json"]) in (0, 4)
    printed = capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", io.StringIO(printed))
    fit = json.loads(printed)["line"]
    expected = [repr(fit["m"] * 0.5 + fit["c"])]
    assert predicted(capsys, "-", "0.5") == predicted(capsys, str(saved), "0.5") == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["1", "a"], "`X` must be a finite number"),
        (["1", "nan"], "`X` must be a finite number"),
        (["1,5"], "`X` must be a finite number"),
        (["none.csv"], "'none.csv' must be a file. There is none of that name."),
        (["--what", "1"], "No such option"),
        (["1", "--x", "a"], "--x and how DATA is written go with FILE."),
        ([], "Missing argument"),
    ],
)
def test_bad_predictions(line: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["predict", line, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"line": {"m": null, "c": 1}}', '{"m": "2", "c": 1}', '{"m": []}']
)
def test_no_line(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "line.json").write_text(content)
    assert run(["predict", str(tmp_path / "line.json"), "1"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_predicting_needs_no_tensorflow(line: str) -> None:
    code = f"import sys; from tf_gd.cli import run; run(['predict', {line!r}, '1']); print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["3.0", "False"]
