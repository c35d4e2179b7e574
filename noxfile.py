"""The matrix of versions: `python -m nox` runs the bit-for-bit tests on each, and prints a row of a table for it.

Interpreters that are not on this machine are said to be missing. The oldest column takes every dependency at the lower
bound that setup.cfg declares.
"""

import configparser
import re
import tempfile
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["versions"]

NEWEST, OLDEST = "2.21", "2.16"
MATRIX = [("3.10", OLDEST), ("3.11", OLDEST), ("3.12", OLDEST)] + [(f"3.{minor}", NEWEST) for minor in (10, 11, 12, 13)]

# Old releases warn of what newer ones of their own dependencies will drop.
QUIET = ["-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning", "-W", "ignore::FutureWarning"]


def lower_bounds() -> list[str]:
    """Return each dependency of the package pinned to the oldest version that it is declared to work with."""
    config = configparser.ConfigParser()
    config.read(Path(__file__).parent / "setup.cfg")
    declared = config["options"]["install_requires"].split("\n")
    pairs = (re.fullmatch(r"([\w-]+)\s*>=\s*([\d.]+)", line.strip()) for line in declared)
    return [f"{pair[1]}=={pair[2]}.*" for pair in pairs if pair]


@nox.session
@nox.parametrize(("python", "tensorflow"), MATRIX)
def versions(session: nox.Session, tensorflow: str) -> None:
    """Run the bit-for-bit tests with one Python and one TensorFlow, with oneDNN on and off."""
    pins = lower_bounds() if tensorflow == OLDEST else [f"tensorflow=={tensorflow}.*"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(pins))
        constraints.flush()
        session.install("--quiet", "-c", constraints.name, ".[test]")
    asked = "import sys, numpy, tensorflow as tf; print(sys.version.split()[0], tf.__version__, numpy.__version__)"
    seen = session.run("python", "-c", asked, env={"TF_CPP_MIN_LOG_LEVEL": "3"}, silent=True)
    results = [tests(session, onednn) for onednn in ("0", "1")]
    print("| " + " | ".join([*seen.split("\n")[-2].split(), *results]) + " |")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into build/docs; a warning is an error."""
    session.install("--quiet", ".[docs]")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs", "build/docs")


def tests(session: nox.Session, onednn: str) -> str:
    """Run the tests with oneDNN off or on, and return pytest's closing words."""
    command = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "bits", *QUIET]
    output = session.run(*command, env={"TF_ENABLE_ONEDNN_OPTS": onednn}, silent=True)
    return re.findall(r"\d+ passed.*? in", output)[-1].removesuffix(" in")
