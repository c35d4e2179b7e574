"""Where the loss is asked for its slope: along directions over all parameters, then at elements that matter."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tf_gd.diagnosis.model.element_ruling import Ruling
from tf_gd.diagnosis.model.finite_differences import ACCURACY, SEVERAL
from tf_gd.diagnosis.model.loss_slopes import ROUGH
from tf_gd.diagnosis.model.model_problem import LARGE, Vector, largest_first

if TYPE_CHECKING:
    from tf_gd.diagnosis.model.evidence_of_model import ModelEvidence

MOST_SLOPES = 64  # each costs 6 evaluations of the loss and more
FIRST = 16  # of elements in doubt, so many; the others where these are not all wrong
EVERY_SLOPE = 32  # up to so many elements, each is asked
LARGEST = 3  # of more, so many with the largest gradients


def listen(evidence: "ModelEvidence") -> None:
    """Ask the loss along directions over all parameters first, then at single elements."""
    large = evidence.problem.size > LARGE
    evidence.directions = {"": evidence.slopes.direction()} if large else evidence.slopes.directions()
    evidence.along = {
        name: evidence.slopes.along(direction, ROUGH if large else ACCURACY)
        for name, direction in evidence.directions.items()
    }
    _hear_elements(evidence)


def _hear_elements(evidence: "ModelEvidence") -> None:
    """Ask the loss at all of a few elements; of many at those in doubt, or at the largest."""
    size = evidence.problem.size
    if size <= EVERY_SLOPE:
        evidence.listen(list(range(size)))
        return
    doubted = [int(index) for index in _doubted(evidence)[:MOST_SLOPES]]
    evidence.listen(doubted[:FIRST])
    if doubted:
        first = [evidence.element(index).ruling for index in doubted[:FIRST]]
        if any(ruling is not Ruling.WRONG for ruling in first):
            evidence.listen(doubted[FIRST:])
    elif size <= LARGE or not evidence.hears("") or evidence.along[""].kink is not None:
        evidence.listen(largest_first(_weights(evidence), LARGEST))


def _doubted(evidence: "ModelEvidence") -> npt.NDArray[np.intp]:
    """Return the elements in doubt, the worst first: off TensorFlow's, or in a direction that contradicts."""
    off = evidence.off / np.maximum(evidence.tolerance.values, np.finfo(float).tiny)
    differing = np.argsort(-off, kind="stable")[: np.count_nonzero(off)]
    doubted = [name for name in evidence.directions if not _agrees_along(evidence, name)]
    if not doubted:
        return differing
    named = [name for name in doubted if name] or [""]
    among = np.concatenate([np.flatnonzero(evidence.directions[name]) for name in named])
    largest = among[np.argsort(-_weights(evidence)[among], kind="stable")]
    if not evidence.differentiates and largest.size > MOST_SLOPES:  # a wrong element may be a small one, too
        rest = np.random.default_rng(1).permutation(largest[MOST_SLOPES // 2 :])
        largest = np.concatenate([largest[: MOST_SLOPES // 2], rest])
    half = differing[: MOST_SLOPES // 2]
    return np.concatenate([half, largest[~np.isin(largest, half)], differing[half.size :]])


def _agrees_along(evidence: "ModelEvidence", name: str) -> bool:
    values = [evidence.hand, evidence.tensorflow] if evidence.differentiates else [evidence.hand]
    return all(evidence.admits(name, each) for each in values)


def _weights(evidence: "ModelEvidence") -> Vector:
    """Return how much each element matters to the loss: its gradient times its scale."""
    values = np.maximum(abs(evidence.hand), np.nan_to_num(abs(evidence.tensorflow)))
    return np.asarray(values * evidence.problem.scales, np.float64)


def contradicted(evidence: "ModelEvidence") -> bool:
    """Whether the loss contradicts the hand-derived gradient along every one of three random directions."""
    return all(_contradicted_along(evidence, evidence.slopes.direction(seed)) for seed in range(3))


def _contradicted_along(evidence: "ModelEvidence", direction: Vector) -> bool:
    slope = evidence.slopes.along(direction)
    room = float(evidence.tolerance.values @ abs(direction)) + SEVERAL * slope.error
    heard = slope.kink is None and slope.hears(slope.value)
    return heard and not slope.admits(float(evidence.hand @ direction), room)


def located(evidence: "ModelEvidence") -> int | None:
    """Return an element at which the gradient is wrong, found by halves along a direction that contradicts it."""
    direction = evidence.slopes.direction()
    among = np.arange(evidence.problem.size)
    while among.size > 1:
        halves = np.array_split(among, 2)
        for half in halves:
            part = np.zeros_like(direction)
            part[half] = direction[half]
            if _contradicted_along(evidence, part):
                among = half
                break
        else:
            return None
    return int(among[0])
