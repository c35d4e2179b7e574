"""The tasks of the page, solved and failed in a browser; points dragged, pasted and typed; links shared."""

import os

import numpy as np
import pytest
from support.browser import chromium, console, is_installed, load, requests, resize

from tf_gd import Curvature, Points, least_squares, sample, train
from tf_gd.line import Line, gradient, update
from tf_gd.show.page import render, render_playground, write_report

if not is_installed() and not os.environ.get("CI"):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)

POINTS = sample("hubble1929")
EPS = np.finfo(np.float64).eps
LIMIT = Curvature.of(POINTS.x).max_learning_rate


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        resize(driver, 1280)
        yield driver


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    run = train(POINTS.x, POINTS.y, learning_rate=0.019, num_steps=60, engine="manual")
    return write_report(tmp_path_factory.mktemp("page") / "page.html", render(POINTS, run)).as_uri()


@pytest.fixture
def page(browser, address):
    """The page, freshly loaded; afterwards it must have been silent, on the console and on the network."""
    load(browser, address)
    yield Page(browser)
    assert console(browser) == []
    assert requests(browser) == []


class Page:
    """What a test does with the page."""

    def __init__(self, browser):
        self.browser = browser

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def find(self, name):
        found = self.browser.find_element("id", name)
        self.js("arguments[0].scrollIntoView({block: 'center'})", found)
        return found

    def click(self, *names):
        for name in names:
            self.find(name).click()

    def text(self, name):
        return self.js("return document.getElementById(arguments[0]).textContent.trim()", name)

    def type(self, name, value):
        box = self.find(name)
        box.clear()
        box.send_keys(value, "\ue007")

    def task(self, number):
        self.js("asking.go(arguments[0])", number - 1)
        return self

    def answer(self, words):
        (button,) = [one for one in self.find("answers").find_elements("tag name", "button") if words in one.text]
        button.click()

    def start(self, m, c):
        self.js("apply(() => page.change({ start: { m: arguments[0], c: arguments[1] } }))", float(m), float(c))

    @property
    def told(self):
        return self.text("task-told")

    @property
    def solved(self):
        return self.told.startswith("Solved. ")

    @property
    def line(self):
        return np.array(self.js("return [page.here().m, page.here().c]"))

    @property
    def best(self):
        return np.array(self.js("return [page.state.base.best.m, page.state.base.best.c]"))


def test_there_are_twelve_tasks_each_with_hints_and_a_lesson(page):
    tasks = page.js(
        "return TASKS.map(({ title, kind, hints, learnt }) => [title, kind, hints.length, learnt.length > 60])"
    )
    assert len(tasks) == 12
    assert len({title for title, *_ in tasks}) == 12
    assert all(kind in ("choice", "number", "play") and hints >= 2 and lesson for _, kind, hints, lesson in tasks)


def test_which_way_is_down(page):
    page.answer("m falls")
    assert "the loss falls when m grows" in page.told
    page.answer("m stays")
    assert "only where dL/dm is 0" in page.told
    page.answer("m rises")
    assert page.solved
    assert page.text("task-score") == "1 of 12 solved"


def test_hints_come_one_after_another(page):
    page.click("hint")
    first = page.text("task-hints")
    assert page.text("hint") == "Next hint"
    page.click("hint")
    assert page.text("task-hints").startswith(first)
    assert len(page.text("task-hints")) > len(first)
    assert not page.find("hint").is_enabled()


def test_one_step_on_paper_names_the_mistake(page):
    page.task(2)
    rate = float(np.float32(0.019))
    slope = float(gradient(Line(0.0, 0.0), *POINTS)[0])
    for typed, told in (
        (rate * slope, "The sign in front of α is a minus"),
        (-slope, "α is left out"),
        (-rate * slope / 2, "half the step"),
        (123.0, "Put the numbers into"),
    ):
        page.type("answer", f"{typed:.6g}")
        assert told in page.told, typed
    page.type("answer", "many")
    assert "Type one number" in page.told
    page.type("answer", f"{-rate * slope:.4g}")
    assert page.solved


def test_make_it_diverge(page):
    page.task(3)
    assert "the steps get smaller" in page.told
    page.type("rate", str(1.2 * LIMIT))
    assert "Past the limit" in page.told
    page.click("forward-10")
    assert page.solved


def test_swing_for_ever(page):
    page.task(4)
    assert "a higher rate" in page.told
    page.type("rate", str(1.1 * LIMIT))
    assert "a lower rate" in page.told
    page.click("sequential")
    assert "set the update back to simultaneous" in page.told
    page.click("simultaneous", "rate-limit", "forward", "forward", "forward")
    assert "drifts" in page.told
    page.click("forward-10", "forward-10")
    assert page.solved


def test_as_fast_as_it_gets(page):
    page.task(5)
    page.type("rate", str(0.5 * LIMIT))
    page.js("go(60)")
    assert "under the best rate" in page.told
    page.type("rate", str(0.99 * LIMIT))
    page.js("go(60)")
    assert "over the best rate" in page.told
    page.click("rate-best")
    page.js("go(40)")
    assert page.solved


def test_one_derivative_is_0(page):
    page.task(6)
    best, mean = page.best, float(np.mean(POINTS.x))
    ratio = np.sum(POINTS.x) / np.sum(POINTS.x**2)  # dL/dm = 0 on the line m - m0 = -ratio (c - c0)
    page.start(*best)
    assert "there both are 0" in page.told.lower()
    page.start(best[0] + 100, best[1] - 100 * mean)
    assert "dL/dm =" in page.told
    page.start(best[0] - 100 * ratio, best[1] + 100)
    assert page.solved


def test_straight_to_the_bottom(page):
    page.task(7)
    page.js("go(3)")
    assert "past the lowest point" in page.told
    eigenvector = np.linalg.eigh(Curvature.of(POINTS.x).hessian).eigenvectors[:, 1]
    page.start(*(page.best + 300 * eigenvector))
    assert "Now make three steps" in page.told
    page.click("forward", "forward", "forward")
    assert page.solved


def test_sum_or_mean(page):
    from selenium.webdriver.support.select import Select

    page.task(8)
    assert "Choose another" in page.told
    Select(page.find("reduction")).select_by_value("mean")
    assert "times as long" in page.told
    page.type("rate", str(24 * float(np.float32(0.019))))
    assert page.solved
    page.click("forward", "forward")
    want = train(*POINTS, learning_rate=0.019, num_steps=2, engine="manual")
    assert np.abs(page.line - [want.m[-1], want.c[-1]]).max() <= 1e-4  # the rate was rounded to float32


def test_six_digits_in_under_20_steps(page):
    page.task(9)
    page.js("go(19)")
    assert "too long for any rate" in page.told
    page.click("standardize")
    assert "choose the rate" in page.told
    page.click("rate-best", "forward-10")
    assert page.solved
    best = np.array(least_squares(*POINTS))
    own = np.array(page.js("const o = ownLine(page.here(), page.state.base); return [o.m, o.c]"))
    apart, before = ((line - best) @ [POINTS.x, np.ones(24)] for line in (own, np.zeros(2)))
    assert np.linalg.norm(apart) <= 1e-6 * np.linalg.norm(before)  # the root of what is left to lose, and was at first


def test_better_and_still_not_gradient_descent(page):
    page.task(10)
    assert "the sequential path is better here" in page.text("task-ask")
    page.answer("faster")
    assert "Faster is no proof" in page.told
    page.answer("rounds differently")
    assert "far above rounding" in page.told
    page.answer("another point")
    assert page.solved


def test_one_point_against_all(page):
    page.task(11)
    assert "No point has been changed" in page.told
    page.js("apply(() => page.movePoint(3, { x: 0.3, y: 100 }))")
    assert "longest lever" in page.told
    page.js("apply(() => page.movePoint(4, { x: 0.3, y: 100 }))")
    assert "2 points differ" in page.told
    page.click("points-home")
    page.js("apply(() => page.movePoint(23, { x: 2, y: -4000 }))")
    assert page.solved


def test_it_never_comes_to_rest(page):
    page.task(12)
    page.click("single", "forward-10")
    page.answer("over the limit")
    assert "run away" in page.told
    page.answer("no single point")
    assert page.solved


def one_at_a_time(points, rate, num_steps):
    """Descend by hand on one point after another; return the lines."""
    line, lines = Line(np.float64(0), np.float64(0)), []
    for step in range(num_steps + 1):
        lines.append(line)
        at = step % points.n
        line = update(line, gradient(line, points.x[at : at + 1], points.y[at : at + 1]), np.float64(rate))
    return np.array(lines)


def test_one_sample_at_a_time_has_the_numbers_of_python(page):
    page.click("single")
    rate = page.js("return page.state.rate")
    lines = one_at_a_time(POINTS, rate, 12)
    assert "Sample 1 of 24: x = 0.032, y = 170" in page.text("narrate-sample")
    for line in lines:
        assert np.abs(page.line - line).max() <= 100 * EPS * np.abs(lines).max()
        page.click("forward")


def test_centred_and_scaled_is_the_descent_on_z(page):
    page.click("standardize")
    z = (POINTS.x - np.mean(POINTS.x)) / np.std(POINTS.x)
    rate = page.js("return page.state.rate")
    path = train(z, POINTS.y, learning_rate=np.float64(rate), num_steps=8, engine="manual")
    for m, c in zip(path.m, path.c, strict=True):
        assert np.abs(page.line - [m, c]).max() <= 1000 * EPS * np.abs(POINTS.y).sum()
        page.click("forward")
    assert page.text("condition") == "1"
    page.click("standardize")
    assert float(page.text("now-m")) == 0


def test_the_step_is_told_with_its_numbers(page):
    told = page.text("narrate-m")
    slope = float(gradient(Line(0.0, 0.0), *POINTS)[0])
    assert f"= −{-slope:,.0f} is negative: uphill is to the left, so m rises by 0.019 × {-slope:,.0f} = 475.5" in told
    assert page.text("formula-m").startswith("m − α dL/dm = 0 − 0.019 × (−25,0")
    page.click("sequential")
    assert "with the new m = 475.5" in page.text("narrate-c")


def test_dragging_a_point_moves_line_valley_limits_and_path(page):
    from selenium.webdriver import ActionChains

    page.js("go(4)")
    limit = page.js("return page.state.descent.limit")
    board = page.find("line-now")
    place = page.js(
        "const p = showing.pictures.data, b = find('line-now').getBoundingClientRect(), q = page.state.points[23];"
        "return [p.toX(q.x) - b.width / 2, p.toY(q.y) - b.height / 2]"
    )
    chain = ActionChains(page.browser).move_to_element_with_offset(board, round(place[0]), round(place[1]))
    chain.click_and_hold().move_by_offset(-60, 30).move_by_offset(-60, 60).release().perform()
    points = page.js("return page.state.points.map((p) => [p.x, p.y])")
    own = Points(*np.array(points).T)
    assert own.n == 24
    assert own.x[23] < POINTS.x[23] - 0.3
    assert own.y[23] < POINTS.y[23] - 100
    best, rounding = least_squares(*own), (own.n + 12) * EPS  # sums of n terms, and a dozen operations on them
    products = (own.x - own.x.mean()) * (own.y - own.y.mean())
    off_m = rounding * abs(best.m) * np.sum(np.abs(products)) / abs(np.sum(products))
    off_c = off_m * own.x.mean() + rounding * (np.mean(np.abs(own.y)) + abs(best.m) * own.x.mean())
    assert (np.abs(np.array(page.best) - best) <= [off_m, off_c]).all()
    curvature = Curvature.of(own.x)
    assert page.js("return page.state.descent.limit") == pytest.approx(curvature.max_learning_rate, rel=rounding)
    assert curvature.max_learning_rate != pytest.approx(limit, rel=rounding)
    path = train(*own, learning_rate=0.019, num_steps=4, engine="manual")
    assert np.abs(page.line - [path.m[-1], path.c[-1]]).max() <= 1e-9
    assert page.js("return find('paste').value.split('\\n').length") == 24


def test_a_point_by_the_keyboard(page):
    handle = page.find("point-handle")
    handle.send_keys("\ue013")  # up
    assert page.js("return page.state.points[0].y") > POINTS.y[0]
    handle.send_keys("\ue00f")  # page down
    assert handle.get_attribute("aria-valuetext").startswith("point 2: x = 0.034")
    handle.send_keys("\ue017")  # delete
    assert page.js("return page.state.points.length") == 23
    page.click("point-add")
    assert page.text("chosen") == "point 24 of 24"
    page.type("point-y", "-12.5")
    assert page.js("return page.state.points[23].y") == -12.5


@pytest.mark.corpus(3)
@pytest.mark.parametrize(
    ("pasted", "points", "note"),
    [
        ("1\t2\n3\t4.5\n", [[1, 2], [3, 4.5]], "2 points read."),
        ("year\tprice\r\n1\t2,5\r\n3\t-4,5", [[1, 2.5], [3, -4.5]], "The first line was taken as a header."),
        ("1,2\n3,4", [[1, 2], [3, 4]], "2 points read."),
        ("1,5; 2,5\n3;4", [[1.5, 2.5], [3, 4]], "2 points read."),
        ("  1   2 9\n3 4 9", [[1, 2], [3, 4]], "The first two columns were taken."),
        ("1e3 −2\n3 4", [[1000, -2], [3, 4]], "2 points read."),
        ("1.234,5\t-1.000.000,25\n1,5\t2", [[1234.5, -1000000.25], [1.5, 2]], "2 points read."),
        ("1,234.5\t7\n2\t1,000.5", [[1234.5, 7], [2, 1000.5]], "2 points read."),
        ("1,5 2,5\n3,5 4,5", [[1.5, 2.5], [3.5, 4.5]], "2 points read."),
    ],
)
def test_what_a_spreadsheet_copies_is_read(page, pasted, points, note):
    page.js("find('paste').value = arguments[0]", pasted)
    page.click("paste-use")
    assert page.js("return page.state.points.map((p) => [p.x, p.y])") == points
    assert note in page.text("data-note")
    assert page.js("return page.state.rate < page.state.descent.limit")


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    ("pasted", "told"),
    [
        ("", "Nothing to read"),
        ("1 2\n3", "Line 2 holds one number"),
        ("1 2\n3 <b>4</b>", "Line 2: “<b>4</b>” is not a number"),
        ("x y\n", "Only a header"),
    ],
)
def test_what_cannot_be_read_is_told_and_changes_nothing(page, pasted, told):
    page.js("find('paste').value = arguments[0]", pasted)
    page.click("paste-use")
    assert told in page.text("data-note")
    assert page.js("return page.state.own") is None
    assert page.find("paste").get_attribute("aria-invalid") == "true"


def test_a_paste_is_taken_at_once(page):
    paste = "const box = find('paste'); box.focus(); box.dispatchEvent(new ClipboardEvent('paste'));"
    page.js(f"{paste} box.value = '0 1\\n1 3\\n2 5'")
    for _ in range(100):
        if page.js("return page.state.points.length") == 3:
            break
    assert page.best.tolist() == [2, 1]


def test_a_link_shares_the_state(page):
    page.task(5)
    page.click("sequential", "standardize", "forward-10")
    page.js("apply(() => page.movePoint(2, { x: 1.5, y: -3.25 }))")
    link = page.js("return location.href.split('#')[0] + address()")
    seen = page.js("return [page.here().m, page.here().c, page.state.at, page.state.rate, page.state.points]")
    for _ in range(200):
        if "points=" in page.browser.current_url:
            break
    assert page.browser.current_url == link
    page.browser.get("about:blank")
    page.browser.get(link)
    assert page.js("return [page.here().m, page.here().c, page.state.at, page.state.rate, page.state.points]") == seen
    assert page.text("task-title").startswith("Task 5 of 12")
    assert page.find("sequential").is_selected()
    assert page.find("standardize").is_selected()


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    "hash_",
    [
        "#rate=-1&start=a,b&step=1e9&points=1,2;3&task=99&loss=toString",
        "#rate=NaN&points=<img src=x>",
        "#%",
        "#step=-1",
    ],
)
def test_a_broken_link_opens_the_page_as_it_is(page, address, hash_):
    page.browser.get("about:blank")
    page.browser.get(address + hash_)
    assert page.js("return [page.state.points.length, page.state.rate]") == [24, float(np.float32(0.019))]
    assert page.js("return page.state.at") in (0, 60, 2000)
    assert page.text("status").startswith("Step")


def test_without_javascript_the_figures_and_numbers_are_there(page, address):
    browser = page.browser
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get("about:blank")
        browser.get(address)
        body = browser.find_element("tag name", "body").text
        assert "needs JavaScript" in body
        assert "Try it" not in body
        assert all(svg.is_displayed() for svg in browser.find_elements("css selector", ".still svg"))
        assert len(browser.find_elements("css selector", ".still svg")) == 4
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_print_is_light_and_leaves_the_controls_out(page):
    browser = page.browser
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    try:
        assert not browser.find_element("id", "controls").is_displayed()
        assert browser.find_element("id", "contour").is_displayed()
        assert page.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.js("dispatchEvent(new Event('beforeprint'))")
        assert page.js("return document.querySelectorAll('details:not([open])').length") == 0
        page.js("dispatchEvent(new Event('afterprint'))")
        assert page.js("return document.querySelectorAll('details[open]').length") == 0
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_reduced_motion_makes_steps_at_once(page, address):
    browser = page.browser
    feature = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": [feature]})
    try:
        browser.get("about:blank")
        browser.get(address)
        assert page.text("play") == "Make 100 steps"
        page.click("play")
        assert page.js("return page.state.at") == 100
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_the_limit_of_the_sequential_path_is_where_it_stops_to_converge(page):
    """For curvatures at random: just under it the spectral radius is under 1, just over it over 1."""
    rng = np.random.default_rng(7)
    for _ in range(50):
        a, b = rng.normal(size=2), rng.normal(size=2)
        hessian = {"mm": a @ a, "mc": a @ b, "cc": b @ b}
        under, over = page.js(
            "const H = arguments[0], limit = sequentialLimit(H);"
            "return [1 - 1e-6, 1 + 1e-6].map((part) => spectralRadius(stepMatrix(H, part * limit, true)))",
            {name: float(value) for name, value in hessian.items()},
        )
        assert under < 1 < over, hessian


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    ("reduction", "scale"), [("sum", 1), ("mean", 1 / 24), ("half_sum", 0.5), ("half_mean", 1 / 48)]
)
def test_each_reduction_has_its_own_loss_and_gradient(browser, tmp_path, reduction, scale):
    """Sums of n terms on one side, six moments on the other: gamma(n + 20) of the terms' magnitudes covers both."""
    browser.get(write_report(tmp_path / "page.html", render_playground(POINTS, reduction)).as_uri())
    page, (m, c) = Page(browser), (123.25, -7.5)
    page.start(m, c)
    best = np.abs(least_squares(*POINTS))  # the page's terms are relative to it
    size = (abs(m) + best[0]) * np.abs(POINTS.x) + abs(c) + best[1] + np.abs(POINTS.y)
    residuals = m * POINTS.x + c - POINTS.y
    for name, terms, sizes in (
        ("loss", residuals**2, size**2),
        ("dm", 2 * residuals * POINTS.x, 2 * size * np.abs(POINTS.x)),
        ("dc", 2 * residuals, 2 * size),
    ):
        apart = abs(float(page.text(f"now-{name}")) - scale * np.sum(terms))
        assert apart <= 44 * EPS * scale * np.sum(sizes), name
    limit = Curvature.of(POINTS.x, reduction).max_learning_rate  # on either side a dozen operations on positive numbers
    assert page.js("return page.state.descent.limit") == pytest.approx(limit, rel=12 * EPS)


@pytest.mark.corpus(1)
@pytest.mark.parametrize(
    "points", [([2.0], [1.0]), ([1e150, 2e150], [1.0, 2.0]), ([1e-150, 2e-150], [1.0, 2.0])], ids=str
)
def test_extreme_points_are_shown(browser, tmp_path, points):
    browser.get(write_report(tmp_path / "page.html", render_playground(Points(*points))).as_uri())
    page = Page(browser)
    page.click("forward")
    assert page.text("status").startswith("Step")
    page.click("single", "standardize", "forward")
    assert console(browser) == []


def test_a_valley_too_long_to_draw_is_explained(browser, tmp_path):
    html = render_playground(sample("norris"))
    browser.get(write_report(tmp_path / "norris.html", html).as_uri())
    page = Page(browser)
    assert "condition number 731,407" in page.text("valley-note")
    assert page.js("return document.querySelectorAll('#contour ellipse').length") == 0
    page.click("standardize")
    assert page.text("valley-note") == ""
    assert page.js("return document.querySelectorAll('#contour ellipse').length") > 5
    assert console(browser) == []


def test_a_notebook_cell_can_be_played_with(browser, tmp_path):
    from tf_gd.show import playground

    cell = playground(POINTS.x, POINTS.y, x_name="distance")._repr_html_()
    file = tmp_path / "cell.html"
    file.write_text(f"<!DOCTYPE html><meta charset=utf-8>{cell}", encoding="utf-8")
    browser.get(file.as_uri())
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    try:
        browser.find_element("id", "forward").click()
        assert browser.find_element("id", "status").text.startswith("Step 1: m = ")
    finally:
        browser.switch_to.default_content()
    assert console(browser) == []
    assert requests(browser) == []


@pytest.mark.slow
def test_how_long_it_takes(page, address):
    """Printed, not asserted: a busy machine is no mistake of the page."""
    browser = page.browser
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    names = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")

    def metrics():
        values = {one["name"]: one["value"] for one in browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
        return 1000 * np.array([values[name] for name in names])

    browser.get("about:blank")
    before = metrics()
    browser.get(address)
    opened = metrics() - before
    whole = page.js(
        "const best = [];"
        "for (let at = 0; at < 30; at += 1) { const begun = performance.now(); find('forward').click();"
        "document.body.getBoundingClientRect(); best.push(performance.now() - begun); } return Math.min(...best)"
    )
    print(f"\nopening, ms of the processor: {dict(zip(names, opened.round(1).tolist(), strict=True))}")
    print(f"a step with its layout, best of 30: {whole:.1f} ms")
    assert page.js("return page.state.at") == 30
