"""The files of a session: the certain state, the rows so far, TensorFlow's checkpoint and the log."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tf_gd.errors import SessionError, plain
from tf_gd.session.whole_files import ASIDE, digest, flush, remove, whole

FORMAT = "tf_gd session 1"
SaveModel = Callable[[str], None]


@dataclass(frozen=True)
class State:
    """What is certain about a session; all of session.json but its checksum.

    Attributes:
        trains: what may not change; see `describe`.
        num_steps, tolerance: where it was to end when last started.
        step: the updates made.
        line: the bits of m and c after them, in hexadecimal, as the machine holds them.
        segments: the number of files in rows/.
        chain: a digest of their names, in order; each name holds a digest of the content.
        checkpoint: the files of TensorFlow's checkpoint and their SHA-256, where there is one.
    """

    trains: dict[str, Any]
    num_steps: int
    tolerance: float | None
    step: int
    line: str
    segments: int = 0
    chain: str = ""
    checkpoint: dict[str, str] = field(default_factory=dict)


class Store:
    """A session's directory; whoever uses it holds the lock.

    Args:
        directory: where.
        state: what is certain about it; see `begin` and `open`.
    """

    def __init__(self, directory: Path, state: State) -> None:
        self.directory, self.state = directory, state

    @classmethod
    def begin(cls, directory: Path, state: State) -> Store:
        """Write the first state of a new session.

        Raises:
            OSError: the directory cannot be written.
        """
        store = cls(directory, state)
        store._clear()
        (directory / "rows").mkdir(exist_ok=True)
        flush(directory)
        store._write(state)
        return store

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Read a session back, verify every byte of it, and remove what a killed process left behind.

        Raises:
            SessionError: a file is damaged, missing, or none of this session's.
        """
        store = cls(directory, _parse(directory / "session.json"))
        with whole_session(directory):
            files = store._segments()
            if len(files) != store.state.segments or _chain("", files) != store.state.chain:
                raise _damaged(directory / "rows", "it lacks a file, or holds one of another session")
            for file in files:
                _read_rows(file)
            for name, expected in store.state.checkpoint.items():
                if digest((store.model(store.state.step).parent / name).read_bytes()) != expected:
                    raise _damaged(store.model(store.state.step).parent / name, "its content has changed")
            store._clear()
        return store

    def line(self, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return (m, c), shape [2], to the bit."""
        return np.frombuffer(bytes.fromhex(self.state.line), dtype)

    def model(self, step: int) -> Path:
        """Return the prefix of TensorFlow's checkpoint after so many updates."""
        return self.directory / f"checkpoint-{step}" / f"model.ckpt-{step}"

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
        new = replace(old, step=step, line=line.tobytes().hex())
        if len(rows):
            segment = self._write_rows(old.step, rows)
            new = replace(new, segments=old.segments + 1, chain=_chain(old.chain, [segment]))
        if save_model is not None:
            new = replace(new, checkpoint=self._write_model(step, save_model))
        self._write(new)
        if old.step != step:
            remove(self.model(old.step).parent)

    def rows(self, width: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return all rows so far, shape [rows, width].

        Raises:
            SessionError: a file is damaged.
        """
        parts = [_read_rows(file).view(dtype) for file in self._segments()]
        return np.concatenate([np.empty((0, width), dtype), *parts])

    def log(self, event: str) -> None:
        """Append one line to the log."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with open(self.directory / "log.txt", "ab", buffering=0) as file:
            file.write(f"{now} {event}\n".encode())

    def _write(self, state: State) -> None:
        with whole(self.directory / "session.json") as aside:
            aside.write_bytes(_rendered(state))
        self.state = state

    def _write_rows(self, first: int, rows: npt.NDArray[Any]) -> Path:
        """Write rows to a file that is named after the first step it may hold and its own content."""
        file = io.BytesIO()
        np.save(file, rows if rows.dtype.kind == "f" else rows.view(np.uint16), allow_pickle=False)
        path = self.directory / "rows" / f"{first:020d}-{digest(file.getvalue())[:32]}.npy"
        with whole(path) as aside:
            aside.write_bytes(file.getvalue())
        return path

    def _write_model(self, step: int, save_model: SaveModel) -> dict[str, str]:
        """Write TensorFlow's checkpoint, as a directory that TensorFlow finds its way in; return its digests."""
        prefix = self.model(step)
        with whole(prefix.parent) as aside:
            aside.mkdir()
            save_model(str(aside / prefix.name))
            (aside / "checkpoint").write_text(f'model_checkpoint_path: "{prefix.name}"\n', encoding="utf-8")
            digests = {file.name: digest(file.read_bytes()) for file in sorted(aside.iterdir())}
            remove(prefix.parent)
        return digests

    def _segments(self) -> list[Path]:
        """Return the files of the rows before the certain step, in order."""
        files = (self.directory / "rows").glob("*.npy")
        return sorted(file for file in files if file.name < f"{self.state.step:020d}")

    def _clear(self) -> None:
        """Remove what no state knows: drafts, and files of steps that were made but never became certain."""
        known = {*self._segments(), self.model(self.state.step).parent if self.state.checkpoint else None}
        for pattern in (f".*{ASIDE}", f"rows/.*{ASIDE}", "rows/*.npy", "checkpoint-*"):
            for path in set(self.directory.glob(pattern)) - known:
                remove(path)


@contextmanager
def whole_session(directory: Path) -> Iterator[None]:
    """Turn what the system says while a session is read into one line.

    Raises:
        SessionError: in place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise _damaged(Path(error.filename or directory), error.strerror or str(error)) from None


def _damaged(path: Path, why: str) -> SessionError:
    return SessionError(
        f"`session` must be a directory that holds a whole session. Got {plain(str(path), 200)}: {plain(why)}. "
        "Put back a copy of the directory, or start a session in another one."
    )


def _rendered(state: State) -> bytes:
    """Return the content of session.json, its own checksum included."""
    body = {"format": FORMAT, **asdict(state)}
    checksum = digest(json.dumps(body).encode())
    return (json.dumps({**body, "checksum": checksum}, indent=2) + "\n").encode()


def _parse(path: Path) -> State:
    """Read session.json.

    Raises:
        SessionError: it is not, byte for byte, what was once written.
    """
    with whole_session(path.parent):
        content = path.read_bytes()
    try:
        body = json.loads(content)
        version, _ = body.pop("format"), body.pop("checksum")
        state = State(**body) if version == FORMAT else None
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        raise _damaged(path, "it is not the JSON that was written") from None
    if state is None:
        raise _damaged(path, f"its format is {plain(version)}, and this version reads {FORMAT!r}")
    if _rendered(state) != content:
        raise _damaged(path, "its content has changed")
    return state


def _chain(before: str, files: list[Path]) -> str:
    for file in files:
        before = digest(f"{before}{file.name}".encode())
    return before


def _read_rows(path: Path) -> npt.NDArray[Any]:
    with whole_session(path):
        content = path.read_bytes()
    if digest(content)[:32] != path.stem.split("-")[-1]:
        raise _damaged(path, "its content has changed")
    rows: npt.NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return rows
