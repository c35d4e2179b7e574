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
import numpy as np
import tf_gd

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
tf_gd.GradientDescentOptimizer
tf_gd.read_points
tf_gd.read_trajectory
try:
    tf_gd.read_points("nothing.csv")
except (tf_gd.DataError, tf_gd.InvalidArgumentError, tf_gd.SessionError, tf_gd.TfGdError):
    pass
warnings = (tf_gd.DescentWarning, tf_gd.SessionWarning)
reveal_type(path.line)
"""


def test_the_script_uses_every_public_name() -> None:
    assert set(tf_gd.__all__) - set(re.findall(r"tf_gd\.(\w+)", SCRIPT)) == {"__version__"}


def test_mypy_sees_every_type(tmp_path: Path) -> None:
    script = tmp_path / "user.py"
    script.write_text(SCRIPT, encoding="utf-8")
    root = Path(tf_gd.__file__).parents[1]
    if (root / ".mypy_cache").is_dir():  # what mypy knows of the package already, as seconds are saved by it
        shutil.copytree(root / ".mypy_cache", tmp_path / "cache")
    options = ["--strict", "--config-file", str(SETTINGS), "--cache-dir", str(tmp_path / "cache")]
    environment = {**os.environ, "MYPYPATH": str(root)}  # also where it is editable
    command = [sys.executable, "-m", "mypy", *options, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout
    assert 'Revealed type is "tuple[Any, Any, fallback=tf_gd.line.Line]"' in done.stdout


def test_what_mypy_sees_is_what_is_there() -> None:
    source = (Path(tf_gd.__file__)).read_text(encoding="utf-8")
    seen = set(re.findall(r"^    from [\w.]+ import (\w+) as \1$", source, re.M))
    assert seen == (set(tf_gd.__all__) | {"show"}) - {"__version__"}
