"""Our own column of the checkers' table: every planted mistake caught and named, nobody accused falsely."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkers(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import checkers

    return checkers


@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_every_planted_mistake_is_named_and_every_right_gradient_passes(checkers, step):
    for trial in list(checkers.trials())[::step]:
        assert checkers.ours(trial) == (not trial.name, [trial.name] if trial.name else []), trial.what


def test_the_docs_include_the_table_with_the_sums(checkers):
    results = (ROOT / "benchmarks" / "results" / "checkers.md").read_text(encoding="utf-8")
    sums = results.split("\n\n")[2]
    assert "benchmarks/results/checkers.md" in (ROOT / "docs" / "project" / "benchmarks.md").read_text(encoding="utf-8")
    wrong = sum(bool(trial.name) for trial in checkers.trials())
    assert f"| tf_gd | {wrong} | {wrong} | 0 |" in sums


def test_the_docs_include_the_peers_functions():
    results = (ROOT / "benchmarks" / "results" / "peer_functions.md").read_text(encoding="utf-8")
    docs = (ROOT / "docs" / "project" / "benchmarks.md").read_text(encoding="utf-8")
    assert "benchmarks/results/peer_functions.md" in docs
    assert "| tf_gd | 0 | 0 | 0 | 0 |" in results
