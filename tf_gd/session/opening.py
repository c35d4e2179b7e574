"""Open a session's directory: new, or to go on; never somebody else's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from tf_gd.errors import SessionError, plain
from tf_gd.plan import MomentsPlan, Plan
from tf_gd.session.identity import describe, refuse_another, refuse_less
from tf_gd.session.lock import Lock
from tf_gd.session.store import State, Store
from tf_gd.session.whole_files import ASIDE

OURS = {"lock", "log.txt", "rows"}


@contextmanager
def opened(directory: Path, plan: Plan | MomentsPlan, engine: str, resume: bool) -> Iterator[tuple[Store, Lock]]:
    """Lock the directory, and begin a session in it or read back the one that it holds."""
    _refuse_foreign(directory, resume)
    with written(directory):
        directory.mkdir(parents=True, exist_ok=True)
        lock = Lock(directory)
    try:
        with written(directory):
            _refuse_foreign(directory, resume)  # again: nobody else can begin one here now
            store = _begin_or_go_on(directory, plan, engine, lock.left_by)
        yield store, lock
    finally:
        lock.close()


def _begin_or_go_on(directory: Path, plan: Plan | MomentsPlan, engine: str, left_by: str) -> Store:
    trains = describe(plan, engine)
    if not (directory / "session.json").exists():
        line = np.array(plan.start, plan.dtype).tobytes().hex()
        store = Store.begin(directory, State(trains, plan.num_steps, plan.tolerance, 0, line))
        store.log(f"began {engine} in process {os.getpid()}: {plan.num_steps} steps of {trains['points']}")
        return store
    store = Store.open(directory)
    refuse_another(store.state.trains, trains, str(directory))
    refuse_less(store.state.step, store.state.tolerance, plan, str(directory))
    store.state = replace(store.state, num_steps=plan.num_steps, tolerance=plan.tolerance)
    if left_by:
        store.log(f"left behind, without a word, by {plain(left_by)}")
    store.log(f"went on from step {store.state.step} to {plan.num_steps} in process {os.getpid()}")
    return store


def _refuse_foreign(directory: Path, resume: bool) -> None:
    """Refuse a directory with other people's files, with a session when none is resumed, or without one when it is.

    Raises:
        SessionError: with the next move.
    """
    shown = plain(str(directory), 200)
    with written(directory):
        names = set(os.listdir(directory)) if directory.exists() else set()
    if "session.json" in names:
        if not resume:
            raise SessionError(
                f"`session` must be a new or empty directory. Got {shown}, which holds a session. "
                "Go on with it with --resume (resume=True), or choose another directory."
            )
    elif resume and not directory.exists():
        raise SessionError(
            f"`session` must be a directory that holds a session, to resume it. Got {shown}, which is not there. "
            "Check the name, or leave --resume (resume=True) out to begin."
        )
    elif foreign := sorted(name for name in names - OURS if not name.endswith(ASIDE)):
        raise SessionError(
            f"`session` must be {'a directory that holds a session' if resume else 'a new or empty directory'}. "
            f"Got {shown}, which holds {plain(foreign[0])}. Choose another directory."
        )


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
