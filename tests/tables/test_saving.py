"""Files are written whole or not at all, and what cannot be written is told before any work."""

import os
import stat
import subprocess
import sys
import threading
from itertools import product
from pathlib import Path

import pytest

from tf_gd import DataError, Points, train
from tf_gd.cli import run
from tf_gd.show.figures import fitted_line
from tf_gd.show.page import write_report
from tf_gd.show.theme import save_figure
from tf_gd.tables.writing import check_file, check_folder, draft_of, make_folder

POINTS = Points([0.0, 1.0], [1.0, 3.0])
PATH = train(*POINTS, learning_rate=0.1, num_steps=3, engine="manual")
WRITERS = {
    "path.csv": PATH.save,
    "path.json": PATH.save,
    "path.parquet": PATH.save,
    "report.html": lambda path: write_report(path, "<p>" * 5000),
    "figure.png": lambda path: save_figure(fitted_line(POINTS, PATH), path),
}
COMMANDS = {
    "train --output": ["train", "--output", "{}.csv"],
    "train --report": ["train", "--report", "{}.html"],
    "train --log-dir": ["train", "--log-dir", "{}/logs"],
    "report --output": ["report", "--output", "{}.html"],
    "plot --output": ["plot", "line", "--output", "{}.png"],
}
PLACES = {
    "missing parent": ("missing/out", "No such file or directory"),
    "no directory": ("file/out", "Not a directory"),
    "not writable": ("/proc/out", "No such file or directory"),  # where even root can make nothing
}


@pytest.fixture
def no_work(monkeypatch, tmp_path):
    """A directory with a file in it, and commands that must not come as far as reading the points."""
    (tmp_path / "file").write_text("kept")
    monkeypatch.chdir(tmp_path)
    for module in ("train", "report", "plot"):
        monkeypatch.setattr(f"tf_gd.cli.{'sources' if module == 'train' else module}.load_points", None)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "place"),
    [pair for pair in product(COMMANDS, PLACES) if pair != ("train --log-dir", "missing parent")],  # which is made
)
def test_what_cannot_be_written_is_told_before_any_work(command, place, no_work, capsys):
    name, reason = PLACES[place]
    assert run([part.format(name) for part in COMMANDS[command]]) == 2
    out, error = capsys.readouterr()
    option = command.split("--")[1].replace("-", "_")
    assert out == ""
    assert error.startswith(f"tf-gd: error: `{option}` must be a ")
    assert error.endswith(f": {reason}. Choose another place.\n")
    assert len(error.splitlines()) == 1
    assert [entry.name for entry in no_work.iterdir()] == ["file"]


@pytest.mark.parametrize("command", [name for name in COMMANDS if "log" not in name])
def test_a_directory_is_no_file(command, no_work, capsys):
    arguments = [part.format("folder") for part in COMMANDS[command]]
    Path(arguments[-1]).mkdir()
    assert run(arguments) == 2
    assert ": Is a directory. Choose another place.\n" in capsys.readouterr().err


def test_a_file_is_no_directory(no_work, capsys):
    assert run(["train", "--log-dir", "file"]) == 2
    assert ": Not a directory. Choose another place.\n" in capsys.readouterr().err


def test_an_unknown_ending_is_told_before_any_work(no_work, capsys):
    assert run(["train", "--output", "path.xlsx"]) == 2
    assert "`output` must be a name that ends in .csv, .json or .parquet" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--report", "--log-dir"])
def test_what_cannot_be_drawn_is_told_before_the_files_are_read(option, no_work, capsys):
    assert run(["train", "missing.csv", "--engine", "moments", option, "out"]) == 2
    assert "--report and --log-dir draw the points." in capsys.readouterr().err


@pytest.mark.parametrize("command", [name for name in COMMANDS if "log" not in name])
def test_a_run_that_fails_leaves_the_old_file(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = [part.format("old") for part in COMMANDS[command]]
    Path(arguments[-1]).write_text("kept")
    before = os.stat(arguments[-1])
    assert run([*arguments, "--dtype", "int8"]) == 2
    assert "`dtype` must be" in capsys.readouterr().err
    assert Path(arguments[-1]).read_text() == "kept"
    assert os.stat(arguments[-1]).st_mtime_ns == before.st_mtime_ns
    assert len(list(tmp_path.iterdir())) == 1


def test_a_writing_that_fails_leaves_the_old_file(tmp_path):
    """The system cuts each file short, as a full disk would."""
    for name in WRITERS:
        (tmp_path / name).write_text("kept")
    code = (
        "import os, resource, signal, sys; from tests.tables.test_saving import WRITERS\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "for name, write in WRITERS.items():\n"
        "    try:\n"
        "        write(os.path.join(sys.argv[1], name))\n"
        "    except Exception as error:\n"
        "        print(name, error)"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout.splitlines()
    assert [line.split()[0] for line in told] == list(WRITERS), done.stderr
    assert all("File too large" in line for line in told)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == dict.fromkeys(WRITERS, "kept")


def test_a_link_stays_a_link_and_a_mode_stays_the_mode(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    with draft_of(tmp_path / "link") as draft:
        draft.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o600


def test_a_pipe_is_written_to_once_and_not_replaced(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    check_file(pipe)
    write_report(pipe, "page")
    reader.join()
    assert read == ["page"]
    assert pipe.is_fifo()


def test_a_folder_is_made_when_there_is_something_to_put_in_it(tmp_path):
    check_folder(tmp_path / "a" / "b", "log_dir")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "nowhere").symlink_to("gone")
    with pytest.raises(DataError, match="No such file"):
        check_folder(tmp_path / "nowhere", "log_dir")


def test_a_directory_whose_name_is_too_long_is_told_before_and_when_it_is_made(tmp_path):
    for look in (check_folder, make_folder, make_folder):
        with pytest.raises(DataError, match=r"^`log_dir` must be a directory that can be written\. Got .*too long"):
            look(tmp_path / ("a" * 300), "log_dir")
    assert list(tmp_path.iterdir()) == []
