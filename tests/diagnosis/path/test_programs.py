"""Whole programs, as people write them: run as they stand, and judged by the steps that they take."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.here_sandbox import functions_of
from support.program_corpus import Generated, generated
from support.run_programs import check_text

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.file_check import check_file
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path import watching
from tf_gd.diagnosis.path.program_check import NoDescent, check_program
from tf_gd.diagnosis.program_source import ProgramSource
from tf_gd.diagnosis.sandbox import Sandbox

PROGRAMS = Path(__file__).parents[2] / "programs"
EXPECTED: dict[str, Any] = json.loads((PROGRAMS / "expected.json").read_text())
WITH_TENSORFLOW = [name for name in EXPECTED if name.startswith(("tf1", "tape"))]

SEEDS = 500
SAMPLE = range(8)


def names(findings: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in findings]


@pytest.mark.corpus(10)
@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in WITH_TENSORFLOW])
def test_a_program_as_it_stands(name: str, tmp_path: Path) -> None:
    _compare(name, check_text((PROGRAMS / name).read_text(), tmp_path, name))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name.startswith("tf1") else pytest.mark.slow) for name in WITH_TENSORFLOW]
)
def test_a_program_in_tensorflow(name: str) -> None:
    with Sandbox(PROGRAMS / name, time_limit=60) as sandbox:
        _compare(name, check_program(sandbox))


def _compare(name: str, check: GradientCheck) -> None:
    wanted, source = EXPECTED[name], ProgramSource.read(str(PROGRAMS / name))
    assert (check.verdict, check.loss) == (wanted["verdict"], wanted["loss"])
    assert set(wanted.get("remarks", ())) <= set(names(check.remarks))
    if "names" in wanted:
        assert names(check.diagnosis)[0] in wanted["names"]
        line = check.lines[names(check.diagnosis)[0]]
        assert source.line(line), "the message names a line that exists"
        assert source.place(line) in check.diagnosis[0][1]


def _is_named(program: Generated, folder: Path) -> bool:
    check = check_text(program.text, folder)
    assert check.verdict == program.verdict, f"{program.what}\n{program.text}\n{check}"
    if program.verdict == "right":
        assert check.loss == program.loss, f"{program.what}\n{program.text}\n{check}"
        return True
    return names(check.diagnosis)[0] in program.names


def test_no_right_program_is_accused(tmp_path: Path) -> None:
    for seed in SAMPLE:
        _is_named(generated(seed, wrong=False), tmp_path)


def test_every_planted_mistake_is_caught_and_named(tmp_path: Path) -> None:
    assert all(_is_named(generated(seed, wrong=True), tmp_path) for seed in SAMPLE)


@pytest.mark.slow
def test_no_right_program_is_accused_in_the_whole_corpus(tmp_path: Path) -> None:
    for seed in range(SEEDS):
        _is_named(generated(seed, wrong=False), tmp_path)


@pytest.mark.slow
def test_every_planted_mistake_is_caught_in_the_whole_corpus(tmp_path: Path) -> None:
    named = sum(_is_named(generated(seed, wrong=True), tmp_path) for seed in range(SEEDS))
    assert named >= 0.95 * SEEDS


RIGHT = """
import numpy as np
x, y = np.array([0.5, 1.0, 2.0, 3.0]), np.array([1.0, 2.5, 4.0, 7.0])
m, c, rate = 0.1, 0.2, 0.05
for k in range(STEPS):
    e = m * x + c - y
    m, c = m - rate * 2 * np.mean(e * x), c - rate * 2 * np.mean(e)
"""


def test_a_long_loop_is_watched_for_its_first_steps_and_its_final_state(tmp_path: Path) -> None:
    check = check_text(RIGHT.replace("STEPS", "20_000"), tmp_path)
    assert (check.verdict, check.loss, check.remarks) == ("right", "mean", [])


def test_few_steps_are_said_to_be_few(tmp_path: Path) -> None:
    check = check_text(RIGHT.replace("STEPS", "10"), tmp_path)
    assert names(check.remarks) == ["too-few-steps"]
    assert check.lines == {"too-few-steps": 7}


def test_the_loss_that_the_program_computes_decides(tmp_path: Path) -> None:
    text = RIGHT.replace("STEPS", "20") + "    loss = np.sum(e ** 2) / 4\n"
    assert check_text(text, tmp_path).verdict == "right"
    halved = text.replace("2 * np.mean", "np.mean")
    check = check_text(halved, tmp_path)
    assert (check.verdict, check.loss, names(check.diagnosis)) == ("wrong", "mean", ["missing-factor-2"])
    assert check_text(halved.replace("/ 4", "/ 8"), tmp_path).loss == "half_mean"


def test_a_reduction_is_strict(tmp_path: Path) -> None:
    text = RIGHT.replace("STEPS", "20")
    assert check_text(text, tmp_path, reduction="mean").verdict == "right"
    check = check_text(text, tmp_path, reduction="half_mean")
    assert (check.verdict, names(check.diagnosis)) == ("wrong", ["extra-factor-2"])


KEYS = """
import numpy as np
x, y = np.array([0.5, 1.0, 2.0, 3.0]), np.array([1.0, 2.5, 4.0, 7.0])
p, rate = {"w": 0.1, "b": 0.2}, 0.05
for k in range(30):
    e = p["w"] * x + p["b"] - y
    g = {"w": 2 * np.mean(e * x), "b": 2 * np.mean(e)}
    LOOP
"""


@pytest.mark.parametrize(
    "loop",
    [
        "for key in p: p[key] -= rate * g[key]",
        "for key in p:\n        p[key] -= rate * g[key]",
        "for name, of in g.items():\n        p[name] = p[name] - rate * of\n    if k % 10 == 0: print(k)",
    ],
)
def test_parameters_that_a_loop_over_their_keys_updates(loop: str, tmp_path: Path) -> None:
    text = KEYS.replace("LOOP", loop)
    check = check_text(text, tmp_path)
    assert (check.verdict, check.loss) == ("right", "mean")
    assert names(check_text(text.replace("np.mean(e * x)", "np.mean(e)"), tmp_path).diagnosis)[0] == "missing-x"


@pytest.mark.parametrize(
    ("text", "names_of_seen"),
    [
        ("print('hello')", "numbers that change: none"),
        ("a = [1, 2, 3]\nfor i in range(5):\n    a[0] = a[0] + i\n", "No descent"),
        ("total = 0\nfor v in [3.0, 4.0, 8.0]:\n    total += v\nprint(total / 3)", "No descent"),
    ],
)
def test_a_program_without_a_descent(text: str, names_of_seen: str, tmp_path: Path) -> None:
    with pytest.raises(NoDescent, match=names_of_seen) as raised:
        check_text(text, tmp_path)
    assert "--m, --c, --x, --y and --rate" in str(raised.value)


PREDICTED = """
import numpy as np
def gradient(x, y, y_pred):
    n = len(x)
    return -2 / n * np.sum(x * (y - y_pred)), -2 / n * np.sum(y - y_pred)
"""


@pytest.mark.parametrize("name", ["y_pred", "y_hat", "pred", "predictions", "yhat", "y_predicted"])
def test_predictions_are_no_line(name: str, tmp_path: Path) -> None:
    check = functions_of(PREDICTED.replace("y_pred", name), tmp_path)["gradient"]
    assert (check.verdict, names(check.diagnosis)) == ("cannot-tell", ["wrong-arguments"])
    assert f"compute {name} = m * x + c in it" in check.diagnosis[0][1]


C_FIRST = """
import numpy as np
def compute_gradient(X, y, w, b):
    e = X * w + b - y
    return np.mean(e), np.mean(e * X)
def gradient_descent(X, y, w, b, alpha, num_iters):
    for i in range(num_iters):
        dj_db, dj_dw = compute_gradient(X, y, w, b)
        w = w - alpha * dj_dw
        b -= alpha * dj_db
    return w, b
"""


def test_results_that_the_file_takes_in_their_order_are_not_swapped(tmp_path: Path) -> None:
    check = functions_of(C_FIRST, tmp_path)["compute_gradient"]
    assert (check.verdict, check.loss, names(check.remarks)[-1]) == ("right", "half_mean", "taken-back")
    taken_as_m_first = C_FIRST.replace("dj_db, dj_dw =", "dj_dw, dj_db =")
    m_first = C_FIRST.replace("np.mean(e), np.mean(e * X)", "np.mean(e * X), np.mean(e)").replace("w, b", "b, w")
    for text in (taken_as_m_first, C_FIRST + taken_as_m_first[taken_as_m_first.index("def gradient_d") :], m_first):
        assert names(functions_of(text, tmp_path)["compute_gradient"].diagnosis) == ["swapped"]


LOGISTIC = """
import numpy as np
x, y = np.array([0.5, 1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0, 1.0])
w, b, lr = 0.1, 0.2, 0.5
for k in range(30):
    p = 1 / (1 + np.exp(-(w * x + b)))
    w, b = w - lr * np.mean((p - y) * x), b - lr * np.mean(p - y)
"""


def test_another_model_is_not_called_wrong(tmp_path: Path) -> None:
    with pytest.raises(NoDescent):
        check_text(LOGISTIC, tmp_path)


@pytest.mark.parametrize("text", ["n = input('how many? ')", "open('no_such_file.csv')", "import no_such_package"])
def test_what_ends_a_program_is_told_in_its_own_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(text)
    with Sandbox(path) as sandbox, pytest.raises(Misbehaved) as raised:
        check_program(sandbox)
    assert raised.value.name == "raises"
    assert "line 1" in str(raised.value)


def _told(text: str, folder: Path) -> str:
    """Return why a program shows no descent."""
    path = folder / "program.py"
    path.write_text(text)
    with Sandbox(path) as sandbox, pytest.raises(NoDescent) as raised:
        check_program(sandbox)
    return str(raised.value)


def test_a_program_that_ends_itself_is_told_so(tmp_path: Path) -> None:
    text = "import sys\nif len(sys.argv) < 2:\n    sys.exit('usage: train.py DATA')\n" + RIGHT
    assert "It ended itself with sys.exit() at line 3" in _told(text, tmp_path)


def test_what_is_printed_before_the_descent_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = "for k in range(LINES):\n    print('x' * 1000)\n"
    text = RIGHT.replace("STEPS", "20")
    assert check_text(flood.replace("LINES", "50_000") + text, tmp_path).verdict == "right"
    monkeypatch.setattr(watching, "IDLE", 5000)
    with pytest.raises(NoDescent, match="It was followed for 5,000 lines that trained nothing"):
        check_text(flood.replace("LINES", "5000") + text, tmp_path)


def test_a_crash_after_the_steps_is_told_beside_their_verdict(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    right = RIGHT.replace("STEPS", "20")
    for text, verdict in [(right, "right"), (right.replace("np.mean(e * x)", "np.mean(e)"), "wrong")]:
        path.write_text(text + "print(m[3])\n")
        with Sandbox(path) as sandbox:
            check = check_program(sandbox)
        assert (check.verdict, check.remarks[-1][0], check.lines["raises"]) == (verdict, "raises", 8)
        assert "IndexError" in check.remarks[-1][1] and "remark: raises" in check.report
    path.write_text(right + "    if k == 0: m += 1 / 0\n")
    with Sandbox(path) as sandbox, pytest.raises(Misbehaved, match="ZeroDivisionError"):
        check_program(sandbox)


INDEXED = """
import numpy as np
rng = np.random.default_rng(0)
points = np.array([[0.5, 1.0], [1.0, 2.5], [2.0, 4.0], [3.0, 7.0], [4.0, 8.5], [5.0, 11.0]])
x, y, train = points[:, 0], points[:, 1], np.array([0, 1, 3, 5])
data = points.tolist()
m, c, rate = 0.1, 0.2, 0.02
for k in range(40):
    BODY
"""


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    ("body", "loss", "remarks"),
    [
        (
            "e = m * x[train] + c - y[train]; m, c = m - rate * np.mean(e * x[train]), c - rate * np.mean(e)",
            "half_mean",
            [],
        ),
        (
            "k = rng.integers(6); e = m * x[k] + c - y[k]; m -= rate * e * x[k]; c -= rate * e",
            "half_sum",
            ["one-point-a-step"],
        ),
        (
            "k = rng.integers(6); e = m * data[k][0] + c - data[k][1]; m -= rate * e * data[k][0]; c -= rate * e",
            "half_sum",
            ["one-point-a-step"],
        ),
        (
            "k = rng.integers(6, size=3); e = m * points[k, 0] + c - points[k, 1]; "
            "m, c = m - rate * 2 * np.mean(e * points[k, 0]), c - rate * 2 * np.mean(e)",
            "mean",
            ["mini-batches"],
        ),
    ],
)
def test_points_that_stand_at_an_index_in_the_formula(body: str, loss: str, remarks: list[str], tmp_path: Path) -> None:
    for text in (body, body.replace("; ", "\n    ")):
        check = check_text(INDEXED.replace("BODY", text), tmp_path)
        assert (check.verdict, check.loss) == ("right", loss)
        assert set(remarks) <= set(names(check.remarks))
        wrong = check_text(
            INDEXED.replace("BODY", text.replace("c - rate", "c + rate").replace("c -=", "c +=")), tmp_path
        )
        assert (wrong.verdict, names(wrong.diagnosis)[0]) == ("wrong", "sign-of-c")


GIVEN = """
import numpy as np
def fit(table, s):
    q, r = 0.1, 0.2
    for _ in range(30):
        e = q * table[:, 1] + r - table[:, 0]
        q, r = q - s * np.sum(e * table[:, 1]), r - s * np.sum(e)
    return q, r
numbers = np.array([[2.0, 3.0], [5.0, 1.5], [1.0, 2.0], [3.0, 2.5]])
fit(numbers, 0.02)
"""


def test_names_and_expressions_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(GIVEN)
    given = {"m": "q", "c": "r", "x": "numbers[:, 1]", "y": "table[:, 0]", "rate": "2 / 100"}
    with Sandbox(path) as sandbox:
        check = check_program(sandbox, None, given)
    assert (check.verdict, check.loss) == ("right", "half_sum")
    for wrong, said in [({"m": "zz"}, "--m zz"), ({"x": "nope"}, "NameError"), ({"rate": "0"}, "number above 0")]:
        with Sandbox(path) as sandbox, pytest.raises(ValueError, match=said):
            check_program(sandbox, None, wrong)


USED = """
import numpy as np
q, r = np.array([0.5, 1.0, 2.0, 3.0]), np.array([1.0, 2.5, 4.0, 7.0])
a, b, s = 0.1, 0.2, 0.05
for k in range(30):
    e = a + b * q - r
    a, b = a - s * 2 * np.mean(e), b - s * 2 * np.mean(e * q)
"""


def test_what_a_program_does_with_its_numbers_says_more_than_their_names(tmp_path: Path) -> None:
    check = check_text(USED, tmp_path)
    assert (check.verdict, check.loss) == ("right", "mean")
    assert "m is `b`, c is `a`, x is `q`, y is `r`." in check.report
    check = check_text(USED.replace("np.mean(e * q)", "np.mean(e)"), tmp_path)
    assert (check.verdict, names(check.diagnosis)) == ("wrong", ["missing-x"])
    check = check_text(USED.replace("a, b = a -", "unused, b = a -"), tmp_path)
    assert (check.verdict, names(check.diagnosis)) == ("wrong", ["only-m"]), "an intercept that stays as it is"


def test_a_history_in_a_short_array_is_followed(tmp_path: Path) -> None:
    text = RIGHT.replace("range(STEPS)", "range(3)").replace(
        "m, c, rate = 0.1, 0.2,", "m, c, rate = np.zeros(4), np.zeros(4),"
    )
    text = (
        text.replace("m * x + c", "m[k] * x + c[k]")
        .replace("m, c = m -", "m[k + 1], c[k + 1] = m[k] -")
        .replace("c - rate", "c[k] - rate")
    )
    assert check_text(text, tmp_path).verdict == "right"
    assert names(check_text(text.replace("np.mean(e * x)", "np.mean(e)"), tmp_path).diagnosis) == ["missing-x"]


HELPER = """
import tensorflow as tf

def learn(x, y):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(optimizer=tf.keras.optimizers.SGD(0.01), loss="mse")
    model.fit(x[:, None], y, epochs=20, batch_size=len(x), verbose=0)
    return model
"""
CALLER = """
import numpy as np
import tensorflow as tf
from helper_model import learn

x = np.array([0.0, 1.0, 2.0, 3.0], np.float32)
y = 2 * x + 1
model = learn(x, y)
"""


def test_keras_is_loaded_where_the_program_or_a_file_beside_it_may_use_it(tmp_path: Path) -> None:
    program = tmp_path / "main.py"
    for text, used in ((CALLER, False), ("model.fit(x, y)", True), ("from keras import layers", True)):
        program.write_text(text)
        assert ProgramSource.read(str(program)).may_use_keras() is used
    (tmp_path / "helper_model.py").write_text(HELPER)
    program.write_text(CALLER)
    assert ProgramSource.read(str(program)).may_use_keras()


@pytest.mark.slow  # TensorFlow and Keras are loaded anew
def test_a_model_of_keras_in_a_file_beside_the_program_is_judged(tmp_path: Path) -> None:
    (tmp_path / "helper_model.py").write_text(HELPER)
    program = tmp_path / "main.py"
    program.write_text(CALLER)
    (check,) = check_file(program, time_limit=60.0).values()
    assert check.verdict == "right"
