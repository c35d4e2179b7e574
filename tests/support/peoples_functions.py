# ruff: noqa: E501 (one form a line)
"""Gradients and updates as people write them: 70 ways to take a line and points and to give two numbers back.

A `Form` holds what stands around the computation: the head, what it takes apart, and what it returns. A body holds the
computation: with NumPy, in a loop, over pairs, or with a design matrix. Either is right, or has one planted mistake.
"""

import random
import textwrap
from dataclasses import dataclass, replace

LOSSES = ("sum", "mean", "half_sum", "half_mean")
FACTORS = {"sum": "2 * ", "mean": "2 / $n * ", "half_sum": "", "half_mean": "1 / $n * "}


@dataclass(frozen=True)
class Form:
    """What stands around a computation.

    Attributes:
        name: of the form, for messages.
        head: from `def` to the colon; or `lambda` is not here, see LAMBDAS.
        m, c, x, y, n: what they are called after `before`.
        before, after: statements before and after the computation.
        back: what is returned; $dm and $dc are the derivatives, or the new m and c.
        function: under which name the check comes back.
        module: what stands before the function, at the file's top.
        end: what stands after it.
        indent: of the function: 4 in a class.
        loop: whether the computation may run over `range(n)`; else only with NumPy.
    """

    name: str
    head: str
    m: str = "m"
    c: str = "c"
    x: str = "x"
    y: str = "y"
    n: str = ""
    before: str = ""
    after: str = ""
    back: str = "$dm, $dc"
    function: str = ""
    module: str = ""
    end: str = ""
    indent: int = 0
    arrays: bool = True

    def source(self, lines: list[str]) -> str:
        """Return a file with this form around a computation."""
        body = [*self.before.split("\n"), *lines, *self.after.split("\n"), f"return {self.back}"]
        text = "\n".join([self.head, *(f"    {line}" for line in body if line.strip())])
        n = self.n or f"len({self.x})"
        for name, value in (("$dm", f"d_{_plain(self.m)}"), ("$dc", f"d_{_plain(self.c)}"), ("$n", n)):
            text = text.replace(name, value)
        for name, value in (("$m", self.m), ("$c", self.c), ("$x", self.x), ("$y", self.y)):
            text = text.replace(name, value)
        text = textwrap.indent(text, " " * self.indent)
        return f"import numpy as np\n{self.module}\n{text}\n{self.end}\n"

    @property
    def checked(self) -> str:
        """The name of the function."""
        return self.function or self.head.partition("def ")[2].partition("(")[0]


def _plain(name: str) -> str:
    return "".join(char if char.isalnum() else "_" for char in name).strip("_")


COLUMNS = "x, y = X[:, 0], Y[:, 0]"
THETA = "b, w = theta"
GRADIENTS = [
    Form("names", "def gradient(m, c, x, y):"),
    Form("course", "def compute_gradient(x, y, w, b):", m="w", c="b"),
    Form("course, m points", "def compute_gradient(X, y, w, b):", m="w", c="b", x="X", n="m", before="m = X.shape[0]"),
    Form("data last", "def calc_gradients(slope, intercept, xs, ys):", m="slope", c="intercept", x="xs", y="ys"),
    Form("y before x", "def gradient(y, x, a, b):", m="a", c="b"),
    Form("b first", "def get_gradient(b, m, x, y):", c="b", back="$dc, $dm"),
    Form("points table", "def gradient(b, m, points):", c="b", before="x, y = points[:, 0], points[:, 1]", back="$dc, $dm"),
    Form("rows", "def gradient(points, m, b):", c="b", before="x = np.array([p[0] for p in points])\ny = np.array([p[1] for p in points])"),
    Form("rows unpacked", "def grad(rows, w, b):", m="w", c="b", before="x = [u for u, v in rows]\ny = [v for u, v in rows]", arrays=False),
    Form("table transposed", "def gradient(data, w, b):", m="w", c="b", before="x, y = np.array(data).T"),
    Form("theta", "def gradient(theta, x, y):", m="w", c="b", before=THETA, back="np.array([$dc, $dm])"),
    Form("theta mc", "def gradient(params, x, y):", before="m, c = params", back="[$dm, $dc]"),
    Form("theta last", "def compute_gradient(X, y, theta):", m="theta[1]", c="theta[0]", x="X", back="np.array([$dc, $dm])"),
    Form("theta named", "def gradient(x, y, theta0, theta1):", m="theta1", c="theta0", back="$dc, $dm"),
    Form("weights dict back", "def gradients(x, y, w, b):", m="w", c="b", back='{"dw": $dm, "db": $dc}'),
    Form("dict back, b first", "def gradients(x, y, w, b):", m="w", c="b", back='{"db": $dc, "dw": $dm}'),
    Form("dict with cost", "def propagate(w, b, X, Y):", m="w", c="b", x="X", y="Y", back='{"dw": $dm, "db": $dc}, np.mean((w * X + b - Y) ** 2)'),
    Form("cost after", "def gradient_and_cost(x, y, w, b):", m="w", c="b", back="$dm, $dc, np.mean((w * x + b - y) ** 2)"),
    Form("cost before", "def cost_and_gradient(x, y, w, b):", m="w", c="b", back="np.mean((w * x + b - y) ** 2), $dm, $dc"),
    Form("cost and vector", "def loss_grad(theta, x, y):", m="w", c="b", before=THETA, back="np.sum((w * x + b - y) ** 2) / 2, np.array([$dc, $dm])"),
    Form("named tuple back", "def gradient(m, c, x, y):", module="from collections import namedtuple\nGrad = namedtuple('Grad', 'm c')", back="Grad($dm, $dc)"),
    Form("data class back", "def gradient(x, y, w, b):", m="w", c="b", module="from dataclasses import dataclass\n@dataclass\nclass Grad:\n    dw: float\n    db: float", back="Grad(db=$dc, dw=$dm)"),
    Form("column back", "def gradient(m, c, x, y):", back="np.array([[$dm], [$dc]])"),
    Form("list back", "def gradient(m, c, x, y):", back="[$dm, $dc]"),
    Form("arrays of one", "def gradient(m, c, x, y):", back="np.array([$dm]), np.array([$dc])"),
    Form("keyword only", "def gradient(*, m, c, x, y):"),
    Form("keyword only data", "def gradient(m, c, *, xs, ys):", x="xs", y="ys"),
    Form("defaults", "def gradient(x, y, w=0.0, b=0.0):", m="w", c="b"),
    Form("verbose default", "def compute_grads(x, y, w, b, verbose=False):", m="w", c="b"),
    Form("n passed", "def gradient(m, b, x, y, n):", c="b", n="n"),
    Form("N passed", "def gradient(x, y, N, w, b):", m="w", c="b", n="N"),
    Form("alpha passed", "def gradient(x, y, w, b, alpha):", m="w", c="b"),
    Form("hints", "def gradient(x: np.ndarray, y: np.ndarray, w: float, b: float) -> tuple[float, float]:", m="w", c="b"),
    Form("static method", "@staticmethod\ndef gradient(x, y, w, b):", m="w", c="b", module="class LinearRegression:", indent=4, function="LinearRegression.gradient"),
    Form("class method", "@classmethod\ndef compute_gradients(cls, x, y, w, b):", m="w", c="b", module="class Model:", indent=4, function="Model.compute_gradients"),
    Form("method", "def gradient(self, x, y, w, b):", m="w", c="b", module="class Model:\n    def __init__(self, lr=0.1):\n        self.lr = lr\n", indent=4, function="Model.gradient"),
    Form("method of state", "def gradients(self, X, y):", m="self.w", c="self.b", x="X", module="class Model:\n    def __init__(self):\n        self.w = 0.0\n        self.b = 0.0\n", indent=4, function="Model.gradients"),
    Form("method of points", "def gradient(self, m, c):", x="self.x", y="self.y", module="class Fit:\n    def __init__(self, x, y):\n        self.x = np.array(x)\n        self.y = np.array(y)\n", indent=4, function="Fit.gradient"),
    Form("global data", "def gradient(m, c):", module="x = np.array([1.0, 2.0, 3.0])\ny = np.array([2.0, 4.5, 5.0])\n"),
    Form("global data, list", "def gradient(w, b):", m="w", c="b", module="x = [1, 2, 3]\ny = [2, 4.5, 5]\nn = len(x)\n", n="n", arrays=False),
    Form("closure", "def gradient(m, c):", indent=4, module="def make(x, y):", end="    return gradient\n\ngradient = make(np.array([1.0, 2.0]), np.array([2.0, 3.0]))"),
    Form("partial", "def full_gradient(x, y, w, b):", m="w", c="b", module="from functools import partial", end="gradient = partial(full_gradient, np.array([1.0, 2.0]), np.array([2.0, 3.0]))"),
    Form("Spanish", "def gradiente(x, y, pendiente, ordenada):", m="pendiente", c="ordenada"),
    Form("Spanish, intercept", "def calcular_gradiente(pendiente, intercepto, x, y):", m="pendiente", c="intercepto"),
    Form("French", "def calcul_gradient(x, y, poids, biais):", m="poids", c="biais"),
    Form("French, a and b", "def gradient(x, y, pente, ordonnee):", m="pente", c="ordonnee"),
    Form("German", "def berechne_gradient(x, y, steigung, achsenabschnitt):", m="steigung", c="achsenabschnitt"),
    Form("Portuguese", "def gradiente(x, y, inclinacao, intercepto):", m="inclinacao", c="intercepto"),
    Form("Italian", "def derivate(x, y, pendenza, intercetta):", m="pendenza", c="intercetta"),
    Form("mse_grad", "def mse_grad(x, y, w, b):", m="w", c="b"),
    Form("grad_mse", "def grad_mse(w, b, x, y):", m="w", c="b"),
    Form("d_loss", "def d_loss(m, b, x, y):", c="b"),
    Form("dJ", "def dJ(x, y, theta_0, theta_1):", m="theta_1", c="theta_0", back="$dc, $dm"),
    Form("loss_prime", "def loss_prime(m, c, x, y):"),
    Form("derivatives", "def derivatives(a, b, x, y):", m="a", c="b"),
    Form("partials", "def partial_derivatives(x, y, beta0, beta1):", m="beta1", c="beta0", back="$dc, $dm"),
    Form("backward", "def backward(x, y, w, b):", m="w", c="b"),
    Form("prediction too", "def mse_gradients(features, labels, weight, bias):", m="weight", c="bias", x="features", y="labels"),
    Form("columns", "def gradient(X, Y, w, b):", m="w", c="b", before=COLUMNS),
    Form("train names", "def gradient(x_train, y_train, w, b):", m="w", c="b", x="x_train", y="y_train"),
    Form("camelCase", "def computeGradient(xData, yData, currentM, currentB):", m="currentM", c="currentB", x="xData", y="yData"),
    Form("m_now", "def gradient_of_mse(m_now, b_now, points):", m="m_now", c="b_now", before="x = points[:, 0]\ny = points[:, 1]"),
    Form("design, ones first", "def gradient(theta, X, y):", m="theta[1]", c="theta[0]", x="x", before="x = X[:, 1]", back="np.array([$dc, $dm])"),
    Form("design, ones last", "def gradient(X, y, theta):", m="w", c="b", before="x = X[:, 0]\nassert (X[:, 1] == 1).all()\nw, b = theta", back="np.array([$dm, $dc])"),
    Form("data frame", "def gradient(df, w, b):", m="w", c="b", module="import pandas as pd", before='x, y = df["x"], df["y"]'),
    Form("data frame, named", "def gradient(m, b, data):", c="b", module="import pandas as pd", before='x = data["hours"].values\ny = data["score"].values'),
    Form("iloc", "def gradient(m, b, points):", c="b", module="import pandas as pd", before="x = points.iloc[:, 0].values\ny = points.iloc[:, 1].values"),
    Form("attributes of rows", "def gradient(m, b, points):", c="b", module="import pandas as pd", before="x = np.array([points.iloc[i].x for i in range(len(points))])\ny = np.array([points.iloc[i].y for i in range(len(points))])"),
    Form("list of tuples", "def gradient(pairs, w, b):", m="w", c="b", before="x, y = map(np.array, zip(*pairs))"),
    Form("line object", "def gradient(line, x, y):", m="m", c="c", before="m, c = line"),
    Form("k and d", "def gradient(k, d, xs, ys):", m="k", c="d", x="xs", y="ys"),
    Form("b0 b1", "def gradient(b0, b1, x, y):", m="b1", c="b0", back="$dc, $dm"),
    Form("returned names", "def compute(x, y, w, b):", m="w", c="b", after="dw, db = $dm, $dc", back="dw, db"),
    Form("dj_db first", "def compute_gradient(x, y, w, b):", m="w", c="b", after="dj_dw, dj_db = $dm, $dc", back="dj_db, dj_dw", end="def step(x, y, w, b, lr):\n    dj_db, dj_dw = compute_gradient(x, y, w, b)\n    w -= lr * dj_dw\n    b -= lr * dj_db\n    return w, b\n"),
]  # fmt: skip

RIGHT_BODIES: dict[str, list[str]] = {
    "numpy": ["e = $m * $x + $c - $y", "$dm = F(np.sum(e * $x))", "$dc = F(np.sum(e))"],
    "minus": ["e = $y - ($m * $x + $c)", "$dm = -F(np.sum($x * e))", "$dc = -F(e.sum())"],
    "loop": [
        *("$dm = 0", "$dc = 0", "for i in range(len($x)):", "    e = $m * $x[i] + $c - $y[i]"),
        *("    $dm += F(e * $x[i])", "    $dc += F(e)"),
    ],
    "zip": [
        *("$dm = $dc = 0.0", "for xi, yi in zip($x, $y):", "    e = ($m * xi + $c) - yi", "    $dm += e * xi"),
        *("    $dc += e", "$dm = F($dm)", "$dc = F($dc)"),
    ],
}


def lines_of(body: list[str], loss: str) -> list[str]:
    """Return a computation under a loss: what F(...) stands for is put in."""
    return [_factored(line, FACTORS[loss]) for line in body]


def _factored(line: str, factor: str) -> str:
    before, found, rest = line.partition("F(")
    return f"{before}({factor}{rest}" if found else line


# Name -> for each computation what becomes of its lines: (old, new), once each.
GRADIENT_MISTAKES: list[tuple[str, dict[str, list[tuple[str, str]]]]] = [
    ("missing-x", {"numpy": [("e * $x", "e")], "minus": [("$x * e", "e")], "loop": [("e * $x[i]", "e")], "zip": [("e * xi", "e")]}),
    ("x-in-both", {"numpy": [("np.sum(e)", "np.sum(e * $x)")], "loop": [("F(e)", "F(e * $x[i])")], "zip": [("$dc += e", "$dc += e * xi")]}),
    ("sign-of-c", {"numpy": [("$dc = F", "$dc = -F")], "minus": [("$dc = -F", "$dc = F")], "loop": [("$dc += F", "$dc -= F")], "zip": [("$dc = F", "$dc = -F")]}),
    ("sign-of-m", {"numpy": [("$dm = F", "$dm = -F")], "minus": [("$dm = -F", "$dm = F")], "loop": [("$dm += F", "$dm -= F")]}),
    ("sign", {"numpy": [("$m * $x + $c - $y", "$y - $m * $x - $c")], "minus": [("$dm = -F", "$dm = F"), ("$dc = -F", "$dc = F")], "loop": [("$m * $x[i] + $c - $y[i]", "$y[i] - ($m * $x[i] + $c)")]}),
    ("x-squared", {"numpy": [("e * $x", "e * $x ** 2")], "loop": [("e * $x[i]", "e * $x[i] * $x[i]")]}),
    ("missing-intercept", {"numpy": [(" + $c", "")], "loop": [(" + $c", "")], "zip": [(" + $c", "")]}),
    ("missing-target", {"numpy": [(" - $y", "")], "loop": [(" - $y[i]", "")]}),
    ("target-added", {"numpy": [("- $y", "+ $y")], "loop": [("- $y[i]", "+ $y[i]")]}),
    ("intercept-subtracted", {"numpy": [("+ $c", "- $c")], "loop": [("+ $c", "- $c")]}),
    ("missing-intercept", {"numpy": [("e * $x", "($m * $x - $y) * $x")]}),
    ("missing-intercept", {"numpy": [("np.sum(e)", "np.sum($m * $x - $y)")]}),
    ("power-not-lowered", {"numpy": [("e * $x", "e ** 2 * $x"), ("np.sum(e)", "np.sum(e ** 2)")]}),
    ("power-not-lowered", {"numpy": [("np.sum(e)", "np.sum(e ** 2)")]}),
    ("absolute-error", {"numpy": [("F(np.sum(e * $x))", "S(np.sum(np.sign(e) * $x))"), ("F(np.sum(e))", "S(np.sum(np.sign(e)))")]}),
    ("last-point-only", {"loop": [("$dm +=", "$dm ="), ("$dc +=", "$dc =")]}),
    ("last-point-only", {"loop": [("$dc +=", "$dc =")]}),
    ("last-point-only", {"loop": [("$dm +=", "$dm =")]}),
    ("first-point-dropped", {"loop": [("range(", "range(1, ")]}),
    ("last-point-dropped", {"loop": [("len($x))", "len($x) - 1)")]}),
    ("misplaced-bracket", {"numpy": [("e * $x", "$m * $x + $c - $y * $x")], "loop": [("e * $x[i]", "($m * $x[i] + $c - $y[i] * $x[i])")]}),
    ("m-instead-of-x", {"numpy": [("e * $x", "e * $m")], "loop": [("e * $x[i]", "e * $m")]}),
    ("sum-outside-product", {"numpy": [("np.sum(e * $x)", "np.sum(e) * np.sum($x)")]}),
    ("index-instead-of-c", {"loop": [("+ $c", "+ i")]}),
    ("returns-the-loss", {"numpy": [("F(np.sum(e * $x))", "S(np.sum(e ** 2))"), ("F(np.sum(e))", "S(np.sum(e ** 2))")]}),
    ("x-and-y-swapped", {"numpy": [("$m * $x + $c - $y", "$m * $y + $c - $x"), ("e * $x", "e * $y")]}),
    ("integer-division", {"numpy": [("$dm = F(np.sum(e * $x))", "$dm = F(np.sum(e * $x)) // 1"), ("$dc = F(np.sum(e))", "$dc = F(np.sum(e)) // 1")]}),
    ("swapped", {"numpy": [("$dc = F(np.sum(e))", "$dc = F(np.sum(e))\n$dm, $dc = $dc, $dm")]}),
    ("missing-factor-2", {"numpy": [("F(np.sum(e * $x))", "F(np.sum(e * $x)) / 2")]}),
    ("missing-factor-2", {"numpy": [("F(np.sum(e))", "F(np.sum(e)) / 2")]}),
    ("extra-factor-2", {"numpy": [("F(np.sum(e))", "2 * F(np.sum(e))")]}),
    ("extra-factor-2", {"numpy": [("F(np.sum(e * $x))", "2 * F(np.sum(e * $x))")]}),
]  # fmt: skip
HALVES = {"sum": "1 * ", "mean": "1 / $n * ", "half_sum": "1 / 2 * ", "half_mean": "1 / 2 / $n * "}


def planted(body: list[str], changes: list[tuple[str, str]], loss: str) -> list[str]:
    """Return a computation with a mistake in it."""
    text = "\n".join(body)
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new, 1)
    text = text.replace("S(", f"({HALVES[loss]}")
    return lines_of(text.split("\n"), loss)


STEP = "$m -= $rate * $dm\n$c -= $rate * $dc"
UPDATES = [
    Form("names", "def update(m, c, x, y, learning_rate):", after=STEP.replace("$rate", "learning_rate"), back="m, c"),
    Form("Siraj", "def step_gradient(b_current, m_current, points, learningRate):", m="m_current", c="b_current", before="x = points[:, 0]\ny = points[:, 1]", after="new_b = b_current - (learningRate * $dc)\nnew_m = m_current - (learningRate * $dm)", back="[new_b, new_m]"),
    Form("course", "def one_step(x, y, w, b, alpha):", m="w", c="b", after=STEP.replace("$rate", "alpha"), back="w, b"),
    Form("theta", "def step(theta, X, y, lr):", m="theta[1]", c="theta[0]", x="x", before="x = X[:, 1]", after="theta = theta - lr * np.array([$dc, $dm])", back="theta"),
    Form("theta in place", "def step(theta, x, y, lr):", m="theta[1]", c="theta[0]", after="theta -= lr * np.array([$dc, $dm])", back="theta"),
    Form("dict back", "def update_params(w, b, x, y, lr):", m="w", c="b", after=STEP.replace("$rate", "lr"), back='{"w": w, "b": b}'),
    Form("default rate", "def gradient_step(x, y, w, b, lr=0.01):", m="w", c="b", after=STEP.replace("$rate", "lr"), back="w, b"),
    Form("cost too", "def train_step(x, y, w, b, eta):", m="w", c="b", after=STEP.replace("$rate", "eta"), back="w, b, np.mean((w * x + b - y) ** 2)"),
    Form("keyword rate", "def update(x, y, w, b, *, lr):", m="w", c="b", after=STEP.replace("$rate", "lr"), back="w, b"),
    Form("static method", "@staticmethod\ndef step(x, y, w, b, lr):", m="w", c="b", module="class Line:", indent=4, function="Line.step", after=STEP.replace("$rate", "lr"), back="w, b"),
    Form("global rate", "def update(m, c, x, y):", module="learning_rate = 0.01", after=STEP.replace("$rate", "learning_rate"), back="m, c"),
    Form("global data", "def update(m, c, lr):", module="x = np.array([1.0, 2.0, 3.0])\ny = np.array([2.0, 4.5, 5.0])", after=STEP.replace("$rate", "lr"), back="m, c"),
    Form("Spanish", "def paso(x, y, pendiente, ordenada, tasa):", m="pendiente", c="ordenada", after=STEP.replace("$rate", "tasa"), back="pendiente, ordenada"),
    Form("French", "def pas(x, y, poids, biais, taux):", m="poids", c="biais", after=STEP.replace("$rate", "taux"), back="poids, biais"),
    Form("any name", "def improve(x, y, w, b, learning_rate):", m="w", c="b", after=STEP.replace("$rate", "learning_rate"), back="w, b"),
]  # fmt: skip

# What becomes of the statements that move m and c: (old, new).
UPDATE_MISTAKES = [
    ("ascent", [("$m -=", "$m +="), ("$c -=", "$c +=")]),
    ("only-m", [("$c -= $rate * $dc", "")]),
    ("rate-missing", [("$rate * $dm", "$dm"), ("$rate * $dc", "$dc")]),
    ("rate-applied-twice", [("$rate * $dm", "$rate * $rate * $dm"), ("$rate * $dc", "$rate * $rate * $dc")]),
    ("intercept-moved-twice", [("$c -= $rate * $dc", "$c -= $rate * $dc\n$c -= $rate * $dc")]),
    ("step-from-the-other-parameter", [("$c -= $rate * $dc", "$c = $m - $rate * $dc")]),
    ("sign-of-c", [("$c -=", "$c +=")]),
    ("sign-of-m", [("$m -=", "$m +=")]),
    ("swapped", [("$rate * $dm", "$rate * $dq"), ("$rate * $dc", "$rate * $dm"), ("$dq", "$dc")]),
    ("x-in-both", [("$rate * $dc", "$rate * $dm")]),
    ("missing-x", [("$rate * $dm", "$rate * $dc")]),
]

# Two functions, one for each derivative: names and arguments.
PAIRS = [
    ("dw", "db", "x, y, w, b"),
    ("dm", "dc", "m, c, x, y"),
    ("grad_w", "grad_b", "x, y, w, b"),
    ("partial_m", "partial_b", "m, b, x, y"),
    ("d_theta0", "d_theta1", "theta0, theta1, x, y"),
    ("dJ_dw", "dJ_db", "w, b, x, y"),
    ("derivative_m", "derivative_c", "x, y, m, c"),
    ("gradient_slope", "gradient_intercept", "slope, intercept, x, y"),
    ("compute_dw", "compute_db", "x, y, w, b"),
    ("m_gradient", "b_gradient", "points, m, b"),
    ("dL_dm", "dL_dc", "m, c, x, y"),
    ("deriv_theta_0", "deriv_theta_1", "x, y, theta_0, theta_1"),
    ("slope_derivative", "intercept_derivative", "slope, intercept, xs, ys"),
    ("dmse_dw", "dmse_db", "w, b, x, y"),
    ("grad_a", "grad_b", "a, b, x, y"),
    ("derivada_pendiente", "derivada_ordenada", "x, y, pendiente, ordenada"),
]


def pair_source(pair: tuple[str, str, str], body: list[str]) -> tuple[str, str, str]:
    """Return a file with two functions, and the names of that for m and that for c."""
    arguments = [one.strip() for one in pair[2].split(",")]
    lines = [one for one in arguments if one not in ("x", "y", "xs", "ys", "points")]
    first_is_c = lines[0].endswith(("0", "_0"))
    m, c = reversed(lines) if first_is_c else lines
    for_m, for_c = (pair[1], pair[0]) if first_is_c else pair[:2]
    x, y = ("xs", "ys") if "xs" in arguments else ("x", "y")
    before = "x, y = points[:, 0], points[:, 1]" if "points" in arguments else ""
    form = {"m": m, "c": c, "x": x, "y": y, "before": before}
    texts = {
        name: Form("", f"def {name}({pair[2]}):", back=back, **form).source(body)
        for name, back in ((for_m, "$dm"), (for_c, "$dc"))
    }
    return "\n".join(texts[name] for name in pair[:2]), for_m, for_c


@dataclass(frozen=True)
class Planted:
    """A file with one mistake in it, and what the mistake may be called."""

    what: str
    text: str
    names: tuple[str, ...]


# Names between which no numbers decide: the sign may be the step's or the gradient's, one 2 too many that of the loss.
ALIKE = {
    "sign": ("sign", "ascent"),
    "extra-factor-2": ("extra-factor-2", "missing-factor-2", "intercept-moved-twice"),
    "missing-factor-2": ("missing-factor-2", "extra-factor-2"),
}


def mistaken(seed: int) -> Planted:
    """Return a file with a mistake, drawn by a seed: in a gradient, in that of an update, in a pair, or in a step."""
    pick = random.Random(seed)
    loss, kind = pick.choice(LOSSES), pick.choice(("gradient", "gradient", "update", "step", "pair"))
    if kind == "step":
        form, (name, changes) = pick.choice(STEP_FORMS), pick.choice(UPDATE_MISTAKES)
        if (form.name, name) == ("global rate", "rate-missing"):  # neither takes a rate nor reads one: not to be called
            return mistaken(seed + 100_000)
        text = _stepping(form, changes).source(lines_of(RIGHT_BODIES["numpy"], loss))
        return Planted(f"{form.name}, {loss}, {name}", text, ALIKE.get(name, (name,)))
    form = pick.choice(GRADIENTS if kind == "gradient" else UPDATES)
    name, by_body = pick.choice(GRADIENT_MISTAKES)
    bodies = [body for body in by_body if kind == "pair" or form.arrays or body in ("loop", "zip")]
    if not bodies:
        return mistaken(seed + 100_000)
    lines = planted(RIGHT_BODIES[bodies[0]], by_body[bodies[0]], loss)
    text = pair_source(pick.choice(PAIRS), lines)[0] if kind == "pair" else form.source(lines)
    return Planted(f"{kind}: {form.name}, {loss}, {name}, {bodies[0]}", text, ALIKE.get(name, (name,)))


STEP_FORMS = [form for form in UPDATES if form.after.startswith("$m -=")]


def _stepping(form: Form, changes: list[tuple[str, str]]) -> Form:
    """Return an update with a mistake in the statements that move m and c."""
    rate = form.after.split()[2]
    after = form.after.replace(rate, "$rate")
    for old, new in changes:
        assert old in after, (old, after)
        after = after.replace(old, new, 1)
    return replace(form, after=after.replace("$rate", rate))
