"""Open a session's directory: new, or to go on; never somebody else's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tf_gd.errors import SessionError, SessionWarning, plain
from tf_gd.problem import Problem
from tf_gd.session.identity import describe, refuse_another, refuse_less
from tf_gd.session.lock import Lock
from tf_gd.session.manifest import FILE as MANIFEST
from tf_gd.session.manifest import Manifest
from tf_gd.session.state import FILE, State
from tf_gd.session.store import ROWS, Store, read_state
from tf_gd.session.versions import versions


@contextmanager
def opened(directory: Path, problem: Problem, engine: str, resume: bool) -> Iterator[tuple[Store, Lock]]:
    """Lock the directory, and begin a session in it or read back the one that it holds."""
    _refuse_foreign(directory, resume)
    with written(directory):
        directory.mkdir(parents=True, exist_ok=True)
        lock = Lock(directory)
    try:
        with written(directory):
            _refuse_foreign(directory, resume)  # again: nobody else can begin one here now
            store = _begin_or_go_on(directory, problem, engine, lock.left_by)
        yield store, lock
    finally:
        lock.close()


def _begin_or_go_on(directory: Path, problem: Problem, engine: str, left_by: str) -> Store:
    trains = describe(problem, engine)
    if not (directory / FILE).exists():
        line = np.array(problem.start, problem.dtype).tobytes().hex()
        state = State(trains, problem.num_steps, problem.tolerance, 0, line, versions=versions())
        store = Store.begin(directory, state)
        store.log(f"began {engine} in process {os.getpid()}: {problem.num_steps} steps of {trains['points']}")
        return store
    store = Store.open(directory)
    if problem.automatic:  # the rate of the session goes on, which another number of steps would have made another
        trains["learning_rate"] = store.state.trains["learning_rate"]
    refuse_another(store.state.trains, trains, str(directory))
    refuse_less(store.state.step, store.state.tolerance, problem, str(directory))
    _tell_other_versions(store)
    store.state = replace(store.state, num_steps=problem.num_steps, tolerance=problem.tolerance)
    if left_by:
        store.log(f"left behind, without a word, by {plain(left_by)}")
    store.log(f"went on from step {store.state.step} to {problem.num_steps} in process {os.getpid()}")
    return store


def _tell_other_versions(store: Store) -> None:
    """Warn when the session was last written with other versions, which may add or round otherwise."""
    before, now = store.state.versions, versions()
    changed = [f"{name} {before[name]}, now {now[name]}" for name in now if before.get(name, now[name]) != now[name]]
    if changed:
        message = f"The session in {plain(str(store.directory), 200)} was written with {plain('; '.join(changed), 200)}"
        store.log(f"other versions: {'; '.join(changed)}")
        warnings.warn(f"{message}. Its next bits may differ from those of one run.", SessionWarning, stacklevel=2)


def _refuse_foreign(directory: Path, resume: bool) -> None:
    """Refuse a directory with other people's files, with a session when none is resumed, or without one when it is.

    Raises:
        SessionError: with the next move.
    """
    shown = plain(str(directory), 200)
    with written(directory):
        names = set(os.listdir(directory)) if os.path.lexists(directory) else set()
        foreign = "" if FILE in names else _foreign(directory, names)
    if FILE in names:
        if not resume:
            raise SessionError(
                f"`session` must be a new or empty directory. Got {shown}, which holds a session. "
                "Go on with it with --resume (resume=True), or choose another directory."
            )
        read_state(directory)  # before a lock is put beside a file of that name that is somebody else's
    elif resume and not directory.exists():
        raise SessionError(
            f"`session` must be a directory that holds a session, to resume it. Got {shown}, which is not there. "
            "Check the name, or leave --resume (resume=True) out to begin."
        )
    elif foreign:
        raise SessionError(
            f"`session` must be {'a directory that holds a session' if resume else 'a new or empty directory'}. "
            f"Got {shown}, which holds {plain(foreign)} and no {FILE}. Choose another directory, "
            f"or put back {FILE} where one is lost."
        )


def _foreign(directory: Path, names: set[str]) -> str:
    """Return the name of something in a directory that is more than a session which was killed while it began."""
    if "lock" not in names:
        return min(names, default="")
    if not Lock.is_one(directory / "lock"):
        return "lock"
    try:
        manifest = Manifest.read(directory) if MANIFEST in names else Manifest(directory)
    except ValueError:
        return MANIFEST
    if len(manifest.states) > 1 or any("/" in name for name in manifest.names):  # more than a beginning
        return MANIFEST
    rows = directory / ROWS
    if ROWS in names and (rows.is_symlink() or not rows.is_dir() or os.listdir(rows)):
        return ROWS
    return min(names - {"lock", MANIFEST, ROWS, *manifest.names}, default="")


@contextmanager
def written(directory: Path) -> Iterator[None]:
    """Turn what the system says into one line with the next move.

    Raises:
        SessionError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        why = f"{error.strerror or error}" + (f" ({Path(error.filename).name})" if error.filename else "")
        raise SessionError(
            f"`session` must be a directory that can be written. Got {plain(str(directory), 200)}: {plain(why, 200)}. "
            "Make room or choose another; what was saved can go on with --resume (resume=True)."
        ) from None


def checked_directory(directory: Any) -> Path:
    """Return the path of a session's directory.

    Raises:
        SessionError: it is no path, or an empty one.
    """
    if not isinstance(directory, str | os.PathLike) or not (name := os.fspath(directory)) or "\0" in str(name):
        raise SessionError(
            f"`session` must be the name of a directory. Got {plain(directory)}. Choose a new or empty directory."
        )
    return Path(os.fsdecode(name))
