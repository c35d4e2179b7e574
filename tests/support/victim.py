"""A process that trains in a directory, to be killed: `python tests/support/victim.py DIRECTORY ENGINE [KILL_AT]`.

With KILL_AT it kills itself, with SIGKILL, just before its KILL_AT-th call that changes what is on the disk.
"""

import os
import signal
import sys
from itertools import count

import numpy as np

from tf_gd.problem import Problem
from tf_gd.session import train_in

X = np.linspace(-2.0, 3.0, 24)
NUM_STEPS = {"manual": 30_000, "tensorflow": 30_000}


def problem_of(engine):
    """The problem that every victim carries out."""
    return Problem.of(X, np.sin(X), learning_rate=1e-4, num_steps=NUM_STEPS[engine], record_every=7)


def die_at(call):
    """Arrange to be killed before that call of fsync, rename, unlink or rmdir, or in the middle of a write."""
    calls = count(1)

    def deadly(function):
        def instead(*arguments, **options):
            if next(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return instead

    for name in ("fsync", "replace", "unlink", "rmdir", "mkdir", "ftruncate", "pwrite"):
        setattr(os, name, deadly(getattr(os, name)))


if __name__ == "__main__":
    directory, engine = sys.argv[1:3]
    if len(sys.argv) > 3:
        die_at(int(sys.argv[3]))
    print("ready", flush=True)
    train_in(directory, problem_of(engine), engine, resume=os.path.exists(directory), checkpoint_steps=500)
