"""Take the README's pictures from a served demo: ``python -m tests.take_pictures ADDRESS``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURES = Path(__file__).parent / "pictures"
_OFFICE = "640502-government_office"
PAGES = {
    "home": "/",
    "report": f"/report/{_OFFICE}/2024",
    "compare": f"/compare?r={_OFFICE}/2021&r={_OFFICE}/2024&only=different",
}


def main(address: str) -> None:
    """Write one picture a page of the site at an address."""
    PICTURES.mkdir(exist_ok=True)
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 1000})
        for name, path in PAGES.items():
            page.goto(address.rstrip("/") + path)
            page.screenshot(path=PICTURES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
