"""Several steps in a pass of the loop, updates that no loop repeats, and recursions: where one step ends."""

import textwrap
from pathlib import Path

import pytest
from support.run_programs import check_text

START = """
import numpy as np
x = np.array([1.0, 2.0, 3.0, 4.5])
y = np.array([2.0, 3.1, 4.4, 6.0])
lr = 0.01
def step(m, c):
    e = m * x + c - y
    return m - lr * np.sum(2 * e * x), c - lr * np.sum(2 * e)
m, c = 0.5, 0.25
"""
UPDATES = {
    "function": "m, c = step(m, c)\n",
    "in one line": "m, c = m - lr * 2 * np.sum((m * x + c - y) * x), c - lr * 2 * np.sum(m * x + c - y)\n",
    "in turn": "dm, dc = 2 * np.sum((m * x + c - y) * x), 2 * np.sum(m * x + c - y)\nm -= lr * dm\nc -= lr * dc\n",
    "c first": "dm, dc = 2 * np.sum((m * x + c - y) * x), 2 * np.sum(m * x + c - y)\nc -= lr * dc\nm -= lr * dm\n",
}
SEQUENTIAL = "m = m - lr * 2 * np.sum((m * x + c - y) * x)\nc = c - lr * 2 * np.sum(m * x + c - y)\n"


@pytest.mark.parametrize("times", [2, 3, 6])
@pytest.mark.parametrize("update", UPDATES)
def test_updates_without_a_loop_are_steps_each(update: str, times: int, tmp_path: Path) -> None:
    check = check_text(START + UPDATES[update] * times + "print(m, c)\nm, c = round(m, 2), round(c, 2)\n", tmp_path)
    assert (check.verdict, check.loss) == ("right", "sum"), str(check)
    assert f"After {times} steps" in check.report


@pytest.mark.parametrize("times", [2, 3, 5])
def test_and_a_mistake_in_them_has_its_name(times: int, tmp_path: Path) -> None:
    check = check_text(START + SEQUENTIAL * times, tmp_path)
    assert [name for name, _ in check.diagnosis] == ["sequential-m-first"]
    assert check.lines == {"sequential-m-first": 11}


@pytest.mark.parametrize("update", [*UPDATES, "sequential"])
def test_a_loop_that_was_unrolled(update: str, tmp_path: Path) -> None:
    body = textwrap.indent(UPDATES.get(update, SEQUENTIAL), "    ")
    for times in (2, 3):
        check = check_text(f"{START}for _ in range(10):\n{body * times}", tmp_path)
        expected = ("wrong", "sum") if update == "sequential" else ("right", "sum")
        assert (check.verdict, check.loss) == expected, str(check)


@pytest.mark.parametrize("doubled", ["m, c = step(m, c); m, c = step(m, c)", "m, c = step(*step(m, c))"])
def test_a_step_twice_is_two_steps_where_m_and_c_do_not_touch(doubled: str, tmp_path: Path) -> None:
    centred = START.replace("y = ", "x = x - x.mean()\ny = ").replace("0.01", "0.15")
    check = check_text(f"{centred}for _ in range(10):\n    {doubled}\n", tmp_path)
    assert (check.verdict, check.loss) == ("right", "sum"), "two steps look like one at another rate there"


RECURSIONS = {
    "arguments": "    return descend(m - lr * dm, c - lr * dc, k - 1)\n",
    "moved first": "    m, c = m - lr * dm, c - lr * dc\n    return descend(m, c, k - 1)\n",
    "taken back": "    m, c = descend(m - lr * dm, c - lr * dc, k - 1)\n    return m, c\n",
}


@pytest.mark.parametrize("recursion", RECURSIONS)
def test_a_recursion_ends_where_its_innermost_call_is(recursion: str, tmp_path: Path) -> None:
    text = START + "def descend(m, c, k):\n    if k == 0:\n        return m, c\n    e = m * x + c - y\n"
    text += "    dm, dc = np.sum(2 * e * x), np.sum(2 * e)\n" + RECURSIONS[recursion] + "m, c = descend(m, c, 20)\n"
    found: dict[str, float] = {}
    exec(compile(text, "recursion", "exec"), found)
    check = check_text(text, tmp_path)
    assert check.verdict == "right"
    assert f"After 20 steps the line is still y = {found['m']:.4g} x + {found['c']:.4g}" in check.report


@pytest.mark.parametrize("update", UPDATES)
def test_a_loop_that_starts_anew_in_each_pass(update: str, tmp_path: Path) -> None:
    body = textwrap.indent("m, c = start, -start\n" + UPDATES[update] * 3 + "print(m, c)\n", "    ")
    unset = START.replace("m, c = 0.5, 0.25\n", "")
    check = check_text(f"{unset}for start in (0.25, 1.0, 2.0):\n{body}", tmp_path)
    assert (check.verdict, check.loss) == ("right", "sum"), str(check)
