"""TensorFlow with and without Keras."""

import sys
from importlib import import_module

import pytest

from tf_gd.loading import KERAS, without_keras


def test_keras_is_kept_out_for_a_while_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, KERAS, raising=False)
    with without_keras(), pytest.raises(ImportError):
        import_module(KERAS)
    assert KERAS not in sys.modules


def test_keras_that_is_loaded_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, KERAS, sys)
    with without_keras():
        assert import_module(KERAS) is sys
    assert sys.modules[KERAS] is sys
