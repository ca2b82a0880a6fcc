"""The public site in a real browser: desktop and phone, light and dark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.site_seed import Seeded, seed
from tests.site_server import running_site

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGES = (
    "/", "/about", "/search?q=信访 低保", "/findings", "/agency/999901-water",
    "/report/999901-water/2022", "/report/999901-water/2020", "/report/999901-water/2024",
    "/report/999902-hostile/2021", "/report/999901-water/2022/cell/t3_new__total", "/nianbao",
    "/nianbao/report_overview", "/nianbao/reports/1", "/changes", "/data", "/health",
    "/dictionary", "/feeds", "/agency/999901-civil_affairs", "/region/999901", "/region/99",
    "/explore", "/explore?code=review_corrected_rate&year=2022", "/explore?by=region&year=2021",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def address(seeded: Seeded) -> Iterator[str]:
    with running_site(seeded.folder) as address:
        yield address


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(params=[(1280, "light"), (390, "light"), (390, "dark")], ids=str)
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 844}, color_scheme=scheme
    )
    yield context.new_page()
    context.close()


def test_pages_fit_and_ask_nobody_else(page: Page, address: str) -> None:
    complaints: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url) if not request.url.startswith(address) else None
        ),
    )
    for path in PAGES:
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
        assert page.title().endswith("政府信息公开年报档案"), path
        assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert complaints == []
    assert elsewhere == []


def test_the_widest_table_needs_no_scrolling(page: Page) -> None:
    page.goto("/report/999901-water/2021")
    for table in ("t2", "t3", "t4"):
        room = page.locator(f".scroll:has(.form-{table})")
        assert room.evaluate("box => box.scrollWidth - box.clientWidth") <= 0, table


def test_search_by_keyboard_and_follow_a_mark_to_the_figure(page: Page, seeded: Seeded) -> None:
    page.goto("/")
    page.get_by_label("检索年报全文").fill("水务局 2021")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.locator("mark").count() > 0
    page.locator(".hits h2 a").first.click()
    cell = page.locator("#t3_new__total")
    shown = cell.inner_text().split("\n")[0].rstrip("!")
    value = seeded.cells["999901:water", 2021]["t3_new__total"]["value"]
    assert shown == str(value)
    cell.locator("a").click()
    assert str(value) in page.locator(".big-figure").inner_text()


def test_the_first_tab_stop_skips_to_the_content(page: Page) -> None:
    page.goto("/report/999901-water/2022")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_stand_out_from_their_ground(page: Page) -> None:
    script = """() => [...document.querySelectorAll('main *')].filter(e =>
        [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.offsetParent
        && !e.closest('.vh') && !e.closest('svg')).map(e => {
          let ground = e; let found = 'rgba(0, 0, 0, 0)';
          while (ground && found === 'rgba(0, 0, 0, 0)') {
            found = getComputedStyle(ground).backgroundColor; ground = ground.parentElement; }
          return [getComputedStyle(e).color, found, e.className + ' ' + e.textContent.trim()
            .slice(0, 20)]; })"""
    paths = (
        "/", "/report/999901-water/2022", "/search?q=信访", "/nianbao/report_overview", "/changes",
        "/health", "/data", "/agency/999901-civil_affairs", "/region/99",
        "/explore?code=review_corrected_rate&year=2022",
    )  # fmt: skip
    for path in paths:
        page.goto(path)
        for ink, ground, where in page.evaluate(script):
            if ink.startswith("color(") or ground.startswith("color("):
                continue
            light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (path, where, ink, ground)
