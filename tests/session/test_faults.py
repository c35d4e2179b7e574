"""What can happen to a session on disk, each met on purpose: kills, full disks, damaged files, two at once, Ctrl-C."""

import errno
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from support.victim import problem_of

from tf_gd.descent import run
from tf_gd.errors import SessionError
from tf_gd.line import Line
from tf_gd.session import train_in
from tf_gd.session.store import Store
from tf_gd.trajectory import SERIES

VICTIM = Path(__file__).parents[1] / "support" / "victim.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(VICTIM.parent.parent)}


def bits(path):
    return [getattr(path, name).tobytes() for name in ("step", *SERIES)]


def start(directory, engine="manual", *more, **options):
    """Start a victim and wait until it is about to train."""
    command = [sys.executable, str(VICTIM), str(directory), engine, *map(str, more)]
    process = subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=ENVIRONMENT, **options)
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    """Wait for the end, and return the exit code and what was said."""
    _, said = process.communicate(timeout=300)
    return process.returncode, said


def assert_whole(directory):
    """Every file under its final name is whole: JSON that checks, rows that check, TensorFlow's files that check."""
    log = directory / "log.txt"
    if log.exists() or (directory / "session.json").exists():  # the log begins after the first state is certain
        saved = [0, *map(int, re.findall(r"saved step (\d+)", log.read_text() if log.exists() else ""))]
        assert Store.open(directory).state.step >= saved[-1]  # what was certain once stays so


@cache
def whole(engine):
    """The bits of a run that nobody disturbs."""
    return bits(run(problem_of(engine), engine))


def survive(directory, engine, rng, longest):
    """Kill a victim after a random time; return whether a copy of what it left goes on to the same bits."""
    process = start(directory, engine)
    time.sleep(rng.uniform(0.0, longest))
    process.kill()
    finish(process)
    copy = directory.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    if directory.exists():
        shutil.copytree(directory, copy)
        assert_whole(copy)
    return bits(train_in(copy, problem_of(engine), engine, resume=copy.exists())) == whole(engine)


def kill_often(tmp_path, engine, kills, longest):
    """Kill at random moments; the session goes on where the kill left it, and begins anew when it is done."""
    rng, survived, finished = random.Random(f"{engine} {kills}"), 0, 0
    directory = tmp_path / "session"
    for _ in range(kills):
        survived += survive(directory, engine, rng, longest)
        if (tmp_path / "session" / "log.txt").exists() and "ended" in (directory / "log.txt").read_text():
            shutil.rmtree(directory)
            finished += 1
    print(f"{engine}: {survived} of {kills} kills survived, with the same bits; {finished} came after the end")
    assert survived == kills


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path):
    kill_often(tmp_path, "manual", 6, 1.0)


@pytest.mark.slow
def test_killed_at_90_random_moments(tmp_path):
    kill_often(tmp_path, "manual", 90, 1.0)


@pytest.mark.slow
def test_killed_at_10_random_moments_with_tensorflow(tmp_path):
    kill_often(tmp_path, "tensorflow", 10, 8.0)


def kill_inside(tmp_path, engine, calls):
    """Kill just before the given calls that change the disk, each in a session of its own."""
    survived = 0
    for call in calls:
        directory = tmp_path / f"killed-at-{call}"
        code, said = finish(start(directory, engine, call))
        assert code == -signal.SIGKILL, said
        assert_whole(directory)
        survived += bits(train_in(directory, problem_of(engine), engine, resume=directory.exists())) == whole(engine)
        shutil.rmtree(directory)
    print(f"{engine}: {survived} of {len(calls)} kills inside the making of a session and its checkpoints survived")
    assert survived == len(calls)


def test_killed_inside_a_checkpoint(tmp_path):
    kill_inside(tmp_path, "manual", [1, 4, 13, 16, 18, 20])


@pytest.mark.slow
def test_killed_before_every_call_that_changes_the_disk(tmp_path):
    kill_inside(tmp_path, "manual", range(1, 31))


@pytest.mark.slow
def test_killed_before_every_call_with_tensorflow(tmp_path):
    kill_inside(tmp_path, "tensorflow", range(8, 28, 2))


def stopped_at(step):
    """A callback that makes the caller fail, at that step."""

    def on_progress(done, num_steps):
        if done >= step:
            raise ZeroDivisionError

    return on_progress


def half(directory, engine="manual", step=15_000):
    """Leave a session in the middle."""
    with pytest.raises(ZeroDivisionError):
        train_in(directory, problem_of(engine), engine, checkpoint_steps=500, on_progress=stopped_at(step))


def one_line(error):
    """The message, which must be one line that names the session, its requirement, the value and the next move."""
    message = str(error.value)
    assert "\n" not in message
    assert re.match(r"`session` must be .+\. Got .+\. [A-Z].+\.$", message), message
    return message


def test_a_file_size_limit_is_a_full_disk(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    process = start(tmp_path / "session", preexec_fn=limit)
    code, said = finish(process)
    last = said.splitlines()[-1]
    assert code == 1
    assert os.strerror(errno.EFBIG) in last
    assert "SessionError" in last
    assert_whole(tmp_path / "session")
    assert bits(train_in(tmp_path / "session", problem_of("manual"), "manual", resume=True)) == whole("manual")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 128 kB, for those who may mount one."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", tmp_path], capture_output=True).returncode:
        pytest.skip("only root may mount a small disk; the file-size limit above is the same fault for everybody")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_a_full_disk(small_disk, tmp_path_factory, engine):
    directory = small_disk / "session"
    with pytest.raises(SessionError) as error:
        train_in(directory, problem_of(engine), engine, checkpoint_steps=500)
    assert os.strerror(errno.ENOSPC) in one_line(error)
    step = Store.open(directory).state.step
    assert 0 < step < problem_of(engine).num_steps
    elsewhere = tmp_path_factory.mktemp("larger") / "session"
    shutil.copytree(directory, elsewhere)
    assert bits(train_in(elsewhere, problem_of(engine), engine, resume=True)) == whole(engine)


def test_a_full_disk_that_is_emptied_goes_on(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))
    with pytest.raises(SessionError):
        train_in(small_disk / "session", problem_of("manual"), "manual", checkpoint_steps=500)
    ballast.unlink()
    with pytest.raises(SessionError) as error:  # it comes further, until the disk is full again
        train_in(small_disk / "session", problem_of("manual"), "manual", resume=True, checkpoint_steps=500)
    assert os.strerror(errno.ENOSPC) in one_line(error)


def as_nobody(directory, function):
    """Call a function as a user who may read `directory` but not write to it."""
    if os.geteuid() != 0:
        os.chmod(directory, 0o555)
        return function()
    os.chmod(directory, 0o555)
    os.seteuid(65534)
    try:
        return function()
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("held", [False, True])
def test_a_directory_that_is_read_only(held, tmp_path):
    half(tmp_path / "before")  # all is imported before the rights are given away
    public = Path("/tmp") / f"tf-gd-read-only-{os.getpid()}-{held}"
    public.mkdir()
    try:
        if held:
            half(public)
        with pytest.raises(SessionError) as error:
            as_nobody(public, lambda: train_in(public, problem_of("manual"), "manual", resume=held))
        assert os.strerror(errno.EACCES) in one_line(error)
    finally:
        os.chmod(public, 0o755)
        shutil.rmtree(public)


def test_a_file_in_place_of_the_directory(tmp_path):
    (tmp_path / "session").write_text("no")
    for resume in (False, True):
        with pytest.raises(SessionError) as error:
            train_in(tmp_path / "session", problem_of("manual"), "manual", resume=resume)
        assert os.strerror(errno.ENOTDIR) in one_line(error)


@pytest.mark.corpus(2)
@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
@pytest.mark.parametrize("replaced", [False, True])
def test_the_directory_is_removed_under_it(engine, replaced, tmp_path):
    def pull_away(done, num_steps):
        if done == 5000:
            shutil.rmtree(tmp_path / "session")
            if replaced:
                half(tmp_path / "session")

    with pytest.raises(SessionError) as error:
        train_in(tmp_path / "session", problem_of(engine), engine, checkpoint_steps=500, on_progress=pull_away)
    assert ("another directory has taken its place" if replaced else os.strerror(errno.ENOENT)) in one_line(error)
    if replaced:
        assert_whole(tmp_path / "session")
    else:
        assert not (tmp_path / "session").exists()


def damages(content):
    """Yield (name, content) of damaged files: cut short, a bit turned over, emptied, or something else."""
    yield "empty", b""
    yield "foreign", b"PK\x03\x04 something else altogether"
    for cut in {1, len(content) // 2, len(content) - 1}:
        yield f"cut to {cut}", content[:cut]
    for place in np.linspace(0, len(content) - 1, 20, dtype=int):
        turned = bytearray(content)
        turned[place] ^= 1 << (place % 8)
        yield f"bit turned at {place}", bytes(turned)


@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_damaged_files_are_refused(engine, tmp_path):
    directory, tried = tmp_path / "session", 0
    half(directory, engine, 1400)
    files = [file for file in sorted(directory.rglob("*")) if file.is_file() and file.name not in ("lock", "log.txt")]
    assert len(files) == {"manual": 4, "tensorflow": 7}[engine]
    for file in files:
        content = file.read_bytes()
        for name, damaged in damages(content):
            file.write_bytes(damaged)
            with pytest.raises(SessionError) as error:
                train_in(directory, problem_of(engine), engine, resume=True)
            assert file.name in one_line(error) or file.name == "session.json", name
            tried += 1
        file.unlink()
        if file.name != "session.json":  # without it, there is no session
            with pytest.raises(SessionError):
                train_in(directory, problem_of(engine), engine, resume=True)
        file.write_bytes(content)
    print(f"{engine}: {tried} damaged files refused, of {tried}")
    assert len(train_in(directory, problem_of(engine), engine, resume=True)) > 1


@pytest.mark.corpus(4)
@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "null",
        "1",
        '{"format": 3}',
        "[" * 100_000,
        '{"checksum": "", "format": "tf_gd session 9"}',
        "\ud800",
        "{}",
    ],
)
def test_json_that_was_never_a_session(text, tmp_path):
    half(tmp_path)
    (tmp_path / "session.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(SessionError) as error:
        train_in(tmp_path, problem_of("manual"), "manual", resume=True)
    assert "session.json" in one_line(error)


@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_a_checkpoint_of_another_session_is_refused(engine, tmp_path):
    half(tmp_path / "one", engine, 1400)
    other = replace(problem_of(engine), start=Line(1.0, 1.0))
    with pytest.raises(ZeroDivisionError):
        train_in(tmp_path / "other", other, engine, checkpoint_steps=500, on_progress=stopped_at(1400))
    part = {"manual": "rows", "tensorflow": "checkpoint-*"}[engine]
    (mine,), (theirs,) = (tmp_path / "one").glob(part), (tmp_path / "other").glob(part)
    shutil.rmtree(mine)
    shutil.copytree(theirs, mine)
    with pytest.raises(SessionError) as error:
        train_in(tmp_path / "one", problem_of(engine), engine, resume=True)
    one_line(error)


def test_the_clock_goes_backwards(tmp_path, monkeypatch):
    """Only the monotonic clock decides; the other is written to the log, and never read."""
    clock = iter(range(2_000_000_000, 0, -86_400))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    half(tmp_path)
    for file in tmp_path.rglob("*"):
        os.utime(file, (4e9, 4e9))
    assert bits(train_in(tmp_path, problem_of("manual"), "manual", resume=True)) == whole("manual")


def test_two_processes_on_one_directory(tmp_path):
    directory = tmp_path / "session"
    first = start(directory)
    while not (directory / "session.json").exists():
        time.sleep(0.01)
    os.kill(first.pid, signal.SIGSTOP)  # it holds the lock, alive, for as long as it takes to look
    code, said = finish(start(directory))
    assert code == 1
    assert re.search(rf"SessionError: `session` must be .* in use by 'process {first.pid} on .*Wait until", said)
    first.kill()
    finish(first)
    assert bits(train_in(directory, problem_of("manual"), "manual", resume=True)) == whole("manual")
    assert f"left behind, without a word, by 'process {first.pid} on " in (directory / "log.txt").read_text()
    assert (directory / "lock").read_bytes() == b""


def test_two_threads_on_one_directory(tmp_path):
    """Of many that begin at once, one trains, and the others are told."""
    ended, barrier = [], threading.Barrier(8)

    def train():
        barrier.wait()
        try:
            ended.append(bits(train_in(tmp_path, problem_of("manual"), "manual")) == whole("manual"))
        except SessionError as error:
            ended.append(str(error))

    threads = [threading.Thread(target=train) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended.count(True) == 1
    assert all(said is True or "in use by" in said or "which holds a session" in said for said in ended)


def command_line(directory, num_steps=20_000_000):
    """Start `tf-gd train --session`, where Ctrl-C is not ignored, as it is in a shell."""
    options = ["--engine", "manual", "--num-steps", str(num_steps), "--record-every", "1000"]
    return subprocess.Popen(
        [sys.executable, "-m", "tf_gd", "train", "--session", str(directory), "--resume", *options],
        stdout=-1,
        stderr=-1,
        text=True,
        env=ENVIRONMENT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def interrupt_often(directory, times, signum, code):
    """Interrupt the command line at random moments after it has begun; count those that kept all and said how."""
    rng, kept, step = random.Random(times), 0, 0
    directory.mkdir()
    for _ in range(times):
        (directory / "log.txt").unlink(missing_ok=True)
        process = command_line(directory)
        while not (directory / "log.txt").exists():
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.5))
        process.send_signal(signum)
        ended, said = finish(process)
        assert (ended, said.count("\n")) == (code, 1), said
        assert said.startswith("tf-gd: error: interrupted; go on from the last saved step with --session ")
        before, step = step, json.loads((directory / "session.json").read_text())["step"]
        kept += step > before
        assert_whole(directory)
    print(f"{kept} of {times} interruptions by signal {signum} kept the steps made and said how to go on")
    assert kept == times


def test_ctrl_c_on_the_command_line(tmp_path):
    interrupt_often(tmp_path / "session", 2, signal.SIGINT, 130)


def test_sigterm_on_the_command_line(tmp_path):
    interrupt_often(tmp_path / "session", 1, signal.SIGTERM, 143)


@pytest.mark.slow
def test_ctrl_c_50_times_on_the_command_line(tmp_path):
    interrupt_often(tmp_path / "session", 50, signal.SIGINT, 130)


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    def twice(done, num_steps):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("went on after the second")

    with pytest.raises(KeyboardInterrupt):
        train_in(tmp_path, problem_of("manual"), "manual", on_progress=twice)
    assert_whole(tmp_path)
