"""How long a command takes to be there."""

import subprocess
import sys

from benchmarks.measuring import side_by_side
from benchmarks.table import Table, ratios

NUMPY = 'python -c "import numpy"'
COMMANDS = {
    NUMPY: ["-c", "import numpy"],
    "tf-gd --help": ["-m", "tf_gd", "--help"],
    "tf-gd train --engine manual": ["-m", "tf_gd", "train", "--engine", "manual"],
    "tf-gd train --engine moments": ["-m", "tf_gd", "train", "--engine", "moments"],
    "tf-gd train": ["-m", "tf_gd", "train"],
}


def measure(*, rounds: int, **_: int) -> Table:
    """Return the seconds of each command on the 24 points of the bundled sample."""
    calls = {name: lambda arguments=arguments: _run(arguments) for name, arguments in COMMANDS.items()}
    return Table(
        "Start-up",
        ["", "time", f"as a multiple of {NUMPY}"],
        ratios(side_by_side(calls, rounds), NUMPY),
        reference=NUMPY,
        note="All on the 24 points of the Hubble sample. The last one loads TensorFlow, and compares every bit.",
    )


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
