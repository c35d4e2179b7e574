"""The report as text: what it holds, what it escapes, and what it lets run."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tf_gd import DataError, Points, train
from tf_gd.cli import run
from tf_gd.show.page import render, write_report

POINTS = Points([0.0, 1.0, 2.0, 3.0], [1.0, 2.5, 5.5, 6.0], "speed", "cost")
RUN = train(*POINTS, learning_rate=0.02, num_steps=120, engine="manual")


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


PAGE = Page(render(POINTS, RUN))


def test_it_shows_the_run():
    assert "cost against speed" in PAGE.text
    assert RUN.message in PAGE.text
    for value in (RUN.line.m, RUN.line.c, RUN.loss[-1], *RUN.gradient, RUN.learning_rate, RUN.max_learning_rate):
        assert str(value) in PAGE.text
    assert "101 of 121 rows" in PAGE.text
    assert len(PAGE.all("tr")) == 102


def test_it_shows_a_check_only_where_there_was_one():
    assert "check against TensorFlow" not in PAGE.text
    page = Page(render(POINTS, RUN, {"ok": False, "sentence": "They differ <by> 1.", "report": "a\nb"}))
    assert "They differ <by> 1." in page.text
    assert {"class": "verdict wrong", "id": "check"} in page.all("p")
    assert "check against TensorFlow a b" in page.text


def test_it_shows_a_derivation_as_mathematics():
    page = Page(render(POINTS, RUN, derivation=[("The <loss>", "a & b", ["<math><mi>L</mi></math>"])]))
    assert "The <loss> a & b L" in page.text
    assert page.all("math")


def test_only_the_scripts_that_are_listed_may_run():
    (policy,) = [meta["content"] for meta in PAGE.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in rules["script-src"]
    kinds = [attributes.get("type") for attributes in PAGE.all("script")]
    run = [script for script, kind in zip(PAGE.scripts, kinds, strict=True) if kind is None]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in run]
    assert rules["script-src"] == " ".join(f"'sha256-{one}'" for one in hashes)
    assert len(run) == 4


def test_nothing_is_loaded():
    for tag, attributes in PAGE.tags:
        assert "src" not in attributes
        assert tag != "link" or attributes["href"] == "data:,"
        assert not [name for name in attributes if name.startswith("on")], tag


def test_names_are_escaped_everywhere():
    name = "</script><script>alert(1)</script>\x00\x1b\n<!--"
    page = Page(render(Points(*POINTS, name, name), RUN))
    assert len(page.all("script")) == len(PAGE.all("script"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in PAGE.tags]
    (data,) = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert data["x_name"] == "</script><script>alert(1)</script>   <!--"


def test_numbers_travel_unrounded():
    (data,) = [json.loads(script) for script in PAGE.scripts if script.startswith("{")]
    assert data["points"] == {"x": POINTS.x.tolist(), "y": POINTS.y.tolist()}
    assert data["rate"] == RUN.learning_rate
    assert data["max_rate"] == RUN.max_learning_rate
    assert data["run"]["loss"] == RUN.loss.tolist()


def test_what_is_not_finite_is_null():
    with pytest.warns(UserWarning, match="not under"):
        run = train(*POINTS, learning_rate=50.0, num_steps=300, engine="manual")
    html = render(POINTS, run)
    (data,) = [json.loads(script, parse_constant=pytest.fail) for script in Page(html).scripts if script[0] == "{"]
    assert data["run"]["loss"][-1] is None
    assert "Diverged" in Page(html).text


def test_many_points_are_thinned_for_drawing_and_said_so():
    x = np.linspace(0, 1, 5001)
    points = Points(x, 2 * x)
    page = Page(render(points, train(*points, learning_rate="auto", num_steps=3, engine="manual")))
    (data,) = [json.loads(script) for script in page.scripts if script.startswith("{")]
    assert len(data["points"]["x"]) == 2000
    assert (data["points"]["x"][0], data["points"]["x"][-1], data["moments"]["n"]) == (0.0, 1.0, 5001)
    assert "2,000 of 5,001 points are drawn." in page.text


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
