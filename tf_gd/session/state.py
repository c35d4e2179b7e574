"""What is certain about a session: session.json, every field of which has its type, its range and its relations."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tf_gd.errors import SessionError, plain
from tf_gd.validation import DTYPES, MOST_STEPS, check_dtype

FILE = "session.json"
FORMAT, OLD_FORMAT = "tf_gd session 2", "tf_gd session 1"
MOST_BYTES = 1_000_000  # a session.json has about two thousand


@dataclass(frozen=True)
class State:
    """All of session.json but its format and its checksum.

    Attributes:
        trains: what may not change; see `describe`.
        num_steps, tolerance: where it was to end when last started.
        step: the updates made.
        line: the bits of m and c after them, in hexadecimal, as the machine holds them.
        segments: the number of files in rows/.
        chain: a digest of their names, in order; each name holds a digest of the content.
        checkpoint: the files of TensorFlow's checkpoint, with their directory, and their SHA-256, where there is one.
        versions: of this package, Python, TensorFlow and NumPy when it was written.
    """

    trains: dict[str, Any]
    num_steps: int
    tolerance: float | None
    step: int
    line: str
    segments: int = 0
    chain: str = ""
    checkpoint: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def num_rows(self) -> int:
        """How many rows must be in the files of rows/: those that are recorded before `step`."""
        return -(-self.step // int(self.trains["record_every"]))


def digest(data: bytes) -> str:
    """Return the SHA-256 of `data`, in hexadecimal.

    Example:
        >>> digest(b"")[:12]
        'e3b0c44298fc'
    """
    return hashlib.sha256(data).hexdigest()


def rendered(state: State) -> bytes:
    """Return the content of session.json, its own checksum included."""
    return _sealed({"format": FORMAT, **asdict(state)})


def _sealed(body: dict[str, Any]) -> bytes:
    checksum = digest(json.dumps(body).encode())
    return (json.dumps({**body, "checksum": checksum}, indent=2) + "\n").encode()


def parse(content: bytes, path: Path) -> State:
    """Return the state that a session.json holds; one of tf_gd 0.1 too.

    Raises:
        SessionError: it is not, byte for byte, what was once written, or not a state that can be.
    """
    try:
        body: Any = json.loads(content) if len(content) <= MOST_BYTES else None
        version = body["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise damaged(path, "it is not the JSON that was written") from None
    _refuse_newer(version, path)
    if version not in (FORMAT, OLD_FORMAT):
        raise damaged(path, f"its format is {plain(version)}, and this version reads {FORMAT!r}")
    body.pop("checksum", None)
    if _sealed(body) != content:
        raise damaged(path, "its content has changed")
    del body["format"]
    if version == OLD_FORMAT:
        body = _updated(body, path)
    for name, (requirement, holds) in FIELDS.items():
        if name not in body or not _holds(holds, body, name):
            got = plain(body[name]) if name in body else "nothing"
            raise damaged(path, f"`{name}` must be {requirement}, got {got}")
    if unknown := set(body) - set(FIELDS):
        raise damaged(path, f"no session has {plain(min(unknown))}")
    return State(**body)


def _refuse_newer(version: Any, path: Path) -> None:
    number = re.fullmatch(r"tf_gd session (\d{1,9})", version) if isinstance(version, str) else None
    if number and int(number[1]) > int(FORMAT.rsplit(" ", 1)[1]):
        raise SessionError(
            f"`session` must be a directory whose files this version can read. Got {plain(str(path), 200)}, written by "
            f"a newer tf_gd ({plain(version)}). Go on with that version, or start a session in another directory."
        )


def _updated(body: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the fields of a session of tf_gd 0.1 as those of today."""
    checkpoint, step = body.get("checkpoint"), body.get("step")
    if not isinstance(checkpoint, dict):
        raise damaged(path, "`checkpoint` must be the digests of TensorFlow's files")
    if "versions" in body:
        raise damaged(path, f"no session of {OLD_FORMAT!r} has `versions`")
    files = {f"checkpoint-{step}/{name}": value for name, value in checkpoint.items()}
    return {**body, "checkpoint": files, "versions": {"tf_gd": "0.1"}}


def damaged(path: Path, why: str) -> SessionError:
    """Return the error for a session of which something is not as it was written."""
    return SessionError(
        f"`session` must be a directory that holds a whole session. Got {plain(str(path), 200)}: {plain(why, 200)}. "
        "Put back a copy of the directory, made while nobody wrote in it, or start a session in another one."
    )


FieldTest = Callable[[Any, dict[str, Any]], bool]


def _holds(test: FieldTest, body: dict[str, Any], name: str) -> bool:
    """Whether a field passes its test; a test that fails on what it gets is not passed."""
    try:
        return test(body[name], body)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _is_count(value: Any, least: int = 0, most: int = MOST_STEPS) -> bool:
    return type(value) is int and least <= value <= most


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_description(value: Any, _: dict[str, Any]) -> bool:
    engines, kinds = ("tensorflow", "manual", "moments"), DTYPES
    return value["engine"] in engines and value["dtype"] in kinds and _is_count(value["record_every"], least=1)


def _is_line(value: Any, body: dict[str, Any]) -> bool:
    return re.fullmatch(f"[0-9a-f]{{{4 * check_dtype(body['trains']['dtype']).itemsize}}}", value) is not None


def _is_tolerance(value: Any, _: dict[str, Any]) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value) and value >= 0)


def _is_checkpoint(value: dict[str, str], body: dict[str, Any]) -> bool:
    """TensorFlow's engine has one for its step, from the first step on; no other has."""
    if body["trains"]["engine"] != "tensorflow" or not value:
        return value == {} and (body["trains"]["engine"] != "tensorflow" or body["step"] == 0)
    name = re.compile(rf"(checkpoint-{body['step']}(?:-again)*)/[\w.-]+")
    folders = {match[1] for match in map(name.fullmatch, value) if match}
    return len(folders) == 1 and all(map(name.fullmatch, value)) and all(map(_is_digest, value.values()))


def _is_versions(value: dict[str, str], _: dict[str, Any]) -> bool:
    texts = all(isinstance(text, str) and len(text) < 100 for text in (*value, *value.values()))
    return texts and "tf_gd" in value  # the others are told only where they are known


FIELDS: dict[str, tuple[str, FieldTest]] = {
    "trains": ("a description of a descent", _is_description),
    "step": ("a whole number, 0 or above", lambda value, _: _is_count(value)),
    "num_steps": ("a whole number, not under `step`", lambda value, body: _is_count(value, least=body["step"])),
    "tolerance": ("null, or a finite number, 0 or above", _is_tolerance),
    "line": ("the bits of m and c", _is_line),
    "segments": (
        "a whole number, with at most one file for each row",
        lambda value, body: _is_count(value, least=min(1, body["step"]), most=body["step"]),
    ),
    "chain": (
        "a SHA-256, or empty where there are no rows",
        lambda value, body: _is_digest(value) if body["segments"] else value == "",
    ),
    "checkpoint": ("the digests of TensorFlow's checkpoint for this step", _is_checkpoint),
    "versions": ("versions by name", _is_versions),
}
"""What each field must be, in words, and the test of it, which is given the whole body for its relations."""
