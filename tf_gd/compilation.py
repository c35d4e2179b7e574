"""The one way to compile in this package: Numba, without the lock of the interpreter, kept from one process to the next.

Only modules of compiled functions import Numba, through the decorators below, and they are imported when their first
function is called. Three facts about Numba's cache shape the rules:

* a closure never finds its cached code again, so every compiled function stands at the top of its module;
* cached code that calls a compiled function of another file is not renewed when that file changes, so whatever a
  compiled function calls stands in its own file;
* where no directory can be written, asking for a cache is an error, so then there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Flags = bool | set[str]

_on_compile: ContextVar[Callable[[], None] | None] = ContextVar("on_compile", default=None)


def kernel(function: Function, fastmath: Flags = False) -> Function:
    """Compile a function that Python calls: without the interpreter's lock, and cached where a cache can be written.

    Args:
        function: stands at the top of its module, as does everything compiled that it calls.
        fastmath: which rules of floating-point arithmetic the compiler may break, see Numba; none where the bits
            must be TensorFlow's.
    """
    import numba

    options = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
    try:
        compiled = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no place for a cache
        compiled = numba.njit(**options)(function)
    return compiled  # type: ignore[no-any-return]


def helper(function: Function, fastmath: Flags = False) -> Function:
    """Compile a function that is called by kernels of the same file only: it becomes a part of them."""
    import numba

    compiled = numba.njit(nogil=True, fastmath=fastmath, error_model="numpy")(function)
    return compiled  # type: ignore[no-any-return]


def prepare(compiled: Any, *arguments: Any) -> None:
    """Compile a kernel for arguments like these now, or load it from the cache; where it is ready, do nothing.

    Call this before threads start and before the processor's flags are changed. Whoever has asked to be told, with
    `announce`, is told before the compiler starts.
    """
    from numba import typeof
    from numba.core import event

    signature = tuple(typeof(argument) for argument in arguments)
    if signature in compiled.overloads:
        return
    with ExitStack() as stack:
        if told := _on_compile.get():
            stack.enter_context(event.install_listener("numba:compile", _Listener.of(told)))
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


class _Listener:
    """Make listeners to Numba's events, whose base class is there only once Numba is imported."""

    @staticmethod
    def of(told: Callable[[], None]) -> Any:
        from numba.core import event

        class Listener(event.Listener):  # type: ignore[misc]
            def on_start(self, event: Any) -> None:
                told()

            def on_end(self, event: Any) -> None:
                pass

        return Listener()
