"""session.json edited, with a checksum that is right again: refused in one line, or not a bit of the result changes."""

import copy
import hashlib
import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tf_gd.descent import run
from tf_gd.errors import SessionError
from tf_gd.problem import Problem
from tf_gd.session import train_in
from tf_gd.session.state import FIELDS, parse
from tf_gd.trajectory import SERIES

X = np.linspace(-2.0, 3.0, 24)
PROBLEM = Problem.of(X, np.sin(X), learning_rate=1e-3, num_steps=60, record_every=7)
VALUES = [None, True, False, 0, -1, 1, 2, 59, 10**25, -0.0, 1.5, float("nan"), float("inf"), "", "x",
          "0" * 32, "0" * 64, "../../etc", "tf_gd session 1", "tf_gd session 3", [], [1], {},
          {"a": 1}, {"../x": "0" * 64}]  # fmt: skip


def bits(path):
    return [getattr(path, name).tobytes() for name in ("step", *SERIES)]


def places(value, path=()):
    """Yield the path to every value inside a JSON value."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def edited(body, rng):
    """Return the body with one value changed, removed, renamed or added, at a random place."""
    body = copy.deepcopy(body)
    *way, last = rng.choice([path for path in places(body) if path])
    holder = body
    for key in way:
        holder = holder[key]
    value = holder[last]
    kind = rng.choice(["value", "value", "near", "near", "remove", "add"])
    if kind == "remove":
        del holder[last]
    elif kind == "add":
        body[rng.choice(["more", "Step", "trains "])] = rng.choice(VALUES)
    elif kind == "near" and type(value) in (int, float):
        holder[last] = rng.choice(
            [value + 1, value - 1, -value, value * 2, float(value), np.nextafter(value, 9).item()]
        )
    elif kind == "near" and isinstance(value, str) and value:
        at = rng.randrange(len(value))
        holder[last] = value[:at] + rng.choice("0123456789abcdef ") + value[at + 1 :]
    else:
        holder[last] = rng.choice(VALUES)
    return body


def sealed(body):
    """Return the text with a checksum that is right."""
    body = {key: value for key, value in body.items() if key != "checksum"}
    checksum = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return json.dumps({**body, "checksum": checksum}, indent=2) + "\n"


def fuzz(tmp_path, edits, engine="manual"):
    """Edit a session so many times; return how many edits were refused and how many changed nothing."""
    session, rng = tmp_path / "session", random.Random(edits)
    train_in(session, replace(PROBLEM, num_steps=40), engine, checkpoint_steps=10)
    text, wanted = (session / "session.json").read_text(), bits(run(PROBLEM, engine))
    refused = same = 0
    for _ in range(edits):
        changed = sealed(edited(json.loads(text), rng))
        (session / "session.json").write_text(changed)
        try:
            target = tmp_path / "copy"
            shutil.copytree(session, target)
            assert bits(train_in(target, PROBLEM, engine, resume=True)) == wanted, changed
            same += 1
        except SessionError as error:
            refused += "\n" not in str(error)
        shutil.rmtree(target)
    assert refused + same == edits
    print(f"{engine}: of {edits} edits {refused} were refused in one line, {same} changed no bit")


def test_edits_of_a_session(tmp_path):
    fuzz(tmp_path, 60)


@pytest.mark.slow
def test_2000_edits_of_a_session(tmp_path):
    fuzz(tmp_path, 2000)


def test_every_field_alone_is_checked(tmp_path):
    """Without the manifest's digest too: the types, ranges and relations of each field are its own."""
    train_in(tmp_path, PROBLEM, "manual", checkpoint_steps=10)
    file = tmp_path / "session.json"
    body = json.loads(file.read_text())
    wrong = {
        "trains": [None, [], {}, {**body["trains"], "record_every": 0}, {**body["trains"], "dtype": "int8"}],
        "step": [None, True, -1, 1.0, "1", 2**64, [1]],
        "num_steps": [None, True, body["step"] - 1, 1.5, 2**63],
        "tolerance": [-1, float("nan"), float("inf"), "0", True, []],
        "line": [None, "", "00", "g" * 32, "0" * 34, 0, body["line"].upper() + "A"],
        "segments": [None, -1, 0, body["step"] + 1, 1.0, True],
        "chain": [None, "", "0" * 63, "G" * 64, 0],
        "checkpoint": [None, [], {"checkpoint-60/a": "0" * 64}, {"../a": "0" * 64}],
        "versions": [None, [], {"NumPy": 2}, {"NumPy": "2" * 100}],
    }
    assert set(wrong) == set(FIELDS)
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(SessionError, match=f"`{name}` must be|`segments` must be|`chain` must be"):
                parse(sealed({**body, name: value}).encode(), file)
        with pytest.raises(SessionError, match=f"`{name}` must be .*, got nothing"):
            parse(sealed({key: value for key, value in body.items() if key != name}).encode(), file)
    with pytest.raises(SessionError, match="no session has 'more'"):
        parse(sealed({**body, "more": 1}).encode(), file)


@pytest.mark.parametrize("version", ["tf_gd session 3", "tf_gd session 40"])
def test_a_newer_format_says_so(version, tmp_path):
    train_in(tmp_path, PROBLEM, "manual")
    body = json.loads((tmp_path / "session.json").read_text())
    for text in (sealed({**body, "format": version}), json.dumps({"format": version, "all": "other"})):
        (tmp_path / "session.json").write_text(text)
        with pytest.raises(SessionError, match=rf"written by a newer tf_gd \('{version}'\)"):
            train_in(tmp_path, PROBLEM, "manual", resume=True)


def test_an_older_format_on_a_session_of_today_is_refused(tmp_path):
    train_in(tmp_path, PROBLEM, "manual", checkpoint_steps=10)
    file = tmp_path / "session.json"
    file.write_text(sealed({**json.loads(file.read_text()), "format": "tf_gd session 1"}))
    with pytest.raises(SessionError, match="no session of 'tf_gd session 1' has `versions`"):
        train_in(tmp_path, PROBLEM, "manual", resume=True)
