"""What other checkers test themselves on: no wrong derivative passes, no right one is accused."""

import pytest
from support.peer_suites import CASES

from tf_gd import check_gradient

IDS = [f"{suite}: {what}" for suite, what, *_ in CASES]


@pytest.mark.corpus(8)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_right_derivative_passes_and_planted_ones_do_not(case):
    _, _, loss, gradient, params, planted = case
    right = check_gradient(loss, gradient, params=params)
    assert right.verdict == "right", str(right)
    for name, wrong in planted.items():
        check = check_gradient(loss, wrong, params=params)
        assert check.verdict == "wrong", f"{name}\n{check}"
