"""The chapters: they run with warnings as errors, and print what they are kept with; all of them with --slow."""

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))
RUN_ALWAYS = ("07",)  # data and programs of the reader's own


def load_execute() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", ROOT / "notebooks" / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


execute = load_execute()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=[] if path.name.startswith(RUN_ALWAYS) else [pytest.mark.slow])
        for path in CHAPTERS
    ],
)
def test_a_chapter_runs_and_prints_what_it_is_kept_with(path: Path) -> None:
    kept, now = nbformat.read(path, as_version=4), execute.executed(path)
    for cell, again in zip(kept.cells, now.cells, strict=True):
        if "volatile" not in cell.metadata.get("tags", []):
            assert execute.texts(again) == execute.texts(cell), cell.source


@pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_what_a_chapter_imports_is_there(path: Path) -> None:
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    lines = "\n".join(line for cell in cells for line in cell.splitlines() if not line.startswith(("%", "!")))
    imports = [node for node in ast.walk(ast.parse(lines)) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports
    for node in imports:
        exec(ast.unparse(node), {})


@pytest.mark.parametrize("path", CHAPTERS, ids=[path.stem for path in CHAPTERS])
def test_a_chapter_has_exercises_with_a_check_and_an_answer(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", []) if tag in ("exercise", "check", "solution")]
    exercises = tags.count("exercise")
    assert exercises >= 2
    assert tags == ["exercise", "check"] * exercises + ["solution"] * exercises
    for cell in cells:
        if "check" in cell.metadata.get("tags", []):
            assert "".join(out.get("text", "") for out in cell.outputs).startswith("Not yet: put your answer")
        if "solution" in cell.metadata.get("tags", []):
            assert "".join(out.get("text", "") for out in cell.outputs).startswith("Right. ")


def test_all_chapters_together_are_small() -> None:
    assert sum(path.stat().st_size for path in CHAPTERS) < 3_000_000


def test_no_output_shows_a_raw_numpy_scalar() -> None:
    for path in CHAPTERS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert "np.float64(" not in "".join(execute.texts(cell)), cell.source
