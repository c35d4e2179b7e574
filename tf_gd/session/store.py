"""The files of a session: the certain state, the rows so far, TensorFlow's checkpoint and the log."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.session.manifest import Manifest
from tf_gd.session.regular import open_regular, read_regular
from tf_gd.session.state import FILE, State, damaged, digest, parse, rendered
from tf_gd.session.versions import versions
from tf_gd.tables.atomic import flush, replacing

ROWS = "rows"
WIDTH = 5  # m, c, loss, dL/dm, dL/dc
SaveModel = Callable[[str], None]

_SEGMENT = re.compile(r"rows/(\d{20})-([0-9a-f]{32})\.npy")


class Store:
    """A session's directory; whoever uses it holds the lock.

    Args:
        directory: where.
        state: what is certain about it; see `begin` and `open`.
        manifest: the names that the session wrote.
    """

    def __init__(self, directory: Path, state: State, manifest: Manifest) -> None:
        self.directory, self.state, self.manifest = directory, state, manifest

    @classmethod
    def begin(cls, directory: Path, state: State) -> Store:
        """Write the first state of a new session.

        Raises:
            OSError: the directory cannot be written.
        """
        manifest = Manifest(directory)
        manifest.create()
        (directory / ROWS).mkdir(exist_ok=True)
        flush(directory)
        store = cls(directory, state, manifest)
        store._write(state)
        return store

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Read a session back, verify every byte of it, and remove what a killed process left behind.

        Raises:
            SessionError: a file is damaged, missing, or none of this session's.
        """
        state, content = read_state(directory)
        store = cls(directory, state, Manifest(directory))
        with whole_session(directory):
            if store.state.versions["tf_gd"] == "0.1":
                store._list_old()
            else:
                store.manifest = _read_manifest(directory, content)
            store._check_rows()
            for name, expected in store.state.checkpoint.items():
                if digest(read_regular(directory / name)) != expected:
                    raise damaged(directory / name, "its content has changed")
            with store.undisturbed():
                store._clear()
        return store

    def line(self, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return (m, c), shape [2], to the bit."""
        return np.frombuffer(bytes.fromhex(self.state.line), dtype)

    def model(self) -> Path:
        """Return the prefix of TensorFlow's checkpoint at the certain state."""
        return self.directory / next(iter(self.state.checkpoint)).split("/")[0] / f"model.ckpt-{self.state.step}"

    def commit(self, step: int, line: npt.NDArray[Any], rows: npt.NDArray[Any], save_model: SaveModel | None) -> None:
        """Make a new state certain: the rows first, TensorFlow's checkpoint then, and session.json last.

        Args:
            step: the updates made.
            line: (m, c) after them, shape [2].
            rows: those to keep since the last commit, shape [rows, 5].
            save_model: writes TensorFlow's checkpoint to a prefix.

        Raises:
            OSError: something cannot be written; the state before stays certain.
        """
        old = self.state
        new = replace(old, step=step, line=line.tobytes().hex(), versions=versions())
        with self.undisturbed():
            if len(rows):
                segment = self._write_rows(old.step, rows)
                new = replace(new, segments=old.segments + 1, chain=_chain(old.chain, [segment]))
            if save_model is not None:
                new = replace(new, checkpoint=self._write_model(step, save_model))
            self._write(new)
            if old.checkpoint != new.checkpoint:
                self._remove_model(old)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Write while nobody copies: `flock DIRECTORY/rows cp -r DIRECTORY COPY` waits for the end, and so do we."""
        import fcntl

        descriptor = os.open(self.directory / ROWS, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def rows(self, width: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return all rows so far, shape [rows, width].

        Raises:
            SessionError: a file is damaged.
        """
        parts = [_read_rows(self.directory / name).view(dtype) for name in self._segments()]
        return np.concatenate([np.empty((0, width), dtype), *parts])

    def log(self, event: str) -> None:
        """Append one line to the log."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW  # never into a file that somebody linked here
        descriptor = open_regular(self.directory / "log.txt", flags)
        try:
            os.write(descriptor, f"{now} {event}\n".encode())
        finally:
            os.close(descriptor)

    def _write(self, state: State) -> None:
        content, draft = rendered(state), self.manifest.draft_of(FILE)
        self.manifest.list(draft, state=digest(content))
        with replacing(self.directory / FILE, self.directory / draft) as file:
            file.write_bytes(content)
        self.state = state

    def _write_rows(self, first: int, rows: npt.NDArray[Any]) -> str:
        """Write rows to a file that is named after the first step it may hold and its own content."""
        file = io.BytesIO()
        np.save(file, rows if rows.dtype.kind == "f" else rows.view(np.uint16), allow_pickle=False)
        name = f"{ROWS}/{first:020d}-{digest(file.getvalue())[:32]}.npy"
        draft = self.manifest.draft_of(name)
        self.manifest.list(name, draft)
        with replacing(self.directory / name, self.directory / draft) as path:
            path.write_bytes(file.getvalue())
        return name

    def _write_model(self, step: int, save_model: SaveModel) -> dict[str, str]:
        """Write TensorFlow's checkpoint, as a directory that TensorFlow finds its way in; return its digests."""
        name, prefix = f"checkpoint-{step}", f"model.ckpt-{step}"
        while os.path.lexists(self.directory / name):  # somebody else's, or one that was just written for this step
            name += "-again"
        draft = self.manifest.draft_of(name)
        self.manifest.list(draft)
        with replacing(self.directory / name, self.directory / draft) as folder:
            folder.mkdir()
            save_model(str(folder / prefix))
            (folder / "checkpoint").write_text(f'model_checkpoint_path: "{prefix}"\n', encoding="utf-8")
            digests = {f"{name}/{file.name}": digest(file.read_bytes()) for file in sorted(folder.iterdir())}
            self.manifest.list(name, *digests)
        return digests

    def _remove_model(self, state: State) -> None:
        """Remove the files of a state's checkpoint, and their directory if nobody put anything else there."""
        for name in state.checkpoint:
            self.manifest.remove(name)
        for name in {name.split("/")[0] for name in state.checkpoint}:
            self.manifest.remove(name)

    def _segments(self) -> list[str]:
        """Return the names of the files of the rows before the certain step, in order."""
        names = [name for name in self.manifest.names if _SEGMENT.fullmatch(name)]
        return sorted({name for name in names if name < f"{ROWS}/{self.state.step:020d}"})

    def _check_rows(self) -> None:
        """Raise `SessionError` unless the files of the rows are those that were written, and hold all rows."""
        names, trains, num_rows = self._segments(), self.state.trains, 0
        if len(names) != self.state.segments or _chain("", names) != self.state.chain:
            raise damaged(self.directory / ROWS, "it lacks a file, or holds one of another session")
        for name in names:
            rows = _read_rows(self.directory / name)
            kind = "uint16" if trains["dtype"] == "bfloat16" else trains["dtype"]
            if rows.ndim != 2 or rows.shape[1] != WIDTH or rows.dtype != kind:
                raise damaged(self.directory / name, f"it must hold rows of {WIDTH} numbers of {kind}")
            num_rows += len(rows)
        if num_rows != self.state.num_rows:
            raise damaged(self.directory / ROWS, f"it must hold {self.state.num_rows} rows, got {num_rows}")

    def _clear(self) -> None:
        """Remove what this session wrote and no state knows: drafts, and files that never became certain."""
        known = [*self._segments(), *self.state.checkpoint]
        known += sorted({name.split("/")[0] for name in self.state.checkpoint})
        for name in self.manifest.names:
            if name not in known:
                self.manifest.remove(name)
        self.manifest.shorten(known)

    def _list_old(self) -> None:
        """List the files of a session of tf_gd 0.1, which had no manifest: those that its state knows."""
        row_paths = (f"{ROWS}/{file.name}" for file in (self.directory / ROWS).iterdir())
        self.manifest.names = [name for name in row_paths if _SEGMENT.fullmatch(name)]
        names, self.manifest.names = self._segments(), []
        self.manifest.create()
        folders = sorted({name.split("/")[0] for name in self.state.checkpoint})
        self.manifest.list(*names, *self.state.checkpoint, *folders)


@contextmanager
def whole_session(directory: Path) -> Iterator[None]:
    """Turn what the system says while a session is read into one line.

    Raises:
        SessionError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise damaged(Path(error.filename or directory), error.strerror or str(error)) from None


def read_state(directory: Path) -> tuple[State, bytes]:
    """Return what session.json says, and its content.

    Raises:
        SessionError: there is no session.json, or it is damaged.
    """
    with whole_session(directory):
        content = read_regular(directory / FILE)
    return parse(content, directory / FILE), content


def _read_manifest(directory: Path, content: bytes) -> Manifest:
    """Return the manifest, which must know this very session.json.

    Raises:
        SessionError: it is damaged, or the one of another session, or of another time.
    """
    try:
        manifest = Manifest.read(directory)
    except ValueError as error:
        raise damaged(Manifest(directory).path, f"{error}") from None
    if digest(content) not in manifest.states[-2:]:
        raise damaged(directory / FILE, "its content has changed, or belongs to another time than manifest.txt")
    manifest.states = [digest(content)]
    return manifest


def _chain(before: str, names: list[str]) -> str:
    for name in names:
        before = digest(f"{before}{name.rpartition('/')[2]}".encode())
    return before


def _read_rows(path: Path) -> npt.NDArray[Any]:
    with whole_session(path):
        content = read_regular(path)
    if digest(content)[:32] != path.stem.split("-")[-1]:
        raise damaged(path, "its content has changed")
    try:
        rows: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except ValueError:
        raise damaged(path, "it is no .npy file of rows") from None
    return rows
