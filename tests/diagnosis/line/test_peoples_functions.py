"""Functions in people's own forms: right ones are right with their loss named, wrong ones wrong with the right name."""

import re
from itertools import permutations
from pathlib import Path

import pytest
from support.here_sandbox import functions_of
from support.odd_functions import IMPORT, OTHER, RIGHT
from support.peoples_functions import (
    GRADIENTS,
    LOSSES,
    PAIRS,
    RIGHT_BODIES,
    UPDATES,
    Form,
    lines_of,
    mistaken,
    pair_source,
)

from tf_gd.diagnosis.file_check import check_file
from tf_gd.diagnosis.line.argument_names import derivative_of, says_gradient
from tf_gd.errors import DataError

MANY = 800  # wrong ones


def sample(forms: list[Form]) -> list[object]:
    """Return all forms, of which two in three are slow tests; each with a loss and a computation of its own."""
    return [
        pytest.param(form, index, id=form.name, marks=() if index % 3 == 0 else pytest.mark.slow)
        for index, form in enumerate(forms)
    ]


def body_of(form: Form, index: int) -> list[str]:
    names = list(RIGHT_BODIES) if form.arrays else ["loop", "zip"]
    return RIGHT_BODIES[names[index % len(names)]]


@pytest.mark.corpus(8)
@pytest.mark.parametrize(("form", "index"), sample(GRADIENTS + UPDATES))
def test_a_right_function_is_right_with_its_loss_named(form: Form, index: int, tmp_path: Path) -> None:
    for loss in LOSSES[index % 4 :][:1]:
        text = form.source(lines_of(body_of(form, index // 4), loss))
        checks = functions_of(text, tmp_path)
        assert form.checked in checks, text
        for check in checks.values():
            assert (check.verdict, check.loss) == ("right", loss), f"{text}\n{check}"


@pytest.mark.slow
@pytest.mark.parametrize(("form", "index"), sample(GRADIENTS + UPDATES))
def test_and_under_every_loss(form: Form, index: int, tmp_path: Path) -> None:
    for number, loss in enumerate(LOSSES):
        checks = functions_of(form.source(lines_of(body_of(form, index + number), loss)), tmp_path)
        assert {(check.verdict, check.loss) for check in checks.values()} == {("right", loss)}


@pytest.mark.corpus(8)
@pytest.mark.parametrize(("pair", "index"), [(pair, index) for index, pair in enumerate(PAIRS)])
def test_two_functions_one_for_each_derivative(pair: tuple[str, str, str], index: int, tmp_path: Path) -> None:
    loss = LOSSES[index % 4]
    text, for_m, for_c = pair_source(pair, lines_of([*RIGHT_BODIES.values()][index // 4], loss))
    (checked,) = functions_of(text, tmp_path).items()
    assert (checked[0], checked[1].verdict, checked[1].loss) == (f"{for_m} and {for_c}", "right", loss)


def test_a_mistake_in_one_of_two_functions_is_found_at_its_line(tmp_path: Path) -> None:
    text = "def dw(x, y, w, b):\n    return 2 * sum((w * u + b - v) * u for u, v in zip(x, y))\n\n"
    text += "def db(x, y, w, b):\n    return -2 * sum(w * u + b - v for u, v in zip(x, y))\n"
    check = functions_of(text, tmp_path)["dw and db"]
    assert [name for name, _ in check.diagnosis] == ["sign-of-c"]
    assert check.lines == {"sign-of-c": 5}


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        ("class M:\n    w = b = 0.0\n    def backward(self, x, y):\n        e = self.w * x + self.b - y\n"
         "        self.dw = 2 * sum(e)\n        self.db = 2 * sum(e)\n", "missing-x", 5),
        ("def dw(x, y, w, b):\n    return 2 * sum((w * x + b - y) * x)\n"
         "def db(x, y, w, b):\n    return 2 * sum((w * x + b - y) ** 2)\n", "power-not-lowered", 4),
        ("def gradient(x, y, w, b):\n    e = w * x + b - y\n    dw = 2 * sum(e * x)\n    db = 2 * sum(e)\n"
         "    return round(dw, 3), round(db, 3)\n", "unlisted", 5),
        ("rate = 0.01\ndef update(m, c, x, y):\n    e = m * x + c - y\n    m -= rate * 2 * sum(e * x)\n"
         "    c += rate * 2 * sum(e)\n    return m, c\n", "sign-of-c", 5),
        ("grad = lambda x, y, w, b: (2 * sum((w * x + b - y) * x),\n    2 * sum(y - w * x - b))\n", "sign-of-c", 2),
    ],
)  # fmt: skip
def test_a_finding_names_the_line_that_it_is_about(text: str, name: str, line: int, tmp_path: Path) -> None:
    (check,) = functions_of(text, tmp_path).values()
    assert [(finding, check.lines[finding]) for finding, _ in check.diagnosis][:1] == [(name, line)], str(check)


def test_the_loss_of_what_is_unlisted_is_the_nearest(tmp_path: Path) -> None:
    text = "def gradient(x, y, w, b):\n    e = w * x + b - y\n    n = len(x)\n"
    check = functions_of(f"{text}    return 2 * sum(e * x) / n, 3 * sum(e) / n\n", tmp_path)["gradient"]
    assert (check.loss, check.diagnosis[0][0]) == ("mean", "unlisted-factor")
    assert "dL/dc is 3/2 times what it should be." in check.diagnosis[0][1]


def test_mistakes_are_named(tmp_path: Path) -> None:
    _compare(range(24), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(MANY // 50))
def test_of_many_mistakes_each_is_named(block: int, tmp_path: Path) -> None:
    _compare(range(50 * block, 50 * (block + 1)), tmp_path)


def _compare(seeds: range, folder: Path) -> None:
    """Every one is wrong, and at least 95 % are called by a right name."""
    misnamed = []
    for seed in seeds:
        case = mistaken(seed)
        checks = functions_of(case.text, folder)
        wrong = [check for check in checks.values() if check.verdict == "wrong"]
        assert wrong, f"{case.what}\n{case.text}\n{checks}"
        if not {check.diagnosis[0][0] for check in wrong} & set(case.names):
            misnamed.append((case.what, str(wrong[0])))
    print(f"{len(seeds)} of {len(seeds)} found, {len(seeds) - len(misnamed)} named")
    assert len(misnamed) <= 0.05 * len(seeds), misnamed


@pytest.mark.corpus(6)
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_function_of_another_form_is_right(name: str, tmp_path: Path) -> None:
    checks = functions_of(IMPORT + RIGHT[name], tmp_path)
    assert {check.verdict for check in checks.values()} == {"right"}, checks


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_gradient_of_a_line_is_not_called_wrong(name: str, tmp_path: Path) -> None:
    checks = functions_of(IMPORT + OTHER[name], tmp_path)
    assert "wrong" not in {check.verdict for check in checks.values()}, checks


@pytest.mark.parametrize(
    "text",
    [
        "def update_weights(weights, grads, lr):\n    return weights - lr * grads\n",
        "def mse(x, y, w, b):\n    return sum((w * x + b - y) ** 2)\n",
        "def grad_w(x, y, w, b):\n    return 2 * sum((w * x + b - y) * x)\n",
        "def stats(m, c, x, y):\n    return sum(x), sum(y)\n",
    ],
)
def test_nor_what_says_nothing_of_a_gradient(text: str, tmp_path: Path) -> None:
    assert functions_of(text, tmp_path) == {}


def test_the_advice_on_a_function_that_says_nothing_works(tmp_path: Path) -> None:
    path = tmp_path / "homework.py"
    path.write_text("def f(p, q, r, s):\n    e = r * p + s - q\n    return 2 * sum(e * p), 2 * sum(e)\n")
    with pytest.raises(DataError, match="f takes .p, q, r, s.: if it is a gradient") as caught:
        check_file(path)
    call = re.search(r'--call "(.*?)"', str(caught.value))
    assert call is not None
    assert call[1] == "f(m, c, x, y)"
    assert check_file(path, call="f(x, y, m, c)")["f"].ok


def test_what_the_name_of_a_function_says() -> None:
    assert not any(map(says_gradient, ("loss", "cost", "predict", "mse", "upgrade"[:2], "residuals")))
    assert [derivative_of(name) for name in ("dw", "partial_m", "loss_gradient", "update_b")] == ["w", "m", "", "b"]


C_RETURNED_FIRST = """
def compute_gradient(x, y, w, b):
    e = w * x + b - y
    dw, db = (e * x).mean(), e.mean()
    return db, dw
"""


def test_the_names_of_what_is_returned_say_its_order(tmp_path: Path) -> None:
    check = functions_of(C_RETURNED_FIRST, tmp_path)["compute_gradient"]
    assert (check.verdict, check.loss, [name for name, _ in check.remarks]) == (
        "right",
        "half_mean",
        ["called-as", "order-of-results"],
    )
    assert "line 5 says: `return db, dw`. Take them in that order." in check.remarks[-1][1]
    crossed = C_RETURNED_FIRST.replace("dw, db =", "db, dw =")
    taken = f"{C_RETURNED_FIRST}\n\ndef step(x, y, w, b, lr):\n    dw, db = compute_gradient(x, y, w, b)\n"
    taken += "    w -= lr * dw\n    b -= lr * db\n    return w, b\n"
    for text in (crossed, taken):
        check = functions_of(text, tmp_path)["compute_gradient"]
        assert [name for name, _ in check.diagnosis] == ["swapped"]


MAKER = """
def make_gradient(x, y):
    n = len(x)
    def gradient(w, b):
        e = [w * u + b - v for u, v in zip(x, y)]
        return 2 * sum(a * u for a, u in zip(e, x)) / n, 2 * sum(e) / n
    return gradient
"""
LAMBDA = """
def gradient_of(xs, ys):
    return lambda m, c: (
        sum((m * x + c - y) * x for x, y in zip(xs, ys)),
        sum(m * x + c - y for x, y in zip(xs, ys)),
    )
"""


@pytest.mark.parametrize(
    ("text", "name", "loss", "wrong", "line"),
    [
        (MAKER, "make_gradient.gradient", "mean", ("2 * sum(e)", "-2 * sum(e)"), 6),
        (LAMBDA, "gradient_of", "half_sum", ("        sum(m", "        -sum(m"), 5),
    ],
)
def test_the_gradient_that_a_function_makes(
    text: str, name: str, loss: str, wrong: tuple[str, str], line: int, tmp_path: Path
) -> None:
    check = functions_of(text, tmp_path)[name]
    assert (check.verdict, check.loss) == ("right", loss)
    check = functions_of(text.replace(*wrong), tmp_path)[name]
    assert [(finding, check.lines[finding]) for finding, _ in check.diagnosis] == [("sign-of-c", line)]


def test_an_argument_that_holds_both_parameters_is_said_outright(tmp_path: Path) -> None:
    text = "def f(p, q, r):\n    s, t = p\n    e = [t + s * u - v for u, v in zip(q, r)]\n"
    text += "    return 2 * sum(a * u for a, u in zip(e, q)), 2 * sum(e)\n"
    assert functions_of(text, tmp_path, call="f((w, b), x, y)")["f"].ok
    assert not functions_of(text, tmp_path, call="f([b, w], x, y)")["f"].ok
    with pytest.raises(ValueError, match=r"theta, \(w, b\), X, points, lr and numbers are known too"):
        functions_of(text, tmp_path, call="f(zz, 3)")


SAID = """
import numpy as np
xs, ys = np.array([1.0, 2.0, 3.0, 4.5]), np.array([2.0, 3.1, 4.4, 6.0])
def fit(start, k):
    p, q = start
    for _ in range(k):
        e = p * xs + q - ys
        p, q = p - 0.01 * np.sum(2 * e * xs), q - 0.01 * np.sum(2 * e)
    return p, q
def learn(u, v, many):
    p, q = 0.1, 0.2
    for _ in range(many):
        e = p * u + q - v
        p, q = p - 0.01 * np.sum(2 * e * u), q - 0.01 * np.sum(2 * e)
    return p, q
def derive(p, q, u, v, mode, l2):
    e = p * u + q - v
    total = {"sum": np.sum, "mean": np.mean}[mode]
    return total(2 * e * u) + l2 * p, total(2 * e)
"""


@pytest.mark.parametrize(
    ("call", "loss"),
    [
        ("fit((1, 2), 3)", "sum"), ("fit([0.5, -0.25], 20)", "sum"), ("learn(x, y, 12)", "sum"),
        ("derive(w, b, x, y, 'mean', 0)", "mean"), ("derive(w, b, x, y, 'sum', -0.0)", "sum"),
    ],
)  # fmt: skip
def test_literals_are_arguments_as_well(call: str, loss: str, tmp_path: Path) -> None:
    name = call.partition("(")[0]
    check = functions_of(SAID, tmp_path, call=call)[name]
    assert (check.verdict, check.loss) == ("right", loss), str(check)
    wrong = functions_of(SAID.replace("2 * e * xs", "2 * e").replace("2 * e * u", "2 * e"), tmp_path, call=call)[name]
    assert [finding for finding, _ in wrong.diagnosis] == ["missing-x"]


@pytest.mark.parametrize(
    ("text", "name", "loss"),
    [
        ("def derivative(p, q, us, vs):\n    dp = sum((p * u + q - v) * u for u, v in zip(us, vs))\n"
         "    dq = sum(p * u + q - v for u, v in zip(us, vs))\n    return dp, dq\n", "derivative", "half_sum"),
        ("def gradients(params, xs, ys):\n    n, w, b = len(xs), *params.values()\n"
         "    e = [w * x + b - y for x, y in zip(xs, ys)]\n"
         '    return {"w": 2 * sum(a * x for a, x in zip(e, xs)) / n, "b": 2 * sum(e) / n}\n', "gradients", "mean"),
    ],
)  # fmt: skip
def test_arguments_that_names_do_not_tell(text: str, name: str, loss: str, tmp_path: Path) -> None:
    check = functions_of(text, tmp_path)[name]
    assert (check.verdict, check.loss) == ("right", loss), str(check)


LETTERS = ("pqrs", "uvwz", "abcd", "ktsd")
ORDERS = [*enumerate(permutations("mcxy"))]


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("number", "order"),
    [pytest.param(*one, marks=() if one[0] % 5 == 0 else pytest.mark.slow) for one in ORDERS],
)
def test_letters_that_say_nothing_may_stand_in_any_order(number: int, order: tuple[str, ...], tmp_path: Path) -> None:
    letters = LETTERS[number % len(LETTERS)]
    m, c, x, y = (letters[order.index(role)] for role in "mcxy")
    results = [f"sum(2 * i * j for i, j in zip(e, {x}))", "sum(2 * i for i in e)"]
    results = results if order.index("m") < order.index("c") else results[::-1]
    text = f"def gradient({', '.join(letters)}):\n    e = [{m} * i + {c} - j for i, j in zip({x}, {y})]\n"
    text += f"    return {', '.join(results)}\n"
    check = functions_of(text, tmp_path)["gradient"]
    assert (check.verdict, check.loss) == ("right", "sum"), str(check)
    if number % 10 == 0:
        wrong = functions_of(text.replace("- j", "+ j"), tmp_path)["gradient"]
        assert [name for name, _ in wrong.diagnosis] == ["target-added"]


def test_a_may_be_the_intercept_beside_b_x(tmp_path: Path) -> None:
    text = "def gradient(a, b, x, y):\n    e = a + b * x - y\n    return 2 * sum(e), 2 * sum(e * x)\n"
    check = functions_of(text, tmp_path)["gradient"]
    assert check.ok
    assert "a for c, b for m" in check.remarks[0][1]
    assert not functions_of(text.replace("a + b * x - y", "a + b * y - x"), tmp_path)["gradient"].ok


def test_an_update_whose_letters_say_nothing_may_take_them_in_any_order(tmp_path: Path) -> None:
    text = "def update(h, f, g, v, u):\n    e = u * f + v - g\n"
    text += "    return v - h * 2 * sum(e), u - h * 2 * sum(e * f)\n"
    check = functions_of(text, tmp_path)["update"]
    assert check.ok
    assert "h for rate, f for x, g for y, v for c, u for m" in check.remarks[0][1]
