"""The page as text: what it holds, what it escapes, what it lets run, and what it weighs."""

import base64
import hashlib
import json
import re
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

import tf_gd
from tf_gd import DataError, Points, least_squares, sample, train
from tf_gd.cli import run
from tf_gd.cli.report_file import derivation_of
from tf_gd.show import playground
from tf_gd.show.page import render, render_playground, write_report
from tf_gd.show.surface import Surface
from tf_gd.show.theme import number

POINTS = Points([0.0, 1.0, 2.0, 3.0], [1.0, 2.5, 5.5, 6.0], "speed", "cost")
RUN = train(*POINTS, learning_rate=0.02, num_steps=120, engine="manual")
EPS = np.finfo(np.float64).eps


class Page(HTMLParser):
    """The tags of a page with their attributes, the scripts' texts, and all other text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.scripts, self.words = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.lasttag == "script" and self.scripts[-1] == "":
            self.scripts[-1] = data
        else:
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return " ".join("".join(self.words).split())


@cache
def page_of_run():
    """The page, drawn when the first test asks for it."""
    return Page(render(POINTS, RUN))


WORDS = pytest.mark.usefixtures("without_figures")


@pytest.fixture
def without_figures(monkeypatch):
    """Leave the figures, which take matplotlib a second, out of the tests of words."""
    monkeypatch.setattr("tf_gd.show.page.stills_of_run", lambda *_: [])


def test_it_shows_the_run():
    assert "cost against speed" in page_of_run().text
    assert RUN.message in page_of_run().text
    for value in (RUN.line.m, abs(RUN.line.c), RUN.loss[-1], RUN.max_learning_rate):
        assert number(value) in page_of_run().text
    assert "learning rate α0.02by" in page_of_run().text
    assert str(RUN.learning_rate) not in page_of_run().text  # 0.019999999552965164 was not asked for
    assert "101 of 121 rows" in page_of_run().text
    assert len(page_of_run().all("tr")) == 102


def test_it_says_how_well_the_best_line_fits():
    fit = tf_gd.evaluate(least_squares(*POINTS), *POINTS)
    for name, value in (("RMSE", fit.rmse), ("R²", fit.r_squared), ("standard error of m", fit.standard_error_m)):
        assert f"{name}{number(value)}" in page_of_run().text


def test_every_number_has_a_meaning():
    numbers = [name for name, _ in page_of_run().tags if name in ("dt", "small")]
    assert numbers.count("small") >= 10
    assert numbers.count("dt") == numbers.count("small") + 6  # those of the step at hand need none


@pytest.mark.parametrize(
    ("options", "colour"), [({"num_steps": 3}, ""), ({"num_steps": 900, "tolerance": 1.0}, "good")]
)
@WORDS
def test_a_verdict_has_the_colour_that_it_means(options, colour):
    page = Page(render(POINTS, train(*POINTS, learning_rate=0.02, engine="manual", **options)))
    (verdict,) = [tag for tag in page.all("p") if tag.get("id") == "outcome"]
    assert verdict["class"].split() == ["verdict", colour][: 1 + bool(colour)]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, ""),
        ({"batches": 2}, "In the run, each step used one of 2 batches of points; here it uses all."),
        ({"intercept": False, "start": (0.0, 1.5)}, "In the run, c stayed at 1.5; here c moves too."),
        ({"learning_rate": [0.02, 0.01, 0.03]}, "In the run, the learning rate changed from step to step; here"),
    ],
)
@WORDS
def test_it_says_what_the_run_did_otherwise_than_the_part_to_play_with(options, told):
    page = Page(render(POINTS, train(*POINTS, engine="manual", **{"learning_rate": 0.02, "num_steps": 3, **options})))
    assert told in page.text
    assert ("In the run, " in page.text) is bool(told)


@WORDS
def test_a_further_number_in_front_of_the_loss_is_taken_and_told():
    path = train(*POINTS, num_steps=5, engine="manual", reduction="half_mean", loss_scale=3.0)
    html = render(POINTS, path, derivation=derivation_of("half_mean"))
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])
    assert (data["reduction"], data["factor"]) == ("half_mean", 3.0)
    text = Page(html).text
    assert "3 times half the mean of the squared residuals there" in text
    assert "The loss of this run is the one below times 3" in text
    assert number(path.max_learning_rate) in text


@WORDS
def test_the_rates_of_a_standardized_run_are_those_of_its_descent():
    path = train(*POINTS, num_steps=5, engine="manual", standardize=True)
    text = Page(render(POINTS, path)).text
    assert f"largest stable rate{number(path.max_learning_rate)}" in text
    assert "condition number12 /" not in text
    assert "condition number1λmax" in text


@WORDS
def test_it_shows_a_check_only_where_there_was_one():
    assert "check against TensorFlow" not in page_of_run().text
    page = Page(render(POINTS, RUN, {"ok": False, "sentence": "They differ <by> 1.", "report": "a\nb"}))
    assert "They differ <by> 1." in page.text
    assert {"class": "verdict wrong", "id": "check"} in page.all("p")
    assert "check against TensorFlow a b" in page.text


@WORDS
def test_it_shows_a_derivation_as_mathematics():
    page = Page(render(POINTS, RUN, derivation=[("The <loss>", "a & b", ["<math><mi>L</mi></math>"])]))
    assert "The <loss> a & b L" in page.text
    assert page.all("math")


def test_only_the_scripts_that_are_listed_may_run():
    (policy,) = [
        meta["content"] for meta in page_of_run().all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in rules["script-src"]
    kinds = [attributes.get("type") for attributes in page_of_run().all("script")]
    run = [script for script, kind in zip(page_of_run().scripts, kinds, strict=True) if kind is None]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in run]
    assert rules["script-src"] == " ".join(f"'sha256-{one}'" for one in hashes)
    assert len(run) == 1


def test_nothing_is_loaded():
    for tag, attributes in page_of_run().tags:
        assert "src" not in attributes
        assert tag != "link" or attributes["href"] == "data:,"
        assert not [name for name in attributes if name.startswith("on")], tag


def test_names_are_escaped_everywhere():
    name = "</script><script>alert(1)</script>\x00\x1b\n<!--"
    page = Page(render(Points(*POINTS, name, name), RUN))
    assert len(page.all("script")) == len(page_of_run().all("script"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in page_of_run().tags]
    (data,) = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert data["x_name"] == "</script><script>alert(1)</script>   <!--"


def test_numbers_travel_unrounded():
    (data,) = [json.loads(script) for script in page_of_run().scripts if script.startswith("{")]
    assert data["points"] == {"x": POINTS.x.tolist(), "y": POINTS.y.tolist()}
    assert data["rate"] == RUN.learning_rate
    assert data["run"] == {"m": RUN.m.tolist(), "c": RUN.c.tolist()}
    assert data["moments"]["best"] == least_squares(*POINTS)._asdict()


@WORDS
def test_what_is_not_finite_is_left_out():
    with pytest.warns(UserWarning, match="not under"):
        run = train(*POINTS, learning_rate=50.0, num_steps=300, engine="manual")
    page = Page(render(POINTS, run))
    (data,) = [json.loads(script, parse_constant=pytest.fail) for script in page.scripts if script[0] == "{"]
    assert 0 < len(data["run"]["m"]) < 200
    assert "Diverged" in page.text


def test_many_points_and_states_are_thinned_for_drawing_and_said_so():
    x = np.linspace(0, 1, 5001)
    points = Points(x, 2 * x)
    page = Page(render(points, train(*points, learning_rate="auto", num_steps=300, engine="manual")))
    (data,) = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert len(data["points"]["x"]) == 500
    assert (data["points"]["x"][0], data["points"]["x"][-1], data["moments"]["n"]) == (0.0, 1.0, 5001)
    assert "500 of 5,001 points are drawn" in page.text
    assert "200 of 301 states are drawn." in page.text


def test_what_it_weighs():
    """The promise: 400 KB for 24 points, 600 KB for any number of points and steps."""
    hubble = sample("hubble1929")
    derivation = derivation_of("sum")
    small = render(hubble, train(*hubble, learning_rate=0.019, num_steps=60, engine="manual"), derivation=derivation)
    rng = np.random.default_rng(1)
    many = Points(x := rng.normal(0, 1, 20_000), 2 * x + rng.normal(0, 1, x.size))
    run = train(*many, learning_rate="auto", num_steps=3000, engine="moments")
    large = render(many, run, derivation=derivation)
    assert len(small.encode()) <= 400_000
    assert len(large.encode()) <= 600_000
    print(f"\npage of 24 points: {len(small.encode()):,} bytes; of 20,000 points: {len(large.encode()):,} bytes")


def test_figures_stand_in_the_page_as_text_in_its_colours():
    figures = [tag for tag in page_of_run().all("svg") if tag.get("role") == "img"]
    assert len(figures) == 4
    assert all(tag["aria-label"] for tag in figures)
    html = render(POINTS, RUN)
    drawn = "".join(re.findall(r'<svg role="img".*?</svg>', html, re.DOTALL))
    assert "var(--ink)" in drawn
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)
    assert ">speed<" in drawn
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_playground_needs_no_run():
    html = render_playground(POINTS, "mean")
    page = Page(html)
    (data,) = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert (data["reduction"], data["run"]) == ("mean", None)
    assert "4 points. The best line is y = 1.8 x + 1.05" in page.text
    assert "Step by step" not in page.text
    cell = playground(POINTS.x, POINTS.y, x_name="a <b> c")._repr_html_()
    (frame,) = Page(cell).all("iframe")
    assert frame["sandbox"] == "allow-scripts"
    assert "<h1>y against a &lt;b&gt; c</h1>" in frame["srcdoc"]


def test_the_package_hands_out_the_playground(tmp_path):
    path = tf_gd.show.playground(POINTS.x, POINTS.y).save(tmp_path / "page.html")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_playground_command(tmp_path, capsys):
    path = tmp_path / "page.html"
    assert run(["playground", "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert "velocity_km_s against distance_mpc" in Page(path.read_text(encoding="utf-8")).text
    assert run(["playground", "--json", "--sample", "norris", "--output", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"n": 36, "output": str(path)}
    assert run(["playground", "--output", str(tmp_path / "no" / "page.html")]) == 2
    assert capsys.readouterr().err.startswith("tf-gd: error: `output` must be a file that can be written")


def test_the_four_reductions_have_their_own_surface():
    line, terms = (3.0, -1.0), (3.0 * POINTS.x - 1.0 - POINTS.y) ** 2
    # On either side at most eight roundings of each of four positive terms, whose sum is no larger than the loss.
    for reduction, scale in (("sum", 1), ("mean", 1 / 4), ("half_sum", 1 / 2), ("half_mean", 1 / 8)):
        surface = Surface.of(POINTS, reduction)
        assert surface.loss(*line) == pytest.approx(terms.sum() * scale, rel=16 * EPS)
        assert Surface.of(POINTS, reduction, 0.25).loss(*line) == pytest.approx(terms.sum() * scale / 4, rel=16 * EPS)


@WORDS
def test_float32_is_shown_in_its_own_digits():
    run = train(*POINTS, learning_rate=0.02, num_steps=3, dtype="float32", engine="manual")
    assert re.search(rf"<td>{re.escape(str(run.m[1]))}</td>", render(POINTS, run))


def test_the_same_run_gives_the_same_file(tmp_path):
    files = [write_report(tmp_path / name, render(POINTS, RUN)).read_bytes() for name in ("a.html", "b.html")]
    assert files[0] == files[1]


def test_a_file_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"`report` must be a file .*: No such file or directory\. Choose another"):
        write_report(tmp_path / "nowhere" / "report.html", "")


def test_the_command_writes_it_and_says_where(tmp_path, capsys):
    path = tmp_path / "report.html"
    assert run(["report", "--engine", "manual", "--num-steps", "5", "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    page = Page(path.read_text(encoding="utf-8"))
    assert "velocity_km_s against distance_mpc" in page.text
    assert len(page.all("math")) >= 10


def test_the_command_tells_what_went_wrong(tmp_path, capsys):
    assert run(["report", "--engine", "manual", "--output", str(tmp_path / "no" / "report.html")]) == 2
    assert capsys.readouterr().err.startswith("tf-gd: error: `output` must be a file that can be written")
    diverging = ["--engine", "manual", "--learning-rate", "0.1", "--num-steps", "300"]
    assert run(["report", *diverging, "--output", str(tmp_path / "report.html")]) == 3
    assert "largest stable" in capsys.readouterr().err
