"""Where one machine is not enough: the one reading of the files, spread over a Dask cluster.

Every worker turns its files into moments and the moments are merged as a tree, so a few hundred bytes a file cross
the network, and descending afterwards costs the same for any number of rows. Merging does not round: which worker
read which file, and in which order, changes nothing.

A scheduler that is reached by tcp:// runs whatever anybody sends to it. Keep it on a closed network, or use tls://.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from tf_gd.errors import DataError, TfGdError, invalid, plain
from tf_gd.moments.data_files import Paths, Reading, list_files, merged, moments_of_file
from tf_gd.progress import Progress, check_progress
from tf_gd.tables.columns import Selector, quoted

FAN_IN = 16  # how many results one merge takes
SECONDS_TO_ANSWER = 15


class Tls(NamedTuple):
    """The files that make a connection private, all PEM: the authority's certificate, ours, and our key."""

    ca_file: str
    certificate: str
    key: str


def moments_on_cluster(
    paths: Paths,
    x: Selector = None,
    y: Selector = None,
    *,
    address: str = "local",
    tls: Tls | None = None,
    skip_invalid: bool = False,
    on_progress: Progress | None = None,
) -> Reading:
    """Return the moments of all points in some files, each read once by a worker that sees the file system.

    A worker that dies costs the time of the files that it had; they are read again elsewhere. The result is that of
    `moments_of_files`, or an error: no part of the files passes for all of them.

    Args:
        paths: as for `moments_of_files`; the workers must find the files under the same names.
        x: a column's name or its position from 0; may be left out where there are just two numeric columns.
        y: likewise.
        address: "local" for workers on this machine only, or a scheduler's address, tcp://... or tls://...
            A script that uses "local" must start under `if __name__ == "__main__":`, as with `multiprocessing`.
        tls: the certificates, for tls://...
        skip_invalid: leave out rows without two finite numbers instead of raising.
        on_progress: called with the bytes read so far and the bytes in all.

    Returns:
        The moments, the number of rows skipped, and the columns' names.

    Raises:
        DataError: a file that cannot be read, or that kills every worker that reads it; it is named.
        InvalidArgumentError: no scheduler answers at `address`, or it has no workers; the certificates cannot be used;
            or `on_progress` is no function.
        TfGdError: the extra is not installed.
    """
    check_address(address, tls)
    if tls is not None:
        check_certificates(tls)
    check_progress(on_progress)
    files = [file.absolute() for file in list_files(paths)]
    with _client(address, tls) as client:
        names = [f"tf-gd-{uuid4().hex}" for _ in files]
        reads = [
            client.submit(_read, str(file), x, y, skip_invalid, key=name)
            for file, name in zip(files, names, strict=True)
        ]
        with _named_errors(dict(zip(names, files, strict=True))):
            _follow(reads, files, on_progress)
            reading: Reading = _tree(client, reads, files).result()
    return reading


def check_address(address: str, tls: Tls | None) -> None:
    """Raise `InvalidArgumentError` unless `address` is one, and there are certificates just where they are used."""
    if address != "local" and not address.startswith(("tcp://", "tls://")):
        raise invalid("address", "'local', tcp://host:port or tls://host:port", address)
    if address.startswith("tls://") and tls is None:
        raise invalid("tls", "given for a tls:// address", tls, "Name the authority, a certificate and a key.")
    if tls is not None and not address.startswith("tls://"):
        raise invalid("address", "tls://host:port where certificates are given", address)


def check_certificates(tls: Tls) -> None:
    """Raise `InvalidArgumentError` unless the files are there, and belong together; a key under a password is refused.

    Whether the scheduler takes them it says itself.
    """
    for name, file in tls._asdict().items():
        try:
            open(file, "rb").close()
        except OSError as error:
            raise invalid(f"tls.{name}", "a file that can be read", file, f"{error.strerror}.") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(tls.ca_file)
    except ssl.SSLError:
        raise invalid("tls.ca_file", "an authority's certificate, as PEM", tls.ca_file) from None
    try:
        context.load_cert_chain(tls.certificate, tls.key, password="")
    except ssl.SSLError:
        raise invalid(
            "tls.key", f"the key of {plain(tls.certificate)}, both as PEM, without a password", tls.key
        ) from None


def _dask() -> Any:
    """Import Dask's cluster, or say how to get it."""
    try:
        return import_module("distributed")
    except ImportError:
        raise TfGdError('A cluster needs Dask. Install it: python -m pip install "tf-gd[cluster]".') from None


@contextmanager
def _client(address: str, tls: Tls | None) -> Iterator[Any]:
    """Connect to the scheduler, or start workers of our own that listen on this machine only."""
    dask = _dask()
    if address == "local":
        private = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": "CRITICAL"}
        with (
            dask.LocalCluster(threads_per_worker=1, **private) as cluster,
            dask.Client(cluster, set_as_default=False) as client,
            client.as_current(),
        ):
            yield client
        return
    security = tls and dask.Security(
        tls_ca_file=tls.ca_file, tls_client_cert=tls.certificate, tls_client_key=tls.key, require_encryption=True
    )
    try:
        client = dask.Client(address, security=security, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, TimeoutError) as error:
        wanted = "that of a scheduler that answers" + (" and takes these certificates" if tls else "")
        raise invalid("address", wanted, address, f"{error}") from None
    with client, client.as_current():
        if not client.scheduler_info()["workers"]:
            raise invalid("address", "that of a scheduler with workers", address, "Start one: dask worker ADDRESS.")
        yield client


def _read(file: str, x: Selector, y: Selector, skip_invalid: bool) -> Reading:
    """Read one file on a worker; whatever goes wrong carries the file's name."""
    try:
        return moments_of_file(file, x, y, skip_invalid=skip_invalid)
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
