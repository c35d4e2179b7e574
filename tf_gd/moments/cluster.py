"""Where one machine is not enough: the one reading of the files, spread over a Dask cluster.

Every worker turns its files into moments and the moments are merged as a tree, so a few hundred bytes a file cross
the network, and descending afterwards costs the same for any number of rows. Merging does not round: which worker
read which file, and in which order, changes nothing.

A scheduler that is reached by tcp:// runs whatever anybody sends to it. Keep it on a closed network, or use tls://.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from tf_gd.errors import DataError, TfGdError, invalid
from tf_gd.loading import discarded_stderr
from tf_gd.moments.files import Paths, Reading, list_files, merged, moments_of_file
from tf_gd.tables.columns import Selector, quoted
from tf_gd.tables.dialect import Dialect
from tf_gd.validation import Progress, check_progress

FAN_IN = 16  # how many results one merge takes
SECONDS_TO_ANSWER = 15


def moments_on_cluster(
    paths: Paths,
    x: Selector = None,
    y: Selector = None,
    *,
    cluster: Any = "local",
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
    **dialect: Any,
) -> Reading:
    """Return the moments of all points in some files, each read once by a worker that sees the file system.

    A worker that dies costs the time of the files that it had; they are read again elsewhere. The result is that of
    `moments_of_files`, or an error: no part of the files passes for all of them.

    Args:
        paths: as for `moments_of_files`; the workers must find the files under the same names.
        x: a column's name or its position from 0; may be left out where there are just two numeric columns.
        y: likewise.
        cluster: "local" for workers on this machine only; a scheduler's address, tcp://... or tls://...; or a
            `distributed.Client`, which stays open.
            A script that uses "local" must start under `if __name__ == "__main__":`, as with `multiprocessing`.
        skip_invalid: leave out rows of which a value is missing instead of raising.
        on_progress: called with the bytes read so far and the bytes in all.
        dialect: how the files are written, as for `read_points`.

    Returns:
        The moments, the number of rows skipped, and the columns' names.

    Raises:
        DataError: a file that cannot be read, or that kills every worker that reads it; it is named.
        InvalidArgumentError: no scheduler answers at the address, or it has no workers; or `on_progress` is no
            function.
        TfGdError: the extra is not installed.
    """
    check_cluster(cluster)
    Dialect(**dialect)
    check_progress(on_progress)
    files = [file.absolute() for file in list_files(paths)]
    with _client(cluster) as client:
        names = [f"tf-gd-{uuid4().hex}" for _ in files]
        reads = [
            client.submit(_read, str(file), x, y, skip_invalid, dialect, key=name)
            for file, name in zip(files, names, strict=True)
        ]
        with _named_errors(dict(zip(names, files, strict=True))):
            _follow(reads, files, on_progress)
            reading: Reading = _tree(client, reads, files).result()
    return reading


def check_cluster(cluster: Any) -> None:
    """Raise `InvalidArgumentError` unless `cluster` is "local", an address, or a client of Dask's."""
    if isinstance(cluster, str):
        if cluster != "local" and not cluster.startswith(("tcp://", "tls://")):
            raise invalid("cluster", "'local', tcp://host:port or tls://host:port", cluster)
    elif not isinstance(cluster, _dask().Client):
        raise invalid("cluster", "'local', an address or a distributed.Client", cluster)


def _dask() -> Any:
    """Import Dask's cluster, or say how to get it."""
    try:
        return import_module("distributed")
    except ImportError:
        raise TfGdError('A cluster needs Dask. Install it: python -m pip install "tf-gd[cluster]".') from None


@contextmanager
def _client(cluster: Any) -> Iterator[Any]:
    """Connect to the scheduler, start workers of our own that listen on this machine only, or take the client."""
    if not isinstance(cluster, str):
        with cluster.as_current():
            yield cluster
    elif cluster == "local":
        with _local_client() as client:
            yield client
    else:
        with _connected(cluster) as client, client.as_current():
            if not client.scheduler_info()["workers"]:
                raise invalid("cluster", "that of a scheduler with workers", cluster, "Start one: dask worker ADDRESS.")
            yield client


@contextmanager
def _local_client() -> Iterator[Any]:
    """Start workers on this machine that nobody else can reach, and end them afterwards."""
    dask = _dask()
    private = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}
    with discarded_stderr():  # for good, in the workers: each would tell of a Ctrl-C at length
        local = dask.LocalCluster(threads_per_worker=1, **private)
    with (
        local as cluster,
        dask.Client(cluster, set_as_default=False) as client,
        client.as_current(),
    ):
        yield client


def _connected(address: str) -> Any:
    """Return a client of the scheduler at an address, as Dask's configuration says how."""
    dask, advice = _dask(), ""
    try:
        if address.startswith("tls://"):
            advice = "Check distributed.comm.tls in Dask's configuration: ca-file, client.cert and client.key."
            if dask.Security().get_connection_args("client").get("ssl_context") is None:
                raise ValueError("Dask's configuration names no certificates")
        return dask.Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, TimeoutError, ValueError, RuntimeError) as error:
        problem = " ".join(f"{error}".split())[:200].rstrip(".")
        raise invalid("cluster", "the address of a scheduler that answers", address, f"{problem}. {advice}") from None


def _read(file: str, x: Selector, y: Selector, skip_invalid: bool, dialect: dict[str, Any]) -> Reading:
    """Read one file on a worker; whatever goes wrong carries the file's name."""
    try:
        return moments_of_file(file, x, y, skip_invalid=skip_invalid, **dialect)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{quoted(file)} cannot be read: {error}") from None


@contextmanager
def _named_errors(files: dict[str, Path]) -> Iterator[None]:
    """Turn the scheduler's complaint about a task, which knows only its key, into one about its file."""
    try:
        yield
    except _dask().KilledWorker as error:
        file = files.get(str(error.task))
        raise DataError(f"{quoted(file or 'A merge')} must leave a worker alive. Got {error}") from None


def _follow(reads: list[Any], files: list[Path], on_progress: Progress | None) -> None:
    """Wait for every reading, and raise as soon as one fails."""
    sizes = {read.key: file.stat().st_size for read, file in zip(reads, files, strict=True)}
    done, total = 0, sum(sizes.values())
    for read in _dask().as_completed(reads):
        read.result()
        done += sizes[read.key]
        if on_progress is not None:
            on_progress(done, total)


def _tree(client: Any, readings: list[Any], files: list[Path]) -> Any:
    """Merge readings, neighbours first, on the workers; return the future of the last one."""
    while len(readings) > 1:
        groups = range(0, len(readings), FAN_IN)
        readings = [
            client.submit(merged, readings[at : at + FAN_IN], files[at : at + FAN_IN], pure=False) for at in groups
        ]
        files = files[::FAN_IN]
    return readings[0]
