"""The command line where the system is bad to it: the right answer or one line, and an exit code that is documented."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tf_gd.summation.order import usable_cores

DOCUMENTED = {0, 1, 2, 3, 4, 5, 70, 130, 143}
TRAIN = ("train", "--engine", "manual", "--num-steps", "40", "--learning-rate", "0.01")
COMMANDS = {
    "train": TRAIN,
    "check": ("check", "--num-steps", "5"),
    "derive": ("derive",),
    "plot": ("plot", "line", "--output", "figure.svg"),
    "diagnose": ("diagnose", "right.py"),
    "session": (*TRAIN, "--session", "run"),
}
RIGHT = "def gradient(m, c, x, y):\n    e = m * x + c - y\n    return (2 * e * x).sum(), (2 * e).sum()\n"


def limited(**limits):
    """Return what sets limits of the system in a child."""

    def set_limits():
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))

    return {"preexec_fn": set_limits}


def closed(*descriptors):
    """Return what closes descriptors in a child."""
    return {"preexec_fn": lambda: [os.close(each) for each in descriptors], "close_fds": False}


def in_a_removed_directory(folder):
    """Return what leaves a child in a directory that is gone."""

    def leave():
        gone = folder / "gone"
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()

    return {"preexec_fn": leave}


def environment(**changes):
    """Return the environment with some variables changed, and those that are None left out."""
    return {"env": {name: value for name, value in {**os.environ, **changes}.items() if value is not None}}


def no_temporary_directory(folder):
    """Return an environment in which Python finds no temporary directory: no file can be written at all."""
    return {**limited(FSIZE=0), **environment(TMPDIR="/nowhere")}


BAD = {
    "nothing bad": lambda folder: {},
    "stdin closed": lambda folder: closed(0),
    "stdout closed": lambda folder: closed(1),
    "stderr closed": lambda folder: closed(2),
    "all closed": lambda folder: closed(0, 1, 2),
    "stdout full": lambda folder: {"stdout": os.open("/dev/full", os.O_WRONLY)},
    "stderr full": lambda folder: {"stderr": os.open("/dev/full", os.O_WRONLY)},
    "nobody reads": lambda folder: {"stdout": unread_pipe()},
    "no HOME": lambda folder: environment(HOME=None, XDG_CACHE_HOME=None, XDG_CONFIG_HOME=None),
    "HOME missing": lambda folder: environment(HOME="/nowhere"),
    "no environment": lambda folder: {"env": {}},
    "no temporary directory": no_temporary_directory,
    "TMPDIR missing": lambda folder: environment(TMPDIR="/nowhere"),
    "C locale": lambda folder: environment(LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0"),
    "ASCII": lambda folder: environment(PYTHONIOENCODING="ascii"),
    "UTF-16": lambda folder: environment(PYTHONIOENCODING="utf-16"),
    "width 20": lambda folder: environment(COLUMNS="20", TERM="dumb"),
    "width nonsense": lambda folder: environment(COLUMNS="wide", LINES="-1", TERM="nonsense"),
    "no PATH": lambda folder: environment(PATH=None),
    "few files": lambda folder: limited(NOFILE=64),
    "no core, no locked memory": lambda folder: limited(CORE=0, MEMLOCK=0),
    "small stack": lambda folder: limited(STACK=1 << 20),
    "cwd deleted": in_a_removed_directory,
    "one core": lambda folder: {"preexec_fn": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})},
    "one thread": lambda folder: environment(OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1"),
    "-O": lambda folder: {"flags": ["-O"]},
    "-OO": lambda folder: {"flags": ["-OO"]},
    "-W error": lambda folder: {"flags": ["-W", "error"]},
    "-X dev": lambda folder: {"flags": ["-X", "dev"]},
    "-I": lambda folder: {"flags": ["-I"]},
    "-B -u": lambda folder: {"flags": ["-B", "-u"]},
    "nice": lambda folder: {"preexec_fn": lambda: os.nice(10)},
    "umask 777": lambda folder: {"preexec_fn": lambda: os.umask(0o777)},
    "Ctrl-C ignored": lambda folder: {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)},
    "SIGPIPE deadly": lambda folder: {"preexec_fn": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL)},
    "children ignored": lambda folder: {"preexec_fn": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)},
    "memory 100 MB": lambda folder: limited(AS=100 << 20),
    "memory 300 MB": lambda folder: limited(AS=300 << 20),
    "memory 700 MB": lambda folder: limited(AS=700 << 20),
    "memory 1500 MB": lambda folder: limited(AS=1500 << 20),
    "no processes": lambda folder: limited(NPROC=0),
    "log level 0": lambda folder: environment(TF_CPP_MIN_LOG_LEVEL="0", TF_CPP_MAX_VLOG_LEVEL="0"),
}


def unread_pipe():
    """Return the end for writing of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def call(command, bad, folder):
    """Run a command in a bad environment; return its exit code, stdout and stderr."""
    options = {"cwd": folder, "stdin": -3, "stdout": -1, "stderr": -1, **environment(), **BAD[bad](folder)}
    flags = options.pop("flags", [])
    options["env"].setdefault("PYTHONPATH", str(Path(__file__).parents[2]))
    arguments = [sys.executable, *flags, "-m", "tf_gd", *COMMANDS[command]]
    done = subprocess.run(arguments, check=False, timeout=300, text=True, encoding="latin-1", **options)
    for stream in ("stdout", "stderr"):
        if options[stream] >= 0:
            os.close(options[stream])
    return done.returncode, done.stdout or "", done.stderr or ""


def judge(command, bad, folder):
    """Return what is wrong with how a command ended in an environment; empty where nothing is."""
    code, out, error = call(command, bad, folder)
    lines = error.splitlines()
    if code not in DOCUMENTED or code == 70:
        return f"exit code {code}: {error[-500:]}"
    if "Traceback" in error or len(lines) > 1 or any(not line.startswith("tf-gd: ") for line in lines):
        return f"{len(lines)} lines: {error[-500:]}"
    if code == 2 and not lines and bad not in ("stderr closed", "all closed", "stderr full"):
        return "a failure without a word"
    if code not in (0, 2):
        return f"exit code {code}, {out[-200:]}"
    return ""


SAMPLE = [
    ("train", "stdout closed"),
    ("train", "stdout full"),
    ("train", "no temporary directory"),
    ("train", "-W error"),
    ("derive", "ASCII"),
    ("session", "cwd deleted"),
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "right.py").write_text(RIGHT)
    return tmp_path


@pytest.mark.corpus(4)
@pytest.mark.parametrize(("command", "bad"), SAMPLE)
def test_one_line_or_the_right_answer(command, bad, folder):
    assert judge(command, bad, folder) == ""


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_every_environment(command, tmp_path):
    wrong = {}
    for place, bad in enumerate(BAD):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "right.py").write_text(RIGHT)
        if found := judge(command, bad, folder):
            wrong[bad] = found
        os.chmod(folder, 0o700)
        shutil.rmtree(folder)
    print(f"{command}: {len(BAD) - len(wrong)} of {len(BAD)} environments; {usable_cores()} cores")
    assert wrong == {}


def test_a_full_output_is_never_a_success(folder):
    code, _, error = call("train", "stdout full", folder)
    assert (code, error) == (
        2,
        "tf-gd: error: stdout must take what is written. Got No space left on device. Make room.\n",
    )


def test_an_error_of_ours_says_what_to_report(monkeypatch, capsys):
    from tf_gd.cli import run

    monkeypatch.setattr("tf_gd.problem.expected", lambda *arguments: 1 / 0)
    assert run([*TRAIN]) == 70
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "This is a mistake in tf_gd, not yours. Please report this line with the command: ZeroDivisionError" in error
    assert re.search(r"tf_gd/\w+.*\.py, line \d+; tf_gd [\d.]+, Python .*, TensorFlow .*, NumPy [\d.]+", error)
