"""SIGTERM outside a session: one line, exit code 143, and nothing left in a temporary directory."""

import gzip
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, signal, sys, time
from importlib import import_module
place, name, *arguments = sys.argv[1:]
module = import_module(place)
usual = getattr(module, name)
def slow(*given, **named):
    result = usual(*given, **named)
    os.kill(os.getpid(), getattr(signal, os.environ["SIGNAL"]))
    time.sleep(60)
setattr(module, name, slow)
from tf_gd.cli import main
main(arguments)
"""
TRAIN = ("train", "points.csv.gz", "--engine", "manual", "--learning-rate", "0.01", "--num-steps", "9", "--quiet")


@pytest.mark.corpus(2)
@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize(
    ("place", "options", "name", "code", "said"),
    [
        (("tf_gd.tables.opening", "unpack"), [], "SIGTERM", 143, "terminated"),
        (("tf_gd.tables.writing", "_csv"), ["--output", "steps.csv"], "SIGINT", 130, "interrupted"),
        (("tf_gd.tables.writing", "_csv"), ["--output", "steps.csv"], "SIGTERM", 143, "terminated"),
        (("tf_gd.descent", "trajectory"), [], "SIGINT", 130, "interrupted"),
    ],
)
def test_a_command_that_is_ended_leaves_nothing(place, options, name, code, said, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "points.csv.gz").write_bytes(gzip.compress(b"x,y\n1,3\n2,5\n3,7.5\n"))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *place, *TRAIN, *options],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), "SIGNAL": name},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"tf-gd: error: {said}\n")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["points.csv.gz", "tmp"]
