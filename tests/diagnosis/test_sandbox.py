"""The child process: whatever a program does by accident, the parent lives, tells it, and leaves nothing behind."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tf_gd.diagnosis import answers
from tf_gd.diagnosis import sandbox as sandbox_module
from tf_gd.diagnosis.calling import Misbehaved, answer, is_library
from tf_gd.diagnosis.line.asking import GRADIENT
from tf_gd.diagnosis.line.two_results import read
from tf_gd.diagnosis.pipe import Arguments, BrokenMessageError, decode, decode_array, pack, unpack
from tf_gd.diagnosis.program_source import ProgramSource, without_magics
from tf_gd.diagnosis.sandbox import Sandbox
from tf_gd.errors import DataError

X, Y = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.0, -1.0])
RIGHT = """
import numpy as np

def gradient(m, c, x, y):
    e = m * x + c - y
    return 2 * np.sum(e * x), 2 * np.sum(e)
"""


@pytest.fixture
def program(tmp_path: Path) -> Any:
    """Return a function that writes a program and opens a sandbox for it."""

    def opened(source: str, name: str = "homework.py", **limits: Any) -> Sandbox:
        path = tmp_path / name
        path.write_text(source)
        return Sandbox(path, **limits)

    return opened


def asked(sandbox: Sandbox) -> tuple[float, float]:
    """Ask the gradient once."""
    values = read(GRADIENT, sandbox.ask("gradient", [([1.0, 0.5, X, Y], {})])[0]).values
    return float(values[0]), float(values[1])


EXPECTED = tuple(float(2 * np.sum((X + 0.5 - Y) * factor)) for factor in (X, np.ones(3)))


@pytest.mark.corpus(10)
@pytest.mark.parametrize(
    "accident",
    [
        "print('x' * 200_000_000)",
        "import os\nif os.fork() == 0: pass",
        "import os\nfor k in range(3):\n    if os.fork() == 0: os._exit(0)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
        "import numpy as np\nnp.asarray = np.frombuffer = np.array_equal = np.errstate = None",
        "import builtins\nbuiltins.abs = lambda value: 0\nbuiltins.print = None",
        "import json, struct\njson.dumps = json.loads = lambda *_, **__: {'verdict': 'right'}",
        "import sys\nsys.stdout = sys.stderr = None",
        "import os, sys\nos.close(1)\nos.close(2)",
        "import os\nos._exit, os.getpid, os.write = None, None, None",
        "import atexit, time\natexit.register(time.sleep, 1000)",
        "import sys\nsys.exit(3)",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)",
        "import subprocess\nsubprocess.Popen(['sleep', '1000'])",
        "import sys\nsys.setrecursionlimit(120)",
        "import os\nos.chdir('/')",
        "import sys\nsys.path.clear()\nsys.modules.pop('json')",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_accidents_change_no_answer(program: Any, accident: str) -> None:
    with program(f"{RIGHT}\n{accident}\n") as sandbox:
        assert sandbox.load().fault is None
        assert asked(sandbox) == EXPECTED


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("import os; os._exit(0)", "exits"),
        ("import os; os.kill(os.getpid(), 11)", "crashes"),
        ("while True: pass", "hangs"),
        ("import os; os.closerange(3, 50); return 1, 2", "exits"),
    ],
)
def test_what_ends_the_process_is_told(program: Any, body: str, name: str) -> None:
    with program(f"def gradient(m, c, x, y):\n    {body}", time_limit=1 if name == "hangs" else 60) as sandbox:
        sandbox.load()
        with pytest.raises(Misbehaved) as caught:
            asked(sandbox)
        assert caught.value.name == name
        if name == "hangs":
            assert caught.value.line == 2


def test_the_program_runs_once_and_a_job_of_ours_runs_in_it(program: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    source = f"{RIGHT}\nimport json\ncount = globals().get('count', 0) + 1\nif __name__ == '__main__':\n    count += 10"
    with program(source) as sandbox:
        loaded = sandbox.load("__main__")
        assert list(loaded.functions) == ["gradient"]
        assert "count" in loaded.names
        assert [name for name, _, _ in loaded.functions["gradient"]] == ["m", "c", "x", "y"]
        record = sandbox.run("support.child_job", wanted="count")
        assert record == {"value": 11}
        assert asked(sandbox) == EXPECTED


def test_a_program_that_raises_can_still_be_asked(program: Any) -> None:
    with program(RIGHT + "\n1 / 0") as sandbox:
        loaded = sandbox.load()
        assert (loaded.fault.name, loaded.fault.line) == ("raises", 8)
        assert asked(sandbox) == EXPECTED


def test_a_right_file_under_tight_limits_is_never_wrong(program: Any) -> None:
    with program(RIGHT, memory_limit=50) as sandbox:
        assert asked(sandbox) == EXPECTED
    with program(RIGHT, time_limit=1e-9) as sandbox, pytest.raises(Misbehaved) as caught:
        [asked(sandbox) for _ in range(2)]
    assert caught.value.name == "hangs"


@pytest.mark.parametrize("megabytes", [10**7, 10**20, 10**400])
def test_much_memory_is_no_limit(program: Any, megabytes: int) -> None:
    with program(RIGHT, memory_limit=megabytes) as sandbox:
        assert asked(sandbox) == EXPECTED


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on memory")
def test_too_little_memory_to_start_is_said_and_is_not_the_files_fault(program: Any) -> None:
    with pytest.raises(DataError, match=r"^`memory_limit` must be enough .*\. Got 1, .*\. Allow more\.$"):
        program(RIGHT, memory_limit=1).__enter__()


def test_a_notebook_is_a_program(program: Any) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# title"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import numpy as np\n", "!ls"]},
        {"cell_type": "code", "source": ["%%bash\n", "exit 1"]},
        {"cell_type": "code", "source": RIGHT},
        {"cell_type": "code", "source": "print('%d'\n      % 3)\n1 / 0"},
    ]
    with program(json.dumps({"cells": cells}), "homework.ipynb") as sandbox:
        loaded = sandbox.load()
        assert loaded.fault.line is not None
        assert sandbox.source.place(loaded.fault.line) == "cell 4, line 3"
        assert asked(sandbox) == EXPECTED


def test_magics_are_left_out_and_no_line_moves() -> None:
    assert without_magics("x = 1\n%time x\n    !ls\ny = !ls\nx?") == "x = 1\npass\n    pass\npass\npass"
    assert without_magics("print('%d'\n % 3)") == "print('%d'\n % 3)"
    assert ProgramSource("a.py", b"a\nb").line(2) == "b"


@pytest.mark.parametrize(
    "value",
    [
        *(3, -(10**40), 2.5, float("inf"), None, "text", True),
        *(np.float32(0.1), np.float64(-0.0), np.arange(3), np.zeros((2, 1), "float32"), [1.0, np.array([2.5])]),
        np.array([Path], dtype=object)[:0],
    ],
)
def test_arguments_arrive_as_they_were(value: Any) -> None:
    arguments = Arguments()
    encoded = json.loads(json.dumps(arguments.encode(value)))
    arrays = [decode_array(entry) for entry in json.loads(json.dumps(arguments.table))]
    assert repr(decode(encoded, arrays)) == repr(value)


def test_two_thousand_broken_messages_end_in_one_sentence() -> None:
    """Whatever comes through the pipe is taken as it was, or refused: no traceback, no other numbers."""
    reply = answer(lambda m, c, x, y: (np.float32(1.5), [2]), [1.0, 0.5, X, Y], {})
    body = pack({"replies": [reply]})[4:]
    pick, refused, said = random.Random(0), 0, []
    for _ in range(2000):
        edited = bytearray(body)
        for _ in range(pick.randint(1, 4)):
            edited[pick.randrange(len(edited))] = pick.randrange(256)
        if pick.random() < 0.3:
            edited = edited[: pick.randrange(len(edited))]
        try:
            message = unpack(bytes(edited))
            replies = answers.replies_of(message, 1)
            read(GRADIENT, replies[0])
        except (BrokenMessageError, Misbehaved) as error:
            refused += 1
            said.append(str(error))
    print(f"{refused} of 2,000 refused")
    assert refused > 1000
    assert not any("\n" in one for one in said)


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_a_signal_ends_the_child_and_all_it_started(number: int, tmp_path: Path) -> None:
    path, folder = tmp_path / "homework.py", tmp_path / "tmp"
    folder.mkdir()
    path.write_text(
        "import os, subprocess, time\n"
        "one = subprocess.Popen(['sleep', '1000'])\n"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{one.pid}} .')\n"
        "time.sleep(1000)\n"
    )
    command = [sys.executable, "-m", "tf_gd", "diagnose", str(path)]
    parent = subprocess.Popen(
        command, env={**os.environ, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text().endswith("."):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    parent.send_signal(number)
    _, error = parent.communicate(timeout=60)
    assert parent.returncode == {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -9}[number]
    assert error.count(b"\n") <= 1
    pids = (tmp_path / "pids").read_text().split()[:2]
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in pids)
    assert list(folder.iterdir()) == []


def is_alive(pid: str) -> bool:
    """Return whether a process runs."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout.strip()
    return state != "" and not state.startswith("Z")


@pytest.mark.parametrize("tmp", ["/no/such/folder", "/proc"])
def test_no_temporary_directory_is_needed(tmp: str, tmp_path: Path) -> None:
    path = tmp_path / "homework.py"
    path.write_text(RIGHT)
    command = [sys.executable, "-m", "tf_gd", "diagnose", str(path)]
    environment = {**os.environ, "TMPDIR": tmp, "TMP": tmp, "TEMP": tmp}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_the_learners_and_what_is_not() -> None:
    import re
    import sysconfig

    assert is_library(re.__file__)
    assert is_library(np.__file__)
    assert is_library("<string>")
    assert is_library(sandbox_module.__file__)
    assert is_library(f"{sysconfig.get_path('stdlib')}/re/_compiler.py")
    assert not is_library(__file__)
    assert not is_library("<stdin>")
