"""Thousands of files, good, bad and damaged: the right points or one clear error, never anything else.

`python -m pytest tests/tables/test_fuzz_files.py --slow -rP` prints how each ended.
"""

import collections
import itertools
import random
import resource
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support.hostile_files import BINARIES, Case, cases

import tf_gd
from tf_gd.moments.files import moments_of_file

PATIENCE = 60.0
"""Seconds that no file here may take: hundreds of times what one does on a busy machine."""


def outcome(case: Case, file: Path) -> str:
    """Return how reading the case ended; anything but these two words is a failure."""
    file = file.with_suffix(case.ending)
    file.write_bytes(case.data)
    started = time.monotonic()
    try:
        points = tf_gd.read_points(file)
    except tf_gd.DataError as error:
        ended = "in an error" if is_one_line(str(error)) else f"in more than one plain line: {error!r}"
        if case.must_read:
            ended = f"in an error, though it is good: {error}"
    except Exception as error:
        return f"in a {type(error).__name__}: {error}"
    else:
        ended = (
            "in the right points" if is_allowed(points, case.allowed) else f"in wrong points: {points.x}, {points.y}"
        )
    return ended if time.monotonic() - started < PATIENCE else "too late"


def is_one_line(message: str) -> bool:
    return message.isprintable() and 10 < len(message) < 1000


def is_allowed(points: tf_gd.Points, allowed: list[list[tuple[float, float]]] | None) -> bool:
    """Say whether the points are one of the readings, bit for bit; JSON has no integer -0."""
    if allowed is None:
        return bool(np.isfinite(points.x).all() and np.isfinite(points.y).all())
    got = [bits(value) for pair in zip(*points, strict=True) for value in pair]
    return any(got == [bits(value) for pair in reading for value in pair] for reading in allowed)


def bits(value: float) -> bytes:
    return struct.pack("d", value)


def tally(many: list[Case], folder: Path) -> None:
    """Read every case; print how they ended, a line a kind, and fail where one ended badly."""
    ends: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    failures = []
    for case in many:
        ended = outcome(case, folder / "file")
        ends[case.kind][ended if ended in ("in an error", "in the right points") else "BADLY"] += 1
        if "BADLY" in ends[case.kind] and ended not in ("in an error", "in the right points"):
            failures.append(f"{case.kind}{case.ending} ended {ended}\n    {case.data[:300]!r}")
    for kind, counts in sorted(ends.items()):
        print(
            f"{kind:16} {counts.total():5} files: " + ", ".join(f"{n} ended {how}" for how, n in sorted(counts.items()))
        )
    print(f"{'all':16} {len(many):5} files, {len(failures)} ended badly")
    assert not failures, "\n".join(failures[:10])


def test_hostile_files(tmp_path: Path) -> None:
    tally(list(cases(seed=1, count=48)), tmp_path)


@pytest.mark.slow
def test_many_hostile_files(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally(list(cases(seed=2, count=6400)), tmp_path)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
    print(f"memory grew by {grown / 2**20:.0f} MiB")
    assert grown < 2**30  # a copy of the largest file here is under a MiB; DuckDB keeps buffers for its threads


def test_binary_files_cut_off_at_every_byte(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    cut = [Case(f"cut {ending}", ending, data[:n], []) for ending, data in BINARIES for n in range(len(data))]
    tally(cut if request.config.getoption("--slow") else random.Random(4).sample(cut, 30), tmp_path)


def test_whole_binary_files_are_read(tmp_path: Path) -> None:
    known = [[(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]]
    tally([Case("whole", ending, data, known, must_read=True) for ending, data in BINARIES], tmp_path)


def test_a_million_columns_of_nothing(tmp_path: Path) -> None:
    data = b"," * 999_999 + b"\n"
    names = b",".join(b"%d" % n for n in range(250_000))
    empty = b"\n" * 1_000_000
    spaces = b" " * 1_999_999
    objects = b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}"
    many = [Case("10^6 of nothing", ".csv", content, []) for content in (data, data + data, names, empty, spaces)]
    tally([*many, Case("10^6 of nothing", ".jsonl", objects, [])], tmp_path)


def test_both_readers_agree(tmp_path: Path) -> None:
    """What `read_points` reads, the out-of-core reader counts alike; what one refuses, the other refuses."""
    for number, case in enumerate(itertools.islice(cases(seed=3, count=48), 48)):
        if case.ending in (".npy", ".npz", ".parquet") or number % 2:
            continue
        file = (tmp_path / "file").with_suffix(case.ending)
        file.write_bytes(case.data)
        counts = []
        for count in (lambda path: tf_gd.read_points(path).n, lambda path: moments_of_file(path).moments.n):
            try:
                counts.append(count(file))
            except tf_gd.DataError as error:
                counts.append("overflow" if "overflow" in str(error) else "refused")
        assert counts[0] == counts[1] or counts[1] == "overflow", case
