"""Limits under which a library would end the process from within, where no exception comes from."""

from __future__ import annotations

import os

LEAST_MEGABYTES = 256  # of address space, for Python and NumPy alone


def little_memory() -> str | None:
    """Return what is wrong with the limit on memory; where there is one, keep NumPy's threads from taking it."""
    try:
        import resource
    except ImportError:  # not on this system
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return None
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # else 32 MB for each, and exit code 1 where there are none
    if limit < LEAST_MEGABYTES << 20:
        return f"the memory limit must be at least {LEAST_MEGABYTES} MB. Got {limit >> 20} MB. Raise it (ulimit -v)."
    return None
