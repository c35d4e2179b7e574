"""Many at once, and other users of TensorFlow in the same process: the bits of each are those it has alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "neighbours.py"


def output_of(*names):
    """Run programs of neighbours.py in one process of their own; return what it wrote to stdout and stderr."""
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parent.parent)}
    ended = subprocess.run(
        [sys.executable, str(PROGRAM), *names], capture_output=True, text=True, env=environment, timeout=600
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert ended.stdout.split()[-1] == "ok"
    return ended.stdout, ended.stderr


def test_the_bits_of_each_are_those_it_has_alone():
    output_of("threads", "fork_after", "tensorflow_users")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fork_before", "spawned", "keras_users"])
def test_the_bits_of_each_process_are_those_of_one(name):
    output_of(name)


@pytest.mark.slow
def test_no_line_on_stderr_is_lost_while_tensorflow_loads():
    said, heard = output_of("stderr_of_others")
    lines = [line for line in heard.splitlines() if line.startswith("line ")]
    assert sorted(lines) == sorted(f"line {k}" for k in range(int(said.split()[0])))
