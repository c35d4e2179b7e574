"""One reading on several processes: the same sums, also when one of them is killed. Loopback only."""

import os
import signal
import subprocess
import sys

import duckdb
import numpy as np
import pytest

import tf_gd
from tf_gd.errors import DataError, InvalidArgumentError, TfGdError
from tf_gd.moments.cluster import moments_on_cluster
from tf_gd.moments.files import moments_of_files
from tf_gd.moments.sums import CHUNK

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
        folder, 0, 1, cluster=cluster.scheduler_address, on_progress=lambda *at: told.append(at)
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

    reading = moments_on_cluster(folder, 0, 1, cluster=cluster.scheduler_address, on_progress=kill)
    assert killed
    assert reading.moments == want
    assert cluster.workers  # the nanny brings the worker back; the other one has done its share meanwhile


def test_a_bad_file_among_good_ones_is_named_and_nothing_is_returned(cluster, folder):
    (folder / "14.csv").write_text("x,y\n1,2\n3,oops\n")
    with pytest.raises(DataError, match=r"14\.csv"):
        moments_on_cluster(folder, 0, 1, cluster=cluster.scheduler_address)


def test_invalid_rows_are_counted_across_files(cluster, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x,y\n1,2\nnan,3\n2,4\n")
    address = cluster.scheduler_address
    with pytest.raises(DataError, match=r"[ab]\.csv"):
        moments_on_cluster(tmp_path, "x", "y", cluster=address)
    reading = moments_on_cluster(tmp_path, "x", "y", cluster=address, skip_invalid=True)
    assert (reading.moments.n, reading.skipped) == (4, 2)


def test_files_with_other_columns_are_refused(cluster, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("u,v\n1,2\n")
    with pytest.raises(DataError, match=r"b\.csv.*must have the columns"):
        moments_on_cluster(tmp_path, 0, 1, cluster=cluster.scheduler_address)


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
    with pytest.raises(InvalidArgumentError, match="`cluster` must be the address of a scheduler that answers"):
        moments_on_cluster("setup.cfg", cluster="tcp://127.0.0.1:9")


def test_a_client_of_dasks_is_taken_and_stays_open(cluster, folder):
    with distributed.Client(cluster, set_as_default=False) as client:
        assert moments_on_cluster(folder, 0, 1, cluster=client).moments == moments_of_files(folder, 0, 1).moments
        assert client.submit(int, 7).result() == 7


def test_parquet_with_several_chunks_has_the_bits_of_one_process_and_of_memory(cluster, tmp_path):
    generator = np.random.default_rng(6)
    x = generator.uniform(0, 10, 2 * CHUNK + 40_000) + 1e9
    y = 2 * x + generator.normal(size=x.size)
    with duckdb.connect() as connection:
        connection.register("points", {"x": x, "y": y})
        connection.sql(f"COPY (SELECT x, y FROM points) TO '{tmp_path / 'a.parquet'}' (ROW_GROUP_SIZE 10240)")
    want = tf_gd.Moments.of(x, y)
    assert moments_on_cluster(tmp_path, "x", "y", cluster=cluster.scheduler_address).moments == want
    assert moments_of_files(tmp_path, "x", "y").moments == want


def test_how_the_files_are_written_reaches_the_workers(cluster, tmp_path):
    (tmp_path / "a.csv").write_text("x;y\n1,5;2\n2,5;4\n")
    reading = moments_on_cluster(tmp_path, cluster=cluster.scheduler_address, delimiter=";", decimal=",")
    assert reading.moments.least_squares() == (2.0, -1.0)
    with pytest.raises(DataError) as raised:
        moments_on_cluster(tmp_path, cluster=cluster.scheduler_address, delimiter=";")
    with pytest.raises(DataError) as alone:
        moments_of_files(tmp_path, delimiter=";")
    assert str(raised.value) == str(alone.value)


@pytest.mark.parametrize("bad", ["http://x", "", 3, None])
def test_what_is_no_cluster(bad):
    with pytest.raises(InvalidArgumentError, match="`cluster` must be 'local', "):
        moments_on_cluster("setup.cfg", cluster=bad)


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(TfGdError, match=r"pip install \"tf-gd\[cluster\]\""):
        moments_on_cluster("setup.cfg")
