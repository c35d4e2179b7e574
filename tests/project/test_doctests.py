"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

import tf_gd


def modules() -> list[str]:
    found = pkgutil.walk_packages(tf_gd.__path__, "tf_gd.")
    return sorted(info.name for info in found if info.name != "tf_gd.__main__")


@pytest.mark.parametrize("name", modules())
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module)
    assert failed == 0


def test_the_public_functions_have_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    bare = [name for name in tf_gd.__all__ if callable(getattr(tf_gd, name)) and not finder.find(getattr(tf_gd, name))]
    assert bare == []
