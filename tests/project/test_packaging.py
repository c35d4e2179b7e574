"""What a user's process sees when it imports the package or asks for help."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import tf_gd

ROOT = Path(__file__).parents[2]
HEAVY = ("tensorflow", "matplotlib", "sympy", "duckdb", "dask", "jinja2", "rich")


def loaded_by(code: str) -> set[str]:
    """Return which of the heavy packages a fresh process has loaded after `code`."""
    listing = f"{code}\nimport sys\nprint('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.rsplit("LOADED", 1)[1].split())


def test_importing_is_light() -> None:
    assert loaded_by("import tf_gd") == set()


def test_help_is_light() -> None:
    assert loaded_by("from tf_gd.cli import run; run(['--help']); run(['train', '--help'])") == set()


@pytest.mark.parametrize("engine", ["manual", "moments"])
def test_training_by_hand_is_light(engine: str) -> None:
    assert loaded_by(f"from tf_gd.cli import run; run(['train', '--engine', '{engine}', '--quiet'])") == set()


@pytest.mark.parametrize("name", tf_gd.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(tf_gd, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        tf_gd.nonsense  # noqa: B018


def test_types_and_samples_ship() -> None:
    package = files("tf_gd")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("datasets", "hubble1929.csv").is_file()


def test_no_two_files_and_no_two_types_have_one_name() -> None:
    modules = [path for path in (ROOT / "tf_gd").rglob("*.py") if path.name != "__init__.py"]
    defined = re.compile(r"^class (\w+)|^([A-Z]\w*[a-z]\w*) = ", re.M)  # a class, or a name that a type was given
    types = [a or b for path in modules for a, b in defined.findall(path.read_text(encoding="utf-8"))]
    for names in ([path.name for path in modules], types):
        assert len(names) > 100
        assert sorted(set(names)) == sorted(names)


def test_the_ground_floor_is_small() -> None:
    assert len(list((ROOT / "tf_gd").glob("*.py"))) <= 16


def test_the_changelog_knows_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{tf_gd.__version__}]" in text
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {tf_gd.__version__}\n" in citation


def test_the_project_names_no_path_of_one_machine() -> None:
    home = re.compile(r"/(?:root|home/\w+|Users/\w+|work)/")
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=ROOT).stdout.split(
        "\n"
    )
    texts = [
        ROOT / name for name in tracked if name.endswith((".py", ".md", ".cfg", ".toml", ".ipynb", ".html", ".js"))
    ]
    found = [str(path.relative_to(ROOT)) for path in texts if home.search(path.read_text(encoding="utf-8"))]
    assert found == []
