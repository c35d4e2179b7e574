"""Long runs need no more memory at the end than at the start, and the graph does not grow.

`TF_GD_LONG_RUN=100000000 python -m pytest tests/session/test_long_runs.py --slow -rP` makes them as long as that.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "long_run.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROGRAM.parent.parent)}
LONG = int(os.environ.get("TF_GD_LONG_RUN", "1000000"))

# What may come on top of the start, in bytes. A chunk holds at most 10,000 rows of 40 bytes, 0.4 MB, and the copies
# that are on the way at once are a handful. Keeping the rows of all steps by mistake takes 40 bytes a step: 3.6 MB from
# the tenth part of 100,000 steps to their end by hand, 36 MB from that of a million, and 3.6 GB from that of 10^8.
# TensorFlow's allocator and thread pool take their stock on the way, which is why its shortest run is a million steps.
MOST_GROWTH = {"manual": 3_000_000, "tensorflow": 30_000_000}


def watch(engine, num_steps, *directory):
    """Run the program, print its figures, and hold them against the bound."""
    command = [sys.executable, str(PROGRAM), engine, str(num_steps), *map(str, directory)]
    ended = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, check=True)
    seen = json.loads(ended.stdout)
    print(f"{engine}, {seen['steps']:,} steps: {seen['start'] / 1e6:.1f} MB at the start, {seen['end'] / 1e6:.1f} MB "
          f"at the end; operations added to the graph: {seen.get('operations added', 'not looked at')}")  # fmt: skip
    assert seen["steps"] == num_steps
    assert seen["rows"] == 1001
    assert seen["end"] - seen["start"] < MOST_GROWTH[engine]
    assert seen.get("operations added", 0) == 0


def test_by_hand():
    watch("manual", 100_000)


def test_by_hand_in_a_session(tmp_path):
    watch("manual", 100_000, tmp_path / "session")


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_long(engine):
    watch(engine, LONG)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_long_in_a_session(engine, tmp_path):
    watch(engine, LONG, tmp_path / "session")
