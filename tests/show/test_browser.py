"""The page in a real browser: clicks, drags, keys and links, and its numbers beside Python's."""

import os
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from support.browser import chromium, console, is_installed, load, requests, resize

from tf_gd import Curvature, Points, least_squares, sample, train
from tf_gd.line import Gradient, Line, gradient, loss, update
from tf_gd.show.page import render, write_report
from tf_gd.show.theme import DARK, LIGHT

if not is_installed() and not os.environ.get("CI"):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)

HOSTILE = "<script>alert(1)</script>"
EPS = np.finfo(np.float64).eps
POINTS = sample("hubble1929")
RATE, NUM_STEPS = 0.004, 10
RUN = train(POINTS.x, POINTS.y, learning_rate=RATE, num_steps=NUM_STEPS, engine="manual")
LIMIT = Curvature.of(POINTS.x).max_learning_rate
NOW = ("now-m", "now-c", "now-loss", "now-dm", "now-dc")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    mathml = '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>L</mi></math>'
    html = render(POINTS, RUN, {"ok": True, "sentence": "Identical."}, [("Loss", "It is a sum.", [mathml])])
    return write_report(tmp_path_factory.mktemp("report") / "report.html", html).as_uri()


@pytest.fixture
def page(browser, address):
    """The page, freshly loaded; afterwards it must have been silent, on the console and on the network."""
    yield from opened(browser, address)


def opened(browser, address):
    resize(browser, 1280)
    load(browser, address)
    wait(lambda: browser.execute_script("return document.querySelectorAll('#contour .contour').length > 0"))
    yield browser
    assert console(browser) == []
    assert requests(browser) == []


def wait(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError("the page did not get there in time")


def click(page, name):
    element = page.find_element("id", name)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def texts(page, *names):
    """Return what the elements say, in one question to the browser."""
    return page.execute_script("return arguments[0].map((name) => find(name).textContent.trim())", names)


def text(page, name):
    return texts(page, name)[0]


def number(page, name):
    return float(page.find_element("id", name).get_property("value"))


def type_into(page, name, value):
    box = page.find_element("id", name)
    box.clear()
    box.send_keys(value, "\ue007")  # Enter


def numbers(page):
    """Return (m, c, loss, dL/dm, dL/dc) as the page shows them."""
    return np.array(list(map(float, texts(page, *NOW))))


def bounds(points, path, growth=None, carried=0.0):
    """Return how far the page's rows (m, c, loss, dL/dm, dL/dc) may be from those of `path`, shape [rows, 5].

    One gradient by hand: a sum of n terms of at most 5 roundings, gamma(n + 5) times the terms' magnitudes. One on the
    page: six rounded moments in 9 operations, gamma(15) times the magnitudes. One update: two roundings a component,
    on either side. A step multiplies an older difference by at most the spectral norm of I - alpha H, which is
    `Curvature.decay`, or `growth` where the steps are others; `carried` is the share of a step's new difference that
    comes on top. EPS is twice the unit roundoff, which covers the terms of second order.
    """
    x, y = points.x, points.y
    n, mean, best = points.n, abs(np.mean(x)), np.abs(np.polynomial.Polynomial.fit(x, y, 1).convert().coef[::-1])
    divisor = n if path.reduction == "mean" else 1
    curvature, spread = Curvature.of(x, path.reduction), np.sum((x - np.mean(x)) ** 2)
    alpha, steep, apart, rows = path.learning_rate, curvature.lipschitz_constant, 0.0, []
    growth = curvature.decay(alpha) if growth is None else growth
    for row in range(len(path.m)):
        m, c = abs(path.m[row]), abs(path.c[row])
        size = m * np.abs(x) + c + np.abs(y)  # of a residual, when nothing cancels
        u, v = c + best[1] + mean * (m + best[0]), m + best[0]
        own = np.array([2 * np.sum(size * np.abs(x)), 2 * np.sum(size)]) * (n + 5) * EPS
        own += np.array([2 * (n * u * mean + spread * v), 2 * n * u]) * 15 * EPS
        height = np.sum(size**2) * (n + 5) * EPS + (path.loss[row] * divisor + n * u**2 + spread * v**2) * 15 * EPS
        own, height = own / divisor, height / divisor
        slope = np.hypot(path.gradient_m[row], path.gradient_c[row])
        rows.append([apart, apart, slope * apart + steep / 2 * apart**2 + height, *(steep * apart + own)])
        moved = 2 * EPS * np.hypot(m + alpha * slope, c + alpha * slope)
        apart = growth * apart + (1 + carried) * (alpha * np.hypot(*own) + moved)
    return np.array(rows)


def rows_of(path):
    return np.array([path.m, path.c, path.loss, path.gradient_m, path.gradient_c]).T


def walk_beside(page, path):
    """Step forward on the page as far as `path` goes, comparing every row."""
    for step, (want, bound) in enumerate(zip(rows_of(path), bounds(POINTS, path), strict=True)):
        at, *here = map(float, texts(page, "now-step", *NOW))
        assert at == step
        assert (np.abs(here - want) <= bound).all(), (step, here - want, bound)
        if step < path.num_steps:
            click(page, "forward")


def test_the_bound_is_tight_enough_to_mean_something():
    """Twelve digits or more of every parameter, and a wrong rate in the eighth digit is far outside."""
    limits = bounds(POINTS, RUN)
    assert (limits[:, 0] < 1e-9).all()
    rate = np.float64(RUN.learning_rate * (1 + 1e-7))
    other = train(POINTS.x, POINTS.y, learning_rate=rate, num_steps=NUM_STEPS, engine="manual")
    assert (np.abs(other.m - RUN.m)[1:] > limits[1:, 0]).all()


def test_stepping_through_gives_the_run_of_python(page):
    walk_beside(page, RUN)
    click(page, "back")
    assert text(page, "now-step") == str(NUM_STEPS - 1)
    click(page, "restart")
    assert text(page, "now-step") == "0"
    assert not page.find_element("id", "back").is_enabled()


def test_the_table_holds_every_digit(page):
    cells = page.execute_script(
        "const numbers = (row) => [...row.cells].map((cell) => Number(cell.textContent));"
        "return [...document.querySelectorAll('tbody tr')].map(numbers)"
    )
    assert np.array_equal(np.array(cells)[:, 1:], rows_of(RUN))


def test_arrow_keys_move_the_learning_rate(page):
    slider = page.find_element("id", "rate-slider")
    slider.send_keys("\ue014" * 3)  # right
    share = number(page, "rate-slider")
    assert abs(share - (RATE / LIMIT + 0.003)) <= 0.0005 + EPS  # a step is 0.001, to the nearest of which it snaps
    rate = page.execute_script("return page.state.rate")
    assert rate == np.float32(rate)  # as TensorFlow takes it
    assert f"{rate / LIMIT:.3g}" in slider.get_attribute("aria-valuetext")
    walk_beside(page, train(*POINTS, learning_rate=rate, num_steps=6, engine="manual"))


def test_a_typed_rate_is_rounded_as_tensorflow_does_and_shown_as_typed(page):
    type_into(page, "rate", "0.0123")
    assert page.execute_script("return page.state.rate") == np.float32(0.0123)
    assert page.find_element("id", "rate").get_property("value") == "0.0123"
    walk_beside(page, train(*POINTS, learning_rate=0.0123, num_steps=4, engine="manual"))


def test_the_marks_are_the_best_and_the_largest_stable_rate(page):
    best = Curvature.of(POINTS.x).best_learning_rate
    for name, rate in (("best", float(np.float32(best))), ("limit", LIMIT), ("run", RUN.learning_rate)):
        click(page, f"rate-{name}")
        assert page.execute_script("return page.state.rate") == pytest.approx(rate, rel=4 * EPS)
        assert ("past" in page.find_element("id", "rate-note").get_attribute("class")) == (name == "limit")
    left = [page.find_element("id", f"{name}-mark").rect["x"] for name in ("best", "limit")]
    assert left[0] < left[1]


def test_past_the_limit_it_diverges(page):
    rate = 1.5 * LIMIT
    type_into(page, "rate", repr(rate))
    with pytest.warns(UserWarning, match="not under"):
        path = train(*POINTS, learning_rate=rate, num_steps=8, engine="manual")
    walk_beside(page, path)
    assert "uphill" in text(page, "status")
    click(page, "play")
    page.execute_script("pause(); go(1500);")
    wait(lambda: "diverged" in text(page, "status") and text(page, "play") == "Play")
    assert text(page, "now-loss") in ("Infinity", "NaN")


def test_play_runs_until_it_is_paused(page):
    click(page, "play")
    assert text(page, "play") == "Pause"
    assert page.find_element("id", "status").get_attribute("aria-live") == "off"
    wait(lambda: int(text(page, "now-step")) >= 3)
    page.find_element("id", "play").send_keys(" ")
    here = int(text(page, "now-step"))
    assert page.find_element("id", "status").get_attribute("aria-live") == "polite"
    time.sleep(0.5)
    assert int(text(page, "now-step")) == here
    assert text(page, "status").startswith(f"Step {here}: m = ")


def test_the_best_rate_converges(page):
    click(page, "rate-best")
    page.execute_script("go(1500);")
    assert "Converged" in text(page, "status")
    rate, best = Curvature.of(POINTS.x).best_learning_rate, np.array(least_squares(*POINTS))
    # Without rounding the start's distance shrinks to `left`. The page's roundings are among those that `bounds` adds
    # up, each damped by the steps after it; the best line itself is rounded once.
    left = Curvature.of(POINTS.x).decay(float(np.float32(rate))) ** 1500 * np.hypot(*best)
    path = train(*POINTS, learning_rate=rate, num_steps=1500, engine="manual")
    assert (np.abs(numbers(page)[:2] - best) <= bounds(POINTS, path)[-1, :2] + left + EPS * np.abs(best)).all()


def test_dragging_the_start(page):
    from selenium.webdriver import ActionChains

    handle = page.find_element("id", "handle")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    before = handle.rect
    scale = page.execute_script(
        "const p = showing.pictures.contour; return [p.fromX(1) - p.fromX(0), p.fromY(1) - p.fromY(0)]"
    )
    ActionChains(page).click_and_hold(handle).move_by_offset(90, 30).move_by_offset(30, -70).release().perform()
    start = number(page, "start-m"), number(page, "start-c")
    after = handle.rect
    for axis, moved in enumerate((after["x"] - before["x"], after["y"] - before["y"])):
        assert abs(moved - (120, -40)[axis]) <= 1.5  # the pointer takes the handle by its middle, to half a pixel
        assert abs(start[axis] - moved * scale[axis]) <= 1.5 * abs(scale[axis])
    walk_beside(page, train(*POINTS, learning_rate=RATE, num_steps=5, start=start, engine="manual"))


def test_arrow_keys_move_the_start(page):
    handle = page.find_element("id", "handle")
    handle.send_keys("\ue014\ue013")  # right, up
    start = number(page, "start-m"), number(page, "start-c")
    assert start[0] > 0
    assert start[1] > 0
    assert handle.get_attribute("aria-valuetext").startswith("m = ")
    walk_beside(page, train(*POINTS, learning_rate=RATE, num_steps=3, start=start, engine="manual"))


def test_a_click_on_the_contours_sets_the_start(page):
    from selenium.webdriver import ActionChains

    board = page.find_element("id", "contour")
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", board)
    ActionChains(page).move_to_element_with_offset(board, 60, -40).click().perform()
    wanted = page.execute_script(
        "const p = showing.pictures.contour, h = find('contour');"
        "return [p.fromX(h.clientWidth / 2 + 60), p.fromY(h.clientHeight / 2 - 40)]"
    )
    pixel = page.execute_script("const p = showing.pictures.contour; return p.fromX(1) - p.fromX(0)")
    start = number(page, "start-m"), number(page, "start-c")
    assert np.abs(np.array(start) - wanted).max() <= 1.5 * pixel
    walk_beside(page, train(*POINTS, learning_rate=RATE, num_steps=3, start=start, engine="manual"))


def test_typing_the_start(page):
    type_into(page, "start-m", "-1234.5")
    type_into(page, "start-c", "0.1")
    walk_beside(page, train(*POINTS, learning_rate=RATE, num_steps=3, start=(-1234.5, 0.1), engine="manual"))
    assert page.execute_script("return page.state.model.best.m - page.state.radius") < -1234.5


def test_what_cannot_be_used_is_marked(page):
    for name, value in (("rate", "0"), ("rate", "-1"), ("rate", ""), ("start-m", "")):
        type_into(page, name, value)
        assert page.find_element("id", name).get_attribute("aria-invalid") == "true", (name, value)
    assert text(page, "now-step") == "0"


def sequential(num_steps):
    """Descend by hand, with c seeing the new m; return the rows (m, c, loss, dL/dm, dL/dc) and the page's bounds.

    With H the Hessian, a difference (u, v) of two states becomes (u', v - alpha (H_mc u' + H_cc v)) in a step, where
    u' = u - alpha (H_mm u + H_mc v): the matrix whose norm is `growth`. What m is newly off by reaches c by alpha H_mc,
    too: `carried`. As c's gradient is taken at the new m, the larger of two states counts in each magnitude.
    """
    line, rate = Line(np.float64(0), np.float64(0)), np.float64(RUN.learning_rate)
    rows, sizes = [], []
    for _ in range(num_steps + 1):
        slope = gradient(line, *POINTS)
        rows.append([*line, loss(line, *POINTS), *slope])
        m = update(line, slope, rate).m
        seen = gradient(Line(m, line.c), *POINTS)
        sizes.append(np.maximum(np.abs(rows[-1]), np.abs([m, line.c, rows[-1][2], slope.m, seen.c])))
        line = Line(m, update(line, Gradient(slope.m, seen.c), rate).c)
    (mm, mc), (_, cc) = rate * Curvature.of(POINTS.x).hessian
    growth = np.linalg.norm([[1 - mm, -mc], [-mc * (1 - mm), 1 - cc + mc**2]], 2)
    names = dict(zip(("m", "c", "loss", "gradient_m", "gradient_c"), np.array(sizes).T, strict=True))
    path = SimpleNamespace(**names, learning_rate=rate, reduction="sum")
    return np.array(rows), bounds(POINTS, path, growth, abs(mc))


def test_a_sequential_update_lets_c_see_the_new_m(page):
    click(page, "sequential")
    rows, limit = sequential(6)
    for step in range(6):
        assert (np.abs(numbers(page) - rows[step]) <= limit[step]).all(), step
        click(page, "forward")
    assert (np.abs(numbers(page) - rows[6]) <= limit[6]).all()
    assert abs(numbers(page)[1] - RUN.c[6]) > limit[6, 1]  # and so it is not the simultaneous one
    click(page, "simultaneous")
    walk_beside(page, train(*POINTS, learning_rate=RATE, num_steps=3, engine="manual"))


def test_the_mean_of_the_squares(browser, tmp_path):
    path = train(*POINTS, learning_rate=0.1, num_steps=4, reduction="mean", start=(-20.0, 3.5), engine="manual")
    address = write_report(tmp_path / "report.html", render(POINTS, path)).as_uri()
    for page in opened(browser, address):
        walk_beside(page, path)


@pytest.mark.corpus(2)
@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)])
@pytest.mark.parametrize("width", [400, 1280])
def test_it_fits_and_follows_the_scheme(page, width, scheme, theme):
    resize(page, width, scheme=scheme)
    wait(lambda: page.execute_script("return document.documentElement.scrollWidth <= innerWidth"))
    page.execute_script("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    ground = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == f"rgb{tuple(int(theme.ground[at : at + 2], 16) for at in (1, 3, 5))}"
    wait(lambda: page.execute_script("return document.querySelector('#contour svg').clientWidth") < width)
    click(page, "forward")
    assert text(page, "now-step") == "1"


def test_everything_that_takes_the_focus_has_a_name_and_can_be_reached(page):
    page.execute_cdp_cmd("Accessibility.enable", {})
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "slider", "spinbutton", "radio", "region", "textbox", "checkbox", "combobox", "image"}
    found = [(node["role"]["value"], node["name"]["value"]) for node in nodes if node["role"]["value"] in roles]
    assert len(found) >= 14
    assert all(name for _, name in found), found
    page.execute_script("window.reached = []; addEventListener('focusin', (event) => reached.push(event.target.id));")
    page.switch_to.active_element.send_keys("\ue004" * 60)  # Tab
    reached = set(page.execute_script("return window.reached"))
    wanted = "rate rate-slider handle play forward start-m start-c simultaneous hint task-next point-handle paste"
    assert set(wanted.split()) <= reached
    assert not [name for role, name in found if name == "Formula"]


def test_a_script_that_is_not_ours_does_not_run(browser, address):
    resize(browser, 1280)
    browser.get(address)
    browser.execute_script(
        "const one = document.createElement('script'); one.textContent = 'window.ran = 1'; document.body.append(one);"
        "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran = 1\">');"
        "fetch('http://127.0.0.1:9/').catch(() => { window.refused = true; });"
    )
    wait(lambda: browser.execute_script("return window.refused"))
    assert browser.execute_script("return window.ran === undefined")
    refused = console(browser)
    assert all("Content Security Policy" in message for message in refused)
    assert len(refused) >= 3
    requests(browser)


def test_names_from_the_data_are_text(browser, tmp_path):
    points = Points(POINTS.x, POINTS.y, HOSTILE, "</script><b onmouseover=alert(2)>{{ 7*7 }} $x$")
    address = write_report(tmp_path / "report.html", render(points, RUN)).as_uri()
    for page in opened(browser, address):
        assert f"against {HOSTILE}" in page.find_element("tag name", "h1").text
        assert "{{ 7*7 }} $x$" in page.title
        drawn = page.execute_script(
            "return [...document.querySelectorAll('#line-now .name')].map((n) => n.textContent)"
        )
        assert drawn == [HOSTILE, points.y_name]
        assert page.execute_script("return document.scripts.length") == 2
        assert page.execute_script("return document.querySelectorAll('[onmouseover]').length") == 0


@pytest.mark.corpus(2)
@pytest.mark.parametrize(
    "points",
    [
        Points([2.0, 2.0], [1.0, 3.0]),
        Points([0.0, 0.0], [0.0, 0.0]),
        Points([1e9, 1e9 + 1], [1, 2]),
    ],
    ids=["one x", "all zero", "far away"],
)
def test_degenerate_data_are_shown(browser, tmp_path, points):
    rate = 0.3 * Curvature.of(points.x).max_learning_rate
    run = partial(train, *points, learning_rate=np.float64(rate), num_steps=3, engine="manual")
    if Curvature.of(points.x).is_singular:
        with pytest.warns(UserWarning, match="All x are equal"):
            path = run()
    else:
        path = run()
    address = write_report(tmp_path / "report.html", render(points, path)).as_uri()
    browser.get(address)
    click(browser, "forward")
    assert text(browser, "now-step") in ("0", "1")
    assert console(browser) == []
