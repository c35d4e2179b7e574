"""The notebooks: they run, their exercises can be failed, and their rendered copies are of this very text."""

import importlib.util
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
TITLES = (
    "01_the_mathematics",
    "02_a_training_session",
    "03_by_hand_and_by_tensorflow",
    "04_the_learning_rate",
    "05_check_your_own_derivation",
    "06_from_ten_points_to_a_billion",
)

# For each exercise, in order, what somebody may well answer, and wrongly.
WRONG = {
    "01_the_mathematics": (
        ["error_at_2 = 500 - 700", "error_at_2 = 700"],
        ["terms_in_the_sum, points_in_the_data = 24, 24", "terms_in_the_sum, points_in_the_data = 25, 25"],
        ["in_front_of_c_squared = 1", "in_front_of_c_squared = np.sum(x)"],
        [
            "def my_gradient(m, c, x, y):\n    e = m * x + c - y\n    return np.sum(e * x), np.sum(e)",
            "def my_gradient(m, c, x, y):\n    e = y - m * x - c\n    return np.sum(2 * e * x), np.sum(2 * e)",
            "def my_gradient(m, c, x, y):\n    e = m * x + c - y\n    return np.sum(2 * e), np.sum(2 * e)",
        ],
        [
            "my_update = one_after_the_other",
            "def my_update(m, c, x, y, learning_rate):\n"
            "    e = m * x + c - y\n"
            "    return m + learning_rate * np.sum(2 * e * x), c + learning_rate * np.sum(2 * e)",
        ],
        ["best_tied = np.sum(x3 * y3) / np.sum(x3**2)", "best_tied = 0.73"],
    ),
    "02_a_training_session": (
        [
            "def my_loss(m, c, x, y):\n    return tf.reduce_mean(tf.square(m * x + c - y))",
            "def my_loss(m, c, x, y):\n    return tf.square(m * x + c - y)",
            "def my_loss(m, c, x, y):\n    return tf.reduce_sum(m * x + c - y)",
            "def my_loss(m, c, x, y):\n    return 1.0",
        ],
        ["updates_before = 0", "updates_before = 2"],
        ["calls = 10_000", "calls = 0"],
    ),
    "03_by_hand_and_by_tensorflow": (
        ["used_for_one_tenth = 0.1", "used_for_one_tenth = 0.10000000149"],
        ["ulps = 0", "ulps = 2"],
        [
            "def my_sum(v, P):\n    return np.sum(v)",
            "def my_sum(v, P):\n    return sum(v)",
            "def my_sum(v, P):\n    return v[0]",
        ],
    ),
    "04_the_learning_rate": (
        ["largest = 1 / 8", "largest = 2 * 8"],
        ["steps_for_three_digits = 65", "steps_for_three_digits = 67"],
        [
            "def back(m_z, c_z, mean, spread):\n    return m_z / spread, c_z",
            "def back(m_z, c_z, mean, spread):\n    return m_z, c_z - m_z / spread * mean",
            "def back(m_z, c_z, mean, spread):\n    return m_z / spread, c_z - m_z * mean",
        ],
    ),
    "05_check_your_own_derivation": (
        ["mended = from_a_friend", "mended = took_the_mean"],
        [
            "parabola_gradient = gradient",
            "def parabola_gradient(a, b, c, x, y):\n"
            "    e = a * x**2 + b * x + c - y\n"
            "    return np.sum(e * x**2), np.sum(e * x), np.sum(e)",
        ],
        [
            "def logistic_gradient(w, b, x, y):\n"
            "    p = 1 / (1 + np.exp(-(x @ w + b)))\n"
            "    return x.T @ (p - y), np.sum(p - y)",
            "def logistic_gradient(w, b, x, y):\n"
            "    p = 1 / (1 + np.exp(-(x @ w + b)))\n"
            "    return x.T @ (y - p) / len(y), np.mean(y - p)",
        ],
    ),
    "06_from_ten_points_to_a_billion": (
        [
            "def gradient_from_sums(m, c, s):\n    return m * s.xx + c * s.x - s.xy, m * s.x + c * s.n - s.y",
            "def gradient_from_sums(m, c, s):\n    return 2 * (m * s.xx + c * s.x - s.xy), 2 * (m * s.x + c - s.y)",
        ],
        ["numbers_to_send = 5", "numbers_to_send = 1_000_000"],
        ["after_20000 = 0.9999**20_000", "after_20000 = 1 * 0.9999**20_000 + 5"],
    ),
}


def load_render() -> ModuleType:
    spec = importlib.util.spec_from_file_location("render", ROOT / "notebooks" / "render.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


render = load_render()


def read(name: str) -> Any:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def tagged(cells: list[Any], tag: str) -> list[Any]:
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def wrong_tries(exercise: Any, check: Any, answers: list[str]) -> Iterator[Any]:
    """Yield cells that give each wrong answer to the check, which has to raise, and then take it back."""
    for answer in answers:
        failing = deepcopy(check)
        failing.metadata["tags"] = ["raises-exception"]
        yield nbformat.v4.new_code_cell(answer)
        yield failing
    yield deepcopy(exercise)


def rehearsal(name: str) -> Any:
    """Return the notebook with wrong answers tried at every exercise."""
    notebook, cells = read(name), []
    answers = iter(WRONG[name])
    for cell in notebook.cells:
        cells.append(cell)
        if cell in tagged([cell], "exercise"):
            exercise = cell
        elif cell in tagged([cell], "check"):
            cells += wrong_tries(exercise, cell, next(answers))
    assert next(answers, None) is None
    notebook.cells = cells
    return notebook


def said(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_all_chapters_are_there() -> None:
    assert tuple(path.stem for path in render.sources()) == TITLES
    assert set(WRONG) == set(TITLES)


@pytest.mark.parametrize("name", TITLES)
def test_runs_without_a_warning_and_its_checks_fail_on_wrong_answers(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = rehearsal(name)
    render.run(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.source
    for cell in tagged(code, "raises-exception"):
        assert [output.get("ename") for output in cell.outputs] == ["AssertionError"], cell.source
    assert all(said(cell).startswith("No answer yet") for cell in tagged(code, "check"))
    assert all(said(cell).startswith("Right") for cell in tagged(code, "solution"))


@pytest.mark.parametrize("name", TITLES)
def test_every_exercise_has_a_check_and_an_answer(name: str) -> None:
    tags = [tag for cell in read(name).cells for tag in cell.metadata.get("tags", [])]
    exercises = tags.count("exercise")
    assert exercises >= 2
    assert tags == ["exercise", "check"] * exercises + ["solution"] * exercises
    assert len(WRONG[name]) == exercises


@pytest.mark.parametrize("name", TITLES)
def test_no_outputs_are_kept(name: str) -> None:
    """A diff of a notebook shows what somebody wrote, and nothing else."""
    notebook = read(name)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert set(notebook.metadata.language_info) == {"name"}
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags", "jupyter", "alt"}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", TITLES)
def test_the_page_is_of_this_notebook_and_stands_alone(name: str) -> None:
    page = (ROOT / "notebooks" / "html" / f"{name}.html").read_text(encoding="utf-8")
    assert render.fingerprint(read(name)) in page, "stale: run python notebooks/render.py"
    assert "<script" not in page
    for address in re.findall(r"""(?:src|href)\s*=\s*["']?([^"' >]*)""", page):
        assert re.match(r"data:|\d\d_\w+\.html$", address), address
    assert "$" not in re.sub(r"<pre>.*?</pre>", "", page, flags=re.DOTALL), "a formula was left as text"
    pictures = re.findall(r'<img [^>]*alt="([^"]*)"', page)
    assert len(pictures) >= 2
    assert all(len(text) > 20 for text in pictures)
    for trace in (str(ROOT), str(Path.home()), "site-packages"):
        assert trace not in page
