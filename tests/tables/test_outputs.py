"""No output is an input or another output, however it is spelled; and nothing is written when it is refused."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tf_gd
from tf_gd import DataError, InvalidArgumentError
from tf_gd.cli import run
from tf_gd.tables.outputs import check_outputs


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with data under several names."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many").mkdir()
    for name in ("data.csv", "many/a.csv", "many/b.csv", "data.svg", "data.html"):
        (tmp_path / name).write_text("x,y\n1,3\n2,5\n3,7.5\n")
    (tmp_path / "soft.csv").symlink_to("data.csv")
    (tmp_path / "hard.csv").hardlink_to("data.csv")
    (tmp_path / "into").symlink_to("many")
    (tmp_path / "gone.csv").symlink_to("new.csv")
    return tmp_path


def content(folder):
    """Every name below a folder, with what it holds."""
    return {str(path): path.is_file() and hashlib.sha256(path.read_bytes()).digest() for path in folder.rglob("*")}


SAME = ["data.csv", "./data.csv", "many/../data.csv", "soft.csv", "hard.csv"]


@pytest.mark.parametrize("data", SAME)
@pytest.mark.parametrize("output", [*SAME, os.path.join("into", "..", "data.csv")])
@pytest.mark.parametrize("option", ["output", "report", "log_dir", "session"])
def test_no_output_is_an_input(data, output, option, here):
    before = content(here)
    with pytest.raises(DataError, match=rf"^`{option}` must be apart from DATA .* Choose another place\.$"):
        check_outputs([data], **{option: output})
    assert content(here) == before


@pytest.mark.parametrize("data", ["many", "into", "many/", "many/*.csv", "m*/a.csv", "**/a.csv"])
@pytest.mark.parametrize("output", ["many/a.csv", "into/a.csv"])
def test_no_output_is_one_of_many_inputs(data, output, here):
    with pytest.raises(DataError, match="apart from DATA"):
        check_outputs([data], output=output)


def test_no_output_joins_the_inputs_of_the_next_run(here):
    for data, output in (("many", "many/new.csv"), ("many/*.csv", "many/new.csv"), ("many", "many/deep/new.csv")):
        with pytest.raises(DataError, match="apart from DATA"):
            check_outputs([data], output=output)


def test_no_output_is_another_output(here):
    for one, other in (("a.csv", "a.csv"), ("a.csv", "./a.csv"), ("new.csv", "gone.csv"), ("soft.csv", "hard.csv")):
        with pytest.raises(DataError, match="apart from"):
            check_outputs([], output=one, report=other)
    for inside in ("run", "run/x.csv", "run/session.json", "run/rows/x.csv"):
        with pytest.raises(DataError, match=r"apart from 'run', where `session` is written"):
            check_outputs([], output=inside, session="run")


def test_what_is_apart_is_allowed(here):
    check_outputs(["data.csv"], output="out.csv", report="many/r.html", log_dir="logs", session="logs/run")
    check_outputs(["many/a*.csv"], output="many/z.csv", report="/dev/full", log_dir="many")
    check_outputs(["-", None], output="/dev/full", report="/dev/full")


@pytest.mark.parametrize("option", ["output", "report", "log_dir", "session"])
def test_an_empty_name_is_no_place(option, here):
    with pytest.raises(InvalidArgumentError, match=rf"^`{option}` must be a name that is not empty\. Got ''\. "):
        check_outputs([], **{option: ""})


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "data.csv", "--output", "soft.csv"],
        ["train", "soft.csv", "--report", "data.csv"],
        ["train", "data.csv", "--output", "s.csv", "--report", "s.csv"],
        ["train", "data.csv", "--output", "s.csv", "--session", "s.csv"],
        ["train", "data.csv", "--session", "run", "--log-dir", "run"],
        ["train", "data.csv", "--session", ""],
        ["train", "many", "--engine", "moments", "--output", "many/a.csv"],
        ["train", "data.csv", "--test", "many/a.csv", "--output", "into/a.csv"],
        ["train", "data.csv", "--test", "data.html", "--report", "data.html"],
        ["train", "data.csv", "--log-dir", "\udcff"],
        ["report", "data.html", "--output", "data.html"],
        ["report", "data.csv", "--output", "hard.csv"],
        ["playground", "data.csv", "--output", "soft.csv"],
        ["plot", "line", "data.svg", "--output", "data.svg"],
    ],
)
def test_every_command_refuses_in_one_line_and_writes_nothing(arguments, here, capsys):
    before = content(here)
    assert run(arguments) == 2
    out, error = capsys.readouterr()
    assert (out, error.count("\n")) == ("", 1)
    assert content(here) == before


def test_streams_are_inputs_and_outputs_too(here):
    for redirected in ({"stdin": open("data.csv")}, {"stdout": open("out.csv", "a")}):  # noqa: SIM115
        name = next(iter(redirected.values())).name
        command = [sys.executable, "-m", "tf_gd", "train", "-", "--output", name]
        done = subprocess.run(command, **{"stdin": -3, **redirected}, stderr=-1, text=True, check=False)
        redirected.popitem()[1].close()
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "`output` must be a" in done.stderr
    assert Path("data.csv").read_text().startswith("x,y")


@pytest.mark.parametrize("name", ["session.json", "manifest.txt", "log.txt", "lock", "rows/{}", "rows/new.csv"])
def test_no_output_is_a_file_of_a_session(name, here, capsys):
    arguments = ["train", "data.csv", "--engine", "manual", "--learning-rate", "0.01", "--num-steps", "9", "--quiet"]
    assert run([*arguments, "--session", "run"]) == 0
    before, (rows,) = content(here), (here / "run" / "rows").iterdir()
    for options in (["--report", f"run/{name.format(rows.name)}"], ["--output", "link.json"]):
        (here / "link.json").unlink(missing_ok=True)
        (here / "link.json").symlink_to(f"run/{name.format(rows.name)}")
        assert run([*arguments, *options]) == 2
        (here / "link.json").unlink()
    assert capsys.readouterr().err.count("must be another file than those of a training session") == 2
    assert content(here) == before
    path = tf_gd.train([0.0, 1.0, 2.0], [1.0, 3.0, 5.5], learning_rate=0.01, num_steps=3, engine="manual")
    (here / "run" / "manifest.json").symlink_to("session.json")
    with pytest.raises(DataError, match="those of a training session"):
        path.save(here / "run" / "manifest.json")
    path.save(here / "run" / "mine.json")
    assert run([*arguments, "--session", "run", "--resume"]) == 0
