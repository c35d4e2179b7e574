"""Where the loss is asked for its slope: along directions over all parameters, then at elements that matter."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.model.beside_kinks import BesideKinks, Reach
from tf_gd.diagnosis.model.element_ruling import Ruling
from tf_gd.diagnosis.model.evidence_of_model import MOST_KINKS, ModelEvidence
from tf_gd.diagnosis.model.finite_differences import ACCURACY, DOUBLE
from tf_gd.diagnosis.model.loss_slopes import CLOSE, RESOLUTION, ROUGH, Direction
from tf_gd.diagnosis.model.model_problem import LARGE, Indices, largest_first
from tf_gd.points.arrays import Floats

MOST_SLOPES = 64  # each costs 6 evaluations of the loss and more
FIRST = 16  # of elements in doubt, so many; the others where these are not all wrong
EVERY_SLOPE = 32  # up to so many elements, each is asked
_MOST_PARTS = 64
_MOST_SCREENED, _DOUBT = 4096, 1e-3  # elements at kinks that are looked at, each by two values of the loss
_OF_SLOPES = Reach(2.0**-16, 2.0**-13, off_ties=True)
LARGEST = 3  # of more, so many with the largest gradients


def listen(evidence: ModelEvidence) -> None:
    """Ask the loss along directions over all parameters first, then at single elements."""
    large = evidence.problem.size > LARGE
    if not evidence.trusted:
        evidence.directions = evidence.slopes.directions(evidence.hand)
    elif large:
        evidence.directions = {"": Direction("", evidence.slopes.direction())}
    else:
        evidence.directions = evidence.slopes.directions()
    evidence.directions = {name: asked(evidence, one) for name, one in evidence.directions.items()}
    if not evidence.differentiates:
        parts = (_parts(evidence, *one) for one in evidence.directions.items())
        evidence.directions = {name: part for each in parts for name, part in each}
    if evidence.off.any() or not all(map(evidence.clear, evidence.directions.values())):
        look_beside(evidence)
    _hear_elements(evidence)


def _parts(evidence: ModelEvidence, name: str, one: Direction) -> Iterator[tuple[str, Direction]]:
    """Yield a direction, or parts of it where the rounding of many elements together hides a mistake in one."""
    largest = abs(evidence.hand[one.vector != 0]).max(initial=0.0)
    hidden = one.unnoticed() / (RESOLUTION * largest) if one.parameter and largest else 0.0
    if not 1 < hidden < np.inf:
        yield name, one
        return
    count = min(int(4 * hidden**2) + 1, _MOST_PARTS)  # roundings add up like a random walk
    elements = np.random.default_rng(3).permutation(np.flatnonzero(one.vector))
    for place, among in enumerate(np.array_split(elements, min(count, elements.size))):
        vector = np.zeros_like(one.vector)
        vector[among] = one.vector[among]
        yield f"{name}, part {place}", asked(evidence, replace(one, vector=vector))


def asked(evidence: ModelEvidence, direction: Direction) -> Direction:
    """Return a direction with the loss's slope along it; over very many parameters no kink is looked for."""
    large = evidence.problem.size > LARGE
    slope = evidence.slopes.along(direction.vector, ROUGH if large and evidence.trusted else ACCURACY, kinks=not large)
    return replace(direction, slope=slope, room=evidence.room_along(direction.vector))


def look_beside(evidence: ModelEvidence) -> None:
    """Look for kinks that single elements or several share; directions then leave out the elements that jump."""
    if evidence.jumps is not None:
        return
    beside = _beside(evidence)
    evidence.jumps, evidence.sides = beside.jumps, beside.sides(evidence.hand)
    evidence.tolerance = replace(
        evidence.tolerance, values=np.where(beside.jumps, evidence.rounding, evidence.tolerance.values)
    )  # moving the inputs stepped over the kink
    evidence.renew()
    if not beside.jumps.any():
        return
    for name, one in list(evidence.directions.items()):
        smooth = np.where(beside.jumps, 0.0, one.vector)
        if not smooth.any():
            del evidence.directions[name]
        elif (smooth != one.vector).any():
            evidence.directions[name] = asked(evidence, replace(one, vector=smooth))


def _beside(evidence: ModelEvidence) -> BesideKinks:
    """Return the gradients beside the problem: TensorFlow's, or the loss's own slopes; by hand, of many elements."""
    slopes, problem, unit = evidence.slopes, evidence.problem, evidence.slopes.unit
    if evidence.differentiates:
        return BesideKinks(evidence.loss.gradient, problem, evidence.rounding, Reach.of(unit))
    if unit == DOUBLE and problem.size <= MOST_SLOPES:
        return BesideKinks(slopes.close, problem, slopes.noise / (CLOSE * problem.scales), _OF_SLOPES)
    evidence.sides_by_hand = True
    return BesideKinks(evidence.ask, problem, evidence.rounding, Reach.of(unit))


def _each(evidence: ModelEvidence) -> list[Direction]:
    return list(evidence.directions.values())


def _hear_elements(evidence: ModelEvidence) -> None:
    """Ask the loss at all of a few elements; of many at those in doubt, or at the largest."""
    size = evidence.problem.size
    if size <= EVERY_SLOPE:
        evidence.listen(list(range(size)))
        return
    if evidence.jumps is not None:
        at = np.random.default_rng(7).permutation(np.flatnonzero(evidence.jumps))
        evidence.listen(at[:LARGEST].tolist() if evidence.differentiates else _outside_first(evidence, at)[:MOST_KINKS])
    doubted = [int(index) for index in _doubted(evidence)[:MOST_SLOPES]]
    evidence.listen(doubted[:FIRST])
    if doubted:
        first = [evidence.element(index).ruling for index in doubted[:FIRST]]
        if size <= LARGE and any(ruling is not Ruling.WRONG for ruling in first):
            evidence.listen(doubted[FIRST:])
    elif size <= LARGE or not evidence.audible:
        evidence.listen(largest_first(_weights(evidence), LARGEST))


def _outside_first(evidence: ModelEvidence, at: Indices) -> list[int]:
    """Return elements at kinks, first those whose value is farthest outside of the slopes on their two sides."""
    by_hand, beyond = evidence.hand, np.zeros(at.size)
    for place, index in enumerate(at[:_MOST_SCREENED].tolist() if at.size > MOST_KINKS else []):
        sides = evidence.slopes.close_sides(index)
        outside = max(min(sides) - by_hand[index], by_hand[index] - max(sides), 0.0)
        beyond[place] = outside > _DOUBT * max(map(abs, sides))
    return list(at[np.argsort(-beyond, kind="stable")].tolist())


def _doubted(evidence: ModelEvidence) -> Indices:
    """Return the elements in doubt, the worst first: off TensorFlow's, or in a direction that contradicts."""
    differing = evidence.worst()
    contradicting = [one for one in _each(evidence) if not evidence.agrees(one)]
    if not contradicting:
        return differing
    named = [one for one in contradicting if one.parameter] or contradicting
    among = np.unique(np.concatenate([np.flatnonzero(one.vector) for one in named]))
    largest = among[np.argsort(-_weights(evidence)[among], kind="stable")]
    if not evidence.differentiates and largest.size > MOST_SLOPES:  # a wrong element may be a small one, too
        rest = np.random.default_rng(1).permutation(largest[MOST_SLOPES // 2 :])
        largest = np.concatenate([largest[: MOST_SLOPES // 2], rest])
    half = differing[: MOST_SLOPES // 2]
    return np.concatenate([half, largest[~np.isin(largest, half)], differing[half.size :]])


def _weights(evidence: ModelEvidence) -> Floats:
    """Return how much each element matters to the loss: its gradient times its scale."""
    values = np.maximum(abs(evidence.hand), np.nan_to_num(abs(evidence.tensorflow)))
    return np.asarray(values * evidence.problem.scales, np.float64)


def contradicted(evidence: ModelEvidence) -> bool:
    """Whether the loss contradicts the hand-derived gradient along every one of three random directions."""
    return all(_contradicted_along(evidence, _smooth(evidence, seed)) for seed in range(3))


def _smooth(evidence: ModelEvidence, seed: int = 0) -> Floats:
    """Return a random direction over all elements that do not jump."""
    direction = evidence.slopes.direction(seed)
    return direction if evidence.jumps is None else np.where(evidence.jumps, 0.0, direction)


def _contradicted_along(evidence: ModelEvidence, vector: Floats) -> bool:
    direction = Direction("", vector, evidence.slopes.along(vector), evidence.room_along(vector))
    heard = direction.slope.kink is None and direction.slope.hears(direction.slope.value)
    return heard and not direction.admits(evidence.hand)


def located(evidence: ModelEvidence) -> int | None:
    """Return an element at which the gradient is wrong, found by halves along a direction that contradicts it."""
    direction = _smooth(evidence)
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
