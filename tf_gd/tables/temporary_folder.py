"""A place for what is unpacked or copied while a file is read."""

from __future__ import annotations

import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType


class Aside:
    """A temporary directory, made when it is first needed and gone at the end."""

    @cached_property
    def folder(self) -> Path:
        """The directory."""
        self._made = tempfile.TemporaryDirectory(prefix="tf-gd-")
        return Path(self._made.name)

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if "folder" in self.__dict__:
            self._made.cleanup()
