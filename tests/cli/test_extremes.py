"""Numbers at the ends of float64: a line, or one line that says what to do; never an error of ours, never NaN."""

import itertools
from pathlib import Path

import pytest

from tf_gd.cli import run

X = {
    "squares underflow": (1e-170, 3e-170),
    "subnormal": (1e-310, 2e-310),
    "the smallest": (5e-324, 1e-323),
    "the largest squares": (1e150, 2e150),
    "squares overflow": (1e160, 2e160),
    "the range overflows": (-1.5e308, 1.5e308),
    "one ulp apart": (1.0, 1.0 + 2**-52),
}
COMMANDS = {
    "manual": ("train", "--engine", "manual"),
    "moments": ("train", "--engine", "moments"),
    "standardized": ("train", "--engine", "manual", "--standardize"),
    "moments standardized": ("train", "--engine", "moments", "--standardize"),
    "float32": ("train", "--engine", "manual", "--dtype", "float32"),
    "no intercept": ("train", "--engine", "manual", "--no-intercept"),
    "a rate of one's own": ("train", "--engine", "manual", "--learning-rate", "1e-30"),
    "brute force": ("brute-force", "--digits", "1"),
    "playground": ("playground", "--output", "page.html"),
}


@pytest.mark.corpus(24)
@pytest.mark.parametrize(("x", "command"), list(itertools.product(X, COMMANDS)))
def test_an_extreme_is_fitted_or_refused_in_one_line(
    x: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("points.csv").write_text("x,y\n" + "".join(f"{value!r},{k}\n" for k, value in enumerate(X[x], 1)))
    name, *options = COMMANDS[command]
    code = run([name, "points.csv", *options])
    out, err = capfd.readouterr()
    assert code in (0, 2, 3, 4), err
    assert code == 3 or "nan" not in out + err
    assert "nan best" not in out
    if code == 2:
        assert "Scale" in err or "wider dtype" in err or "Add points" in err
        assert err.count("error:") == 1
