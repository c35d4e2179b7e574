"""Programs in the idioms of public questions, right or with one mistake: what a teacher would say of each.

`tests/programs/idioms/*.txt` hold them, each after a line "#### name: expectation". The expectation is "right LOSS
REMARK", "wrong LOSS NAMES" (any of the names first; "*" for any at all, "-" for any loss or no remark), "none" where no
line is trained, or "told WORD" where the program does not come to its end. "# HERE" marks the line that the message
must name.
"""

import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tf_gd.diagnosis.calling import Misbehaved
from tf_gd.diagnosis.gradient_check import GradientCheck
from tf_gd.diagnosis.path.program_check import NoDescent, check_program
from tf_gd.diagnosis.sandbox import Sandbox

FOLDER = Path(__file__).parents[2] / "programs" / "idioms"
SAMPLE = 12  # by default, drawn anew by a fixed seed; the rest with --slow


@dataclass(frozen=True)
class Idiom:
    """A program and what must be said of it."""

    name: str
    verdict: str
    expected: list[str]
    text: str

    @property
    def marked(self) -> int | None:
        """The line that must be named, if one is marked."""
        lines = [number for number, line in enumerate(self.text.splitlines(), 1) if line.endswith("# HERE")]
        return lines[0] if lines else None


def idioms() -> list[Idiom]:
    parts = [
        part for file in sorted(FOLDER.glob("*.txt")) for part in re.split("^#### ", file.read_text(), flags=re.M)[1:]
    ]
    found = []
    for part in parts:
        head, text = part.split("\n", 1)
        name, expectation = head.split(": ")
        verdict, *expected = expectation.split()
        found.append(Idiom(name, verdict, expected, text))
    return found


ALL = idioms()
QUICK = {one.name for one in random.Random(4).sample([one for one in ALL if "tensorflow" not in one.text], SAMPLE)}
CASES = [pytest.param(one, id=one.name, marks=[] if one.name in QUICK else pytest.mark.slow) for one in ALL]


@pytest.mark.corpus(5)
@pytest.mark.parametrize("program", CASES)
def test_what_a_teacher_would_say(program: Idiom, tmp_path: Path) -> None:
    path = tmp_path / program.name
    path.write_text(program.text)
    limit = 3 if program.expected == ["time"] else 90
    with Sandbox(path, time_limit=limit) as sandbox:
        if program.verdict == "told":
            with pytest.raises(Misbehaved) as raised:
                check_program(sandbox)
            assert {"time": "had not ended"}.get(program.expected[0], program.expected[0]) in str(raised.value)
        elif program.verdict == "none":
            with pytest.raises(NoDescent, match="--m, --c, --x, --y"):
                check_program(sandbox)
        else:
            _compare(program, check_program(sandbox))


def _compare(program: Idiom, check: GradientCheck) -> None:
    loss, says = program.expected[0], program.expected[1]
    assert check.verdict == program.verdict
    assert loss == "-" or check.loss in loss.split("|")
    remarks, names = ([name for name, _ in found] for found in (check.remarks, check.diagnosis))
    if check.verdict == "right":
        assert remarks[:1] == ([] if says == "-" else [says])
    else:
        assert names[0] in says.split("|") or "*" in says
    if program.marked is not None:
        assert {*check.lines.values()} >= {program.marked}
