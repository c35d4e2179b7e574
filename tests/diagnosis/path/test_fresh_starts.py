"""Programs that descend more than once: at several rates, from several starts, by several calls of one function."""

import random
from pathlib import Path

import pytest
from support.run_programs import check_text

POINTS = """
import random

import numpy as np

x = np.array([1.0, 2, 3, 4, 6])
y = np.array([2.5, 4.1, 6.2, 8.8, 12.1])


def fit(rate, steps):
    w = 0.0
    b = 0.0
    for _ in range(steps):
        e = w * x + b - y
        w, b = w - rate * 2 * np.mean(X), b - rate * 2 * np.mean(e)
    return w, b


class Line:
    def fit(self, rate):
        self.w = self.b = 0.0
        for _ in range(60):
            e = self.w * x + self.b - y
            self.w -= rate * 2 * np.mean(X)
            self.b -= rate * 2 * np.mean(e)


"""
PROGRAMS = {
    "rates": """
for lr in [0.001, 0.01, 0.03]:
    w = b = 0.0
    for _ in range(60):
        e = w * x + b - y
        w, b = w - lr * 2 * np.mean(X), b - lr * 2 * np.mean(e)
""",
    "calls": "fit(0.01, 60), fit(0.02, 30)",
    "calls of a method": "line = Line()\nline.fit(0.01)\nline.fit(0.02)",
    "random starts": """
for _ in range(3):
    w, b = random.random(), random.random()
    for _ in range(60):
        e = w * x + b - y
        w, b = w - 0.02 * 2 * np.mean(X), b - 0.02 * 2 * np.mean(e)
""",
    "started again after it diverged": """
lr = 1.0
w = b = 0.0
while True:
    for _ in range(20):
        e = w * x + b - y
        w, b = w - lr * 2 * np.mean(X), b - lr * 2 * np.mean(e)
    if abs(w) < 1e3:
        break
    lr /= 10
    w = b = 0.0
""",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_fresh_start_is_no_step(program: str, tmp_path: Path) -> None:
    random.seed(0)
    right = check_text((POINTS + PROGRAMS[program]).replace("np.mean(X)", "np.mean(e * x)"), tmp_path)
    assert (right.verdict, right.loss) == ("right", "mean")
    wrong = check_text((POINTS + PROGRAMS[program]).replace("np.mean(X)", "np.mean(e)"), tmp_path)
    assert (wrong.verdict, wrong.diagnosis[0][0]) == ("wrong", "missing-x")


def test_a_decay_after_each_pass_is_no_fresh_start(tmp_path: Path) -> None:
    decayed = """
w = b = 0.0
for _ in range(20):
    for _ in range(10):
        e = w * x + b - y
        w, b = w - 0.02 * 2 * np.mean(e * x), b - 0.02 * 2 * np.mean(e)
    w, b = w * 0.9, b * 0.9
"""
    assert check_text(POINTS + decayed, tmp_path).verdict == "wrong"


DESCENT = """
def NAME():
    w = b = 0.0
    for _ in range(60):
        e = w * x + b - y
        w, b = w - 0.02 * 2 * np.mean(X), b - 0.02 * 2 * np.mean(e)
    return w, b
"""
AGAIN = """
w = b = 0.0
for _ in range(60):
    e = w * x + b - y
    w, b = w - 0.02 * 2 * np.mean(X), b - 0.02 * 2 * np.mean(e)
print(w, b)
"""


@pytest.mark.parametrize("form", [DESCENT + "print(NAME())\n", AGAIN, AGAIN.replace("w", "m").replace("b", "c")])
def test_the_second_of_two_descents_is_judged(form: str, tmp_path: Path) -> None:
    good, bad = (form.replace("X", name) for name in ("e * x", "e"))
    for number, text in enumerate([good + bad, bad + good, AGAIN.replace("X", "e * x") + bad]):
        text = POINTS + text.replace("NAME", "first", 2).replace("NAME", "second")
        check = check_text(text, tmp_path, f"p{number}.py")
        assert (check.verdict, check.diagnosis[0][0]) == ("wrong", "missing-x")
        assert "0.02 * 2 * np.mean(e), " in text.splitlines()[check.lines["missing-x"] - 1]
    check = check_text(POINTS + (good + good).replace("NAME", "first", 2).replace("NAME", "second"), tmp_path)
    assert check.verdict == "right"
