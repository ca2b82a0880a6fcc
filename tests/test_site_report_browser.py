"""Pages of a report in a real browser: figures that open their evidence, hostile content, paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

import httpx
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from archive.home import Archive
from pipeline.evidence.font import FontMissingError, find_font
from tests.replica.data import reports
from tests.replica.documents import html_style, pdf_style
from tests.replica.html_form import report_page
from tests.replica.pdf_form import render_pdf
from tests.site_seed import HOSTILE, seed
from tests.site_server import WHOLE, running_site
from tests.test_limits_reparse import fill
from tests.test_site_browser import ARGUMENTS, CHROMIUM

REPORT = "/report/640502103-township/2021"
HOSTILE_REPORT = "/report/999902-hostile/2021"
# A megabyte of UTF-8.
MEGABYTE = f'{HOSTILE}"><img src=x onerror=alert(1)><svg onload=alert(2)>' + "长" * 350_000
PAGE_MOST = 1_200_000
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM to its path"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        find_font()
    except FontMissingError as error:
        pytest.skip(str(error))
    report = reports()["rouyuan-town-2021"]
    folder = tmp_path_factory.mktemp("browser") / "data"
    files = {
        "a.html": report_page(report, html_style(report)),
        "a.pdf": render_pdf(report, pdf_style(report)),
    }
    fill(folder, files)
    with running_site(folder, WHOLE) as address:
        yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_every_figure_links_to_a_page_and_the_page_to_a_picture(page: Page, address: str) -> None:
    page.goto(REPORT)
    links = page.eval_on_selector_all("td.n[id] a", "links => links.map(a => a.href)")
    assert len(links) == 200
    # The first, some in the middle and the last, as every picture takes a second to draw.
    for link in (links[0], links[30], links[-1]):
        page.goto(link)
        picture = page.locator(".crop img")
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 400
        source = picture.get_attribute("src")
        assert source
        answer = httpx.get(urljoin(address, source))
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.format == "PNG"
            assert 400 < image.width < 4000
            assert 100 < image.height < 4000
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_on_a_phone_the_marked_cell_is_in_sight(page: Page) -> None:
    page.goto(f"{REPORT}/cell/t3_granted__total")
    shown = page.locator(".crop .scroll").screenshot()
    with Image.open(io.BytesIO(shown)) as image:
        colours = image.convert("RGB").getcolors(image.width * image.height) or []
    red = sum(count for count, (r, g, b) in colours if r > 180 and g < 60 and b < 80)
    assert red > 50


def test_a_figure_of_the_text_opens_the_row_that_explains_it(page: Page) -> None:
    page.goto(REPORT)
    figure = page.locator("a.said").first
    figure.focus()
    page.keyboard.press("Enter")
    row = page.locator("tr:target")
    assert row.is_visible()
    assert (figure.text_content() or "x") in (row.text_content() or "")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("path", [REPORT, f"{REPORT}/cell/t3_granted__total"])
def test_nobody_is_shut_out(
    browser: Browser, address: str, width: int, scheme: Literal["light", "dark"], path: str
) -> None:
    # axe is a script, which the site's own policy would keep out.
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 844},
        color_scheme=scheme,
        bypass_csp=True,
    )
    page = context.new_page()
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": LEVELS}})
    context.close()
    assert [violation["id"] for violation in found.response["violations"]] == []


def test_printed_pages_hold_the_tables_whole(page: Page) -> None:
    page.goto(REPORT)
    paper = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    width, height = paper[0].get_size()
    assert (round(width), round(height)) == (595, 842)
    texts = [sheet.get_textpage().get_text_range() for sheet in paper]
    (with_three,) = [text for text in texts if "法律服务机构" in "".join(text.split())]
    assert "结转下年度继续办理" in "".join(with_three.split())
    assert not any("检索" in text for text in texts)
    # The widest table keeps a margin: its right-hand rule is not cut off.
    for sheet in paper:
        image = sheet.render(scale=1).to_pil().convert("L")
        assert min(image.crop((image.width - 20, 0, image.width, image.height)).tobytes()) > 200


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The site with one report in which every text is a megabyte of script."""
    folder = seed(tmp_path_factory.mktemp("hostile")).folder
    archive = Archive(folder)
    with archive.transaction() as db:
        report, document = db.execute(
            "SELECT id, document_id FROM reports WHERE agency_id = 11 AND year = 2021"
        ).fetchone()
        for table, columns, where in (
            ("reports", ("title",), "id = :report"),
            ("documents", ("title", "agency_printed", "preamble", "signed"), "id = :document"),
            ("contacts", ("office", "address", "website"), "document_id = :document"),
            ("sections", ("heading", "text", "place"), "document_id = :document"),
            ("findings", ("message", "quote", "place"), "document_id = :document"),
            ("sources", ("link_text", "column_path", "parent_url"), "document_id = :document"),
        ):
            for column in columns:
                db.execute(
                    f"UPDATE {table} SET {column} = :text WHERE {where}",
                    {"text": MEGABYTE, "report": report, "document": document},
                )
        for column in ("raw", "note", "place"):
            db.execute(
                f"UPDATE cells SET {column} = ? WHERE document_id = ? AND state <> 'value'",
                (MEGABYTE, document),
            )
        db.execute(
            "INSERT INTO figures (document_id, ordinal, section, raw, value, unit, kind, clause,"
            " place, offset, length) VALUES (?, 1, 1, ?, 5, ?, 'count', ?, ?, 0, ?)",
            (document, MEGABYTE, HOSTILE, MEGABYTE, MEGABYTE, len(MEGABYTE)),
        )
        db.execute(
            "INSERT INTO verdicts VALUES (?, ?, 'report', 'not_judged', ?)",
            (document, HOSTILE, MEGABYTE),
        )
    archive.close()
    with running_site(folder, WHOLE) as address:
        yield address


def test_hostile_text_is_shown_as_text_and_cut(browser: Browser, hostile: str) -> None:
    context = browser.new_context(base_url=hostile, viewport={"width": 390, "height": 844})
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: heard.append(request.url) if (
        not request.url.startswith(hostile)) else None)  # fmt: skip
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.log(e.violatedDirective))"
    )
    addresses = (
        HOSTILE_REPORT,
        f"{HOSTILE_REPORT}/cell/t2_licensing_decisions",
        f"{HOSTILE_REPORT}/cell/t3_new__business",
    )
    for address in addresses:
        answer = page.goto(address)
        assert answer
        assert answer.status == 200
        assert len(answer.body()) < PAGE_MOST, address
        assert page.title().endswith("政府信息公开年报档案")
        assert page.evaluate("document.scripts.length") == 0
        assert page.evaluate("document.querySelectorAll('[onerror], [onload]').length") == 0
        assert HOSTILE in page.locator("main").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
    assert page.locator("a[href$='.json']").count()
    context.close()
    assert heard == []
    # What is cut on the page is whole in the JSON.
    whole = httpx.get(f"{hostile}{HOSTILE_REPORT}.json", timeout=30).json()
    assert whole["cells"]["t2_licensing_decisions"]["raw"] == MEGABYTE
