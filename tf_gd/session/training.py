"""Train in a directory: begin or go on, save now and then, and stop at a safe place when asked to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shlex import quote
from signal import SIGINT
from time import monotonic
from typing import Any

import numpy as np

from tf_gd.descent import Chunk, EngineName, check_engine, chunks, confirm_order, open_engine, resolve_order, trajectory
from tf_gd.errors import invalid
from tf_gd.line import Line
from tf_gd.problem import Problem
from tf_gd.session.directory import checked_directory, opened, written
from tf_gd.session.lock import Lock
from tf_gd.session.signals import Interrupted, Listening
from tf_gd.session.state import damaged
from tf_gd.session.store import Store
from tf_gd.trajectory import SERIES, Trajectory
from tf_gd.validation import Progress, check_count, check_progress

MOST_ROWS_UNSAVED = 250_000  # 10 MB in float64


def train_in(
    directory: str | os.PathLike[str],
    problem: Problem,
    engine: EngineName = "tensorflow",
    *,
    resume: bool = False,
    checkpoint_steps: int | None = None,
    checkpoint_seconds: float = 30.0,
    on_progress: Progress | None = None,
) -> Trajectory:
    """Solve a problem in a directory, from which it can go on after whatever happens, to the same bits.

    Args:
        directory: new or empty, or one that holds this very session, to resume.
        problem: see `Problem.of`.
        engine: "tensorflow", whose checkpoint is TensorFlow's own; "manual"; or "moments".
        resume: go on where the session in `directory` was saved last. It must be the same, but for more
            `num_steps`, a smaller `tolerance` and another `steps_per_run`.
        checkpoint_steps: save after so many steps at the latest.
        checkpoint_seconds: save after so many seconds, by a clock that nobody sets; and at the end in any case.
        on_progress: called with (step, num_steps) every now and then.

    Returns:
        The whole `Trajectory`, from the start.

    Raises:
        SessionError: the directory is in use, not writable, full or damaged, or holds something else.
        Interrupted: a `KeyboardInterrupt`, after Ctrl-C or SIGTERM in the main thread; the state has been saved.
        InvalidArgumentError: another argument is not what it must be.

    Example:
        >>> import tempfile
        >>> from dataclasses import replace
        >>> descent = dict(learning_rate="auto", record_every=50)
        >>> problem = Problem.of([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], num_steps=100, **descent)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     first = train_in(directory, problem, "manual")
        ...     path = train_in(directory, replace(problem, num_steps=200), "manual", resume=True)
        >>> path.step.tolist()
        [0, 50, 100, 150, 200]
    """
    if checkpoint_steps is not None:
        check_count("checkpoint_steps", checkpoint_steps, least=1)
    if not checkpoint_seconds > 0:
        raise invalid("checkpoint_seconds", "a number above 0", checkpoint_seconds)
    check_engine(problem, engine)
    check_progress(on_progress)
    where = checked_directory(directory)
    problem = confirm_order(problem) if engine == "tensorflow" else resolve_order(problem, engine)
    with _interruptible(where) as listening, opened(where, problem, engine, resume) as (store, lock):
        if problem.automatic:  # another number of steps may ask for another rate, and the session goes on with its own
            problem = with_rate(problem, store.state.trains["learning_rate"])
        with open_engine(problem, engine) as opened_engine:
            saver = Saver(store, lock, opened_engine.model)
            line, done = saver.where(problem)
            longest = min(problem.chunk, checkpoint_steps or problem.chunk)
            for chunk in chunks(opened_engine, problem, line, done, longest):
                saver.take(chunk)
                if on_progress is not None:
                    on_progress(chunk.done, problem.num_steps)
                if listening.heard:
                    break
                if saver.is_due(checkpoint_steps, checkpoint_seconds):
                    saver.save()
            saver.save()
            listening.obey()
        with written(where):
            rows = store.rows(len(SERIES), problem.dtype)
            path = trajectory(problem, engine, chunk.done, np.concatenate([rows, chunk.last]))
            store.log(f"ended at step {chunk.done}: {path.message}")
    return path


class Saver:
    """What is not yet certain, and when it is time to make it so.

    Args:
        store: the directory.
        lock: on it.
        model: TensorFlow's graph, where that is the engine.
    """

    def __init__(self, store: Store, lock: Lock, model: Any) -> None:
        self.store, self.lock, self.model = store, lock, model
        self.chunk: Chunk | None = None
        self.rows: list[Any] = []
        self.saved_at = monotonic()

    def where(self, problem: Problem) -> tuple[Line, int]:
        """Return the line to go on from, and the steps that are made."""
        state = self.store.state
        if self.model is not None and state.checkpoint:
            with written(self.store.directory):
                line, step = self.model.restore(str(self.store.model()))
            if step != state.step or np.array(line, problem.dtype).tobytes().hex() != state.line:
                raise damaged(self.store.model(), "it is not the checkpoint of the state in session.json")
        return Line(*self.store.line(problem.dtype)), state.step

    def take(self, chunk: Chunk) -> None:
        """Take over what a chunk of the descent brought."""
        self.chunk = chunk
        self.rows.append(chunk.kept)

    def is_due(self, steps: int | None, seconds: float) -> bool:
        """Return whether enough steps, seconds or rows have come together."""
        assert self.chunk is not None
        return (
            (steps is not None and self.chunk.done - self.store.state.step >= steps)
            or monotonic() - self.saved_at >= seconds
            or sum(map(len, self.rows)) >= MOST_ROWS_UNSAVED
        )

    def save(self) -> None:
        """Make the last state certain.

        Raises:
            SessionError: it cannot be written; what was certain before still is.
        """
        assert self.chunk is not None
        done, line = self.chunk.done, self.chunk.last[0, :2]
        if done != self.store.state.step or (self.model and not self.store.state.checkpoint):
            with written(self.store.directory):
                self.lock.check()
                save_model = self.model.save if self.model else None
                self.store.commit(done, line, np.concatenate(self.rows), save_model)
                self.store.log(f"saved step {done}: m = {line[0]}, c = {line[1]}")
        self.rows, self.saved_at = [], monotonic()


def with_rate(problem: Problem, applied: float) -> Problem:
    """Return the problem with a learning rate as it was applied, which no rounding changes."""
    return replace(problem, learning_rate=np.float64(applied))


@contextmanager
def _interruptible(directory: Path) -> Iterator[Listening]:
    """Listen for Ctrl-C and SIGTERM, and tell whoever is stopped by one how to go on."""
    listening = Listening()
    try:
        with listening:
            yield listening
        listening.obey()
    except KeyboardInterrupt:
        how = f"--session {quote(str(directory))} --resume (resume=True)"
        message = f"interrupted; go on from the last saved step with {how}"
        raise Interrupted(message, listening.heard or SIGINT) from None
