"""Output on a terminal is folded between words to its width; into a pipe it goes as it is."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import textwrap

import pytest

from tf_gd.cli import COMMANDS, run
from tf_gd.cli.folding import PROSE, fitted, table_lines

WRONG = """
import numpy as np


def gradient(m, c, x, y):
    e = y - (m * x + c)
    return np.sum(e * x), np.sum(e)
"""
WIDTHS = (40, 60, 80, 200)
WITH_A_BAR = ["train", "report", "brute_force", "sources"]
CASES = {
    "train": ["train", "--engine", "manual", "--num-steps", "3", "--learning-rate", "1"],
    "derive": ["derive", "--reduction", "half_mean"],
    "diagnose": ["diagnose", "wrong.py"],
    "brute-force": ["brute-force", "--digits", "1", "--estimate"],
    "an option that is not there": ["plot", "loss", "--an-option-of-another-program", "red"],
    "a file that is not there": ["report", "no_such_file_of_points.csv", "--output", "report.html"],
    "a wrong value": ["playground", "--reduction", "median", "--output", "playground.html"],
}


def printed(arguments, capsys):
    run(arguments)
    return "\n".join(capsys.readouterr())


@pytest.fixture
def terminal(monkeypatch):
    """Return a function that makes stdout and stderr terminals of a width; progress, drawn over itself, is left out."""

    def set_up(width):
        monkeypatch.setenv("COLUMNS", str(width))
        for stream in (sys.stdout, sys.stderr):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        for module in WITH_A_BAR:
            monkeypatch.setattr(f"tf_gd.cli.{module}.progress_bar", lambda *_: contextlib.nullcontext())

    return set_up


@pytest.mark.corpus(4)
@pytest.mark.parametrize("arguments", CASES.values(), ids=CASES)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(arguments, tmp_path, capsys, monkeypatch, terminal):
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    piped = printed(arguments, capsys)
    assert max(map(len, piped.splitlines())) > min(WIDTHS)
    for width in WIDTHS:
        terminal(width)
        text = printed(arguments, capsys)
        assert max(map(len, text.splitlines())) <= width
        if arguments[0] not in ("derive", "brute-force"):  # whose formulas are laid out anew, and whose times differ
            assert set(text.split()) == set(piped.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_fits_a_narrow_terminal(name, capsys, terminal):
    terminal(60)
    text = printed([name, "--help"], capsys)
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize("width", [50, 120])
def test_a_real_terminal(width, tmp_path):
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    command = [sys.executable, "-m", "tf_gd", "diagnose", "wrong.py"]
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment, cwd=tmp_path):
        os.close(inner)
        text = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while read := os.read(outer, 65536):
                text += read
    os.close(outer)
    lines = text.decode().replace("\r\n", "\n").splitlines()
    assert "gradient: WRONG: dL/dm and dL/dc do not match" in lines[0]
    assert 0.8 * min(width, PROSE) < max(map(len, lines)) <= min(width, PROSE)


def test_sentences_that_were_folded_are_folded_anew():
    sentence = "word " * 63
    text = f"title\n    {textwrap.indent(textwrap.fill(sentence, 96), '    ').strip()}\n\n    Another one."
    lines = fitted(text, 50).split("\n")
    assert lines[-2:] == ["", "    Another one."]
    assert {len(line) for line in lines[1:-3]} == {48}  # 4 and nine words


def test_a_folded_line_continues_under_its_text():
    assert fitted("name   one two three", 15) == "name   one two\n       three"
    assert fitted("tf-gd: error: one two three", 20, hang=4) == "tf-gd: error: one\n    two three"
    assert fitted("a-very-long-name/of/a/file that stays whole", 20).startswith("a-very-long-name/of/a/file\n")


def test_a_table_that_is_too_wide_is_told_row_after_row():
    rows = [("", "here", "there"), ("m", "1.5", "-22")]
    assert table_lines(rows) == ["   here  there", "m   1.5    -22"]
    assert table_lines(rows, 13) == ["m", "  here   1.5", "  there  -22"]
    padded = "          here     there  far\nm          1.5       -22    0"
    assert fitted(padded, 19) == "   here  there  far\nm   1.5    -22    0"
    assert fitted(padded, 18) == "m\n  here   1.5\n  there  -22\n  far    0"
    assert fitted(padded, None) == padded
