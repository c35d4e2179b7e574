"""Subnormal numbers count as zero, as in TensorFlow's threads.

TensorFlow sets its threads' processors to flush to zero: a result that is too small for a normal number becomes zero,
and so does such an operand. NumPy leaves the processor as it is. For the same bits, the hand-written path sets the same
two flags for as long as it computes, in its own threads only.

References:
    TensorFlow, `ScopedFlushDenormal` in `denormal.h`; Intel 64 manual, volume 1, 10.2.3 (MXCSR, DAZ and FTZ).
"""

import ctypes
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

FLUSH = 0x8040  # flush-to-zero, and denormals-are-zero
MXCSR = 7  # which 32-bit word of Linux's `fenv_t` for x86-64 holds the register


@cache
def _library() -> Any:
    """Return the C library, where its floating-point environment is laid out as known here."""
    known = sys.platform == "linux" and platform.machine() == "x86_64"
    return ctypes.CDLL(None) if known and hasattr(ctypes.CDLL(None), "fesetenv") else None


def flush(on: bool = True) -> bool:
    """Let subnormal numbers count as zero in this thread, or not; return whether they did before.

    Where the machine is none that is known here, nothing is done.
    """
    library, environment = _library(), (ctypes.c_uint32 * 8)()
    if library is None or library.fegetenv(environment):
        return False
    before = environment[MXCSR]
    environment[MXCSR] = before | FLUSH if on else before & ~FLUSH
    library.fesetenv(environment)
    return before & FLUSH == FLUSH


@contextmanager
def flushed() -> Iterator[None]:
    """Let subnormal numbers count as zero in this thread, for a while.

    Example:
        >>> import numpy as np
        >>> with flushed():
        ...     tiny = np.float64(1e-300) * np.float64(1e-10)
        >>> tiny in (0.0, 1e-310), np.float64(1e-300) * np.float64(1e-10) > 0
        (True, np.True_)
    """
    before = flush()
    try:
        yield
    finally:
        flush(before)
