"""What a job of 10^12 rows would cost, computed from what a small one is measured to cost."""

import json
import pickle
import tempfile
from pathlib import Path

from benchmarks.parquet import fastest, make
from benchmarks.readers import OURS
from benchmarks.table import Table
from tf_gd.moments.files import moments_of_files

ROWS = 10**12
ROWS_A_FILE = 10**8
WORKERS = 100


def measure(*, rows: int, rounds: int, **_: int) -> Table:
    """Return the plan for 10^12 rows."""
    with tempfile.TemporaryDirectory() as folder:
        file, truth = make(Path(folder), rows, 10**9)
        run = fastest((file, truth), rounds)[OURS]
        bytes_a_row = file.stat().st_size / rows
        reading = moments_of_files(file, "x", "y")
    sent, text = len(pickle.dumps(reading)), len(json.dumps(reading.moments.to_dict()))
    files = ROWS // ROWS_A_FILE
    seconds = run["seconds"] / rows * ROWS
    plan = {
        "bytes read": f"{bytes_a_row * ROWS / 1e12:.1f} TB, {bytes_a_row:.1f} bytes a row, once",
        "bytes sent": f"{sent * files / 1e6:.1f} MB: {sent} bytes a file of {ROWS_A_FILE:,} rows ({text} as JSON)",
        "memory a worker": f"{run['peak'] / 1e6:,.0f} MB, whatever the number of rows",
        "time": f"{seconds / 3600:.1f} hours on one such machine, {seconds / WORKERS / 60:.1f} minutes on {WORKERS}",
        "a descent afterwards": "no further reading, whatever the number of steps",
    }
    return Table("The plan for 10^12 rows", ["", "costs"], {name: [text] for name, text in plan.items()}, "", drawn=0)
