"""A long run, watched: `python tests/support/long_run.py ENGINE STEPS` prints memory and graph, at start and end.

The start is the end of the tenth part of the steps, when every buffer has its size. With a directory as third argument
it is a session on disk, saved every hundredth part.
"""

import json
import os
import sys
from pathlib import Path
from time import monotonic

import numpy as np

from tf_gd.descent import chunks, open_engine
from tf_gd.problem import Problem
from tf_gd.session import train_in


def resident():
    """Return the memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def watch(engine, num_steps, directory=None):
    """Descend `num_steps` steps over 24 points; return what was seen, and print on the way."""
    x = np.linspace(-1.0, 1.0, 24)
    problem = Problem.of(
        x, 2.0 * x + 1.0, learning_rate=1e-12, num_steps=num_steps, record_every=max(1, num_steps // 1000)
    )
    seen, kept, began = [], [], monotonic()

    def look(done):
        if done >= num_steps * (len(seen) + 1) // 10:
            seen.append(resident())
            print(f"{done:,} steps, {monotonic() - began:.0f} s, {seen[-1] / 1e6:.1f} MB", file=sys.stderr, flush=True)

    if directory is not None:
        path = train_in(directory, problem, engine, checkpoint_steps=num_steps // 100, on_progress=lambda k, _: look(k))
        return {"steps": path.num_steps, "rows": len(path), "start": seen[0], "end": seen[-1]}
    with open_engine(problem, engine) as descends:
        operations = len(descends.graph.get_operations()) if engine == "tensorflow" else 0
        for chunk in chunks(descends, problem, problem.start):
            kept += [chunk.kept] if len(chunk.kept) else []
            look(chunk.done)
        grown = (len(descends.graph.get_operations()) if engine == "tensorflow" else 0) - operations
    result = {"steps": chunk.done, "rows": sum(map(len, kept)) + 1, "start": seen[0], "end": seen[-1]}
    return result | {"operations": operations, "operations added": grown}


if __name__ == "__main__":
    print(json.dumps(watch(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])))
