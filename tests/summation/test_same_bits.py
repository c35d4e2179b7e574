"""The hand-written descent has TensorFlow's bits: of m, c, loss and both gradients, over whole trajectories."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.direct import differs

pytestmark = pytest.mark.bits

TESTS = Path(__file__).parents[1]


def sweep(threads, dtypes, most, some):
    """Run `direct.py` in a process of its own, whose first session fixes the threads."""
    done = subprocess.run(
        [sys.executable, str(TESTS / "support" / "direct.py"), str(threads), dtypes, str(most), str(some)],
        env={**os.environ, "PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("threads", "dtypes"),
    [
        (8, "float64,bfloat16"),
        pytest.param(8, "float64,float32,float16,bfloat16", marks=pytest.mark.slow),
        pytest.param(2, "float64,float32,float16,bfloat16", marks=pytest.mark.slow),
        pytest.param(1, "float64,float32", marks=pytest.mark.slow),
        pytest.param(4, "float64,float32", marks=pytest.mark.slow),
    ],
)
def test_same_bits_at_every_awkward_length(threads, dtypes):
    report = sweep(threads, dtypes, most=110_000, some=9)
    assert report["different"] == []
    assert report["compared"] > 37 * len(dtypes.split(","))


@pytest.mark.slow
@pytest.mark.parametrize("dtypes", ["float64,float32", "float16,bfloat16"])
@pytest.mark.parametrize("threads", [1, 2, 4, 8])
def test_same_bits_up_to_a_million_points(threads, dtypes):
    report = sweep(threads, dtypes, most=1_000_000, some=2)
    assert report["different"] == []
    assert report["compared"] > 1_000


def test_the_comparison_sees_a_single_bit():
    rows = np.array([[0.0, 1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0, 5.0]])
    assert not differs(rows, rows.copy())
    for place in np.ndindex(rows.shape):
        other = rows.copy()
        other[place] = np.nextafter(other[place], np.inf)
        assert differs(rows, other)
    assert differs(rows, np.where(rows == 0, -0.0, rows))


def test_the_comparison_sees_a_descent_that_ends_too_early_or_too_late():
    rows = np.array([[0.0, 0.0, 1.0, 1.0, 1.0], [1.0, 1.0, np.inf, 1.0, 1.0], [1.0, 1.0, np.nan, 1.0, 1.0]])
    assert not differs(rows, rows[:2])
    assert differs(rows, rows[:1])
    assert differs(rows, rows)
