"""Every page of the demo's site: every link answers, and every kind of page serves everybody."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

import httpx
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import etree
from lxml import html as lxml_html
from playwright.sync_api import Browser, Page, sync_playwright

from tests.crawl_site import ROOT
from tests.site_server import WHOLE, running_site
from tests.test_site_browser import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM to its path"
)
# All rules of WCAG 2.2 AA where the layout is the most changed one; elsewhere those that depend
# on width and colours.
_ALL = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_LOOKS = {
    "type": "rule",
    "values": [
        "color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable",
    ],
}  # fmt: skip
_Scheme = Literal["light", "dark"]
SCREENS: dict[tuple[int, _Scheme], dict[str, Any] | None] = {
    (1280, "light"): _LOOKS, (390, "dark"): _ALL,
}  # fmt: skip
# Pages are asked for this often of each kind: rows of tables and figures are many and alike.
MOST_OF_A_KIND = 3
REPORT = "/report/640502-government_office/2024"
# Pages that only a form leads to.
ASKED = (
    "/search?q=%E4%BF%A1%E6%81%AF%E5%85%AC%E5%BC%80",
    "/search?q=%E9%BE%98",
    "/search.json?q=%E4%BF%A1%E6%81%AF%E5%85%AC%E5%BC%80",
    "/compare?r=640502-government_office%2F2021&r=640502-government_office%2F2024",
    "/sitemap.xml",
    "/robots.txt",
)


def kind_of(address: str) -> str:
    """Name what addresses of the same kind of page have in common."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    for pattern, name in (
        (r"^/nianbao/[^/]+?(\.json|\.csv)?$", r"/nianbao/TABLE\1"),
        (r"^/nianbao/[^/]+/.+?(\.json)?$", r"/nianbao/TABLE/ROW\1"),
        (r"^/data/[0-9a-f]{12}/", "/data/RELEASE/"),
        (r"[0-9a-f]{64}", "DIGEST"),
        (r"^/(report|agency|feeds/agency)/[^/.]+", r"/\1/AGENCY"),
        (r"/cell/[^/.]+", "/cell/CODE"),
        (r"/\d{4}(?=$|[/.])", "/YEAR"),
        (r"^/region/\d{6}", "/region/REGION"),
        (r"^/region/\d\d$", "/region/PROVINCE"),
    ):
        path = re.sub(pattern, name, path)
    asked = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    if path.startswith("/nianbao/"):
        # Every column is an argument of its table.
        asked = sorted({name if name.startswith("_") else "COLUMN" for name in asked})
    return path + ("?" + "&".join(asked) if asked else "")


@dataclass
class Walked:
    """What the walk over all links met.

    Attributes:
        pages: an address of each kind of HTML page.
        asked: number of addresses asked for, by kind.
        wrong: what did not answer as it should.

    """

    pages: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    wrong: list[object] = field(default_factory=list)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("every") / "demo"
    subprocess.run(
        [sys.executable, "-m", "crawler.cli", "demo", "--no-serve", "--data", str(folder)],
        cwd=ROOT, capture_output=True, timeout=180, check=True,
    )  # fmt: skip
    with running_site(folder, WHOLE) as address:
        yield address


@pytest.fixture(scope="module")
def walked(address: str) -> Walked:
    met = Walked()
    seen = {"/", *ASKED}
    waiting = ["/", *ASKED]
    with httpx.Client(base_url=address, timeout=30) as client:
        while waiting:
            path = waiting.pop(0)
            kind = kind_of(path)
            if met.asked[kind] >= (2 if "?" in kind and path not in ASKED else MOST_OF_A_KIND):
                continue
            met.asked[kind] += 1
            answer = client.get(path)
            if answer.status_code != 200:
                met.wrong.append((path, answer.status_code))
                continue
            for link in _links(answer, met.wrong, path):
                inside = urljoin(address + path, link)
                if inside.startswith(address + "/"):
                    inside = inside.removeprefix(address).partition("#")[0]
                    if inside not in seen:
                        seen.add(inside)
                        waiting.append(inside)
            if answer.headers["content-type"].startswith("text/html"):
                met.pages.setdefault(kind, path)
    return met


def _links(answer: httpx.Response, wrong: list[object], path: str) -> list[str]:
    """Return the links of a page, a feed or a sitemap; say what a page lacks."""
    kind = answer.headers["content-type"].partition(";")[0]
    if kind == "text/html":
        page = lxml_html.fromstring(answer.content)
        heads = page.xpath("//h1")
        if len(heads) != 1 or not heads[0].text_content().strip():
            wrong.append((path, f"{len(heads)} h1"))
        if page.get("lang") != "zh-CN":
            wrong.append((path, "no language"))
        if not page.xpath("//title/text()")[0].split(" · ")[0].strip():
            wrong.append((path, "no title"))
        wrong += [
            (path, f"nothing at {link}")
            for link in page.xpath("//a[starts-with(@href, '#')]/@href")
            if not page.xpath("//*[@id = $id]", id=unquote(link[1:]))
        ]
        return [str(link) for link in page.xpath("//@href | //@src")]
    if kind in {"application/atom+xml", "application/xml"}:
        root = etree.fromstring(answer.content)
        return [str(link) for link in root.xpath("//@href | //*[local-name() = 'loc']/text()")]
    if kind == "application/json":
        answer.json()
    return []


def test_every_link_leads_somewhere(walked: Walked) -> None:
    assert walked.wrong == []
    for kind in (
        "/", "/about", "/agency/AGENCY", "/changes", "/changes.json", "/compare", "/compare?r",
        "/data", "/data/RELEASE/datapackage.json", "/data/RELEASE/cells.csv.gz", "/dictionary",
        "/explore", "/explore.csv?year", "/explore.json?year", "/feeds", "/feeds/changes.atom",
        "/feeds/agency/AGENCY.atom", "/findings", "/findings?rule", "/findings.json", "/health",
        "/health.json", "/nianbao", "/nianbao/TABLE", "/nianbao/TABLE.json", "/nianbao/TABLE/ROW",
        "/openapi.json", "/original/DIGEST", "/region/REGION", "/region/PROVINCE",
        "/report/AGENCY/YEAR", "/report/AGENCY/YEAR.json", "/report/AGENCY/YEAR.csv",
        "/report/AGENCY/YEAR.xlsx", "/report/AGENCY/YEAR/cell/CODE",
        "/report/AGENCY/YEAR/cell/CODE.png?v", "/search", "/search?q", "/sitemap.xml",
    ):  # fmt: skip
        assert walked.asked[kind], kind


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    # axe is a script, which the site's own policy would keep out.
    context = browser.new_context(base_url=address, bypass_csp=True)
    yield context.new_page()
    context.close()


# Kinds of tables and filters that look alike; one of them stands for all.
def _apart(pages: dict[str, str]) -> list[str]:
    alike = re.compile(r"^/(nianbao/TABLE|explore|findings|changes)\?")
    chosen: dict[str, str] = {}
    for kind, path in pages.items():
        family = match[0] if (match := alike.match(kind)) else kind
        chosen.setdefault(family, path)
    return list(chosen.values())


def test_every_kind_of_page_serves_everybody(page: Page, address: str, walked: Walked) -> None:
    wrong: list[object] = []
    page.on("console", lambda message: wrong.append((page.url, message.text)))
    page.on("pageerror", lambda error: wrong.append((page.url, str(error))))
    page.on("request", lambda request: None if request.url.startswith(address) else (
        wrong.append((page.url, request.url))))  # fmt: skip
    for path in _apart(walked.pages):
        page.goto(path)
        # Rows of a long table are alike.
        page.evaluate("document.querySelectorAll('tr:nth-child(n+40)').forEach(e => e.remove())")
        for (width, scheme), rules in SCREENS.items():
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                wrong.append((path, width, "wider than the screen"))
            if rules:
                options = {"runOnly": rules, "resultTypes": ["violations"]}
                found = Axe().run(page, options=options).response["violations"]
                wrong += [(path, width, one["id"], one["nodes"][0]["html"]) for one in found]
        wrong += [(path, problem) for problem in _keyboard(page)]
    assert wrong == []


def _keyboard(page: Page) -> Iterator[str]:
    """Go by the first tab stops of a page; says what a person without a mouse would miss."""
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    for stop in range(6):
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => { const e = document.activeElement;
            const b = e.getBoundingClientRect(); const s = getComputedStyle(e);
            return {body: e === document.body, name: e.className, x: b.x, y: b.y, width: b.width,
                outline: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2,
                target: e.hash && !!document.querySelector(e.hash)}; }""")
        if stop == 0 and (seen["name"] != "skip" or not seen["target"]):
            yield "the first tab stop does not skip to the content"
        if seen["body"]:
            return
        if seen["x"] < 0 or seen["y"] < 0 or not seen["width"]:
            yield f"tab stop {stop} is out of sight"
        if not seen["outline"]:
            yield f"tab stop {stop} does not show that it is chosen"


def test_a_printed_report_is_the_report_alone(page: Page, tmp_path: Path) -> None:
    page.goto(REPORT)
    shown = page.locator("table.form td[id]").count()
    printed = tmp_path / "report.pdf"
    page.pdf(path=printed, format="A4", print_background=False)
    document = pypdfium2.PdfDocument(printed)
    text = "".join(sheet.get_textpage().get_text_range() for sheet in document)
    # A report of some pages on some sheets, with all figures, sections, sources and no buttons.
    assert 3 <= len(document) <= 14
    for words in ("一、", "六、", "申请人情况", "行政复议", "SHA-256", "https://www.spt.gov.cn/"):
        assert words in text, words
    assert shown == 200
    assert "跳到正文" not in text
    assert "检索年报全文" not in text
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    assert page.locator("nav:visible, form:visible, footer:visible").count() == 0
    for table in page.locator("table.form:visible").all():
        box = table.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 718
