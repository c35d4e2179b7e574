"""A cluster behind TLS: with a certificate of its authority it reads, and nobody else is let in. Loopback only."""

import json
from pathlib import Path

import numpy as np
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from tf_gd.cli import run
from tf_gd.moments.cluster import Tls, moments_on_cluster
from tf_gd.moments.files import moments_of_files

distributed = pytest.importorskip("distributed")


def certificates(folder: Path) -> Tls:
    """Make an authority, and a certificate and a key of it."""
    authority = trustme.CA()
    own = authority.issue_cert("127.0.0.1")
    tls = Tls(*(str(folder / name) for name in ("ca.pem", "certificate.pem", "key.pem")))
    authority.cert_pem.write_to_path(tls.ca_file)
    own.cert_chain_pems[0].write_to_path(tls.certificate)
    own.private_key_pem.write_to_path(tls.key)
    return tls


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("others"))


@pytest.fixture(scope="module")
def address(ours):
    """The address of a scheduler and two workers that talk to those alone who have a certificate of `ours`."""
    named = {
        f"tls_{role}_{part}": file
        for role in ("scheduler", "worker", "client")
        for part, file in (("cert", ours.certificate), ("key", ours.key))
    }
    security = distributed.Security(tls_ca_file=ours.ca_file, require_encryption=True, **named)
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
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


def test_with_a_certificate_it_reads(address, ours, folder):
    assert address.startswith("tls://127.0.0.1:")
    reading = moments_on_cluster(folder, "x", "y", address=address, tls=ours)
    assert reading.moments == moments_of_files(folder, "x", "y").moments


@pytest.fixture
def call(address, folder, capfd):
    """Call `tf-gd train` on the cluster; return its exit code and what it wrote on stderr."""

    def train(tls: Tls | None, to: str = address):
        given = [] if tls is None else ["--tls-ca", tls.ca_file, "--tls-cert", tls.certificate, "--tls-key", tls.key]
        code = run(["train", str(folder), "--engine", "moments", "--cluster", to, "--num-steps", "3", "--json", *given])
        return code, capfd.readouterr()

    return train


def test_the_command_reads_with_a_certificate(call, ours, folder):
    code, (out, error) = call(ours)
    assert (code, error) == (0, "")
    line = moments_of_files(folder, "x", "y").moments.least_squares()
    assert json.loads(out)["least_squares"] == line._asdict()


def test_without_a_certificate_nobody_is_let_in(call, address):
    code, (out, error) = call(None)
    assert (code, out) == (2, "")
    assert error == (
        "tf-gd: error: `tls` must be given for a tls:// address. Got None. "
        "Name the authority, a certificate and a key.\n"
    )


def test_without_tls_nobody_is_let_in(call, address):
    plain_text = address.replace("tls://", "tcp://")
    code, (out, error) = call(None, to=plain_text)
    assert (code, out) == (2, "")
    assert error.startswith(f"tf-gd: error: `address` must be that of a scheduler that answers. Got '{plain_text}'. ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("trusts", ["the cluster's authority", "its own authority"])
def test_with_a_certificate_of_another_authority_nobody_is_let_in(trusts, call, address, ours, others):
    """Where it trusts the cluster, the cluster refuses it; where not, it is the first to hang up."""
    code, (out, error) = call(others._replace(ca_file=(ours if "cluster" in trusts else others).ca_file))
    assert (code, out) == (2, "")
    wanted = f"`address` must be that of a scheduler that answers and takes these certificates. Got '{address}'. "
    assert error.startswith(f"tf-gd: error: {wanted}")
    assert error.count("\n") == 1


def test_certificates_that_are_none_are_named(call, ours, others, tmp_path):
    locked, authority = tmp_path / "locked.pem", tmp_path / "authority.pem"
    key = serialization.load_pem_private_key(Path(ours.key).read_bytes(), None)
    form, lock = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, lock))
    authority.write_text("no certificate")
    for tls, message in (
        (ours._replace(ca_file="no.pem"), "`tls.ca_file` must be a file that can be read. Got 'no.pem'. No such file"),
        (ours._replace(certificate="no.pem"), "`tls.certificate` must be a file that can be read. Got 'no.pem'."),
        (ours._replace(key=str(tmp_path)), "`tls.key` must be a file that can be read."),
        (ours._replace(ca_file=str(authority)), "`tls.ca_file` must be an authority's certificate, as PEM."),
        (ours._replace(key=others.key), "`tls.key` must be the key of "),
        (ours._replace(key=str(locked)), "`tls.key` must be the key of "),
        (ours._replace(certificate=ours.key), "`tls.key` must be the key of "),
    ):
        code, (out, error) = call(tls)
        assert (code, out) == (2, "")
        assert error.startswith(f"tf-gd: error: {message}")
        assert error.count("\n") == 1
