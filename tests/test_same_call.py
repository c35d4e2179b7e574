"""What a call returns depends on its arguments and the machine, never on what ran before in the process."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

N = 60_001  # long enough for two blocks on two threads

WITHOUT_KERAS = "import sys; sys.modules['keras.src.optimizers'] = None\n"  # which takes seconds

BEGIN = f"""
import json, sys, warnings
import numpy as np
import tf_gd, tf_gd.loading
warnings.simplefilter("ignore")
rng = np.random.default_rng(3)
x = rng.standard_normal({N})
y = 2 * x + 1 + rng.standard_normal({N})

def limit(threads):
    tf = tf_gd.loading.load_tensorflow()
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
        [sys.executable, "-c", WITHOUT_KERAS + BEGIN + program, *arguments],
        env={**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("before", "environment"),
    [
        pytest.param("import tensorflow", {}, marks=pytest.mark.slow),
        ("limit(1)", {}),
        pytest.param(
            "import tensorflow as tf; tf.config.threading.set_intra_op_parallelism_threads(1)",
            {},
            marks=pytest.mark.slow,
        ),
        pytest.param("pass", {"TF_NUM_INTRAOP_THREADS": "1"}, marks=pytest.mark.slow),
        pytest.param("pass", {}, marks=pytest.mark.slow),
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


SESSIONS = """
def session(directory, engine, num_steps, resume):
    how = dict(learning_rate=1e-6, num_steps=num_steps, session=directory, resume=resume)
    try:
        path = tf_gd.train(x, y, engine=engine, **how)
        return [value.hex() for value in (*path.m.tolist(), *path.loss.tolist(), *path.gradient_m.tolist())]
    except tf_gd.SessionError as error:
        return str(error)

threads, *asked = json.loads(sys.argv[1])
if threads:
    limit(threads)
print(json.dumps([session(*one) for one in asked]))
"""
ENGINES = ("manual", "tensorflow")


def trained(threads: int, *asked: tuple[str | None, str, int, bool]) -> list[Any]:
    """Train in a process of its own, where TensorFlow has so many threads (0: as it likes); return each result."""
    results: list[Any] = json.loads(run(SESSIONS, json.dumps([threads, *asked]))[-1])
    return results


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A folder with a session of each engine, begun where TensorFlow has one thread; and the whole ways from there."""
    folder = tmp_path_factory.mktemp("begun")
    begins = [(str(folder / engine), engine, 2, False) for engine in ENGINES]
    return folder, trained(1, *begins, *[(None, engine, 4, False) for engine in ENGINES])[2:]


@pytest.mark.slow  # two processes with TensorFlow
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_a_session_goes_on_in_the_order_in_which_it_began_or_not_at_all(
    begun: tuple[Path, list[Any]], threads: int, tmp_path: Path
) -> None:
    """Begun with one thread: one block. The order that was used is recorded, and not the expected."""
    folder, whole = begun
    for engine in ENGINES:
        shutil.copytree(folder / engine, tmp_path / engine)
        stored = json.loads((tmp_path / engine / "session.json").read_text())["trains"]["order"]
        assert stored == "packets of 4, 1 block"
    said = trained(threads, *[(str(tmp_path / engine), engine, 4, True) for engine in ENGINES])
    if threads == 1:
        assert said == whole
    elif len(os.sched_getaffinity(0)) > 1 or threads == 2:
        for refusal in said:
            assert "`order` must be 'packets of 4, 1 block'" in refusal
            assert "Got 'packets of 4, 2 blocks'" in refusal
