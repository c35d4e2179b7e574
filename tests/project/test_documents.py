"""README and docs tell the truth: their commands and examples are run, and the output is compared.

A block ```console runs each line `$ tf-gd ...` of it in the root of the repository; ```python with `>>>` is a doctest,
and without it a program. What depends on the machine stands in a block of another kind (```sh, ```text).
`python tests/project/test_documents.py FILE ...` writes the present output into the files.
"""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("[!t]*/*.md")), ROOT / "docs" / "index.md"]
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"^\$ ([^\n]*)\n((?:(?!\$ ).*\n)*)", re.M)
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def commands(path: Path) -> list[tuple[str, str]]:
    """Return each command of a document with the output that it shows."""
    return [pair for block in CONSOLE.findall(path.read_text(encoding="utf-8")) for pair in COMMAND.findall(block)]


def output(command: str) -> str:
    """Return what a shell shows, 80 columns wide: stderr, then stdout."""
    here = re.sub(r"\btf-gd\b", f"{shlex.quote(sys.executable)} -m tf_gd", command, count=1)
    done = subprocess.run(here, shell=True, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stderr + done.stdout


CASES = [(path, command, shown) for path in DOCUMENTS for command, shown in commands(path)]


@pytest.mark.parametrize(
    ("command", "shown"),
    [(command, shown) for _, command, shown in CASES],
    ids=[f"{path.stem}: {command}" for path, command, _ in CASES],
)
def test_a_command_prints_what_is_shown(command: str, shown: str) -> None:
    assert output(command) == shown


def test_the_readme_has_commands_to_run() -> None:
    assert len(commands(ROOT / "README.md")) >= 2


@pytest.mark.parametrize(
    "path", [path for path in DOCUMENTS if PYTHON.search(path.read_text(encoding="utf-8"))], ids=str
)
def test_the_python_examples_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"__name__": "example"}
    for block in PYTHON.findall(path.read_text(encoding="utf-8")):
        if block.startswith(">>>"):
            example = doctest.DocTestParser().get_doctest(block, names, path.name, str(path), 0)
            runner = doctest.DocTestRunner()
            assert runner.run(example, clear_globs=False).failed == 0
            names = example.globs
        else:
            exec(compile(block, path.name, "exec"), names)


def test_every_command_and_option_is_documented() -> None:
    from tf_gd.cli import COMMANDS, tf_gd

    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`tf-gd {name}`" not in readme] == []
    context = tf_gd.make_context("tf-gd", ["train"])
    parameters = [option for name in COMMANDS for option in tf_gd.get_command(context, name).params]  # type: ignore[union-attr]
    without_help = [option.name for option in parameters if option.param_type_name == "option" and not option.help]  # type: ignore[attr-defined]
    assert without_help == []
    assert ".. click:: tf_gd.cli:tf_gd" in text  # the reference page is made from these very options


def test_every_public_name_is_in_the_reference() -> None:
    import tf_gd

    reference = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. auto\w+:: tf_gd\.([\w.]+)", reference, re.M))
    assert set(tf_gd.__all__) - named == {"__version__"}


def rewrite(path: Path) -> None:
    """Put the present output under each command of a document."""
    text = path.read_text(encoding="utf-8")
    text = CONSOLE.sub(lambda block: "```console\n" + COMMAND.sub(shown_now, block[1]) + "```", text)
    path.write_text(text, encoding="utf-8")


def shown_now(block: re.Match[str]) -> str:
    return f"$ {block[1]}\n{output(block[1])}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        rewrite(Path(name).resolve())
