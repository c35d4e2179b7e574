"""The bundled samples."""

import csv
from importlib.resources import files

from tf_gd.errors import invalid
from tf_gd.points.points import Points

_SAMPLES = {
    "hubble1929": ("hubble1929.csv", "distance_mpc", "velocity_km_s", None),
    "norris": ("norris.csv", "x", "y", None),
    "anscombe-1": ("anscombe.csv", "x", "y", "I"),
    "anscombe-2": ("anscombe.csv", "x", "y", "II"),
    "anscombe-3": ("anscombe.csv", "x", "y", "III"),
    "anscombe-4": ("anscombe.csv", "x", "y", "IV"),
    "noint1": ("noint1.csv", "x", "y", None),
    "noint2": ("noint2.csv", "x", "y", None),
}
"""File, x column, y column, and the rows' `set` where the file holds several samples."""

SAMPLES = tuple(_SAMPLES)


def sample(name: str) -> Points:
    """Return a bundled sample, float64.

    Args:
        name: "hubble1929" (distance in Mpc, velocity in km/s, n = 24), "norris" (36), "anscombe-1" to
            "anscombe-4" (11 each), "noint1" (11) or "noint2" (3).

    Raises:
        InvalidArgumentError: there is no such sample.

    Example:
        >>> sample("hubble1929").x_name
        'distance_mpc'

    References:
        E. Hubble, PNAS 15(3):168, 1929; NIST StRD Norris, NoInt1 and NoInt2; F. J. Anscombe, The American
        Statistician 27(1), 1973.
    """
    if name not in SAMPLES:
        raise invalid("name", f"one of {', '.join(SAMPLES)}", name)
    file, x, y, wanted = _SAMPLES[name]
    with files("tf_gd").joinpath("datasets").joinpath(file).open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if wanted is None or row["set"] == wanted]
    return Points([float(row[x]) for row in rows], [float(row[y]) for row in rows], x, y)
