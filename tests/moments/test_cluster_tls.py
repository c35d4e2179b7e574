"""A cluster behind TLS, set up by Dask's own configuration: with certificates it reads, and nobody else is let in."""

import json
from pathlib import Path
from typing import NamedTuple

import dask
import numpy as np
import pytest
import trustme

from tf_gd.cli import run
from tf_gd.moments.files import moments_of_files

distributed = pytest.importorskip("distributed")


class Files(NamedTuple):
    ca: str
    certificate: str
    key: str


def certificates(folder: Path) -> Files:
    """Make an authority, and a certificate and a key of it."""
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    files = Files(*(str(folder / name) for name in ("ca.pem", "certificate.pem", "key.pem")))
    authority.cert_pem.write_to_path(files.ca)
    own.cert_chain_pems[0].write_to_path(files.certificate)
    own.private_key_pem.write_to_path(files.key)
    return files


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("others"))


@pytest.fixture(scope="module")
def address(ours):
    """The address of a scheduler and a worker that talk to those alone who have a certificate of `ours`."""
    named = {
        f"tls_{role}_{part}": file
        for role in ("scheduler", "worker", "client")
        for part, file in (("cert", ours.certificate), ("key", ours.key))
    }
    security = distributed.Security(tls_ca_file=ours.ca, require_encryption=True, **named)
    with distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        security=security,
        protocol="tls://",
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs="CRITICAL",
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    generator = np.random.default_rng(6)
    for number in range(4):
        np.savetxt(folder / f"{number}.csv", generator.normal(size=(100, 2)), "%.17g", ",", header="x,y", comments="")
    return folder


@pytest.fixture
def call(address, folder, capfd, monkeypatch):
    """Call `tf-gd train` on the cluster, with Dask configured for some certificates; return what became of it."""
    monkeypatch.setattr("tf_gd.moments.cluster.SECONDS_TO_ANSWER", 3)

    def train(files: Files | None, to: str = address) -> tuple[int, str, str]:
        named = (
            {} if files is None else {"ca-file": files.ca, "client.cert": files.certificate, "client.key": files.key}
        )
        with dask.config.set({f"distributed.comm.tls.{key}": value for key, value in named.items()}):
            code = run(["train", str(folder), "--engine", "moments", "--cluster", to, "--num-steps", "3", "--json"])
        return code, *capfd.readouterr()

    return train


def test_the_command_reads_with_a_certificate(call, ours, folder, address):
    assert address.startswith("tls://127.0.0.1:")
    code, out, err = call(ours)
    assert (code, err) == (0, "")
    line = moments_of_files(folder, "x", "y").moments.least_squares()
    assert json.loads(out)["least_squares"] == line._asdict()


def refused(done: tuple[int, str, str], address: str) -> bool:
    wanted = f"tf-gd: error: `cluster` must be the address of a scheduler that answers. Got '{address}'. "
    code, out, err = done
    return (code, out, err.count("\n")) == (2, "", 1) and err.startswith(wanted)


def test_without_a_certificate_nobody_is_let_in(call, address):
    done = call(None)
    assert refused(done, address), done[2]
    assert "Dask's configuration names no certificates. Check distributed.comm.tls in" in done[2]


def test_without_tls_nobody_is_let_in(call, address):
    plain_text = address.replace("tls://", "tcp://")
    done = call(None, to=plain_text)
    assert refused(done, plain_text), done[2]


@pytest.mark.parametrize("trusts", ["the cluster's authority", "its own authority"])
def test_with_a_certificate_of_another_authority_nobody_is_let_in(trusts, call, address, ours, others):
    """Where it trusts the cluster, the cluster refuses it; where not, it is the first to hang up."""
    done = call(others._replace(ca=(ours if "cluster" in trusts else others).ca))
    assert refused(done, address), done[2]


@pytest.mark.parametrize("missing", ["ca", "key"])
def test_certificates_that_are_not_there(missing, call, address, ours):
    done = call(ours._replace(**{missing: "no.pem"}))
    assert refused(done, address), done[2]
