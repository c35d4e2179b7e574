"""Where the loss is asked for its slope: along directions over all parameters, then at elements that matter."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tf_gd.diagnosis.model.beside_kinks import BesideKinks, Reach
from tf_gd.diagnosis.model.element_verdict import ElementVerdict
from tf_gd.diagnosis.model.finite_differences import ACCURACY, DOUBLE
from tf_gd.diagnosis.model.loss_slopes import CLOSE, RESOLUTION, ROUGH, Direction
from tf_gd.diagnosis.model.model_measurements import MOST_KINKS, ModelMeasurements
from tf_gd.diagnosis.model.model_problem import LARGE, Indices, largest_first
from tf_gd.points.arrays import Floats

MOST_SLOPES = 64  # each costs 6 evaluations of the loss and more
FIRST = 16  # of elements in doubt, so many; the others where these are not all wrong
EVERY_SLOPE = 32  # up to so many elements, each is asked
_MOST_PARTS = 64
_MOST_SCREENED, _DOUBT = 4096, 1e-3  # elements at kinks that are looked at, each by two values of the loss
_OF_SLOPES = Reach(2.0**-16, 2.0**-13, off_ties=True)
LARGEST = 3  # of more, so many with the largest gradients


def ask_for_slopes(measured: ModelMeasurements) -> None:
    """Ask the loss along directions over all parameters first, then at single elements."""
    large = measured.problem.size > LARGE
    if not measured.trusted:
        measured.directions = measured.slopes.directions(measured.hand)
    elif large:
        measured.directions = {"": Direction("", measured.slopes.direction())}
    else:
        measured.directions = measured.slopes.directions()
    measured.directions = {name: asked(measured, one) for name, one in measured.directions.items()}
    if not measured.differentiates:
        parts = (_parts(measured, *one) for one in measured.directions.items())
        measured.directions = {name: part for each in parts for name, part in each}
    if measured.off.any() or not all(map(measured.clear, measured.directions.values())):
        look_beside(measured)
    _ask_at_elements(measured)


def _parts(measured: ModelMeasurements, name: str, one: Direction) -> Iterator[tuple[str, Direction]]:
    """Yield a direction, or parts of it where the rounding of many elements together hides a mistake in one."""
    largest = abs(measured.hand[one.vector != 0]).max(initial=0.0)
    hidden = one.unnoticed() / (RESOLUTION * largest) if one.parameter and largest else 0.0
    if not 1 < hidden < np.inf:
        yield name, one
        return
    count = min(int(4 * hidden**2) + 1, _MOST_PARTS)  # roundings add up like a random walk
    elements = np.random.default_rng(3).permutation(np.flatnonzero(one.vector))
    for place, among in enumerate(np.array_split(elements, min(count, elements.size))):
        vector = np.zeros_like(one.vector)
        vector[among] = one.vector[among]
        yield f"{name}, part {place}", asked(measured, replace(one, vector=vector))


def asked(measured: ModelMeasurements, direction: Direction) -> Direction:
    """Return a direction with the loss's slope along it; over very many parameters no kink is looked for."""
    large = measured.problem.size > LARGE
    slope = measured.slopes.along(direction.vector, ROUGH if large and measured.trusted else ACCURACY, kinks=not large)
    return replace(direction, slope=slope, bound=measured.bound_along(direction.vector))


def look_beside(measured: ModelMeasurements) -> None:
    """Look for kinks that single elements or several share; directions then leave out the elements that jump."""
    if measured.jumps is not None:
        return
    beside = _beside(measured)
    measured.jumps, measured.sides = beside.jumps, beside.sides(measured.hand)
    measured.tolerance = replace(
        measured.tolerance, values=np.where(beside.jumps, measured.rounding, measured.tolerance.values)
    )  # moving the inputs stepped over the kink
    measured.renew()
    if not beside.jumps.any():
        return
    for name, one in list(measured.directions.items()):
        smooth = np.where(beside.jumps, 0.0, one.vector)
        if not smooth.any():
            del measured.directions[name]
        elif (smooth != one.vector).any():
            measured.directions[name] = asked(measured, replace(one, vector=smooth))


def _beside(measured: ModelMeasurements) -> BesideKinks:
    """Return the gradients beside the problem: TensorFlow's, or the loss's own slopes; by hand, of many elements."""
    slopes, problem, unit = measured.slopes, measured.problem, measured.slopes.unit
    if measured.differentiates:
        return BesideKinks(measured.loss.gradient, problem, measured.rounding, Reach.of(unit))
    if unit == DOUBLE and problem.size <= MOST_SLOPES:
        return BesideKinks(slopes.close, problem, slopes.noise / (CLOSE * problem.scales), _OF_SLOPES)
    measured.sides_by_hand = True
    return BesideKinks(measured.ask, problem, measured.rounding, Reach.of(unit))


def _each(measured: ModelMeasurements) -> list[Direction]:
    return list(measured.directions.values())


def _ask_at_elements(measured: ModelMeasurements) -> None:
    """Ask the loss at all of a few elements; of many at those in doubt, or at the largest."""
    size = measured.problem.size
    if size <= EVERY_SLOPE:
        measured.ask_at(list(range(size)))
        return
    if measured.jumps is not None:
        at = np.random.default_rng(7).permutation(np.flatnonzero(measured.jumps))
        measured.ask_at(at[:LARGEST].tolist() if measured.differentiates else _outside_first(measured, at)[:MOST_KINKS])
    doubted = [int(index) for index in _doubted(measured)[:MOST_SLOPES]]
    measured.ask_at(doubted[:FIRST])
    if doubted:
        first = [measured.element(index).verdict for index in doubted[:FIRST]]
        if size <= LARGE and any(verdict is not ElementVerdict.WRONG for verdict in first):
            measured.ask_at(doubted[FIRST:])
    elif size <= LARGE or not measured.noticeable:
        measured.ask_at(largest_first(_weights(measured), LARGEST))


def _outside_first(measured: ModelMeasurements, at: Indices) -> list[int]:
    """Return elements at kinks, first those whose value is farthest outside of the slopes on their two sides."""
    by_hand, beyond = measured.hand, np.zeros(at.size)
    for place, index in enumerate(at[:_MOST_SCREENED].tolist() if at.size > MOST_KINKS else []):
        sides = measured.slopes.close_sides(index)
        outside = max(min(sides) - by_hand[index], by_hand[index] - max(sides), 0.0)
        beyond[place] = outside > _DOUBT * max(map(abs, sides))
    return list(at[np.argsort(-beyond, kind="stable")].tolist())


def _doubted(measured: ModelMeasurements) -> Indices:
    """Return the elements in doubt, the worst first: off TensorFlow's, or in a direction that contradicts."""
    differing = measured.worst()
    contradicting = [one for one in _each(measured) if not measured.agrees(one)]
    if not contradicting:
        return differing
    named = [one for one in contradicting if one.parameter] or contradicting
    among = np.unique(np.concatenate([np.flatnonzero(one.vector) for one in named]))
    largest = among[np.argsort(-_weights(measured)[among], kind="stable")]
    if not measured.differentiates and largest.size > MOST_SLOPES:  # a wrong element may be a small one, too
        rest = np.random.default_rng(1).permutation(largest[MOST_SLOPES // 2 :])
        largest = np.concatenate([largest[: MOST_SLOPES // 2], rest])
    half = differing[: MOST_SLOPES // 2]
    return np.concatenate([half, largest[~np.isin(largest, half)], differing[half.size :]])


def _weights(measured: ModelMeasurements) -> Floats:
    """Return how much each element matters to the loss: its gradient times its scale."""
    values = np.maximum(abs(measured.hand), np.nan_to_num(abs(measured.tensorflow)))
    return np.asarray(values * measured.problem.scales, np.float64)


def contradicted(measured: ModelMeasurements) -> bool:
    """Whether the loss contradicts the hand-derived gradient along every one of three random directions."""
    return all(_contradicted_along(measured, _smooth(measured, seed)) for seed in range(3))


def _smooth(measured: ModelMeasurements, seed: int = 0) -> Floats:
    """Return a random direction over all elements that do not jump."""
    direction = measured.slopes.direction(seed)
    return direction if measured.jumps is None else np.where(measured.jumps, 0.0, direction)


def _contradicted_along(measured: ModelMeasurements, vector: Floats) -> bool:
    direction = Direction("", vector, measured.slopes.along(vector), measured.bound_along(vector))
    resolved = direction.slope.kink is None and direction.slope.resolves(direction.slope.value)
    return resolved and not direction.admits(measured.hand)


def located(measured: ModelMeasurements) -> int | None:
    """Return an element at which the gradient is wrong, found by halves along a direction that contradicts it."""
    direction = _smooth(measured)
    among = np.arange(measured.problem.size)
    while among.size > 1:
        halves = np.array_split(among, 2)
        for half in halves:
            part = np.zeros_like(direction)
            part[half] = direction[half]
            if _contradicted_along(measured, part):
                among = half
                break
        else:
            return None
    return int(among[0])
