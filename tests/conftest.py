"""Shared by all tests: the `--slow` option, and the samples of a corpus that run without it."""

import os
import random
import signal
from collections import defaultdict

import pytest

# A shell that starts the tests in the background lets them ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads would wait for work in each of many processes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests that take minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    quick = [item for item in items if not item.get_closest_marker("slow")]
    kept = {*quick} - _left_out(quick)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def _left_out(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the cases that are not in the sample of their corpus, the same ones in every run."""
    corpora: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("corpus"):
            corpora[item.nodeid.partition("[")[0]].append(item)
    left_out: set[pytest.Item] = set()
    for name, cases in corpora.items():
        size = min(cases[0].get_closest_marker("corpus").args[0], len(cases))
        left_out |= {*cases} - {*random.Random(name).sample(cases, size)}
    return left_out
