"""The benchmarks: small ones run, and what is missing is said to be missing."""

import sys

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import main
from benchmarks.measuring import missing_is_none, side_by_side
from benchmarks.readers import READERS
from benchmarks.table import Table, ratios


def test_a_missing_package_is_said_to_be_missing(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jax", None)
    calls = {"ours": lambda: None}
    with missing_is_none(calls, "jax"):
        import jax

        calls["jax"] = jax.grad
    table = Table("A race", ["", "time", "times"], ratios(side_by_side(calls, 2), "ours"), reference="ours")
    assert "| jax | not installed | not installed |" in table.markdown()
    table.draw(tmp_path / "race.svg")
    assert (tmp_path / "race.svg").exists()


def test_the_fastest_round_counts(monkeypatch):
    clock = {"now": 0.0}
    monkeypatch.setattr("benchmarks.measuring.perf_counter", lambda: clock["now"])
    monkeypatch.setattr("benchmarks.measuring.REST", 0.0)
    took = iter(
        [1.0, 0.1, 0.75, 0.1, 0.25, 0.1, 0.5]
    )  # the first one warms up, and so does one before each that counts

    def run():
        clock["now"] += next(took)

    assert side_by_side({"one": run}, rounds=3) == {"one": 0.25}


@pytest.mark.slow
def test_the_command_prints_and_writes_tables_and_figures(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.__main__.RESULTS", tmp_path)
    sizes = ["--points", "1000", "--rows", "2000", "--rounds", "1"]
    done = CliRunner().invoke(main, ["gradient", "steps", "parquet", "cost", *sizes])
    assert done.exit_code == 0, done.output
    for title in ("One gradient", "1,000 steps at n = 1,000", "2,000 rows of Parquet", "The plan for 10^12 rows"):
        assert f"### {title}" in done.output
    assert all(name in done.output for name in READERS)
    assert {file.name for file in tmp_path.iterdir()} >= {"gradient.md", "gradient.svg", "parquet.md", "cost.md"}
