"""Compiled once, kept where something can be kept, told where somebody asked, and never imported for nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
from tf_gd.summation.compilation import helper, kernel

@helper
def twice(value):
    return 2 * value

@kernel
def shifted(value):
    return twice(value) + {shift}
"""

PROGRAM = """
import shifting
from tf_gd.summation.compilation import announce, prepare
with announce(lambda: print("compiling")):
    prepare(shifting.shifted, 1.0)
    prepare(shifting.shifted, 1.0)
    prepare(shifting.shifted, 1)
print(shifting.shifted(1.5), sum(shifting.shifted.stats.cache_hits.values()))
"""


def run(directory: Path, program: str = PROGRAM, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": f"{directory}:{Path(__file__).parents[2]}",
            "XDG_CACHE_HOME": str(directory / "cache"),
            **environment,
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def files(directory: Path) -> set[tuple[str, float]]:
    return {(str(path), path.stat().st_mtime) for path in directory.rglob("*.nb*")}


def test_the_second_process_finds_the_first_ones_code_if_it_is_the_same_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "shifting.py").write_text(MODULE.format(shift=1))
    assert run(tmp_path) == ["compiling", "4.0 0"]
    kept = files(tmp_path / "cache" / "tf_gd")  # not beside the source: it would outlive an uninstalled package
    assert len(kept) == 3  # an index, and one file for each of two types
    assert run(tmp_path) == ["4.0 2"]
    assert files(tmp_path) == kept
    # code that has changed is compiled anew
    (tmp_path / "shifting.py").write_text(MODULE.format(shift=10).replace("2 *", "3 *"))
    assert run(tmp_path) == ["compiling", "14.5 0"]


@pytest.mark.parametrize("where", ["nowhere", pytest.param("a file", marks=pytest.mark.slow)])
def test_where_nothing_can_be_kept_it_compiles_all_the_same(where: str, tmp_path: Path) -> None:
    (tmp_path / "shifting.py").write_text(MODULE.format(shift=1))
    (tmp_path / "a file").write_text("")  # root may write everywhere, but not under a file
    places = {"NUMBA_CACHE_DIR": "" if where == "nowhere" else str(tmp_path / "a file" / "cache")}
    out = run(tmp_path, HOME=str(tmp_path / "a file"), XDG_CACHE_HOME=str(tmp_path / "a file"), **places)
    assert out == ["compiling", "4.0 0"]
    assert not files(tmp_path)


def test_a_cache_that_fills_up_later_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "shifting.py").write_text(MODULE.format(shift=1))
    full = """
import shifting
def refuse(*_):
    raise OSError(28, "No space left on device")
shifting.shifted._cache.save_overload = refuse
"""
    assert run(tmp_path, full + PROGRAM) == ["compiling", "4.0 0"]


@pytest.mark.parametrize("program", ["import tf_gd", "from tf_gd.cli import run; run(['--help'])"])
def test_neither_import_nor_help_loads_numba_or_numpy(program: str, tmp_path: Path) -> None:
    out = run(tmp_path, f"{program}\nimport sys; print([name for name in ('numba', 'numpy') if name in sys.modules])")
    assert out[-1] == "[]"
