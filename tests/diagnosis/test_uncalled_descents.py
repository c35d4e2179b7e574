"""Functions that hold a descent and that nothing calls: called with points, and judged by their steps."""

from pathlib import Path

import pytest
from support.here_sandbox import functions_of
from support.odd_functions import IMPORT, OTHER_DESCENTS, RIGHT_DESCENTS

from tf_gd.diagnosis.file_check import check_file
from tf_gd.errors import DataError

FUNCTION = """
import numpy as np

def gradient_descent(x, y, lr, steps):
    w = b = 0.0
    for _ in range(steps):
        e = w * x + b - y
        w, b = w - lr * 2 / len(x) * np.sum(e * x), b - lr * 2 / len(x) * np.sum(e)
    return w, b
"""
CLASS = """
import numpy as np

class LinearRegression:
    def __init__(self, lr=0.01, epochs=200):
        self.lr = lr
        self.epochs = epochs

    def fit(self, X, y):
        self.w = 0.0
        self.b = 0.0
        for _ in range(self.epochs):
            e = self.w * X + self.b - y
            dw = np.sum(e * X) / len(X)
            db = np.sum(e) / len(X)
            self.w -= self.lr * dw
            self.b -= self.lr * db
"""
MATRIX = """
def train(X, y, theta, alpha, num_iters):
    for i in range(num_iters):
        theta = theta - alpha / len(y) * X.T @ (X @ theta - y)
    return theta
"""
RUNNER = """
def runner(points, starting_b, starting_m, learning_rate, num_iterations):
    b, m = starting_b, starting_m
    for i in range(num_iterations):
        gb = gm = 0
        for p in points:
            e = m * p[0] + b - p[1]
            gb += 2 * e
            gm += 2 * e * p[0]
        b -= learning_rate * gb
        m -= learning_rate * gm
    return b, m
"""
TOLERANCE = """
def fit_line(x, y, alpha=0.05, tol=1e-6):
    m, c = 0, 0
    while True:
        e = m * x + c - y
        gm, gc = sum(e * x), sum(e)
        m, c = m - alpha * gm, c - alpha * gc
        if abs(gm) < tol and abs(gc) < tol:
            return m, c
"""


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("text", "name", "loss", "wrong", "mistake"),
    [
        (FUNCTION, "gradient_descent", "mean", ("e * x", "e"), "missing-x"),
        (CLASS, "LinearRegression.fit", "half_mean", ("np.sum(e) ", "np.sum(e * X) "), "x-in-both"),
        (MATRIX, "train", "half_mean", ("theta - alpha", "theta + alpha"), "ascent"),
        (RUNNER, "runner", "sum", (" + b - p", " - p"), "missing-intercept"),
        (TOLERANCE, "fit_line", "half_sum", ("+ c - y", "+ c + y"), "target-added"),
    ],
)
def test_a_function_that_nothing_calls(
    text: str, name: str, loss: str, wrong: tuple[str, str], mistake: str, tmp_path: Path
) -> None:
    check = functions_of(text, tmp_path)[name]
    assert (check.verdict, check.loss) == ("right", loss), str(check)
    assert [remark for remark, _ in check.remarks] == ["called-with-our-points"]
    assert "rate-too-large" not in str(check)
    check = functions_of(text.replace(*wrong), tmp_path)[name]
    assert (check.verdict, check.diagnosis[0][0]) == ("wrong", mistake), str(check)
    assert check.lines[mistake] <= len(text.splitlines())


@pytest.mark.parametrize("name", RIGHT_DESCENTS)
def test_a_right_one_in_another_form_is_right(name: str, tmp_path: Path) -> None:
    checks = functions_of(IMPORT + RIGHT_DESCENTS[name], tmp_path)
    assert {check.verdict for check in checks.values()} == {"right"}, checks


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow if one in ("poly", "momentum") else ()) for one in OTHER_DESCENTS]
)
def test_one_of_another_model_is_not_called_wrong(name: str, tmp_path: Path) -> None:
    checks = functions_of(IMPORT + OTHER_DESCENTS[name], tmp_path)
    assert "wrong" not in {check.verdict for check in checks.values()}, checks


def test_where_it_cannot_be_called_the_advice_works(tmp_path: Path) -> None:
    path = tmp_path / "homework.py"
    text = FUNCTION.replace("x, y, lr, steps", "config, steps").replace(
        "    w = b", "    x, y, lr = config.data\n    w = b"
    )
    path.write_text(text)
    with pytest.raises(DataError, match="Nothing calls gradient_descent: call it at the end of the file"):
        check_file(path)
    call = "class Config:\n    data = np.array([0.5, 1.0, 2.0]), np.array([1.0, 3.0, 4.0]), 0.1\n"
    path.write_text(f"{text}\n{call}\ngradient_descent(Config, 20)\n")
    assert check_file(path)["path"].ok


def test_one_that_is_called_is_judged_by_its_own_steps_only(tmp_path: Path) -> None:
    assert functions_of(f"{FUNCTION}\ngradient_descent(np.arange(3.0), np.ones(3), 0.1, 0)\n", tmp_path) == {}


STEP = """
def update_params(x, y, w, b):
    n = len(x)
    err = w * x + b - y
    w -= 0.05 * (1 / n) * sum(err * x)
    b -= 0.05 * (1 / n) * sum(err)
    return w, b
"""


@pytest.mark.parametrize(
    ("wrong", "mistake", "line"),
    [
        (("b -=", "b +="), "sign-of-c", 6),
        (("sum(err * x)", "sum(err)"), "missing-x", 5),
        (("+ b - y", "- y"), "missing-intercept", 5),
    ],
)
def test_a_step_at_a_rate_of_its_own(wrong: tuple[str, str], mistake: str, line: int, tmp_path: Path) -> None:
    check = functions_of(STEP, tmp_path)["update_params"]
    assert (check.verdict, check.loss) == ("right", "half_mean"), str(check)
    check = functions_of(STEP.replace(*wrong), tmp_path)["update_params"]
    assert [(name, check.lines[name]) for name, _ in check.diagnosis] == [(mistake, line)], str(check)


TAKEN_BACK = {
    "sign": """
def gradient(x, y, w, b):
    e = y - (w * x + b)
    return np.mean(e * x), np.mean(e)

def train(x, y, lr, n):
    w = b = 0.0
    for _ in range(n):
        dw, db = gradient(x, y, w, b)
        w += lr * dw
        b += lr * db
    return w, b
""",
    "order": """
def gradient(intercept, slope, hours, score):
    e = slope * hours + intercept - score
    gw, gb = np.mean(e * hours), np.mean(e)
    return gw, gb

def train(hours, score, eta, epochs):
    slope = intercept = 0.0
    for _ in range(epochs):
        gw, gb = gradient(intercept, slope, hours, score)
        slope -= eta * gw
        intercept -= eta * gb
    return slope, intercept
""",
    "method": """
class Model:
    w = b = 0.0
    def gradient(self, x, y):
        r = y - (self.w * x + self.b)
        return (r * x).mean(), r.mean()
    def fit(self, x, y, lr=0.1, n=60):
        for _ in range(n):
            gw, gb = self.gradient(x, y)
            self.w += lr * gw
            self.b += lr * gb

Model().fit(np.array([1.0, 2, 3]), np.array([2.0, 4, 6.5]))
""",
}


@pytest.mark.parametrize("kind", TAKEN_BACK)
def test_what_right_steps_take_back_is_no_mistake(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "homework.py"
    file.write_text(f"import numpy as np\n{TAKEN_BACK[kind]}")
    checks = check_file(file)
    assert len(checks) == 2
    assert all(check.verdict == "right" for check in checks.values()), {name: str(one) for name, one in checks.items()}


def test_a_wrong_method_is_not_taken_back_by_another_class(tmp_path: Path) -> None:
    right = TAKEN_BACK["method"].replace("y - (self.w * x + self.b)", "self.w * x + self.b - y").replace("+=", "-=")
    wrong = right.partition("Model()")[0].replace("Model", "First").replace("self.b - y", "self.b + y")
    file = tmp_path / "homework.py"
    file.write_text(f"import numpy as np\n{wrong}{right}")
    assert check_file(file)["First.gradient"].verdict == "wrong"


def test_what_wrong_steps_do_not_take_back_stays_one(tmp_path: Path) -> None:
    file = tmp_path / "homework.py"
    file.write_text(f"import numpy as np\n{TAKEN_BACK['sign'].replace('+=', '-=')}")
    assert {name: check.verdict for name, check in check_file(file).items()} == {"gradient": "wrong", "train": "wrong"}


FACTOR = """
def fit(x, y, lr=0.01, epochs=100):
    m = c = 0.0
    for _ in range(epochs):
        e = [m * u + c - v for u, v in zip(x, y)]
        dm = sum(2 * a * u for a, u in zip(e, x)) / len(x)
        dc = sum(2 * a for a in e) / len(x)
        m = m - lr * dm
        c = c - lr * dc * 3
    return m, c
"""


def test_a_factor_in_one_derivative_of_a_descent_that_nothing_calls(tmp_path: Path) -> None:
    check = functions_of(FACTOR, tmp_path)["fit"]
    assert (check.verdict, [name for name, _ in check.diagnosis]) == ("wrong", ["unlisted-factor"])
    named = FACTOR.replace("epochs=100):", "epochs=100, learning_rate_c=0.03):").replace(
        "lr * dc * 3", "learning_rate_c * dc"
    )
    assert functions_of(named, tmp_path)["fit"].ok, "the advice works"
    assert functions_of(FACTOR.replace(" * 3", ""), tmp_path)["fit"].ok
