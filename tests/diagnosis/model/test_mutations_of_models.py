"""The checker itself, tested: random models with a right gradient, and with one mutation of a thousandth or more."""

from collections import Counter
from unittest.mock import patch

import pytest
from support.random_models import random_model

from tf_gd.diagnosis.model.hand_gradient import HandGradient
from tf_gd.diagnosis.model.loss_function import loss_function
from tf_gd.diagnosis.model.model_check import checked
from tf_gd.diagnosis.model.model_problem import ModelProblem

SAMPLE, WHOLE = 6, 2000


def tried(seeds):
    """How often each verdict came, and the models with a false alarm or a miss."""
    counts, bad = Counter(), []
    for seed in seeds:
        model = random_model(seed)
        what, mutated = model.mutated()
        loss = loss_function(model.loss, ModelProblem.of(model.params, model.data))
        for truth, gradient in (("right", model.gradient), ("wrong", mutated)):
            with patch("tf_gd.diagnosis.model.model_check.explain", return_value=[("different", "")]):  # only verdicts
                verdict = checked(loss, HandGradient(gradient)).verdict
            counts[truth, verdict] += 1
            if verdict not in (truth, "cannot-tell"):
                bad.append((seed, model.kind, truth, what if truth == "wrong" else ""))
        loss.close()
    return counts, bad


@pytest.mark.parametrize("first", [7000])
def test_a_sample_of_random_models(first):
    counts, bad = tried(range(first, first + SAMPLE))
    assert bad == []
    assert counts["right", "right"] + counts["wrong", "wrong"] >= 1.6 * SAMPLE


@pytest.mark.parametrize("seed", [218, pytest.param(566, marks=pytest.mark.slow), 975])
def test_a_coarse_loss_with_kinks_in_reach_accuses_no_right_gradient(seed):
    assert tried([seed])[1] == []


@pytest.mark.slow
def test_two_thousand_random_models(capsys):
    counts, bad = tried(range(WHOLE))
    with capsys.disabled():
        print(f"\nfalse alarms {counts['right', 'wrong']}, misses {counts['wrong', 'right']}, all: {dict(counts)}")
    assert bad == []


if __name__ == "__main__":
    import sys

    first, last = map(int, sys.argv[1:3])
    for seed in range(first, last):
        counts, bad = tried([seed])
        print(seed, dict(counts), bad, flush=True)
