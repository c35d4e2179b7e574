"""Make the pictures of the README anew: `python -m docs.pictures`, from the root of the repository."""

import base64
import tempfile
import time
from pathlib import Path

from tests.support.browser import chromium, resize
from tf_gd.cli import run

HERE = Path(__file__).parent / "images"


def main() -> None:
    """Draw the figures with the command line, and take a picture of the report in Chromium."""
    for kind, name in (("overview", "hubble"), ("contour", "contour"), ("parabola", "parabola")):
        rate = [] if kind == "contour" else ["--learning-rate", "0.004"]
        run(["plot", kind, *rate, "--output", str(HERE / f"{name}.png")])
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "report.html"
        run(["report", "--learning-rate", "0.019", "--num-steps", "60", "--output", str(page)])
        picture(page, HERE / "report.png")


def picture(page: Path, target: Path) -> None:
    """Play the report for some steps, and save what is to be seen of its playground."""
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as browser:
        resize(browser, 1180, 900)
        browser.get(page.as_uri())
        for _ in range(7):
            browser.find_element("id", "forward").click()
        browser.execute_script("document.getElementById('try-title').scrollIntoView()")
        time.sleep(1)
        target.write_bytes(base64.b64decode(browser.get_screenshot_as_base64()))


if __name__ == "__main__":
    main()
