"""A headless Chromium for the tests of the report: started once, watched for errors and for network requests."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


LOADS = count()


def is_installed() -> bool:
    return all(map(shutil.which, ("chromium", "chromedriver")))


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    """Open a browser with a new profile in `profile`, and close it afterwards."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        driver.get("about:blank")
        driver.get_log("performance")  # what the first, empty tab asked for
        yield driver
    finally:
        driver.quit()


def load(driver: Any, address: str) -> None:
    """Load a page anew, even where it is open at another #."""
    driver.get(f"{address}?{next(LOADS)}")


def resize(driver: Any, width: int, height: int = 900, scheme: str = "light") -> None:
    """Give the page a width, narrower ones than a window can have included, and a colour scheme."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def requests(driver: Any) -> list[str]:
    """Return the addresses that were asked for since the last call, files and data of the page itself left out."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [url for url in asked if not url.startswith(("file:", "data:"))]


def console(driver: Any) -> list[str]:
    """Return what the page wrote to the console, errors and refused scripts included."""
    return [entry["message"] for entry in driver.get_log("browser")]
