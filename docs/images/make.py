"""Make the picture of the README: the report of `crossent train digits`, as Chromium draws it.

python docs/images/make.py runs/digits-1/report.html
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main(report: str) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1240, "height": 1075}, device_scale_factor=1)
        page.goto(Path(report).resolve().as_uri())
        page.wait_for_selector("svg")
        page.screenshot(path=Path(__file__).with_name("report.png"))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
