"""One reading on several processes: the same sums, also when one of them is killed. Loopback only."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from tf_gd.errors import DataError, InvalidArgumentError, TfGdError
from tf_gd.moments.cluster import Tls, moments_on_cluster
from tf_gd.moments.files import moments_of_files

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Two workers that listen on 127.0.0.1 only."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs="CRITICAL",
    ) as two:
        yield two


@pytest.fixture
def folder(tmp_path):
    """Sixteen files of a line far from zero, in several formats."""
    generator = np.random.default_rng(5)
    for number in range(16):
        x = generator.uniform(0, 10, 3000) + 1e9
        table = np.stack([x, 2 * x + generator.normal(size=3000)], axis=1)
        ending, delimiter = [("csv", ","), ("tsv", "\t")][number % 2]
        np.savetxt(tmp_path / f"{number:02}.{ending}", table, "%.17g", delimiter, header=f"x{delimiter}y", comments="")
    return tmp_path


def test_the_cluster_gives_what_one_process_gives(cluster, folder):
    told = []
    reading = moments_on_cluster(
        folder, 0, 1, address=cluster.scheduler_address, on_progress=lambda *at: told.append(at)
    )
    assert reading.moments == moments_of_files(folder, 0, 1).moments
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_a_worker_that_is_killed_in_the_middle_changes_no_bit(cluster, folder):
    want = moments_of_files(folder, 0, 1).moments
    victims = [worker.pid for worker in cluster.workers.values()][:1]
    killed = []

    def kill(done, total):
        if victims and done > total / 4:
            killed.append(victims.pop())
            os.kill(killed[0], signal.SIGKILL)

    reading = moments_on_cluster(folder, 0, 1, address=cluster.scheduler_address, on_progress=kill)
    assert killed
    assert reading.moments == want
    assert cluster.workers  # the nanny brings the worker back; the other one has done its share meanwhile


def test_a_bad_file_among_good_ones_is_named_and_nothing_is_returned(cluster, folder):
    (folder / "14.csv").write_text("x,y\n1,2\n3,oops\n")
    with pytest.raises(DataError, match=r"14\.csv"):
        moments_on_cluster(folder, 0, 1, address=cluster.scheduler_address)


def test_invalid_rows_are_counted_across_files(cluster, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x,y\n1,2\nnan,3\n2,4\n")
    address = cluster.scheduler_address
    with pytest.raises(DataError, match=r"[ab]\.csv"):
        moments_on_cluster(tmp_path, "x", "y", address=address)
    reading = moments_on_cluster(tmp_path, "x", "y", address=address, skip_invalid=True)
    assert (reading.moments.n, reading.skipped) == (4, 2)


def test_files_with_other_columns_are_refused(cluster, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("u,v\n1,2\n")
    with pytest.raises(DataError, match=r"b\.csv.*must have the columns"):
        moments_on_cluster(tmp_path, 0, 1, address=cluster.scheduler_address)


def test_a_local_cluster_comes_and_goes_without_a_trace(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,3\n2,5\n")
    (tmp_path / "main.py").write_text(
        "from tf_gd.moments.cluster import moments_on_cluster\n"
        "if __name__ == '__main__':\n"
        "    print(moments_on_cluster('a.csv').moments.least_squares())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "main.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Line(m=2.0, c=1.0)\n", "")


def test_nobody_answers(monkeypatch):
    monkeypatch.setattr("tf_gd.moments.cluster.SECONDS_TO_ANSWER", 1)
    with pytest.raises(InvalidArgumentError, match="`address` must be that of a scheduler that answers"):
        moments_on_cluster("setup.cfg", address="tcp://127.0.0.1:9")


@pytest.mark.parametrize(
    ("address", "tls", "message"),
    [
        ("http://x", None, "`address` must be 'local', tcp"),
        ("tls://x:1", None, "`tls` must be given"),
        ("tcp://x:1", Tls("a", "b", "c"), "`address` must be tls"),
    ],
)
def test_bad_addresses(address, tls, message):
    with pytest.raises(InvalidArgumentError, match=message):
        moments_on_cluster("setup.cfg", address=address, tls=tls)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(TfGdError, match=r"pip install \"tf-gd\[cluster\]\""):
        moments_on_cluster("setup.cfg")
