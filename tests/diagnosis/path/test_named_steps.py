"""Mistakes in programs: their names and the lines that they are about; two rates; conditions that end a descent."""

from pathlib import Path

import pytest
from support.run_programs import check_text


def names(findings: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in findings]


STEPWISE = """
import numpy as np
x, y = np.array([0.5, 1.0, 2.0, 3.0, 4.5]), np.array([1.0, 2.5, 4.0, 7.0, 9.0])
n = len(x)
m, c, lr = 0.1, 0.2, 0.03
for k in range(40):
    e = m * x + c - y
    dm = 2 / n * np.sum(e * x)
    dc = 2 / n * np.sum(e)
    m = m - lr * dm
    c = c - lr * dc
"""
OTHERS = {
    "missing x, sign of c": (("np.sum(e * x)", "np.sum(e)"), ("dc = 2", "dc = -2"), "missing-x 8", "sign-of-c 9"),
    "sign of m, n of c": (("dm = 2", "dm = -2"), ("dc = 2 / n", "dc = 2"), "sign-of-m 8", "sum-instead-of-mean 9"),
    "target added, missing x": (("c - y", "c + y"), ("np.sum(e * x)", "np.sum(e)"), "target-added 7", "missing-x 8"),
    "no c, x in both": (("x + c -", "x -"), ("np.sum(e)", "np.sum(e * x)"), "missing-intercept 7", "x-in-both 9"),
    "c from the new m": (("c = c -", "c = m -"), ("", ""), "step-from-the-other-parameter 11"),
    "divided by n twice": (("np.sum(e * x)", "np.mean(e * x)"), ("np.sum(e)", "np.mean(e)"), "rate-divided-by-n 8"),
    "rate divided by n": (("lr * dm", "lr / n * dm"), ("lr * dc", "lr / n * dc"), "rate-divided-by-n 10"),
    "absolute, all below": (("e = m * x + c - y", "e = abs(m * x + c - y)"), ("", ""), "residual-without-sign 7"),
    "absolute": (("e = m * x + c - y", "e = abs(m * x + c - y)"), ("lr = 0.1", "lr = 1.5"), "residual-without-sign 7"),
    "y shuffled alone": (("    e =", "    np.random.default_rng(k).shuffle(y); e ="), ("", ""), "shuffled-apart 10"),
}


@pytest.mark.corpus(6)
@pytest.mark.parametrize("what", OTHERS)
def test_mistakes_by_their_names_and_lines(what: str, tmp_path: Path) -> None:
    (old, new), (other_old, other_new), *wanted = OTHERS[what]
    check = check_text(STEPWISE.replace(old, new, 1).replace(other_old, other_new, 1), tmp_path)
    assert check.verdict == "wrong"
    assert [f"{name} {check.lines[name]}" for name in names(check.diagnosis)] == wanted


@pytest.mark.parametrize("rates", [("0.01", "0.05"), ("lr_m", "lr_c"), ("lr / 3 * 3", "lr2")])
def test_two_rates_are_a_remark(rates: tuple[str, str], tmp_path: Path) -> None:
    text = STEPWISE.replace("lr * dm", f"{rates[0]} * dm").replace("lr * dc", f"{rates[1]} * dc")
    check = check_text("lr_m, lr_c, lr2 = 0.01, 0.05, 0.04\n" + text, tmp_path)
    assert (check.verdict, check.loss, names(check.remarks)[0]) == ("right", "mean", "two-rates")


@pytest.mark.parametrize(
    "condition",
    [
        "abs(losses[-1] - losses[-2]) < 0.01",
        "losses[-2] - losses[-1] < 1e-2",
        "np.isclose(losses[-1], losses[-2], atol=1e-2)",
    ],
)
@pytest.mark.parametrize("first", [1, 500])
def test_a_condition_that_stops_too_early(condition: str, first: int, tmp_path: Path) -> None:
    slow = STEPWISE.replace("lr = 0.1, 0.2, 0.03", "lr = 0.1, 0.2, 0.0003" if first > 1 else "lr = 0.1, 0.2, 0.03")
    text = slow.replace("range(40)", "range(9000)").replace("for k", "losses = [9e9]\nfor k")
    check = check_text(
        f"{text}    losses.append(np.mean(e ** 2))\n    if k > {first} and {condition}: break\n", tmp_path
    )
    assert (check.verdict, names(check.remarks)[0], check.lines["stops-early"]) == ("right", "stops-early", 14)
