"""The README tells the truth: its commands and examples are run, and their output is compared.

`python tests/project/test_readme.py` writes the present output into the README; read what
changes before you commit it.
"""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```console\n\$ (tf-gd [^\n]*)\n(.*?)^```$", re.M | re.S)


def blocks() -> list[tuple[str, str]]:
    return BLOCK.findall(README.read_text(encoding="utf-8"))


def output(command: str) -> str:
    """Return what a shell shows: stderr, then stdout."""
    here = command.replace("tf-gd", f"{shlex.quote(sys.executable)} -m tf_gd", 1)
    done = subprocess.run(here, shell=True, capture_output=True, text=True, check=False, cwd=README.parent)
    return done.stderr + done.stdout


@pytest.mark.parametrize(("command", "shown"), blocks(), ids=[command for command, _ in blocks()])
def test_a_command_prints_what_is_shown(command: str, shown: str) -> None:
    assert output(command) == shown


def test_there_are_commands_to_run() -> None:
    assert len(blocks()) >= 3


def test_the_python_example_runs() -> None:
    examples = "\n".join(re.findall(r"^```python\n(>>> .*?)^```$", README.read_text(encoding="utf-8"), re.M | re.S))
    test = doctest.DocTestParser().get_doctest(examples, {}, "README.md", str(README), 0)
    runner = doctest.DocTestRunner()
    assert runner.run(test).failed == 0
    assert test.examples


def test_every_command_and_option_is_documented() -> None:
    from tf_gd.cli import COMMANDS

    text = README.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`tf-gd {name}`" not in text] == []


def rewrite() -> None:
    """Put the present output under each command."""
    text = README.read_text(encoding="utf-8")
    text = BLOCK.sub(lambda block: f"```console\n$ {block[1]}\n{output(block[1])}```", text)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
