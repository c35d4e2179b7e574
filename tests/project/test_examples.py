"""The gallery: each program is run by TensorFlow, and one line of this package has every bit of its m and c."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tf_gd.loading import load_tensorflow

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


def load(path: Path) -> ModuleType:
    load_tensorflow()
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.corpus(5)
@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_bit_of_m_and_c_is_reproduced(path: Path) -> None:
    example = load(path)
    states, by_hand = np.array(example.program()), example.reproduce()
    ours = np.stack([by_hand.m[1:], by_hand.c[1:]], axis=1)
    assert states.dtype == ours.dtype or path.stem == "no_intercept"
    assert states.astype(ours.dtype).tobytes() == ours.tobytes()


def test_there_are_at_least_twelve_and_each_is_described() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "tensorflow-1-programs.md").read_text(encoding="utf-8")
    assert len(EXAMPLES) >= 12
    assert [path.stem for path in EXAMPLES if f"`{path.stem}.py`" not in page] == []
