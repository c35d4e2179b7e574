"""The rules of the house: who may import whom, and what may be imported where."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parent.parent / "tf_gd"

# From left to right; a module imports only from the rooms to its left, or from its own.
ROOMS = [
    ["errors", "quiet", "subnormals"],
    ["data", "saving", "learning_rate", "progress"],
    ["tables"],
    ["order"],
    ["leaves"],
    ["trees"],
    ["summation"],
    ["line", "probing"],
    ["curvature"],
    ["manual", "graph", "scale"],
    ["arguments", "outcome", "trajectory", "plan"],
    ["descent"],
    ["verify", "show", "session"],
    ["cli"],
    ["__main__"],
]
PLACE = {name: place for place, room in enumerate(ROOMS) for name in room}
TENSORFLOW_MAY_ENTER = {
    "graph.py",
    "verify/optimizer.py",
    "verify/models/loss_graph.py",
    "verify/child.py",
    "show/tensorboard.py",
}
HEAVY = {
    "tensorflow",
    "matplotlib",
    "plotly",
    "sympy",
    "duckdb",
    "polars",
    "dask",
    "distributed",
    "jinja2",
    "rich",
    "ml_dtypes",
}
FILES = sorted(path.relative_to(HOUSE).as_posix() for path in HOUSE.rglob("*.py"))


def imports(file: str, top_level_only: bool = False) -> Iterator[str]:
    """Yield the dotted names that a file imports."""
    tree = ast.parse((HOUSE / file).read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (
                [f"tf_gd.{alias.name}" for alias in node.names] if node.module == "tf_gd" else [node.module or ""]
            )


def rooms_used(file: str) -> set[str]:
    return {name.split(".")[1] for name in imports(file) if name.startswith("tf_gd.")} & set(PLACE)


def room_of(file: str) -> str:
    return file.split("/")[0].removesuffix(".py")


@pytest.mark.parametrize("file", FILES)
def test_data_flows_one_way(file: str) -> None:
    room = room_of(file)
    if room == "__init__":
        return
    backwards = {used for used in rooms_used(file) if used != room and PLACE[used] >= PLACE[room]}
    if room in ("arguments", "outcome", "trajectory", "plan"):
        backwards -= {"arguments", "outcome"}
    assert backwards == set()


def test_every_file_has_its_room() -> None:
    assert {room_of(file) for file in FILES} - set(PLACE) == {"__init__"}


def test_the_twins_do_not_know_each_other() -> None:
    assert "graph" not in rooms_used("manual.py")
    assert "manual" not in rooms_used("graph.py")
    assert "graph" not in rooms_used("summation.py") | rooms_used("probing.py")


@pytest.mark.parametrize("file", FILES)
def test_tensorflow_enters_by_its_doors_only(file: str) -> None:
    enters = "tensorflow" in {name.split(".")[0] for name in imports(file)}
    fetches = "load_tensorflow" in (HOUSE / file).read_text(encoding="utf-8")
    assert not (enters or fetches) or file in TENSORFLOW_MAY_ENTER


@pytest.mark.parametrize("file", FILES)
def test_nothing_heavy_is_imported_before_it_is_used(file: str) -> None:
    assert {name.split(".")[0] for name in imports(file, top_level_only=True)} & HEAVY == set()


def test_no_public_function_has_its_modules_name() -> None:
    import tf_gd

    modules = {file.removesuffix(".py") for file in FILES if "/" not in file}
    assert modules & set(tf_gd.__all__) == set()
