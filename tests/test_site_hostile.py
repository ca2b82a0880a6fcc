"""A hostile archive: whatever a website put into titles, names, cells and addresses is text.

Every text is script, markup, a formula, characters that turn or hide the line; some are as long as
a megabyte. Every kind of page is asked for, then opened in a browser that listens.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import httpx
import openpyxl
import pytest
from lxml import etree
from lxml import html as lxml_html
from playwright.sync_api import sync_playwright

from archive.home import Archive
from archive.search import index_report
from tests.site_seed import seed
from tests.site_server import WHOLE, running_site
from tests.test_site_browser import ARGUMENTS, CHROMIUM
from tests.test_site_every_page import kind_of

TEXT = (
    "=cmd|' /C calc'!A0"
    "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>]]>{{7*7}}"
    "</title></textarea><svg onload=alert(3)>javascript:alert(4)"
    "\u202e倒序\u200b\u200f零宽\u0000\u000b\ufffe"
)
LONG = TEXT + "信息公开，" * 67_000  # a megabyte
REPORT = "/report/999902-hostile/2021"
STARTS = (
    "/", REPORT, "/search?q=" + quote("<script>"), "/search?q=" + quote("信息公开"),
    "/search.json?q=" + quote("信息公开"), "/compare?r=999902-hostile/2021&r=999901-water/2022",
    "/compare?a=999902-hostile&a=999901-water", "/compare?q=" + quote("<script>"),
    "/changes?agency=" + quote(TEXT[:60]), "/explore?region=" + quote(TEXT[:60]),
    "/nianbao/agencies?_facet=name", "/nianbao/reports?_facet=title", "/sitemap.xml",
    f"{REPORT}/cell/t2_licensing_decisions", f"{REPORT}/cell/t3_new__business",
    "/feeds/agency/999902-hostile.atom", "/agency/999902-hostile",
)  # fmt: skip
# Long texts are whole in what programs read; a page shows their beginning.
PAGE_MOST = 1_500_000
SLOWEST = 8.0


def _spoil(folder: Path) -> None:
    archive = Archive(folder)
    with archive.transaction() as db:
        db.execute("PRAGMA defer_foreign_keys = ON")
        report, document = db.execute(
            "SELECT id, document_id FROM reports WHERE agency_id = 11 AND year = 2021"
        ).fetchone()
        for table, columns in {
            "agencies": ("name", "basis"),
            "agency_names": ("name",),
            "sites": ("name", "region_name", "home", "hosts"),
            "reports": ("title",),
            "documents": ("title", "agency_printed", "preamble", "signed"),
            "contacts": ("office", "address", "phone", "email", "website"),
            "sections": ("heading", "text"),
            "findings": ("message", "quote", "place", "url"),
            "sources": ("link_text", "column_path", "parent_url"),
            "runs": ("reason",),
            "rules": ("title", "source"),
        }.items():
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = ? || coalesce({column}, '')", [TEXT])
        for table, column in (("sources", "url"), ("captures", "url")):
            db.execute(f"UPDATE {table} SET {column} = {column} || ?", [quote("#") + TEXT])
        for table, columns, where in (
            ("reports", ("title",), "id = :report"),
            ("documents", ("title", "agency_printed", "preamble", "signed"), "id = :document"),
            ("contacts", ("office", "website"), "document_id = :document"),
            ("sections", ("heading", "text"), "document_id = :document"),
            ("findings", ("message", "quote", "place", "url"), "document_id = :document"),
            ("sources", ("url", "link_text", "column_path"), "document_id = :document"),
            ("agencies", ("name",), "id = 11"),
            ("sites", ("name", "region_name"), "1"),
        ):
            for column in columns:
                db.execute(
                    f"UPDATE {table} SET {column} = :text WHERE {where}",
                    {"text": LONG, "report": report, "document": document},
                )
        for column in ("raw", "note", "place"):
            db.execute(
                f"UPDATE cells SET {column} = ? WHERE document_id = ? AND state <> 'value'",
                (LONG, document),
            )
        for (each,) in db.execute("SELECT id FROM reports").fetchall():
            index_report(db, each)
    archive.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = seed(tmp_path_factory.mktemp("hostile")).folder
    _spoil(folder)
    with running_site(folder, WHOLE) as address:
        yield address


@pytest.fixture(scope="module")
def answers(address: str) -> dict[str, tuple[str, httpx.Response]]:
    """An address and answer of each kind of page."""
    found: dict[str, tuple[str, httpx.Response]] = {}
    waiting, seen = list(STARTS), set(STARTS)
    with httpx.Client(base_url=address, timeout=60) as client:
        while waiting:
            path = waiting.pop(0)
            kind = path if path in STARTS else kind_of(path)
            if kind in found:
                continue
            began = time.monotonic()
            answer = client.get(path)
            took = time.monotonic() - began
            assert answer.status_code == 200, (path[:200], answer.status_code, answer.text[:200])
            slow = (path[:200], took)
            assert took < SLOWEST, slow
            found[kind] = path, answer
            if answer.headers["content-type"].startswith("text/html"):
                for link in lxml_html.fromstring(answer.content).xpath("//@href | //@src"):
                    inside = urljoin(address + path, str(link)).partition("#")[0]
                    if inside.startswith(address + "/") and inside not in seen:
                        seen.add(inside)
                        waiting.append(inside.removeprefix(address))
    return found


def test_every_page_is_of_bounded_size_and_without_script(
    answers: dict[str, tuple[str, httpx.Response]],
) -> None:
    pages = 0
    for kind, (_, answer) in answers.items():
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        pages += 1
        assert len(answer.content) < PAGE_MOST, (kind, len(answer.content))
        page = lxml_html.fromstring(answer.content)
        assert not page.xpath("//script | //*[@onerror or @onload or @style] | //img[@src='x']"), (
            kind
        )
        for link in page.xpath("//a/@href | //form/@action | //img/@src"):
            assert link.startswith(("/", "#", "http://", "https://")), (kind, link[:100])
    assert pages > 25


def test_feeds_and_files_hold_text(answers: dict[str, tuple[str, httpx.Response]]) -> None:
    for kind, (_, answer) in answers.items():
        media = answer.headers["content-type"].partition(";")[0]
        if media in {"application/atom+xml", "application/xml"}:
            root = etree.fromstring(answer.content)
            names = {etree.QName(element).localname for element in root.iter()}
            assert not names & {"script", "svg", "img"}, kind
            assert len(answer.content) < PAGE_MOST
            for link in root.xpath("//@href"):
                assert link.startswith("http://127.0.0.1:"), kind
        elif media == "application/json":
            answer.json()


def is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("=", "+", "-", "@")) and len(value) > 1


def test_a_spreadsheet_computes_nothing(address: str) -> None:
    table = httpx.get(f"{address}{REPORT}.csv", timeout=60).content.decode("utf-8-sig")
    csv.field_size_limit(1 << 24)
    rows = list(csv.reader(io.StringIO(table)))
    assert not [value[:50] for row in rows for value in row if is_formula(value)]
    assert any("<script>alert(1)</script>" in value for row in rows for value in row)
    book = openpyxl.load_workbook(
        io.BytesIO(httpx.get(f"{address}{REPORT}.xlsx", timeout=60).content)
    )
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    exported = httpx.get(f"{address}/explore.csv?year=2021", timeout=60).text
    assert not [v for row in csv.reader(io.StringIO(exported)) for v in row if is_formula(v)]


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM")
def test_nothing_is_executed(address: str, answers: dict[str, tuple[str, httpx.Response]]) -> None:
    heard: list[object] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(base_url=address, viewport={"width": 390, "height": 844})
        page = context.new_page()
        page.on("console", lambda message: heard.append((page.url[:99], message.text[:200])))
        page.on("pageerror", lambda error: heard.append((page.url[:99], str(error))))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith((address, "data:"))
                else heard.append(request.url[:200]))  # fmt: skip
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.log(e.violatedDirective))"
        )
        for kind, (path, answer) in answers.items():
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            page.goto(path)
            assert page.evaluate("document.scripts.length") == 0, kind
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, (kind, path[:200], wide)
        page.goto(REPORT)
        assert "<script>alert(1)</script>" in page.locator("main").inner_text()
        browser.close()
    assert heard == []
