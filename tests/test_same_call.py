"""What a call returns depends on its arguments and the machine, never on what ran before in the process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

N = 60_001  # long enough for two blocks on two threads

BEGIN = f"""
import json, sys, warnings
import numpy as np
import tf_gd
warnings.simplefilter("ignore")
rng = np.random.default_rng(3)
x = rng.standard_normal({N})
y = 2 * x + 1 + rng.standard_normal({N})

def limit(threads):
    import tensorflow as tf
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads)
    tf.compat.v1.Session(graph=tf.Graph(), config=config).close()  # the first session decides for the process

def everything():
    line = tf_gd.Line(0.3, -0.2)
    how = dict(learning_rate=1e-6, num_steps=3)
    calls = [
        tf_gd.loss(line, x, y), *tf_gd.gradient(line, x, y), *tf_gd.gradient(line, x[:100], y[:100], "half_mean"),
        *tf_gd.update(line, (1.0, 2.0), 0.1), *tf_gd.least_squares(x, y), *tf_gd.residuals(line, x, y)[:3],
        tf_gd.Moments.of(x, y).loss(line),
    ]
    for engine in ("manual", "moments"):
        path = tf_gd.train(x, y, engine=engine, **how)
        calls += [*path.m, *path.c, *path.loss, *path.gradient_m, *path.gradient_c]
        if engine == "moments":
            print(path.order, file=sys.stderr)
        else:
            order = path.order
    return [float(value).hex() for value in calls], order
"""


def run(program: str, *arguments: str, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program, *arguments],
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("before", "environment"),
    [
        ("import tensorflow", {}),
        ("limit(1)", {}),
        ("import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(1)", {}),
        ("pass", {"TF_NUM_INTRAOP_THREADS": "1"}),
        ("pass", {}),
    ],
)
def test_everything_twice_before_and_after_check(before: str, environment: dict[str, str]) -> None:
    program = f"""
{before}
first = everything()
again = everything()
both = tf_gd.check(x, y, learning_rate=1e-6, num_steps=3)
after = everything()
print(json.dumps([first[0] == again[0] == after[0], both.identical, first[1], after[1]]))
"""
    same, identical, order_before, order_after = json.loads(run(program, **environment)[-1])
    assert same
    assert identical
    assert order_before.split(": ")[-1] == order_after.split(": ")[-1]


SESSION = """
directory, engine, num_steps, resume, threads = sys.argv[1:]
if int(threads):
    limit(int(threads))
try:
    path = tf_gd.train(x, y, engine=engine, learning_rate=1e-6, num_steps=int(num_steps), session=directory or None,
                       resume=resume == "resume")
    print(json.dumps([value.hex() for value in (path.m.tolist() + path.loss.tolist() + path.gradient_m.tolist())]))
except tf_gd.SessionError as error:
    print(error)
"""


@pytest.fixture(scope="module", params=["manual", "tensorflow"])
def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An engine, and a session that it began where TensorFlow has one thread."""
    directory = tmp_path_factory.mktemp("begun") / "s"
    run(SESSION, str(directory), request.param, "2", "begin", "1")
    return request.param, directory


@pytest.mark.parametrize("resumed_with", [0, 1, 2])
def test_a_session_goes_on_in_the_order_in_which_it_began_or_not_at_all(
    begun: tuple[str, Path], resumed_with: int, tmp_path: Path
) -> None:
    """Begun with one thread: one block. The order that was used is recorded, and not the expected."""
    engine, directory = begun
    shutil.copytree(directory, tmp_path / "s")
    stored = json.loads((tmp_path / "s" / "session.json").read_text())["trains"]["order"]
    assert stored == "packets of 4, 1 block"
    (said,) = run(SESSION, str(tmp_path / "s"), engine, "4", "resume", str(resumed_with))
    if resumed_with == 1:
        assert run(SESSION, "", engine, "4", "begin", "1") == [said]
    elif len(os.sched_getaffinity(0)) > 1 or resumed_with == 2:
        assert "`order` must be 'packets of 4, 1 block'" in said
        assert "Got 'packets of 4, 2 blocks'" in said
