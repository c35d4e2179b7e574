"""`tf-gd train` and `tf-gd check`, as a user meets them: exit codes, streams, JSON, errors of one line."""

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

import tf_gd
from tf_gd.cli import COMMANDS, run
from tf_gd.cli import tf_gd as group
from tf_gd.diagnosis.file_check import check_file
from tf_gd.verify.derivation import derive

SERIES = ["m", "c", "loss", "gradient_m", "gradient_c"]


def call(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def test_train_without_data_is_the_main_job(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "train")
    assert (code, err) == (0, "")
    assert "y = 454.1584409226" in out
    assert "yes: m, c, loss and both gradients agree in every bit" in out
    for needed in ("TensorFlow", "by hand", "dL/dm", "largest stable", "best", "least squares", "stopped"):
        assert needed in out


def test_json_is_one_object_and_nothing_else(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "train", "--json")
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert {"line", "loss", "gradient", "num_steps", "outcome", "learning_rate", "max_learning_rate", "engine"} <= set(
        result
    )
    assert result["outcome"] == "CONVERGED"
    assert result["check"] == {"ok": True, "identical": True, "max_ulp": dict.fromkeys(SERIES, 0)}


def test_quiet_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(capfd, "train", "--engine", "manual", "--quiet") == (0, "", "")


def test_a_file_and_its_columns(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("name,distance,velocity,note\na,0,1,7\nb,1,3,7\nc,2,5,7\n")
    asked = ["--x", "distance", "--y", "velocity", "--learning-rate", "0.1", "--num-steps", "500", "--engine", "manual"]
    code, out, _ = call(capfd, "train", str(file), *asked, "--json")
    assert code == 0
    assert json.loads(out)["num_steps"] == 500
    assert f"{json.loads(out)['line']['m']:.9g}" == "2"


def test_output_saves_the_trajectory(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "path.csv"
    assert call(capfd, "train", "--engine", "manual", "--num-steps", "9", "--output", str(file), "--quiet")[0] == 0
    assert file.read_text().splitlines()[0] == "step,m,c,loss,gradient_m,gradient_c"
    assert len(file.read_text().splitlines()) == 11


def test_diverged_is_three_and_warns_before(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "train", "--learning-rate", "0.03", "--engine", "manual")
    assert code == 3
    assert err.startswith("tf-gd: warning: The learning rate 0.03 is not under 0.0204896")
    assert "Loss became infinite at step" in out


def test_numbers_that_are_lost_are_null_in_json(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, "train", "--learning-rate", "0.03", "--engine", "manual", "--json")
    assert (code, json.loads(out)["loss"], json.loads(out)["outcome"]) == (3, None, "DIVERGED")


def test_stopped_before_the_tolerance_is_four(capfd: pytest.CaptureFixture[str]) -> None:
    assert call(capfd, "train", "--engine", "manual", "--num-steps", "3", "--tolerance", "1e-3", "--quiet")[0] == 4
    assert call(capfd, "train", "--engine", "manual", "--num-steps", "3", "--quiet")[0] == 0


def test_check_is_zero_where_all_is_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "check", "--dtype", "float32")
    assert (code, err) == (0, "")
    assert out.startswith("IDENTICAL: every bit")


def test_check_is_one_where_the_hand_written_path_is_wrong(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tf_gd.summation.manual_engine import ManualDescent

    right = ManualDescent.advance

    def wrong(self: ManualDescent, *arguments: object, **named: object) -> tuple[int, np.ndarray, np.ndarray]:
        step, kept, last = right(self, *arguments, **named)
        return step, kept * (1 + 1e-9), last

    monkeypatch.setattr(ManualDescent, "advance", wrong)
    code, out, err = call(capfd, "check")
    assert err == ""
    assert code == 1
    assert out.startswith("DIFFERENT")
    assert call(capfd, "train", "--quiet")[0] == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capfd, command, "--help")
    assert code == 0
    assert f"Example: tf-gd {command}" in " ".join(out.split())


def test_help_imports_nothing_that_it_does_not_need() -> None:
    """Only the files of the command line, and four that cost as little."""
    code = "import sys; from tf_gd.cli import run; run(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    heavy = {"tensorflow", "numpy", "numba", "duckdb", "matplotlib", "sympy", "rich", "jinja2", "dask", "distributed"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("tf_gd.") and not name.startswith("tf_gd.cli")} == {
        "tf_gd.errors",
        "tf_gd.diagnosis",
        "tf_gd.diagnosis.limits",
        "tf_gd.loading",
    }
    assert all(command in done.stdout for command in COMMANDS)


def test_the_options_offer_what_the_library_has() -> None:
    """They are written out in the command line, which must not import the library for its help."""
    from tf_gd import points as data
    from tf_gd import reduction
    from tf_gd.cli import derive, options
    from tf_gd.verify import derivation

    assert options.SAMPLES == data.SAMPLES
    assert derive.MODELS == derivation.MODELS
    assert options.REDUCTIONS == reduction.REDUCTIONS


def defaults_of(function: Callable[..., Any]) -> dict[str, Any]:
    return {name: one.default for name, one in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize(
    ("command", "function", "shared"),
    [
        ("train", tf_gd.train, 15),
        ("check", tf_gd.check, 11),
        ("derive", derive, 2),
        ("diagnose", check_file, 2),
    ],
)
def test_an_option_that_is_left_out_is_what_python_takes(
    command: str, function: Callable[..., Any], shared: int
) -> None:
    """All but the engine: `tf-gd train` runs both, and compares them."""
    options = group.get_command(click.Context(group), command).make_context(command, []).params
    wanted = {name: value for name, value in defaults_of(function).items() if name in options and name != "engine"}
    assert len(wanted) >= shared
    assert {name: options[name] for name in wanted} == wanted


BAD_FILES = {
    "missing.csv": None,
    "empty.csv": "",
    "one_column.csv": "x\n1\n2\n",
    "text.csv": "x,y\n1,2\n3,four\n",
    "ragged.csv": "x,y\n1,2\n3\n4,5,6\n",
    "nan.csv": "x,y\n1,2\nnan,4\n",
    "infinity.csv": "x,y\n1,2\n3,inf\n",
    "no_points.csv": "x,y\n",
    "three.csv": "a,b,c\n1,2,3\n4,5,6\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_one_line_and_two(name: str, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if BAD_FILES[name] is not None:
        (tmp_path / name).write_text(BAD_FILES[name])
    code, out, err = call(capfd, "train", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith("tf-gd: error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


BAD_OPTIONS = [
    ["--learning-rate", "0"],
    ["--learning-rate", "-0.1"],
    ["--learning-rate", "nan"],
    ["--learning-rate", "text"],
    ["--num-steps", "-1"],
    ["--num-steps", "1.5"],
    ["--num-steps", "many"],
    ["--dtype", "int8"],
    ["--engine", "torch"],
    ["--reduction", "max"],
    ["--tolerance", "-1"],
    ["--tolerance", "tight"],
    ["--start", "0"],
    ["--start", "a", "b"],
    ["--start", "inf", "0"],
    ["--record-every", "0"],
    ["--output", "path.xlsx"],
    ["--output", "/nonexistent/path.csv"],
    ["--x", "a"],
    ["--sample", "mtcars"],
    ["--nonsense"],
    ["a.csv", "b.csv"],
    ["a.csv", "--sample", "norris"],
]


@pytest.mark.parametrize("options", BAD_OPTIONS, ids=" ".join)
def test_a_bad_option_is_one_line_and_two(options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capfd, "train", "--engine", "manual", *options)
    assert (code, out) == (2, "")
    assert err.startswith("tf-gd: error: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("engine", ["both", "manual"])
def test_the_steps_that_are_asked_for_are_written(
    engine: str, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "path.json"
    options = ["--engine", engine, "--num-steps", "25", "--record-every", "10", "--output", str(file), "--quiet"]
    assert call(capfd, "train", *options) == (0, "", "")
    assert tf_gd.read_trajectory(file).step.tolist() == [0, 10, 20, 25]


@pytest.mark.slow  # TensorFlow is loaded anew; the README's own command shows the same
def test_the_module_runs_and_nothing_of_tensorflow_reaches_the_terminal() -> None:
    done = subprocess.run([sys.executable, "-m", "tf_gd", "train"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "agree in every bit" in done.stdout


def test_an_interrupt_is_130(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tf_gd.cli.train_output.carry_out", interrupted)
    assert call(capfd, "train") == (130, "", "tf-gd: error: interrupted\n")


@pytest.mark.parametrize("command", [["plot", "line"], ["report", "--engine", "manual"]])
def test_what_writes_a_file_tells_its_name_in_json(
    command: list[str], capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / ("line.png" if command[0] == "plot" else "report.html")
    code, out, err = call(capfd, *command, "--output", str(file), "--json")
    assert (code, err, json.loads(out)["output"]) == (0, "", str(file))
    assert file.stat().st_size > 1000
