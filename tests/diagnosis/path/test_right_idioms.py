"""A search for false accusation: right programs in many idioms, on points of all kinds, from starts of all kinds."""

import random
from pathlib import Path

import pytest
from support.right_idioms import TEXTS, right_program
from support.run_programs import check_text

from tf_gd.diagnosis.path.program_check import NoDescent

SAMPLE = random.Random(1).sample(sorted(TEXTS), 20)
SEEDS = range(8)


def _is_not_accused(idiom: str, seed: int, folder: Path) -> None:
    program = right_program(idiom, seed)
    told = f"{program.what}\n{program.text}"
    try:
        check = check_text(program.text, folder)
    except NoDescent:
        assert not program.is_plain, told
        return
    assert check.verdict != "wrong", f"{told}\n{check}"
    if program.is_plain:
        assert (check.verdict, check.loss) == ("right", program.loss), f"{told}\n{check}"


@pytest.mark.corpus(10)
@pytest.mark.parametrize("idiom", SAMPLE)
def test_a_right_program_is_not_accused(idiom: str, tmp_path: Path) -> None:
    _is_not_accused(idiom, random.Random(idiom).choice(SEEDS), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("idiom", TEXTS)
def test_no_right_program_is_accused_whatever_its_points(idiom: str, tmp_path: Path) -> None:
    for seed in SEEDS:
        _is_not_accused(idiom, seed, tmp_path)
