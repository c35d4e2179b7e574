"""The one way to compile in this package: Numba, without the interpreter's lock, cached from process to process.

Only modules of compiled functions import Numba, through the decorators below, and they are imported when their first
function is called. Four facts about Numba's cache shape the rules:

* a closure never finds its cached code again, so every compiled function stands at the top of its module;
* cached code that calls a compiled function of another file is not renewed when that file changes, so whatever a
  compiled function calls stands in its own file;
* beside the source it outlives an uninstalled package, and what is left of the package's directory then hides a copy
  that is installed from elsewhere; so it stands in the user's cache directory, or in NUMBA_CACHE_DIR;
* where no directory can be written, asking for a cache is an error, so then there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from tempfile import TemporaryFile
from typing import Any, TypeVar

Compiled = TypeVar("Compiled", bound=Callable[..., Any])
Flags = bool | set[str]

_on_compile: ContextVar[Callable[[], None] | None] = ContextVar("on_compile", default=None)


def kernel(function: Compiled, fastmath: Flags = False) -> Compiled:
    """Compile a function that Python calls: without the interpreter's lock, and cached where a cache can be written.

    Args:
        function: stands at the top of its module, as does everything compiled that it calls.
        fastmath: which rules of floating-point arithmetic the compiler may break, see Numba; none where the bits
            must be TensorFlow's.
    """
    with _cache_directory() as there_is_one:
        return _njit(function, fastmath=fastmath, cache=there_is_one)


def helper(function: Compiled, fastmath: Flags = False) -> Compiled:
    """Compile a function that is called by kernels of the same file only: it becomes a part of them."""
    return _njit(function, fastmath=fastmath)


@contextmanager
def _cache_directory() -> Iterator[bool]:
    """Let Numba choose the user's cache directory for what is decorated here; false if nothing can be written there."""
    config: Any = import_module("numba.core.config")
    appdirs: Any = import_module("numba.misc.appdirs")
    chosen = config.CACHE_DIR  # NUMBA_CACHE_DIR, or empty
    directory = chosen or appdirs.AppDirs("tf_gd", appauthor=False).user_cache_dir
    try:
        os.makedirs(directory, exist_ok=True)
        TemporaryFile(dir=directory).close()
    except OSError:
        yield False
        return
    config.CACHE_DIR = directory
    try:
        yield True
    finally:
        config.CACHE_DIR = chosen


def _njit(function: Compiled, **options: Any) -> Compiled:
    numba: Any = import_module("numba")
    compiled: Compiled = numba.njit(nogil=True, error_model="numpy", **options)(function)
    return compiled


def prepare(compiled: Any, *arguments: Any) -> None:
    """Compile a kernel for arguments like these now, or load it from the cache; where it is ready, do nothing.

    Call this before threads start and before the processor's flags are changed. Whoever has asked to be told, with
    `announce`, is told before the compiler starts.
    """
    numba: Any = import_module("numba")
    signature = tuple(numba.typeof(argument) for argument in arguments)
    if signature in compiled.overloads:
        return
    told = _on_compile.get()
    with _listening(told) if told else nullcontext():
        try:
            compiled.compile(signature)
        except OSError:  # it is compiled, but the cache cannot be written
            if signature not in compiled.overloads:
                raise


@contextmanager
def announce(on_compile: Callable[[], None]) -> Iterator[None]:
    """Call `on_compile` before the first compilation in this block; code from the cache is not compiled."""
    waiting = [on_compile]

    def once() -> None:
        if waiting:
            waiting.pop()()

    token = _on_compile.set(once)
    try:
        yield
    finally:
        _on_compile.reset(token)


def _listening(told: Callable[[], None]) -> Any:
    """Return a context in which `told` is called when Numba starts to compile."""
    event: Any = import_module("numba.core.event")

    class Listener(event.Listener):  # type: ignore[misc]  # Numba's class, made when Numba is there
        def on_start(self, event: Any) -> None:
            told()

        def on_end(self, event: Any) -> None:
            pass

    return event.install_listener("numba:compile", Listener())
