"""The one way to TensorFlow: imported when it is first needed, and without its start-up messages on the terminal."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any

from tf_gd.errors import TfGdError

# What TensorFlow's C++ writes to stderr while it loads and starts its first session; no log level removes all of it.
NOISE = re.compile(
    r"^WARNING: All log messages before absl::InitializeLog"
    r"|^[IW]\d{4} \d\d:|^\d{4}-\d\d-\d\d .*: [IW] "
    r"|Unable to register cu\w+ factory|failed call to cuInit|^To enable the following instructions"
    r"|oneDNN supports DT_HALF only on platforms with AVX-512"  # an error by its letter; float16 works all the same
)
KERAS = "keras.src.optimizers"  # what TensorFlow imports of Keras as it is imported itself
_one_at_a_time = threading.RLock()
_home = os.getpid()  # the process in which TensorFlow's threads run, once it is loaded


def is_stranded() -> bool:
    """Return whether TensorFlow was loaded before a fork: its threads stayed in the parent, and a run would hang."""
    return "tensorflow" in sys.modules and os.getpid() != _home


def load_tensorflow() -> Any:
    """Import TensorFlow without its start-up noise, and return it; everything else on stderr still shows.

    Raises:
        TfGdError: in a process that was forked after TensorFlow had been loaded.
    """
    global _home
    if is_stranded():
        raise TfGdError(
            "TensorFlow must be used in a process that loaded it: its threads do not survive a fork. Got a forked "
            "child. Start it with the method 'spawn', or take engine='manual', which gives the same bits."
        )
    if "tensorflow" in sys.modules:
        return import_module("tensorflow")
    with quiet_stderr():
        tensorflow = import_module("tensorflow")
        tensorflow.config.list_physical_devices()  # looks for a GPU now, while its complaint is held back
    _home = os.getpid()
    return tensorflow


@contextmanager
def without_keras() -> Iterator[None]:
    """Let TensorFlow be imported without Keras, which is a third of it; whoever uses `tf.keras` later imports it then.

    For processes of our own: TensorFlow imports Keras for the sake of saved models with optimizers of Keras in them.
    """
    sys.modules.setdefault(KERAS, None)  # type: ignore[arg-type]  # an import of it fails, and TensorFlow takes that
    try:
        yield
    finally:
        if sys.modules.get(KERAS, KERAS) is None:
            del sys.modules[KERAS]


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then write out every line that is not start-up noise."""
    with _one_at_a_time, _nameless_file() as held:
        try:
            sys.stderr.flush()
            saved = os.dup(2)
        except (OSError, ValueError, AttributeError):  # no usable stderr: nothing to keep quiet
            yield
            return
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
            _replay(held)


@contextmanager
def discarded_stderr() -> Iterator[None]:
    """Point file descriptor 2 at nothing: a process that is started meanwhile keeps it so."""
    with _one_at_a_time:
        try:
            os.fstat(2)
        except OSError:  # closed: nothing is shown anyway
            yield
            return
        saved, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _nameless_file() -> IO[bytes]:
    """Return a temporary file; one in memory where no directory takes one."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return os.fdopen(os.memfd_create("stderr"), "w+b")


def _replay(held: IO[bytes]) -> None:
    held.seek(0)
    for line in held:
        if line.strip() and not NOISE.search(line.decode(errors="replace")):
            os.write(2, line)
