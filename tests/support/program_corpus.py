"""Programs as learners write them, generated: shapes, losses, names, orders, data, idioms; right or with one mistake.

Each is `Generated(text, expected loss, names)`: a whole program, the loss under which it is right, or under which its
mistake is named, and the names of which one must come first (none for a right program).
"""

import random
import textwrap
from dataclasses import dataclass, field
from typing import Any

NAMES = [  # m, c, x, y, learning rate, dm, dc, residual
    ("m", "c", "x", "y", "learning_rate", "dm", "dc", "e"),
    ("w", "b", "x", "y", "lr", "dw", "db", "err"),
    ("w", "b", "x_train", "y_train", "alpha", "dj_dw", "dj_db", "f_minus_y"),
    ("slope", "intercept", "xs", "ys", "rate", "grad_slope", "grad_intercept", "residuals"),
    ("a", "b", "X", "Y", "eta", "ga", "gb", "diff"),
    ("theta1", "theta0", "x", "y", "alpha", "d1", "d0", "errors"),
    ("k", "d", "hours", "points", "step_size", "gk", "gd", "off"),
    ("beta1", "beta0", "area", "price", "L", "D_m", "D_c", "delta"),
    ("weight", "bias", "inputs", "targets", "learn_rate", "w_grad", "b_grad", "error"),
    ("m_current", "b_current", "x_values", "y_values", "learningRate", "m_gradient", "b_gradient", "r"),
]
LOSSES = ("sum", "mean", "half_sum", "half_mean")
SCALES = {"sum": "2", "mean": "2 / n", "half_sum": "1", "half_mean": "1 / n"}
SHAPES = (
    *("script", "loop", "function", "class", "rows", "course", "design", "dict", "recursion", "while", "list"),
    *("lambdas", "new_values", "column"),
)


@dataclass
class Generated:
    """A program and what must be said of it."""

    text: str
    loss: str
    names: tuple[str, ...] = ()
    verdict: str = "right"
    what: str = ""


@dataclass
class Parts:
    """The pieces of a gradient, which a mistake changes: {p} is m x + c, {x} and {y} one point or all of them."""

    residual: str = "{p} - {y}"
    prediction: str = "{m} * {x} + {c}"
    term_m: str = "{e} * {x}"
    term_c: str = "{e}"
    scale_m: str = ""
    scale_c: str = ""
    sign: str = "-"
    rate: str = "{lr} * "
    rows: str = "range(n)"
    first: str = ""  # "m" or "c": the parameter that is updated before the other's derivative is computed
    only: str = ""
    swap: bool = False
    stale: bool = False
    no_reset: bool = False
    twice: bool = False
    other: bool = False
    turn: bool = False
    integers: bool = False
    momentum: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def _mistake(pick: random.Random, loss: str) -> tuple[str, Parts, tuple[str, ...]]:
    """Return a mistake's name, the parts with it, and the names that may come first."""
    name = pick.choice(sorted(MISTAKES))
    parts, names = Parts(), (name,)
    MISTAKES[name](parts)
    if name in ("ascent",):
        names = ("ascent", "sign")
    if name == "double-division":
        names = ("rate-divided-by-n", "mean-instead-of-sum")
    if name in ALSO:
        names = ALSO[name]
    return name, parts, names


ALSO: dict[str, tuple[str, ...]] = {
    "one-factor-2": ("missing-factor-2", "extra-factor-2"),
    "one-not-divided": ("sum-instead-of-mean", "mean-instead-of-sum", "one-not-divided"),
    "gradient-of-start": ("stale-residual", "gradient-at-the-start"),
}


def _set(**values: Any) -> Any:
    def change(parts: Parts) -> None:
        for key, value in values.items():
            setattr(parts, key, value)

    return change


MISTAKES: dict[str, Any] = {
    "missing-x": _set(term_m="{e}"),
    "x-in-both": _set(term_c="{e} * {x}"),
    "x-squared": _set(term_m="{e} * {x} ** 2"),
    "sign-of-m": _set(scale_m="-"),
    "sign-of-c": _set(scale_c="-"),
    "ascent": _set(sign="+"),
    "swapped": _set(swap=True),
    "sequential-m-first": _set(first="m"),
    "sequential-c-first": _set(first="c"),
    "only-m": _set(only="m"),
    "only-c": _set(only="c"),
    "rate-missing": _set(rate=""),
    "missing-intercept": _set(prediction="{m} * {x}"),
    "missing-target": _set(residual="{p}"),
    "target-added": _set(residual="{p} + {y}"),
    "intercept-subtracted": _set(prediction="{m} * {x} - {c}"),
    "stale-residual": _set(stale=True),
    "gradient-not-reset": _set(no_reset=True),
    "intercept-moved-twice": _set(twice=True),
    "first-point-dropped": _set(rows="range(1, n)"),
    "last-point-dropped": _set(rows="range(n - 1)"),
    "step-from-the-other-parameter": _set(other=True),
    "sign-turns": _set(turn=True),
    "integer-parameters": _set(integers=True),
    "power-not-lowered": _set(term_m="{e} ** 2 * {x}", term_c="{e} ** 2"),
    "one-factor-2": _set(scale_m="2 * "),
    "one-not-divided": _set(scale_c="n * "),
    "momentum": _set(momentum=True),
}

# Which shapes can hold a mistake; the others can hold any that is in the gradient alone.
LOOPS_ONLY = {"first-point-dropped", "last-point-dropped", "gradient-not-reset"}
UPDATES = {
    "sequential-m-first", "sequential-c-first", "only-m", "only-c", "rate-missing", "ascent", "stale-residual",
    "intercept-moved-twice", "step-from-the-other-parameter", "sign-turns", "integer-parameters", "momentum", "swapped",
    "gradient-not-reset",
}  # fmt: skip
HOLDS: dict[str, set[str]] = {
    "script": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "while": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "loop": UPDATES - {"stale-residual", "integer-parameters", "sequential-m-first", "sequential-c-first"},
    "function": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "class": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "rows": {"ascent", "rate-missing", "swapped", "only-m", "only-c", "intercept-moved-twice",
             "step-from-the-other-parameter"},
    "course": {"ascent", "rate-missing", "swapped", "only-m", "only-c", "step-from-the-other-parameter", "sign-turns"},
    "design": {"ascent", "rate-missing", "stale-residual", "sign-turns", "intercept-moved-twice"},
    "dict": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "list": UPDATES - {"gradient-not-reset", "integer-parameters"},
    "recursion": {"ascent", "rate-missing", "swapped", "only-m", "only-c", "step-from-the-other-parameter"},
    "lambdas": {"ascent", "rate-missing", "swapped", "sequential-m-first", "sequential-c-first", "only-m", "only-c"},
    "new_values": {"ascent", "rate-missing", "swapped", "only-m", "only-c", "step-from-the-other-parameter"},
    "column": {"ascent", "rate-missing", "only-m", "only-c", "swapped"},
}  # fmt: skip
IN_GRADIENT = set(MISTAKES) - UPDATES - LOOPS_ONLY
NOT_IN_DESIGN = {"missing-intercept", "intercept-subtracted", "one-factor-2", "one-not-divided", "x-squared"}


class Writer:
    """Writes one program."""

    def __init__(self, seed: int, wrong: bool) -> None:
        self.pick = pick = random.Random(seed)
        self.loss = pick.choice(LOSSES)
        self.shape = pick.choice(SHAPES)
        self.parts, self.names, self.mistake = Parts(), (), ""
        if wrong:
            self._plant()
        names = pick.choice(NAMES)
        self.m, self.c, self.x, self.y, self.lr, self.dm, self.dc, self.e = names
        self.n = pick.randint(4, 9)
        self.literal = pick.random() < 0.3 and self.parts.rate != ""
        self.steps = pick.choice([8, 15, 30, 60])
        self.loops = self.shape in ("loop", "rows", "course") or (pick.random() < 0.3 and self.shape == "function")
        if self.mistake in LOOPS_ONLY or self.mistake == "stale-residual":
            self.loops = self.mistake in LOOPS_ONLY
        self.with_loss = pick.random() < 0.3 and self.shape in ("script", "function", "class", "dict", "while")
        self.x_values, self.y_values = self._values()
        self.rate = self._rate()

    def _plant(self) -> None:
        holds = HOLDS[self.shape] | IN_GRADIENT
        if self.shape == "design":
            holds -= NOT_IN_DESIGN
            holds -= {"missing-x", "x-in-both", "sign-of-m", "sign-of-c", "missing-intercept", "power-not-lowered"}
        if self.shape in ("loop", "rows", "course"):
            holds = holds | {"first-point-dropped", "last-point-dropped"}
        if self.shape == "column":
            holds -= {"x-squared"}
        while True:
            self.mistake, self.parts, self.names = _mistake(self.pick, self.loss)
            if self.mistake in holds and not (self.mistake == "one-not-divided" and "mean" not in self.loss):
                return

    def _values(self) -> tuple[list[float], list[float]]:
        pick, n = self.pick, self.n
        kind = pick.choice(["small", "units", "negative", "years", "integers"])
        low, high = {"small": (0, 1), "units": (0.5, 6), "negative": (-2, 3), "years": (20, 60), "integers": (1, 9)}[
            kind
        ]
        x = [round(pick.uniform(low, high), 2) for _ in range(n)]
        if kind == "integers":
            x = [float(pick.randint(1, 12)) for _ in range(n)]
            x[0], x[1] = 1.0, 7.0
        true = pick.uniform(-3, 3), pick.uniform(-5, 5)
        y = [round(true[0] * value + true[1] + pick.gauss(0, 0.3), 2) for value in x]
        return x, y

    def _rate(self) -> float:
        n, x = self.n, self.x_values
        sxx, sx = sum(v * v for v in x), sum(x)
        largest = (sxx + n + ((sxx - n) ** 2 + 4 * sx * sx) ** 0.5) / 2
        scale = {"sum": 2, "mean": 2 / n, "half_sum": 1, "half_mean": 1 / n}[self.loss]
        share = self.pick.choice([0.1, 0.3, 0.6, 0.9])
        rate = float(f"{share * 2 / (scale * largest):.1g}")
        while rate in (1.0, 2.0, 0.5, 4.0):
            rate *= 0.7
        return rate

    # The pieces

    def reads(self, text: str, x: str, y: str, m: str, c: str) -> str:
        p = self.parts.prediction.format(m=m, x=x, c=c)
        p = f"({p})" if self.pick.random() < 0.5 or "-" in self.parts.residual.split("{p}")[0] else p
        return text.format(p=p, x=x, y=y, m=m, c=c, e=self.e)

    def start(self) -> str:
        return self.pick.choice(["0.0", "0", "0.5", "1.0", "-0.3"])

    def rate_text(self) -> str:
        if self.parts.rate == "":
            return ""
        return f"{self.rate!r} * " if self.literal else f"{self.lr} * "

    def sums(self, m: str, c: str, x: str = "", y: str = "") -> list[str]:
        """Return the statements that compute dm and dc from m and c, with arrays or in a loop over the points."""
        x, y = x or self.x, y or self.y
        return self._loop_sums(m, c, x, y) if self.loops else self._array_sums(m, c, x, y)

    def _array_sums(self, m: str, c: str, x: str, y: str) -> list[str]:
        parts, pick = self.parts, self.pick
        negated = pick.random() < 0.3 and parts.residual == "{p} - {y}" and "**" not in parts.term_m
        residual = self.reads("{y} - {p}" if negated else parts.residual, x, y, m, c)
        if negated:
            residual = residual.replace(f"{y} - {m}", f"{y} - ({m}", 1) + (")" if f"{y} - {m}" in residual else "")
        sign = "-" if negated else ""
        return [f"{self.e} = {residual}", *self._two(sign, x)]

    def _two(self, sign: str, x: str) -> list[str]:
        """Return dm = ... and dc = ..., from the residuals."""
        terms = [text.format(e=self.e, x=x) for text in (self.parts.term_m, self.parts.term_c)]
        said = []
        for name, term, extra in zip((self.dm, self.dc), terms, (self.parts.scale_m, self.parts.scale_c), strict=True):
            extra = extra.replace("n *", f"len({x}) *")
            said.append(f"{name} = {sign}{extra}{self._scaled(term, x)}".replace("--", ""))
        return said

    def _scaled(self, term: str, x: str) -> str:
        n = self.pick.choice([f"len({x})", f"{x}.shape[0]", f"{x}.size"])
        if self.loss.endswith("mean"):
            two = "2 * " if self.loss == "mean" else ""
            return self.pick.choice([
                f"{two}np.mean({term})", f"{two}np.sum({term}) / {n}", f"({two}1 / {n}) * np.sum({term})",
                f"{two}({term}).mean()", f"{two}sum({term}) / {n}",
            ])  # fmt: skip
        two = "2 * " if self.loss == "sum" else ""
        return self.pick.choice([f"{two}np.sum({term})", f"np.sum({two}({term}))", f"{two}({term}).sum()"])

    def _loop_sums(self, m: str, c: str, x: str, y: str) -> list[str]:
        parts = self.parts
        index = self.pick.random() < 0.6 or parts.rows != "range(n)"
        xi, yi = (f"{x}[i]", f"{y}[i]") if index else ("xi", "yi")
        rows = {"range(n)": "range(%s)", "range(1, n)": "range(1, %s)", "range(n - 1)": "range(%s - 1)"}[parts.rows]
        head = f"for i in {rows % f'len({x})'}:"
        head = head if index else f"for xi, yi in zip({x}, {y}):"
        two = "2 * " if self.loss in ("sum", "mean") else ""
        late = self.loss.endswith("mean") and self.pick.random() < 0.5
        early = f" / len({x})" if self.loss.endswith("mean") and not late else ""
        e = self.reads(parts.residual, xi, yi, m, c)
        lines = [] if parts.no_reset else [f"{self.dm} = 0", f"{self.dc} = 0"]
        scales = [text.replace("n *", f"len({x}) *") for text in (parts.scale_m, parts.scale_c)]
        lines += [
            head, f"    {self.e} = {e}",
            f"    {self.dm} += {scales[0]}{two}{parts.term_m.format(e=self.e, x=xi)}{early}",
            f"    {self.dc} += {scales[1]}{two}{parts.term_c.format(e=self.e, x=xi)}{early}",
        ]  # fmt: skip
        if late and parts.no_reset:
            lines[-2:] = [line + f" / len({x})" for line in lines[-2:]]
        elif late:
            lines += [f"{self.dm} = {self.dm} / len({x})", f"{self.dc} /= len({x})"]
        return lines

    def update(self, m: str, c: str) -> list[str]:
        """Return the statements that move m and c."""
        parts, rate, sign = self.parts, self.rate_text(), self.parts.sign
        if parts.turn:
            rate = f"(1 if step < 4 else -1) * {rate}"
        first, second = (self.dc, self.dm) if parts.swap else (self.dm, self.dc)
        if parts.momentum:
            return [
                f"v_m = 0.7 * v_m - {rate}{first}", f"v_c = 0.7 * v_c - {rate}{second}",
                f"{m} = {m} + v_m", f"{c} = {c} + v_c",
            ]  # fmt: skip
        other = m if parts.other else c
        lines = [f"{m} = {m} {sign} {rate}{first}", f"{c} = {other} {sign} {rate}{second}"]
        if parts.other:
            return [f"{m}, {c} = {m} {sign} {rate}{first}, {m} {sign} {rate}{second}"]
        if parts.only:
            return lines[:1] if parts.only == "m" else lines[1:]
        if parts.twice:
            return [*lines, lines[1]]
        style = self.pick.choice(["plain", "minus", "tuple", "new"])
        if style == "minus":
            return [f"{m} {sign}= {rate}{first}", f"{c} {sign}= {rate}{second}"]
        if style == "tuple":
            return [f"{m}, {c} = {m} {sign} {rate}{first}, {c} {sign} {rate}{second}"]
        if style == "new":
            return [f"new_m = {m} {sign} {rate}{first}", f"new_c = {c} {sign} {rate}{second}", f"{m} = new_m",
                    f"{c} = new_c"]  # fmt: skip
        return lines

    def step(self, m: str, c: str, x: str = "", y: str = "") -> list[str]:
        """Return the statements of one whole step."""
        if not self.parts.first:
            return [*self.sums(m, c, x, y), *self.update(m, c)]
        rate = self.rate_text()
        state = self.pick.getstate()
        blocks = []
        for which, other in ((m, self.dm), (c, self.dc)):
            self.pick.setstate(state)
            sums = self.sums(m, c, x, y)
            skip = self.dc if other == self.dm else self.dm
            kept = [line for line in sums if not line.strip().startswith(f"{skip} ")]
            blocks.append([*kept, f"{which} -= {rate}{other}"])
        first, second = blocks if self.parts.first == "m" else blocks[::-1]
        return [*first, *second]

    def data(self) -> list[str]:
        x, y = self.x_values, self.y_values
        array = self.with_loss or not (self.loops and self.pick.random() < 0.5)
        if array:
            return ["import numpy as np", "", f"{self.x} = np.array({x})", f"{self.y} = np.array({y})"]
        return ["import numpy as np", "", f"{self.x} = {x}", f"{self.y} = {y}"]

    def rate_line(self) -> list[str]:
        return [] if self.literal else [f"{self.lr} = {self.rate!r}"]

    def loss_line(self, m: str, c: str, x: str, y: str) -> list[str]:
        if not self.with_loss:
            return []
        squares = f"({m} * {x} + {c} - {y}) ** 2"
        n = f"len({x})"
        text = {
            "sum": f"np.sum({squares})", "mean": f"np.mean({squares})", "half_sum": f"np.sum({squares}) / 2",
            "half_mean": f"np.sum({squares}) / (2 * {n})",
        }[self.loss]  # fmt: skip
        name = self.pick.choice(["loss", "cost", "J"])
        return [f"{name} = {text}", f"history.append({name})"]

    # The shapes

    def write(self) -> Generated:
        """Return the program."""
        lines = getattr(self, f"_{self.shape}")()
        text = "\n".join(lines) + "\n"
        verdict = "wrong" if self.mistake else "right"
        return Generated(text, self.loss, self.names, verdict, f"{self.shape} {self.loss} {self.mistake}")

    def _before(self, m: str, c: str) -> list[str]:
        lines = [f"{m} = {self.start()}", f"{c} = {self.start()}"]
        if self.parts.momentum:
            lines += ["v_m = v_c = 0.0"]
        if self.parts.no_reset:
            lines += [f"{self.dm} = {self.dc} = 0"]
        if self.with_loss:
            lines += ["history = []"]
        return lines

    def _training(self, m: str, c: str, x: str = "", y: str = "") -> list[str]:
        """Return a loop with all steps."""
        before, step = [], self.step(m, c, x, y)
        if self.parts.stale:
            count = next(i for i, line in enumerate(step) if line.startswith(f"{self.dm} ="))
            before, step = step[:count], step[count:]
        body = [*step, *self.loss_line(m, c, x or self.x, y or self.y)]
        return [*before, f"for step in range({self.steps}):", *_indent(body)]

    def _script(self) -> list[str]:
        return [*self.data(), *self._before(self.m, self.c), *self.rate_line(), *self._training(self.m, self.c),
                f"print({self.m}, {self.c})"]  # fmt: skip

    _loop = _script

    def _while(self) -> list[str]:
        training = self._training(self.m, self.c)
        at = next(i for i, line in enumerate(training) if line.startswith("for step"))
        training[at] = f"while step < {self.steps}:"
        return [*self.data(), *self._before(self.m, self.c), *self.rate_line(), "step = 0", *training,
                "    step = step + 1", f"print({self.m}, {self.c})"]  # fmt: skip

    def _function(self) -> list[str]:
        head = f"def train({self.x}, {self.y}, {self.lr}=0.5):"
        body = [*self._before(self.m, self.c), *self._training(self.m, self.c), f"return {self.m}, {self.c}"]
        return [*self.data(), "", head, *_indent(body), "", f"print(train({self.x}, {self.y}, {self.rate!r}))"]

    def _class(self) -> list[str]:
        m, c = f"self.{self.m}", f"self.{self.c}"
        self_rate = not self.literal
        if self_rate:
            self.lr = f"self.{self.lr}"
        init = ["def __init__(self, speed):", f"    {self.lr if self_rate else 'self.speed'} = speed"]
        fit = ["def fit(self, X, y):", *_indent([*self._before(m, c), *self._training(m, c, "X", "y"), "return self"])]
        return [*self.data(), "", "class Regression:", *_indent([*init, "", *fit]), "",
                f"model = Regression({self.rate!r}).fit({self.x}, {self.y})", f"print(model.{self.m})"]  # fmt: skip

    def _dict(self) -> list[str]:
        m, c = (f"params['{name}']" for name in (self.m, self.c))
        before = list(self._before(m, c)[2:])
        return [*self.data(), f"params = {{'{self.m}': {self.start()}, '{self.c}': {self.start()}}}", *before,
                *self.rate_line(), *self._training(m, c), "print(params)"]  # fmt: skip

    def _list(self) -> list[str]:
        order = self.pick.choice([(0, 1), (1, 0)])
        m, c = f"theta[{order[0]}]", f"theta[{order[1]}]"
        start = self.pick.choice(["[0.0, 0.0]", "[0, 0]", "[0.2, -0.1]", "np.zeros(2)"])
        return [*self.data(), f"theta = {start}", *self._before(m, c)[2:], *self.rate_line(), *self._training(m, c),
                "print(theta)"]  # fmt: skip

    def _rows(self) -> list[str]:
        x, y = self.x_values, self.y_values
        pairs = [list(pair) for pair in zip(x, y, strict=True)]
        table = self.pick.choice([f"np.array({pairs})", f"{pairs}"])
        two = "2 * " if self.loss in ("sum", "mean") else ""
        n = " / float(len(rows))" if self.loss.endswith("mean") else ""
        e = self.reads(self.parts.residual, "row[0]", "row[1]", self.m, self.c)
        scales = [text.replace("n *", "len(rows) *") for text in (self.parts.scale_m, self.parts.scale_c)]
        start, stop = {"range(n)": ("", ""), "range(1, n)": ("1", ""), "range(n - 1)": ("", "-1")}[self.parts.rows]
        rows = f"rows[{start}:{stop}]" if start or stop else "rows"
        body = [
            f"{self.dm} = {self.dc} = 0", f"for row in {rows}:", f"    {self.e} = {e}",
            f"    {self.dm} += {scales[0]}{two}{self.parts.term_m.format(e=self.e, x='row[0]')}{n}",
            f"    {self.dc} += {scales[1]}{two}{self.parts.term_c.format(e=self.e, x='row[0]')}{n}",
            *self.update(self.m, self.c), f"return {self.c}, {self.m}",
        ]  # fmt: skip
        head = f"def step_gradient({self.c}, {self.m}, rows, {self.lr}):"
        return ["import numpy as np", "", head, *_indent(body), "",
                f"rows = {table}", f"{self.m} = {self.c} = {self.start()}", f"for step in range({self.steps}):",
                f"    {self.c}, {self.m} = step_gradient({self.c}, {self.m}, rows, {self.rate!r})",
                f"print({self.m}, {self.c})"]  # fmt: skip

    def _course(self) -> list[str]:
        gradient = [*self._loop_sums(self.m, self.c, self.x, self.y), f"return {self.dm}, {self.dc}"]
        update = self.update(self.m, self.c)
        if self.literal:
            self.lr = "unused_"
        descent = [
            "history = []", "for step in range(iterations):",
            f"    {self.dm}, {self.dc} = compute_gradient({self.x}, {self.y}, {self.m}, {self.c})",
            *_indent(update), f"    history.append([{self.m}, {self.c}])", f"return {self.m}, {self.c}, history",
        ]  # fmt: skip
        return [*self.data(), "", f"def compute_gradient({self.x}, {self.y}, {self.m}, {self.c}):", *_indent(gradient),
                "", f"def gradient_descent({self.x}, {self.y}, {self.m}, {self.c}, {self.lr}, iterations):",
                *_indent(descent), "", 'if __name__ == "__main__":',
                f"    print(gradient_descent({self.x}, {self.y}, {self.start()}, {self.start()}, {self.rate!r}, "
                f"{self.steps})[:2])"]  # fmt: skip

    def _design(self) -> list[str]:
        parts, pick = self.parts, self.pick
        ones_first, column = pick.random() < 0.6, pick.random() < 0.5
        order = f"np.ones(len({self.x})), {self.x}" if ones_first else f"{self.x}, np.ones(len({self.x}))"
        shape = "(2, 1)" if column else "2"
        y = f"{self.y}.reshape(-1, 1)" if column else self.y
        two, n = "2 * " if self.loss in ("sum", "mean") else "", " / len(X)" if self.loss.endswith("mean") else ""
        residual = parts.residual.format(p="X @ theta", y="target")
        intercept = 0 if ones_first else 1
        rate = self.rate_text()
        rate = f"(1 if step < 4 else -1) * {rate}" if parts.turn else rate
        step = [f"theta = theta {parts.sign} {rate}gradient"]
        if parts.twice:
            step += [f"theta[{intercept}] = theta[{intercept}] - {rate}gradient[{intercept}]"]
        first = [f"residual = {residual}"]
        body = [f"gradient = {two}X.T @ residual{n}", *step]
        first, body = (first, body) if parts.stale else ([], [*first, *body])
        return [*list(self._array_data()), f"X = np.column_stack([{order}])", f"target = {y}",
                f"theta = np.zeros({shape}{', int' if parts.integers else ''})", *self.rate_line(), *first,
                f"for step in range({self.steps}):", *_indent(body), "print(theta)"]  # fmt: skip

    def _array_data(self) -> list[str]:
        return ["import numpy as np", f"{self.x} = np.array({self.x_values})", f"{self.y} = np.array({self.y_values})"]

    def _recursion(self) -> list[str]:
        update = self.update("{m}", "{c}")
        del update
        rate, sign = self.rate_text(), self.parts.sign
        first, second = (self.dc, self.dm) if self.parts.swap else (self.dm, self.dc)
        new_m = self.m if self.parts.only == "c" else f"{self.m} {sign} {rate}{first}"
        base = self.m if self.parts.other else self.c
        new_c = self.c if self.parts.only == "m" else f"{base} {sign} {rate}{second}"
        body = ["if steps == 0:", f"    return {self.m}, {self.c}", *self.sums(self.m, self.c),
                f"return descend({new_m}, {new_c}, steps - 1)"]  # fmt: skip
        return [*self.data(), *self.rate_line(), "", f"def descend({self.m}, {self.c}, steps):", *_indent(body), "",
                f"print(descend({self.start()}, {self.start()}, {self.steps}))"]  # fmt: skip

    def _lambdas(self) -> list[str]:
        parts = self.parts
        residual = self.reads(parts.residual, self.x, self.y, "p", "q")
        scaled = [
            f"{extra.replace('n *', f'len({self.x}) *')}"
            + self._scaled(term.format(e=f"({residual})", x=self.x), self.x)
            for term, extra in ((parts.term_m, parts.scale_m), (parts.term_c, parts.scale_c))
        ]
        m, c, rate, sign = self.m, self.c, self.rate_text(), parts.sign
        first, second = ("slope_of_c", "slope_of_m") if parts.swap else ("slope_of_m", "slope_of_c")
        move_m, move_c = f"{m} {sign} {rate}{first}({m}, {c})", f"{c} {sign} {rate}{second}({m}, {c})"
        if parts.first:
            order = [f"{m} = {move_m}", f"{c} = {move_c}"]
            body = order if parts.first == "m" else order[::-1]
        elif parts.only:
            body = [f"{m} = {move_m}"] if parts.only == "m" else [f"{c} = {move_c}"]
        else:
            body = [f"{m}, {c} = {move_m}, {move_c}"]
        return [*self._array_data(), f"slope_of_m = lambda p, q: {scaled[0]}", f"slope_of_c = lambda p, q: {scaled[1]}",
                f"{m}, {c} = {self.start()}, {self.start()}", *self.rate_line(), f"for step in range({self.steps}):",
                *_indent(body), f"print({m}, {c})"]  # fmt: skip

    def _new_values(self) -> list[str]:
        rate = self.rate_text()
        first, second = (self.dc, self.dm) if self.parts.swap else (self.dm, self.dc)
        sign = self.parts.sign
        new_m = self.m if self.parts.only == "c" else f"{self.m} {sign} {rate}{first}"
        base = self.m if self.parts.other else self.c
        new_c = self.c if self.parts.only == "m" else f"{base} {sign} {rate}{second}"
        body = [*self.sums(self.m, self.c), f"return {new_m}, {new_c}"]
        return [*self.data(), "", f"def step(line, {self.x}, {self.y}, {self.lr}):", f"    {self.m}, {self.c} = line",
                *_indent(body), "", f"line = ({self.start()}, {self.start()})", f"for _ in range({self.steps}):",
                f"    line = step(line, {self.x}, {self.y}, {self.rate!r})", "print(line)"]  # fmt: skip

    def _column(self) -> list[str]:
        """X and y of shape [n, 1], w of shape [1, 1], b a number."""
        parts = self.parts
        two, n = (
            "2 * " if self.loss in ("sum", "mean") else "",
            f" / len({self.x})" if self.loss.endswith("mean") else "",
        )
        rate, sign = self.rate_text(), parts.sign
        prediction = parts.prediction.format(m=self.m, c=self.c, x=self.x).replace(
            f"{self.m} * {self.x}", f"{self.x} @ {self.m}"
        )
        residual = parts.residual.format(p=f"({prediction})", y=self.y)
        scales = [text.replace("n *", f"len({self.x}) *") for text in (parts.scale_m, parts.scale_c)]
        e_m = {"{e} * {x}": f"{self.x}.T @ {self.e}", "{e}": f"{self.e}.sum()",
               "{e} ** 2 * {x}": f"{self.x}.T @ {self.e} ** 2"}[parts.term_m]  # fmt: skip
        e_c = {"{e}": f"{self.e}.sum()", "{e} * {x}": f"({self.e} * {self.x}).sum()",
               "{e} ** 2": f"({self.e} ** 2).sum()"}[parts.term_c]  # fmt: skip
        first, second = (self.dc, self.dm) if parts.swap else (self.dm, self.dc)
        moves = [f"{self.m} = {self.m} {sign} {rate}{first}", f"{self.c} = {self.c} {sign} {rate}{second}"]
        if parts.only:
            moves = moves[:1] if parts.only == "m" else moves[1:]
        body = [f"{self.e} = {residual}", f"{self.dm} = {scales[0]}{two}({e_m}){n}",
                f"{self.dc} = {scales[1]}{two}({e_c}){n}", *moves]  # fmt: skip
        return ["import numpy as np", f"{self.x} = np.array({[[v] for v in self.x_values]})",
                f"{self.y} = np.array({[[v] for v in self.y_values]})", f"{self.m} = np.zeros((1, 1))",
                f"{self.c} = {self.start()}", *self.rate_line(), f"for step in range({self.steps}):", *_indent(body),
                f"print({self.m}, {self.c})"]  # fmt: skip


def _indent(lines: list[str]) -> list[str]:
    return textwrap.indent("\n".join(lines), "    ").split("\n")


def generated(seed: int, wrong: bool) -> Generated:
    """Return the program of a seed."""
    return Writer(seed, wrong).write()
