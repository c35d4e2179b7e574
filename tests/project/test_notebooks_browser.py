"""The rendered notebooks in a real browser, wide and narrow: silent, whole, and not wider than the window."""

import os
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys
from support.browser import chromium, console, is_installed, requests, resize

if not is_installed() and not os.environ.get("CI"):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)

PAGES = sorted((Path(__file__).parents[2] / "notebooks" / "html").glob("*.html"))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_whole_at_any_width(browser, path):
    for width in (1280, 400):
        resize(browser, width)
        browser.get(path.as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert browser.execute_script("return [...document.images].every(image => image.naturalWidth > 0)")
        assert browser.execute_script("return document.querySelectorAll('merror').length") == 0
        heights = browser.execute_script(
            "return [...document.querySelectorAll('math')].map(math => math.getBoundingClientRect().height)"
        )
        assert min(heights, default=1) > 0
    assert console(browser) == []
    assert requests(browser) == []


def test_an_answer_unfolds_by_keyboard_and_the_pages_are_linked(browser):
    resize(browser, 1280)
    browser.get(PAGES[0].as_uri())
    answer = browser.find_element("css selector", ".solution summary")
    code = browser.find_element("css selector", ".solution .highlight")
    assert not code.is_displayed()
    answer.send_keys(Keys.ENTER)
    assert code.is_displayed()
    for path in PAGES[1:]:
        browser.find_element("css selector", "nav span:last-child a").click()
        assert browser.current_url == path.as_uri()
