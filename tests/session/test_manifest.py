"""A session removes only what it wrote: files of others stay, whatever their names, and what is lost is told."""

import hashlib
import json
import os
import shutil
import subprocess
import threading
import warnings

import pytest
from support.victim import problem_of

from tf_gd.cli import run as run_command
from tf_gd.descent import run
from tf_gd.errors import SessionError, SessionWarning
from tf_gd.session import train_in
from tf_gd.session.state import rendered
from tf_gd.session.store import Store
from tf_gd.trajectory import SERIES

STRANGERS = [
    "notes.txt",
    ".my.aside",
    ".session.json.aside",
    ".session.json.0123456789ab",
    "rows/my.npy",
    "rows/0-mine.npy",
    "rows/00000000000000000000-0123456789abcdef0123456789abcdef.npy",
    "rows/.mine.aside",
    "rows/deep/file",
    "checkpoint-mine/model",
    "checkpoint-30000/model.ckpt-30000.index",
    "checkpoint-1000-copy/checkpoint",
    "model.ckpt-1",
    "manifest.txt.bak",
]


def bits(path):
    return [getattr(path, name).tobytes() for name in ("step", *SERIES)]


def content(folder):
    """Every file below a folder, with what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def half(directory, engine="manual", step=1400):
    """Leave a session in the middle."""

    def stop(done, num_steps):
        if done >= step:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        train_in(directory, problem_of(engine), engine, checkpoint_steps=500, on_progress=stop)


def put(directory, names):
    """Put files of somebody else into a directory, some into directories of their own."""
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(f"mine: {name}")


@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_resuming_leaves_files_of_others_untouched(engine, tmp_path):
    half(tmp_path, engine)
    put(tmp_path, STRANGERS)
    if engine == "tensorflow":
        put(tmp_path, ["checkpoint-1000/mine"])  # inside one that is about to be removed
    before = {name: text for name, text in content(tmp_path).items() if text.startswith(b"mine")}
    assert bits(train_in(tmp_path, problem_of(engine), engine, resume=True)) == bits(run(problem_of(engine), engine))
    after = content(tmp_path)
    assert {name: after.get(name) for name in before} == before
    again = train_in(tmp_path, problem_of(engine), engine, resume=True)
    assert bits(again) == bits(run(problem_of(engine), engine))


@pytest.mark.parametrize("name", [*STRANGERS, "log.txt", "lock", "rows", "manifest.txt", "rows/empty/"])
@pytest.mark.parametrize("resume", [False, True])
def test_a_new_session_wants_a_new_or_empty_directory(name, resume, tmp_path):
    if name.endswith("/"):
        (tmp_path / name).mkdir(parents=True)
    else:
        put(tmp_path, [name])
    before, names = content(tmp_path), sorted(tmp_path.rglob("*"))
    with pytest.raises(SessionError, match=r"^`session` must be .* Choose another directory"):
        train_in(tmp_path, problem_of("manual"), "manual", resume=resume)
    assert (content(tmp_path), sorted(tmp_path.rglob("*"))) == (before, names)


def test_links_into_a_new_session_are_not_followed(tmp_path):
    (tmp_path / "mine").write_text("process 1 on it")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(SessionError):
        train_in(tmp_path / "run", problem_of("manual"), "manual")
    (tmp_path / "run" / "lock").unlink()
    half(tmp_path / "run")
    for name in ("lock", "log.txt"):
        (tmp_path / "run" / name).unlink()
        (tmp_path / "run" / name).symlink_to(tmp_path / "mine")
        with pytest.raises(SessionError):
            train_in(tmp_path / "run", problem_of("manual"), "manual", resume=True)
        (tmp_path / "run" / name).unlink()
    assert (tmp_path / "mine").read_text() == "process 1 on it"


@pytest.mark.parametrize("name", ["session.json", "manifest.txt", "lock", "log.txt", "rows"])
def test_a_pipe_in_place_of_a_file_is_refused_and_nobody_waits(name, tmp_path):
    half(tmp_path)
    path = min((tmp_path / "rows").iterdir()) if name == "rows" else tmp_path / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(SessionError, match=r"^`session` must be "):
        train_in(tmp_path, problem_of("manual"), "manual", resume=True)


@pytest.mark.parametrize("text", ["{}", '{"format": "tf_gd session 3"}', "[1, 2]", "", "my own session\n"])
def test_a_session_of_something_else_is_left_as_it_is(text, tmp_path):
    (tmp_path / "session.json").write_text(text)
    for resume in (True, False):
        with pytest.raises(SessionError):
            train_in(tmp_path, problem_of("manual"), "manual", resume=resume)
    assert content(tmp_path) == {"session.json": text.encode()}


@pytest.mark.corpus(6)
@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
@pytest.mark.parametrize("lost", [["session.json"], ["manifest.txt"], ["session.json", "manifest.txt"],
                                  ["session.json", "log.txt"], ["rows"]])  # fmt: skip
def test_lost_bookkeeping_is_refused_and_nothing_removed(engine, lost, tmp_path):
    half(tmp_path, engine)
    for name in lost:
        path = tmp_path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = content(tmp_path)
    for resume in (True, False):
        with pytest.raises(SessionError):
            train_in(tmp_path, problem_of(engine), engine, resume=resume)
    assert {**content(tmp_path), "lock": b""} == {**before, "lock": b""}


def test_a_manifest_that_is_cut_short_removes_nothing_of_others(tmp_path):
    half(tmp_path / "whole")
    put(tmp_path / "whole", STRANGERS)
    text = (tmp_path / "whole" / "manifest.txt").read_bytes()
    wanted, gone_on = bits(run(problem_of("manual"), "manual")), 0
    refused, cuts = 0, [*range(0, len(text), 61), len(text) - 1]
    for cut in cuts:
        directory = tmp_path / str(cut)
        shutil.copytree(tmp_path / "whole", directory)
        (directory / "manifest.txt").write_bytes(text[:cut])
        try:
            assert bits(train_in(directory, problem_of("manual"), "manual", resume=True)) == wanted
            gone_on += 1
        except SessionError as error:
            refused += "\n" not in str(error)
        assert all((directory / name).read_text() == f"mine: {name}" for name in STRANGERS)
        shutil.rmtree(directory)
    assert gone_on + refused == len(cuts)
    print(f"{gone_on} manifests that were cut short went on to the same bits, {refused} were refused")


@pytest.mark.parametrize("command", [["cp", "-r"]])
def test_a_copy_that_waits_its_turn_is_a_whole_session(command, tmp_path):
    """As documented: `flock DIRECTORY/rows cp -r DIRECTORY COPY`, any time."""
    wanted, copies = bits(run(problem_of("manual"), "manual")), []
    (tmp_path / "copies").mkdir()

    def copy():
        while training.is_alive() and len(copies) < 12:
            target = tmp_path / "copies" / str(len(copies))
            subprocess.run(["flock", tmp_path / "run" / "rows", *command, tmp_path / "run", target], check=True)
            copies.append(target)

    def train():
        train_in(tmp_path / "run", problem_of("manual"), "manual", checkpoint_steps=200)

    training = threading.Thread(target=train)
    training.start()
    while not (tmp_path / "run" / "log.txt").exists():
        pass
    copy()
    training.join()
    steps = [Store.open(target).state.step for target in copies]
    assert all(bits(train_in(target, problem_of("manual"), "manual", resume=True)) == wanted for target in copies[:4])
    print(f"{len(copies)} copies made while it ran, at steps {steps}, all of them whole")


def test_a_copy_that_does_not_wait_is_whole_or_refused_in_one_line(tmp_path):
    wanted, outcomes = bits(run(problem_of("manual"), "manual")), []

    def copy(done, num_steps):
        if done % 3000 == 0:
            target = tmp_path / str(done)
            shutil.copytree(tmp_path / "run", target)
            if done % 2000 == 0:  # as if session.json had been copied later than all the rest
                later.append(target)

    later = []
    train_in(tmp_path / "run", problem_of("manual"), "manual", checkpoint_steps=500, on_progress=copy)
    for target in later:
        shutil.copy(tmp_path / "run" / "session.json", target)
    for target in tmp_path.iterdir():
        if target.name != "run":
            try:
                outcomes.append(bits(train_in(target, problem_of("manual"), "manual", resume=True)) == wanted)
            except SessionError as error:
                outcomes.append("made while nobody wrote in it" in str(error))
    assert all(outcomes)


def test_a_session_inside_a_session(tmp_path):
    half(tmp_path / "run")
    before = bits(train_in(tmp_path / "run" / "inner", problem_of("manual"), "manual"))
    assert bits(train_in(tmp_path / "run", problem_of("manual"), "manual", resume=True)) == before
    assert bits(train_in(tmp_path / "run" / "inner", problem_of("manual"), "manual", resume=True)) == before
    with pytest.raises(SessionError):
        train_in(tmp_path / "run" / "rows", problem_of("manual"), "manual")


def as_of_0_1(directory):
    """Turn a session into one as tf_gd 0.1 wrote them."""
    body = json.loads((directory / "session.json").read_text())
    del body["checksum"], body["versions"]
    body["format"] = "tf_gd session 1"
    body["checkpoint"] = {name.split("/")[1]: value for name, value in body["checkpoint"].items()}
    checksum = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (directory / "session.json").write_text(json.dumps({**body, "checksum": checksum}, indent=2) + "\n")
    (directory / "manifest.txt").unlink()


@pytest.mark.parametrize("engine", ["manual", "tensorflow"])
def test_a_session_of_0_1_goes_on(engine, tmp_path):
    half(tmp_path, engine)
    as_of_0_1(tmp_path)
    put(tmp_path, ["rows/my.npy", ".my.aside", "checkpoint-9/model"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SessionWarning)
        path = train_in(tmp_path, problem_of(engine), engine, resume=True)
    assert bits(path) == bits(run(problem_of(engine), engine))
    assert (tmp_path / "rows" / "my.npy").exists()
    assert (tmp_path / ".my.aside").exists()
    assert (tmp_path / "checkpoint-9" / "model").exists()


def test_other_versions_are_told(tmp_path, monkeypatch, capsys):
    options = ["train", "--engine", "manual", "--learning-rate", "0.01", "--session", str(tmp_path / "run"), "--quiet"]
    with monkeypatch.context() as before:
        before.setattr("tf_gd.session.store.versions", lambda: {"tf_gd": "0.1.0", "NumPy": "1.26.0"})
        before.setattr("tf_gd.session.directory.versions", lambda: {"tf_gd": "0.1.0", "NumPy": "1.26.0"})
        assert run_command([*options, "--num-steps", "10"]) == 0
    assert run_command([*options, "--num-steps", "20", "--resume"]) == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("tf-gd: warning: The session in ")
    assert "NumPy 1.26.0, now " in said
    assert "other versions: " in (tmp_path / "run" / "log.txt").read_text()
    assert run_command([*options, "--num-steps", "30", "--resume"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["", None, 3, "a\0b", b""])
def test_what_is_no_name_of_a_directory(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SessionError, match=r"^`session` must be the name of a directory\. Got .* Choose a new"):
        train_in(name, problem_of("manual"), "manual")
    assert os.listdir(tmp_path) == []


def test_the_state_is_what_is_written(tmp_path):
    half(tmp_path)
    assert rendered(Store.open(tmp_path).state) == (tmp_path / "session.json").read_bytes()
