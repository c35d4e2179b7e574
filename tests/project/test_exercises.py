"""The exercises of the chapters: each equivalent right answer is taken, each wrong one gets a hint of one line."""

import ast
import textwrap
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from exercises import check_exercise

import tf_gd

GRADIENT = "def f(m, c, x, y):\n    e = m * x + c - y\n    return "
UPDATE = "def f(m, c, x, y, learning_rate):\n    e = m * x + c - y\n    "
SUM = "def f(v, P):\n    "
BACK = "def f(m_z, c_z, mean, spread):\n    "
SUMS = "def f(m, c, s):\n    "
PARABOLA = "def f(a, b, c, x, y):\n    e = a * x**2 + b * x + c - y\n    return "
LOGISTIC = "def f(w, b, x, y):\n    p = 1 / (1 + np.exp(-(x @ w + b)))\n    return "
TAPE = (
    "def f(m, c, x, y, rate):\n    m, c = tf.Variable(m), tf.Variable(c)\n    with tf.GradientTape() as tape:\n"
    "        loss = {loss}\n    dm, dc = tape.gradient(loss, [m, c])\n    "
)
LOSS = "tf.reduce_sum(tf.square(m * x + c - y))"

# exercise, and the answer as a reader types it: an expression, or a function called f.
RIGHT = [
    *[("1.1", text) for text in ("200", "200.0", "700 - 500", "[200]", "np.float32(200)", "Fraction(200)", "'200'")],
    ("1.4", "def f(m, c, x, y):\n    print(m)\n    e = m * x + c - y\n    return 2 * np.sum(e * x), 2 * np.sum(e)"),
    *[("1.2", text) for text in ("25, 24", "25.0, np.int64(24)", "len(range(25)), len(x)")],
    *[("1.3", text) for text in ("24", "len(x)", "np.sum(np.ones(24))", "np.polyfit([0, 1, 2], [0, 24, 96], 2)[0]")],
    ("1.4", GRADIENT + "2.0 * (e * x).sum(), 2.0 * e.sum()"),
    ("1.4", GRADIENT + "[np.sum(2 * e * x), np.sum(2 * e)]"),
    ("1.4", GRADIENT + "np.array([2 * np.dot(e, x), 2 * np.sum(e)])"),
    ("1.4", "def f(m, c, x, y):\n    return tf_gd.gradient(tf_gd.Line(m, c), x, y)"),
    ("1.5", UPDATE + "return m - learning_rate * np.sum(2 * e * x), c - learning_rate * np.sum(2 * e)"),
    ("1.5", UPDATE + "return [m - 2 * learning_rate * np.sum(e * x), c - 2 * learning_rate * np.sum(e)]"),
    *[("1.6", text) for text in ("8 / 11", "'8/11'", "0.727", "np.float32(0.72727)", "[8 / 11]")],
    *[("1.7", text) for text in ("3, 1", "3.0, 1.0", "np.int8(3), [1]")],
    ("2.1", "def f(m, c, x, y):\n    return tf.reduce_sum(tf.square(m * x + c - y))"),
    ("2.1", "def f(m, c, x, y):\n    return tf.reduce_sum((y - m * x - c) ** 2)"),
    *[("2.2", text) for text in ("1", "1.0", "[1]")],
    *[("2.3", text) for text in ("1", "np.float64(1)")],
    ("2.4", TAPE.format(loss=LOSS) + "return m - rate * dm, c - rate * dc"),
    *[("3.1", text) for text in ("np.float32(0.1)", "float(np.float32(0.1))", "0.10000000149011612")],
    *[("3.2", text) for text in ("1", "np.int64(1)", "[1]")],
    (
        "3.3",
        SUM
        + "s = v[:P] + v[P:]\n    while len(s) > 1:\n        h = len(s) // 2\n        s = s[:h] + s[h:]\n    return s",
    ),
    *[("4.1", text) for text in ("2 / 8", "0.25", "Fraction(1, 4)", "np.float32(0.25)")],
    *[("4.2", text) for text in ("66", "66.0", "np.ceil(3 * np.log(10) / -np.log(0.9))")],
    ("4.3", BACK + "return m_z / spread, c_z - m_z / spread * mean"),
    ("4.3", BACK + "m = m_z / spread\n    return np.array([m, c_z - m * mean])"),
    *[("4.4", text) for text in ("4", "2 / 0.5")],
    ("5.1", GRADIENT + "2 * np.sum(e * x), 2 * np.sum(e)"),
    ("5.2", PARABOLA + "2 * np.sum(e * x**2), 2 * np.sum(e * x), 2 * np.sum(e)"),
    ("5.3", LOGISTIC + "x.T @ (p - y) / len(y), np.mean(p - y)"),
    ("5.4", "2"),
    ("6.1", SUMS + "return 2 * (m * s.xx + c * s.x - s.xy), 2.0 * (m * s.x + c * s.n - s.y)"),
    (
        "6.1",
        SUMS + "return float(2 * (m * s.xx + c * s.x - s.xy)), float(2 * (m * s.x + c * s.n - s.y))",
    ),
    *[("6.2", text) for text in ("6", "5 + 1")],
    *[("6.3", text) for text in ("5 + 0.9999**20_000 * (1 - 5)", "4.458713")],
    ("7.1", "def f(x, y):\n    return np.polyfit(x, y, 1)"),
    ("7.2", "3 / 4"),
]
WRONG = [
    *[("1.1", text) for text in ("500 - 700", "700", "500", "40_000", "...", "None", "'two'", "[1, 2]", "check")],
    *[("1.2", text) for text in ("24, 24", "25, 25", "..., ...", "25, None")],
    *[("1.3", text) for text in ("1", "np.sum(x)", "np.sum(x**2)", "2", "float('nan')", "x")],
    ("1.4", GRADIENT + "np.sum(e * x), np.sum(e)"),
    ("1.4", GRADIENT + "2 * e * x, 2 * e"),
    ("1.4", GRADIENT + "np.sum(-2 * e * x), np.sum(-2 * e)"),
    ("1.4", GRADIENT + "np.sum(2 * e), np.sum(2 * e)"),
    ("1.4", GRADIENT.replace("return ", "np.sum(2 * e * x), np.sum(2 * e)")),
    ("1.4", GRADIENT + "np.sum(2 * e * X), np.sum(2 * e)"),
    ("1.4", GRADIENT + "..., ..."),
    ("1.4", "2"),
    ("1.5", UPDATE + "return m + learning_rate * np.sum(2 * e * x), c + learning_rate * np.sum(2 * e)"),
    ("1.5", UPDATE + "return m - np.sum(2 * e * x), c - np.sum(2 * e)"),
    (
        "1.5",
        UPDATE + "m = m - learning_rate * np.sum(2 * e * x)\n    e = m * x + c - y\n"
        "    return m, c - learning_rate * np.sum(2 * e)",
    ),
    ("1.5", UPDATE + "return ..., ..."),
    *[("1.6", text) for text in ("np.sum(x3 * y3) / np.sum(x3**2)", "0.73", "...", "1")],
    *[("1.7", text) for text in ("1, 1", "3, 0", "0, 1", "3, 3", "..., 1")],
    ("2.1", "def f(m, c, x, y):\n    return tf.reduce_mean(tf.square(m * x + c - y))"),
    ("2.1", "def f(m, c, x, y):\n    return tf.square(m * x + c - y)"),
    ("2.1", "def f(m, c, x, y):\n    return tf.reduce_sum(m * x + c - y)"),
    ("2.1", "def f(m, c, x, y):\n    return 0.5 * tf.reduce_sum(tf.square(m * x + c - y))"),
    ("2.1", "def f(m, c, x, y):\n    return 1.0"),
    ("2.1", "def f(m, c, x, y):\n    return ..."),
    *[("2.2", text) for text in ("0", "2", "'once'")],
    *[("2.3", text) for text in ("10_000", "10_001", "0", "True", "'1/0'")],
    ("2.4", TAPE.format(loss=LOSS) + "return m + rate * dm, c + rate * dc"),
    ("2.4", TAPE.format(loss=LOSS.replace("sum", "mean")) + "return m - rate * dm, c - rate * dc"),
    ("2.4", TAPE.format(loss=LOSS) + "m.assign_sub(rate * dm)"),
    *[("3.1", text) for text in ("0.1", "0.10000000149", "np.float16(0.1)", "...")],
    *[("3.2", text) for text in ("0", "0.1 + 0.2 - 0.3", "2")],
    ("3.3", SUM + "return np.sum(v)"),
    ("3.3", SUM + "return sum(v)"),
    ("3.3", SUM + "return v[0]"),
    ("3.3", SUM + "return v[:P] + v[P:]"),
    *[("4.1", text) for text in ("1 / 8", "2 * 8", "0")],
    *[("4.2", text) for text in ("65", "67", "65.56", "-3")],
    ("4.3", BACK + "return m_z / spread, c_z"),
    ("4.3", BACK + "return m_z, c_z - m_z / spread * mean"),
    ("4.3", BACK + "return m_z / spread, c_z - m_z * mean"),
    ("4.3", BACK + "return m_z * spread, c_z - m_z * mean"),
    ("4.3", BACK + "return 3, -2"),
    *[("4.4", text) for text in ("2", "0.25", "1", "8")],
    ("5.1", GRADIENT + "2 * np.sum(e) * np.sum(x), 2 * np.sum(e)"),
    ("5.2", PARABOLA + "2 * np.sum(e * x), 2 * np.sum(e * x), 2 * np.sum(e)"),
    ("5.2", PARABOLA + "np.sum(e * x**2), np.sum(e * x), np.sum(e)"),
    ("5.3", LOGISTIC + "x.T @ (p - y), np.sum(p - y)"),
    ("5.3", LOGISTIC + "x.T @ (y - p) / len(y), np.mean(y - p)"),
    *[("5.4", text) for text in ("4", "3", "0", "1")],
    ("6.1", SUMS + "return m * s.xx + c * s.x - s.xy, m * s.x + c * s.n - s.y"),
    ("6.1", SUMS + "return 2 * (m * s.xx + c * s.x - s.xy), 2 * (m * s.x + c - s.y)"),
    *[("6.2", text) for text in ("5", "1_000_000", "2")],
    *[("6.3", text) for text in ("0.9999**20_000", "5 + 0.9999**20_000", "5", "5 - 0.9999**20_000")],
    ("7.1", "def f(x, y):\n    return 1.0, 1.0"),
    ("7.1", "def f(x, y):\n    return float('nan'), float('nan')"),
    *[("7.2", text) for text in ("12", "3", "...")],
]


def typed(text: str) -> tuple[object, ...]:
    """Return the answer, or the answers, that a reader has typed."""
    from tf_gd.loading import load_tensorflow

    x, y = tf_gd.sample("hubble1929")
    names = {
        "np": np,
        "tf": load_tensorflow(),
        "tf_gd": tf_gd,
        "Fraction": Fraction,
        "x": x,
        "y": y,
        "check": check_exercise,
    }
    names |= {"x3": np.array([3.0, 4.0, 5.0]), "y3": np.array([3.0, 4.0, 4.0])}
    if text.startswith("def f("):
        exec(text, names)
        return (names["f"],)
    value = eval(text, names)
    return value if isinstance(ast.parse(text, mode="eval").body, ast.Tuple) else (value,)


def told(exercise: str, text: str, capsys: pytest.CaptureFixture[str]) -> str:
    answer = typed(text)
    capsys.readouterr()
    check_exercise(exercise, *answer)
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert len(shown) < 420
    return shown


def test_the_corpus_is_large_enough() -> None:
    assert len(RIGHT) >= 40
    assert len(WRONG) >= 60


@pytest.mark.corpus(25)
@pytest.mark.parametrize(("exercise", "text"), RIGHT, ids=lambda value: textwrap.shorten(value, 50))
def test_an_equivalent_right_answer_is_taken(exercise: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(exercise, text, capsys).startswith("Right. ")


@pytest.mark.corpus(24)
@pytest.mark.parametrize(("exercise", "text"), WRONG, ids=lambda value: textwrap.shorten(value, 50))
def test_a_wrong_answer_gets_a_hint(exercise: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(exercise, text, capsys)
    assert shown.startswith("Not yet: ")
    assert "Error:" not in shown or "X" in text or "m.assign_sub" in text  # only a reader's own error is shown


def test_a_function_that_ends_the_program_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    def leaves(*_: object) -> None:
        raise SystemExit(3)

    check_exercise("1.4", leaves)
    assert capsys.readouterr().out == "Not yet: SystemExit: 3\n"


def test_every_exercise_of_the_chapters_is_in_the_corpus() -> None:
    import importlib

    folder = Path(importlib.import_module("exercises").__file__ or "").parent
    exercises = {
        f"{path.stem[-1]}.{name.name.removeprefix('exercise_')}"
        for path in folder.glob("chapter_*.py")
        for name in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(name, ast.FunctionDef) and name.name.startswith("exercise_")
    }
    assert {exercise for exercise, _ in RIGHT} == {exercise for exercise, _ in WRONG} == exercises
