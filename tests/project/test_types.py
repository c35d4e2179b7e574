"""A user's script that uses every public name is fully typed: mypy --strict sees no `Any` where there is a type."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tf_gd

SETTINGS = Path(__file__).parents[2] / "setup.cfg"
SCRIPT = """
from typing import Any

import numpy as np
import numpy.typing as npt
import tf_gd
from typing_extensions import assert_type

x, y = tf_gd.sample("hubble1929")
points: tf_gd.Points = tf_gd.Points([0.0, 1.0], [1.0, 2.0])
line: tf_gd.Line = tf_gd.least_squares(x, y)
slope: tf_gd.Gradient = tf_gd.gradient(line, x, y)
moved: tf_gd.Line = tf_gd.update(line, slope, 0.1)
path: tf_gd.Trajectory = tf_gd.train(x, y, learning_rate=0.01, num_steps=5, engine="manual")
moments: tf_gd.Moments = tf_gd.Moments.of(x, y)
again: tf_gd.Trajectory = tf_gd.train(moments, num_steps=10)
outcome: tf_gd.Outcome = path.outcome
comparison: tf_gd.Comparison = tf_gd.check(x, y, num_steps=5)
same: bool = comparison.identical
curvature: tf_gd.Curvature = tf_gd.Curvature.of(x)
summary: tf_gd.FitSummary = tf_gd.evaluate(line, x, y)
rest: tf_gd.ResidualSummary | None = summary.residuals
errors = tf_gd.residuals(line, x, y)
value = tf_gd.loss(line, x, y)
predicted = tf_gd.predict(line, x)


def gradient(m: float, c: float, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    e = m * x + c - y
    return float(np.sum(2 * e * x)), float(np.sum(2 * e))


def update(m: float, c: float, x: np.ndarray, y: np.ndarray, learning_rate: float) -> tuple[float, float]:
    dm, dc = gradient(m, c, x, y)
    return m - learning_rate * dm, c - learning_rate * dc


checked: tf_gd.GradientCheck = tf_gd.check_line_gradient(gradient)
verdict: str = checked.verdict
tf_gd.check_update(update)
tf_gd.check_path([0.0, 0.1], [0.0, 0.1], x, y, learning_rate=0.1)
tf_gd.assert_gradient(gradient)
tf_gd.assert_update(update)
tf_gd.assert_path
tf_gd.check_gradient
tf_gd.check_layer
tf_gd.check_session
tf_gd.SessionCheck
tf_gd.GradientDescentOptimizer(0.1).minimize(None)
tf_gd.read_points
tf_gd.read_trajectory
try:
    tf_gd.read_points("nothing.csv")
except (tf_gd.DataError, tf_gd.InvalidArgumentError, tf_gd.SessionError, tf_gd.TfGdError):
    pass
warnings = (tf_gd.DescentWarning, tf_gd.SessionWarning)
tf_gd.assert_path([0.0, 0.1], [0.0, 0.1], x, y, learning_rate=0.1, reduction="sum")
tf_gd.assert_gradient(gradient, x, y, reduction=None, call="gradient(m, c, x, y)")
tf_gd.assert_gradient(lambda w: np.sum(w**2), lambda w: 2 * w, params={"w": [1.0]}, data=None)
tf_gd.train(x, y, start=path.line, num_steps=5)
tf_gd.check(x, y, start=path.line, num_steps=5)
tf_gd.loss((1, 2.0), x, y)
tf_gd.update((1, 2.0), (slope.dm, slope.dc), 0.1)
tf_gd.evaluate((1, 2.0), x, y)
tf_gd.evaluate(np.polyfit(x, y, 1), x, y)
moments.jump((0, 0.0), 0.1, 5)
"""
NUMBER, ARRAY = "float | np.floating[Any]", "npt.NDArray[Any]"
TYPES = {
    "path.line": "tf_gd.Line",
    "path.line.m": NUMBER,
    "slope.dm": NUMBER,
    "slope.c": NUMBER,
    "x": ARRAY,
    "y": ARRAY,
    "list(points)": f"list[{ARRAY}]",
    "tf_gd.predict(line, 3)": "np.floating[Any]",
    "tf_gd.predict((1.0, 2.0), path.line.m)": "np.floating[Any]",
    "predicted": ARRAY,
    "tf_gd.predict(line, [1.0, 2.0])": ARRAY,
    "moments.jump(line, 0.1, 5)": "tf_gd.Line",
    "moments.jump(line, 0.1, [5, 6]).m": ARRAY,
}
REFUSED = [
    "tf_gd.assert_gradient(3, foo=1)",
    "tf_gd.assert_gradient(gradient, gradient)",
    "tf_gd.assert_gradient(gradient, gradient, data={})",
    "tf_gd.assert_update(update, 'total')",
    "tf_gd.assert_update(update, learning_rate=0.1)",
    "tf_gd.assert_path([0.0, 0.1], [0.0, 0.1])",
    "tf_gd.assert_path([0.0, 0.1], [0.0, 0.1], x, y, rate=0.1)",
    "tf_gd.check_line_gradient(gradient, named=None)",
    "tf_gd.check_update(update, named=None)",
    "tf_gd.evaluate('a line', x, y)",
    "tf_gd.evaluate((1.0, 2.0, 3.0), x, y)",
    "tf_gd.predict(3, x)",
    "tf_gd.train(x, y, start=3)",
    "tf_gd.GradientDescentOptimizer(rate=0.1)",
    "path.line.slope",
    "path.line.m.slope",
]


def test_the_script_uses_every_public_name() -> None:
    assert set(tf_gd.__all__) - set(re.findall(r"tf_gd\.(\w+)", SCRIPT)) == {"__version__"}


def seen_by_mypy(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Return what mypy --strict says of a user's script."""
    (folder / "user.py").write_text(script, encoding="utf-8")
    root = Path(tf_gd.__file__).parents[1]
    cache = folder.parent / "mypy"  # the second test finds what the first has worked out
    if (root / ".mypy_cache").is_dir() and not cache.exists():  # what mypy knows of the package already
        shutil.copytree(root / ".mypy_cache", cache)
    options = ["--strict", "--config-file", str(SETTINGS), "--cache-dir", str(cache)]
    environment = {**os.environ, "MYPYPATH": str(root)}  # also where it is editable
    command = [sys.executable, "-m", "mypy", *options, "user.py"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def test_mypy_sees_every_type(tmp_path: Path) -> None:
    done = seen_by_mypy(tmp_path, SCRIPT + "".join(f"assert_type({one}, {kind})\n" for one, kind in TYPES.items()))
    assert done.returncode == 0, done.stdout


def test_mypy_refuses_what_would_be_refused(tmp_path: Path) -> None:
    done = seen_by_mypy(tmp_path, SCRIPT + "".join(f"{one}\n" for one in REFUSED))
    first = SCRIPT.count("\n") + 1
    lines = {int(line) for line in re.findall(r"^user.py:(\d+): error: ", done.stdout, re.M)}
    assert [one for number, one in enumerate(REFUSED, first) if number not in lines] == []
    assert min(lines) >= first, done.stdout


def test_what_mypy_sees_is_what_is_there() -> None:
    source = (Path(tf_gd.__file__)).read_text(encoding="utf-8")
    seen = set(re.findall(r"^    from [\w.]+ import (\w+) as \1$", source, re.M))
    assert seen == (set(tf_gd.__all__) | {"show"}) - {"__version__"}
