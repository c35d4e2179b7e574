"""Which entries of the catalogue explain what was seen: one of several, or two together."""

from collections.abc import Sequence
from dataclasses import dataclass

from tf_gd.diagnosis.line.catalogue import CATALOGUE, SCALES
from tf_gd.diagnosis.line.evidence import Observation, explains
from tf_gd.diagnosis.line.formulas import scaled
from tf_gd.diagnosis.line.mistake import Mistake
from tf_gd.line import Reduction


@dataclass(frozen=True)
class Explanation:
    """The mistakes that explain every answer.

    Attributes:
        mistakes: the likeliest first; empty when the catalogue has no explanation.
        together: whether it takes all of them at once. If not, each explains everything by itself, and the points
            cannot tell which it is.
    """

    mistakes: tuple[Mistake, ...]
    together: bool = False

    def diagnosis(self, reduction: Reduction) -> list[tuple[str, str]]:
        """Return (name, message) for each."""
        return [(mistake.name, self._others(mistake) + mistake.message(reduction)) for mistake in self.mistakes]

    def _others(self, mistake: Mistake) -> str:
        others = [other.name for other in self.mistakes if other is not mistake]
        return f"Two mistakes come together, this one and `{others[0]}`. " if self.together else ""


def explanation(seen: Sequence[Observation]) -> Explanation:
    """Return what explains `seen`: one mistake by its usual form, by a rarer one, or two together."""
    usual = tuple(mistake for mistake in CATALOGUE if explains(mistake.formula, seen))
    alone = usual or tuple(one for one in CATALOGUE if any(explains(form, seen) for form in one.rarer))
    return Explanation(alone) if alone else Explanation(_pair(seen), together=True)


# Every mistake with a wrong factor on top: what they give together, and the two.
_PAIRS = [
    (scaled(SCALES[scale.name], of=mistake.formula), (mistake, scale))
    for scale in CATALOGUE
    for mistake in CATALOGUE
    if scale.name in SCALES and mistake is not scale
]


def _pair(seen: Sequence[Observation]) -> tuple[Mistake, ...]:
    """Return two mistakes that explain `seen` together, the second of them a wrong factor; or nothing."""
    return next((pair for formula, pair in _PAIRS if explains(formula, seen)), ())


def blind_spots(seen: Sequence[Observation]) -> list[str]:
    """Return the names of the mistakes that give the right numbers on these points, and so cannot show."""
    return [mistake.name for mistake in CATALOGUE if explains(mistake.formula, seen)]
