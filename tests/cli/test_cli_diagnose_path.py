"""`tf-gd diagnose` on programs and on tables of steps: verdict, exit code, JSON, and one clear line otherwise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import descents
from support.descents import Descent

from tf_gd.cli import run

PROGRAMS = Path(__file__).parents[1] / "programs"


def diagnose(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    code = run(["diagnose", *arguments, "--json"])
    out, err = capfd.readouterr()
    return code, json.loads(out) if out else None, err


def tables(folder: Path, step: Any) -> tuple[str, str]:
    d = Descent(2, "mean")
    m, c = d.run(step)
    steps, points = folder / "steps.csv", folder / "points.csv"
    rows = "".join(f"{k},{float(a)!r},{float(b)!r}\n" for k, (a, b) in enumerate(zip(m, c, strict=True)))
    steps.write_text("step,m,c\n" + rows)
    points.write_text("x,y\n" + "".join(f"{float(a)!r},{float(b)!r}\n" for a, b in zip(d.x, d.y, strict=True)))
    return str(steps), str(points)


def test_a_wrong_program(capfd: pytest.CaptureFixture[str]) -> None:
    code, found, err = diagnose(capfd, str(PROGRAMS / "thetas_in_list.py"))
    assert (code, err) == (1, "")
    assert (found["verdict"], found["loss"], found["ok"]) == ("wrong", "sum", False)
    assert [(one["function"], one["name"], one["line"]) for one in found["diagnosis"]] == [("path", "sign-of-m", 7)]


def test_a_right_program_with_a_remark(capfd: pytest.CaptureFixture[str]) -> None:
    code, found, err = diagnose(capfd, str(PROGRAMS / "overflow_error.py"))
    assert (code, err, found["verdict"], found["diagnosis"]) == (0, "", "right", [])
    (remark,) = found["remarks"]
    assert remark["name"] == "rate-too-large"
    assert remark["line"] == 8


def test_cannot_tell_has_a_code_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    code, found, _ = diagnose(capfd, str(PROGRAMS / "one_step_from_zero.py"))
    assert (code, found["verdict"]) == (5, "cannot-tell")


def test_a_table_of_steps(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps, points = tables(tmp_path, descents.right)
    code, found, _ = diagnose(capfd, "--path", steps, "--data", points, "--rate", str(Descent(2, "mean").rate))
    assert (code, found["verdict"], found["loss"]) == (0, "right", "mean")
    code, found, _ = diagnose(capfd, "--path", steps, "--data", points, "--reduction", "half_sum")
    assert (code, found["verdict"], found["loss"]) == (0, "right", "half_sum")
    steps, points = tables(tmp_path, descents.m_first)
    code, found, _ = diagnose(capfd, "--path", steps, "--data", points, "--m", "m", "--c", "c", "--x", "x", "--y", "y")
    assert (code, [one["name"] for one in found["diagnosis"]]) == (1, ["sequential-m-first"])


def test_a_trajectory_of_ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    import tf_gd

    d = Descent(4, "mean")
    path = tf_gd.train(d.x, d.y, learning_rate=np.float64(d.rate), num_steps=20, engine="manual", reduction="mean")
    path.save(tmp_path / "steps.csv")
    _, points = tables(tmp_path / ".", descents.right)
    Path(points).write_text(
        "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(d.x.tolist(), d.y.tolist(), strict=True))
    )
    path.save(tmp_path / "steps.csv")
    code, found, _ = diagnose(capfd, "--path", str(tmp_path / "steps.csv"), "--data", points, "--rate", str(d.rate))
    assert (code, found["verdict"], found["loss"]) == (0, "right", "mean")


def test_a_table_with_decimal_commas(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The advice of the error, followed, works."""
    steps, points = tables(tmp_path, descents.right)
    for path in (steps, points):
        Path(path).write_text(Path(path).read_text().replace(",", ";").replace(".", ","))
    assert run(["diagnose", "--path", steps, "--data", points]) == 2
    advice = capfd.readouterr().err.split(" Add ")[1].split()
    assert advice == ["--decimal", ","]
    assert diagnose(capfd, "--path", steps, "--data", points, *advice)[0] == 0


def test_a_column_of_the_steps_is_called_by_its_own_name(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps, points = tables(tmp_path, descents.right)
    for option in ("--m", "--c"):
        assert run(["diagnose", "--path", steps, "--data", points, option, "q"]) == 2
        assert f"`{option[2:]}` must be a column" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give a program"),
        (["a.py", "--path", "b.csv"], "Give a program"),
        (["--path", "steps.csv"], "--data points.csv"),
        (["--path", "steps.csv", "--data", "points.csv"], "steps.csv"),
        (["setup.cfg", "--decimal", ","], "--decimal says how tables are written"),
    ],
)
def test_usage(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(["diagnose", *arguments]), *capfd.readouterr()
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import time\nm = c = 0.0\nwhile True:\n    time.sleep(0.01)", "hangs"),
        ("import os\nos._exit(0)", "exits"),
        ("age = int(input())", "raises"),
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n1 / 0", "raises"),
    ],
)
def test_what_ends_a_program_is_never_wrong(
    text: str, name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "program.py"
    path.write_text(text)
    code, found, _ = diagnose(capfd, str(path), "--time-limit", "3" if name == "hangs" else "60")
    assert (code, found["verdict"], [one["name"] for one in found["diagnosis"]]) == (2, "cannot-tell", [name])
