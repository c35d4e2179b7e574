"""`tf-gd diagnose`: whatever a learner's file does, one clear sentence comes back."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tf_gd.cli import run
from tf_gd.diagnosis.line.line_check import CATALOGUE, UPDATES

RIGHT = """
import numpy as np

print("hello from the learner")

def gradient(m, c, x, y):
    e = m * x + c - y
    return 2 * np.sum(e * x), 2 * np.sum(e)
"""
UPDATE = """
def update(m, c, x, y, learning_rate):
    dm, dc = gradient(m, c, x, y)
    return m - learning_rate * dm, c - learning_rate * dc
"""
WRONG = RIGHT.replace("2 * ", "")


@pytest.fixture
def diagnose(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Any:
    """Return a function that writes a file, runs the command on it, and gives (code, stdout, stderr)."""

    def command(source: str | bytes, *options: str, name: str = "homework.py") -> tuple[int, str, str]:
        path = tmp_path / name
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        code = run(["diagnose", str(path), *options])
        return code, *capfd.readouterr()

    return command


def test_a_right_file(diagnose: Any) -> None:
    code, out, err = diagnose(RIGHT + UPDATE)
    assert (code, err) == (0, "")
    assert "gradient: RIGHT" in out
    assert "update: RIGHT" in out
    assert "float64-learning-rate" in out
    assert "hello from the learner" not in out


def test_functions_that_nothing_calls(diagnose: Any) -> None:
    """One for each derivative, and one that holds the descent itself."""
    pair = "def dm(m, c, x, y):\n    return 2 * sum((m * x + c - y) * x)\n"
    pair += "def dc(m, c, x, y):\n    return -2 * sum(m * x + c - y)\n"
    code, out, err = diagnose(pair)
    assert (code, err) == (1, "")
    assert "dm and dc: WRONG" in out
    assert "sign-of-c (line 4: return -2 * sum(m * x + c - y))" in out
    code, out, err = diagnose(
        "def gradient_descent(x, y, lr, steps):\n    m = c = 0.0\n    for _ in range(steps):\n"
        "        e = m * x + c - y\n        m, c = m - lr * sum(e * x), c - lr * sum(e)\n    return m, c\n"
    )
    assert (code, err) == (0, "")
    assert "gradient_descent: RIGHT for the loss sum(e^2)/2" in out
    assert "called-with-our-points" in out


def test_a_wrong_file(diagnose: Any) -> None:
    code, out, err = diagnose(WRONG + UPDATE, "--reduction", "sum")
    assert (code, err) == (1, "")
    assert "gradient: WRONG" in out
    assert out.count("missing-factor-2") >= 2


def test_one_json_object_and_nothing_else(diagnose: Any) -> None:
    code, out, err = diagnose(WRONG, "--json", "--reduction", "sum")
    assert (code, err) == (1, "")
    found = json.loads(out)
    assert (found["ok"], found["checks"]) == (False, {"gradient": False})
    assert [(one["function"], one["name"]) for one in found["diagnosis"]] == [("gradient", "missing-factor-2")]
    assert "multiply both by 2" in found["diagnosis"][0]["message"]


def test_quiet_prints_nothing(diagnose: Any) -> None:
    assert diagnose(RIGHT, "--quiet") == (0, "", "")
    assert diagnose(WRONG, "--quiet", "--reduction", "sum") == (1, "", "")
    assert diagnose("1 / 0", "--quiet") == (2, "", "")


def test_the_mean(diagnose: Any) -> None:
    assert diagnose(RIGHT, "--reduction", "mean", "--quiet")[0] == 1
    assert diagnose(RIGHT.replace("np.sum", "np.mean"), "--reduction", "mean", "--quiet")[0] == 0


WRONG_NAMES = ("wrong-shape", "not-a-number", "not-finite", "returns-nothing", "in-place")
IN_GRADIENT = "def gradient(m, c, x, y):\n    "


@pytest.mark.corpus(6)
@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("def gradient(m, c, x, y)\n    return 1", "syntax-error", "at line 1."),
        (b"def gradient(m, c, x, y):\n    return '\xff'", "syntax-error", "Python cannot read the file"),
        (b"x = 1\0", "syntax-error", "Python cannot read the file"),
        ("import no_module", "raises", "The file raised ModuleNotFoundError: No module named 'no_module' (line 1"),
        ("n = input()", "raises", "EOFError"),
        (IN_GRADIENT + "return z", "raises", "raised NameError: name 'z' is not defined (line 2: return z)"),
        (IN_GRADIENT + "return gradient(m, c, x, y)", "raises", "RecursionError"),
        (IN_GRADIENT + "return m * x, c", "wrong-shape", "dL/dm has shape [n]"),
        (IN_GRADIENT + "import sys; sys.exit(0)", "raises", "called sys.exit()"),
        (IN_GRADIENT + "import os; os._exit(0)", "exits", "ended the process itself"),
        ("import os; os.kill(os.getpid(), 9)", "crashes", "SIGKILL"),
        (IN_GRADIENT + "while True: print('x' * 100_000)", "prints-too-much", "kB and had not ended after 1 s."),
        (IN_GRADIENT + "while True: pass", "hangs", "It was at line 2, in gradient."),
        ("sum(range(10**13))", "hangs", "It was at line 1, in <module>."),
        ("import re\nre.match('(a*)*b', 'a' * 40)", "hangs", "It was at line 2, in <module>."),
        (IN_GRADIENT + "yield 1 / 0", "raises", "raised ZeroDivisionError: division by zero (line 2"),
        ("import time\ntime.sleep(1e6)", "hangs", "It was at line 2, in <module>."),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(diagnose: Any, source: str | bytes, name: str, message: str) -> None:
    code, out, err = diagnose(source, "--json", "--time-limit", "1" if "1 s" in message or name == "hangs" else "60")
    assert (code, err) == (1 if name in WRONG_NAMES else 2, "")
    (finding,) = json.loads(out)["diagnosis"]
    assert finding["name"] == name
    assert message in finding["message"]


def test_a_number_too_large_for_a_float_is_wrong_in_plain_words(diagnose: Any) -> None:
    code, out, err = diagnose(IN_GRADIENT + "return 10**400, 1")
    assert (code, err) == (1, "")
    assert "WRONG" in out
    assert "os._exit" not in out


MODEL = """
import numpy as np
import tensorflow as tf

params = {"w": np.array([0.5, -0.25]), "b": 0.1}
data = {"x": np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]]), "y": np.array([1.0, 0.0, 1.0])}

def loss(w, b, x, y):
    z = tf.linalg.matvec(x, w) + b
    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))

def gradient(w, b, x, y):
    p = 1 / (1 + np.exp(-(x @ w + b)))
    return {"w": x.T @ (p - y), "b": np.sum(p - y)}
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param(MODEL, [], marks=pytest.mark.slow),  # TensorFlow is loaded anew for each
        (MODEL.replace("x.T @", "2 * x.T @"), ["extra-factor-2"]),
        pytest.param(MODEL.replace("tf.linalg.matvec(x, w)", "nonsense"), ["cannot-check"], marks=pytest.mark.slow),
    ],
)
def test_any_other_model(diagnose: Any, source: str, names: list[str]) -> None:
    code, out, err = diagnose(source, "--json", "--time-limit", "60")
    assert (code, err) == (0 if not names else 2 if names == ["cannot-check"] else 1, "")
    assert [one["name"] for one in json.loads(out)["diagnosis"]] == names


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
def test_memory_is_limited(diagnose: Any) -> None:
    source = IN_GRADIENT + "import numpy as np\n    return np.ones(2**28).sum(), 1.0"
    _, out, _ = diagnose(source, "--json", "--memory-limit", "1000")
    assert "MemoryError" in json.loads(out)["diagnosis"][0]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
def test_nothing_is_left_running(diagnose: Any, tmp_path: Path) -> None:
    source = f"""
import subprocess, threading, time
child = subprocess.Popen(["sleep", "1000"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
threading.Thread(target=time.sleep, args=(1000,)).start()
"""
    assert diagnose(source + RIGHT, "--quiet")[0] == 0
    pid = (tmp_path / "pid").read_text()
    deadline = time.monotonic() + 30  # a killed process needs a moment to go
    while (state := state_of(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert state == ""


def state_of(pid: str) -> str:
    """Return the state of a process, or nothing if it has ended."""
    command = ["ps", "-o", "stat=", "-p", pid]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return "" if state.startswith("Z") else state


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def other(m, c, x, y): pass", "must define functions gradient(m, c, x, y) or update"),
        ("", "must define functions gradient(m, c, x, y) or update"),
        ("gradient = 3", "must define functions gradient(m, c, x, y) or update"),
    ],
)
def test_nothing_to_check_is_a_usage_error(diagnose: Any, source: str, message: str) -> None:
    code, out, err = diagnose(source)
    assert (code, out) == (2, "")
    assert err.startswith("tf-gd: error: ")
    assert message in err
    assert err.count("\n") == 1
    code, out, again = diagnose(source, "--json")
    found = json.loads(out)
    assert (code, again) == (2, err)
    assert (found["ok"], found["verdict"], found["checks"]) == (False, "cannot-tell", {})
    assert [(one["name"], one["message"] in err) for one in found["diagnosis"]] == [("nothing-to-check", True)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["no-such-file.py"],
            "`file` must be a Python file or a notebook that can be read. Got 'no-such-file.py': No such file",
        ),
        (["."], "Is a directory"),
        ([], "Give a program, or --path and --data"),
        (["setup.cfg", "--time-limit", "0"], "`time_limit` must be a number of seconds above 0. Got 0.0."),
        (["setup.cfg", "--time-limit", "nan"], "`time_limit` must be a number of seconds above 0. Got nan."),
        (["setup.cfg", "--memory-limit", "-1"], "`memory_limit` must be a number of megabytes above 0. Got -1."),
        (["setup.cfg", "--reduction", "max"], "'max' is not one of 'sum', 'mean'"),
    ],
)
def test_usage_errors(options: list[str], message: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["diagnose", *options]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_the_users_folder_shadows_nothing_but_is_importable(diagnose: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "helper.py").write_text("factor = 2")
    assert diagnose("from helper import factor" + RIGHT.replace("2 *", "factor *"), "--quiet")[0] == 0


def test_a_name_and_a_message_from_the_file_cannot_steer_the_terminal(diagnose: Any) -> None:
    _, out, _ = diagnose(IN_GRADIENT + r"raise ValueError('\x1b[31m\nred')")
    assert "\x1b" not in out
    code, out, err = diagnose("", name="a\x1b[31m.py")
    assert (code, out) == (2, "")
    assert "\x1b" not in err


def test_the_help_says_that_it_runs_the_file(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["diagnose", "--help"]) == 0
    out = " ".join(capfd.readouterr().out.split())
    assert "This runs the code in FILE" in out
    assert "Example: tf-gd diagnose homework.py" in out


def test_the_reference_has_every_name() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "mistakes.md").read_text(encoding="utf-8")
    assert [entry.name for entry in (*CATALOGUE, *UPDATES) if f"`{entry.name}`" not in page] == []


def test_the_reference_is_what_the_code_says() -> None:
    docs = Path(__file__).parents[2] / "docs"
    done = subprocess.run([sys.executable, docs / "mistakes.py"], capture_output=True, text=True, check=True)
    assert done.stdout == (docs / "reference" / "mistakes.md").read_text(encoding="utf-8"), "run docs/mistakes.py"
