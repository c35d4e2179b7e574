"""Right programs: every idiom of `tests/programs/right_idioms.txt`, on points and from starts of all kinds.

In the text XS, YS and ROWS stand for the points, M0 and C0 for the start, LR and STEPS for the rate and the number of
steps, S for the factor of the loss, and DATA for a line that standardizes the points, or nothing.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TEXTS = dict(
    part.split("\n", 1)
    for part in re.split(
        "^#### ", (Path(__file__).parents[1] / "programs" / "right_idioms.txt").read_text(), flags=re.M
    )[1:]
)
SCALES = {"sum": "2", "mean": "2 / n", "half_sum": "1", "half_mean": "1 / n"}
STANDARDIZED = "x = (x - x.mean()) / x.std()\ny = (y - np.mean(y)) / np.std(y)"

# What x may be, beside plain numbers, and y beside a noisy line.
KINDS = (
    *("plain", "years", "km", "whole", "binary", "negative", "twice", "exact", "proportional", "flat"),
    *("centred", "both centred", "nothing to see", "standardized", "standardized in the program", "from 0 to 1"),
)
# Where right steps look like wrong ones, or like none: there "cannot-tell" is right as well.
HARD = ("km", "flat", "both centred", "nothing to see", "standardized", "standardized in the program")


@dataclass(frozen=True)
class RightProgram:
    """A program, the loss under which it is right, and whether anything less than "right" may be said of it."""

    text: str
    loss: str
    is_plain: bool
    what: str


def right_program(idiom: str, seed: int) -> RightProgram:
    """Return one of the programs of an idiom."""
    pick = random.Random(f"{idiom}{seed}")
    kind, loss = pick.choice(KINDS), pick.choice(list(SCALES))
    x, y, exact = _points(kind, pick)
    n, start = len(x), pick.choice(["zero", "one", "anywhere", "best", "best m", "best c"])
    m, c = exact or [round(float(value), 3) for value in np.polyfit(x, y, 1)]
    anywhere = round(pick.uniform(-2, 2), 3), round(pick.uniform(-2, 2), 3)
    m0, c0 = {
        "zero": (0.0, 0.0), "one": (1.0, 1.0), "anywhere": anywhere, "best": (m, c), "best m": (m, 0.0),
        "best c": (0.0, c),
    }[start]  # fmt: skip
    curvature = np.linalg.eigvalsh([[x @ x, x.sum()], [x.sum(), n]])[1]
    share = {"sum": 2, "mean": 2 / n, "half_sum": 1, "half_mean": 1 / n}[loss]
    rate = float(f"{pick.choice([0.02, 0.1, 0.3, 0.6, 0.9, 1.3, 2.05, 3]) / (share * curvature):.1g}")
    steps = pick.choice([1, 2, 3, 5, 10, 20, 50, 100])
    steps = max(steps, 5) if idiom.startswith("history") else steps  # a history of two numbers looks like m and c
    values = {
        "XS": repr(x.tolist()), "YS": repr(y.tolist()), "ROWS": repr(np.column_stack([x, y]).tolist()),
        "DATA": STANDARDIZED if kind == "standardized in the program" else "", "M0": repr(m0), "C0": repr(c0),
        "LR2": repr(float(f"{0.3 / (share * n):.1g}")), "LR": repr(rate), "STEPS": repr(steps),
        "S": f"({SCALES[loss]})",
    }  # fmt: skip
    text = re.sub(r"\b(" + "|".join(values) + r")\b", lambda found: values[found[0]], TEXTS[idiom])
    is_plain = kind not in HARD and start in ("zero", "one", "anywhere") and steps > 3 and n > 2
    return RightProgram(text, loss, is_plain, f"{idiom}, {kind}, {start}, {steps} steps, {loss}")


def _points(kind: str, pick: random.Random) -> tuple[np.ndarray, np.ndarray, tuple[float, float] | None]:
    """Return x, y and, where it is known, the best line."""
    n = pick.choice([3, 4, 5, 6, 7, 10, 24])
    x = np.round([pick.uniform(0, 6) for _ in range(n)], 2)
    x = {
        "years": 1990 + 2.0 * np.arange(n), "km": np.round(20000 + 30000 * x), "whole": 1.0 + np.arange(n),
        "binary": np.arange(n) % 2.0, "negative": -x, "twice": np.tile(x[:2], n)[: 2 * (n // 2)],
        "from 0 to 1": (x - x.min()) / np.ptp(x), "nothing to see": np.arange(-(n // 2), n // 2 + 1) * 1.0,
    }.get(kind, x)  # fmt: skip
    m, c = round(pick.uniform(-3, 3), 2), round(pick.uniform(-5, 5), 2)
    y = np.round(m * x + c + [pick.gauss(0, 0.3) for _ in x], 2)
    if kind in ("centred", "both centred", "standardized"):
        x, y = x - x.mean(), y if kind == "centred" else y - y.mean()
    if kind == "standardized":
        x, y = x / x.std(), y / y.std()
    if kind == "nothing to see":  # x and y add up to 0 exactly
        y = np.arange(len(x)) % 3 - 1.0
        y[-1] -= y.sum()
    if kind in ("exact", "proportional", "flat"):
        m, c = {"exact": (2.0, 1.0), "proportional": (2.0, 0.0), "flat": (0.0, 3.0)}[kind]
        return x, m * x + c, (m, c)
    return x, y, None
