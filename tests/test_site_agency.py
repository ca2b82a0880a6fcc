"""An agency: its years as pictures, and the same figures as tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from archive.home import Archive
from archive.site.chart import Plot, Series, bars
from tests.site_seed import Seeded, seed, seed_long_series
from tests.site_server import client_of, page, running_site
from tests.test_site_browser import ARGUMENTS, CHROMIUM

WATER = "999901:water"
PICTURES = ("requests", "outcomes", "disputes", "documents")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    made = seed(tmp_path_factory.mktemp("agency"))
    archive = Archive(made.folder)
    with archive.transaction() as db:
        for state, code, year in (
            ("blank", "t3_carried_in__total", 2023),
            ("unread", "t3_granted__total", 2021),
        ):
            db.execute(
                "UPDATE cells SET value = NULL, state = ? WHERE metric_id ="
                " (SELECT id FROM metrics WHERE code = ?) AND document_id = (SELECT document_id"
                " FROM reports WHERE year = ? AND agency_id ="
                " (SELECT id FROM agencies WHERE key = '999901:finance'))",
                (state, code, year),
            )
    archive.close()
    return made


@pytest.fixture(scope="module")
def client(seeded: Seeded) -> Iterator[httpx.Client]:
    with client_of(seeded.folder) as opened:
        yield opened


def table_of(shown: Any, picture: str) -> dict[int, dict[str, str]]:
    """Figures below a picture: by year and column."""
    table = shown.xpath(f"//section[@aria-labelledby='picture-{picture}']//table")[0]
    heads = [head.text_content() for head in table.xpath(".//thead//th")][1:]
    return {
        int(row.xpath("string(th)")): dict(
            zip(heads, (cell.text_content().strip() for cell in row.xpath("td")), strict=False)
        )
        for row in table.xpath(".//tbody/tr")
    }


def test_the_table_below_each_picture_has_the_figures_of_the_reports(
    client: httpx.Client, seeded: Seeded
) -> None:
    shown = page(client, "/agency/999901-water")
    codes = {
        ("requests", "新收申请"): ["t3_new__total"],
        ("requests", "结转下年"): ["t3_carried_out__total"],
        ("outcomes", "予以公开"): ["t3_granted__total"],
        ("disputes", "行政诉讼"): ["t4_suit_direct_total", "t4_suit_after_review_total"],
        ("disputes", "行政诉讼结果纠正"): [
            "t4_suit_direct_corrected", "t4_suit_after_review_corrected",
        ],
        ("documents", "现行有效"): ["t2_normative_docs_in_force"],
    }  # fmt: skip
    for (picture, head), summed in codes.items():
        figures = table_of(shown, picture)
        assert sorted(figures) == list(range(2019, 2025))
        for year, row in figures.items():
            held = [seeded.cells[WATER, year].get(code) for code in summed]
            if None in held:
                assert row[head] == "无此项", (year, head)
            else:
                total = sum(cell["value"] for cell in held if cell)
                assert float(row[head]) == total, (year, head)


def test_a_picture_says_what_its_table_says(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-water")
    for picture in PICTURES:
        said = shown.xpath(f"//section[@aria-labelledby='picture-{picture}']//svg/@aria-label")[0]
        drawn = shown.xpath(
            f"//section[@aria-labelledby='picture-{picture}']//ul[@class='legend series']/li"
        )
        names = [name.text_content() for name in drawn]
        rows = table_of(shown, picture)
        for year, row in rows.items():
            told = re.search(rf"{year} 年 ([^；]*)", said)
            assert told is not None
            figures = list(row.values())[: len(names)]
            if set(figures) == {"无此项"}:
                assert told[1] == "无此项"
            else:
                pairs = zip(names, figures, strict=True)
                expected = "，".join(f"{name} {figure}" for name, figure in pairs)
                assert told[1] == expected


def test_every_figure_leads_to_where_it_stands(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-water")
    links = shown.xpath("//section[starts-with(@aria-labelledby, 'picture-')]//td/a")
    assert len(links) > 80
    for link in links[::6]:
        path, _, place = link.get("href").partition("#")
        found = page(client, path)
        if "/cell/" in path:
            assert link.text_content() in found.xpath("string(//*[@class='big-figure'])")
        elif place:
            assert found.xpath(f"//*[@id='{place}']"), link.get("href")


def test_years_that_are_not_held_are_said(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-civil_affairs")
    assert "应有未见：2022 年的年报" in shown.text_content()
    rows = shown.xpath("//table[contains(@class, 'years-table')]/tbody/tr")
    assert [row.xpath("string(th)") for row in rows] == [str(y) for y in range(2024, 2018, -1)]
    assert "应有未见" in rows[2].text_content()
    for svg in shown.xpath("//svg[@role='img']/@aria-label"):
        assert "2022 年 应有未见" in svg
    # After the last one held.
    last = page(client, "/agency/999901102-township")
    assert "应有未见：2024 年的年报" in last.text_content()
    none = page(client, "/agency/999902-none")
    assert "还没有收录" in none.text_content()


def test_no_value_says_why_and_is_never_zero(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-finance")
    assert table_of(shown, "requests")[2023]["上年结转"] == "空白"
    assert table_of(shown, "outcomes")[2021]["予以公开"] == "未识别"
    for words in ("空白", "未识别"):
        link = shown.xpath(f"//td/a[. = '{words}']/@href")[0]
        assert words in page(client, link).xpath("string(//*[@class='big-figure'])")
    # A sum that lacks a part is none.
    said = shown.xpath("//section[@aria-labelledby='picture-requests']//svg/@aria-label")[0]
    assert "上年结转" not in said.partition("2023 年")[2].partition("；")[0]
    drawn = shown.xpath("//section[@aria-labelledby='picture-requests']//svg[@role='img']")[0]
    assert "不全" in drawn.text_content()
    hostile = table_of(page(client, "/agency/999902-hostile"), "requests")
    assert set(hostile[2022].values()) == {"无此项"}


def test_names_findings_and_ways_on(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-water")
    text = shown.text_content()
    assert "云溪县水利局" in text
    links = shown.xpath("//a/@href")
    assert "/compare?a=999901-water" in links
    assert "/feeds/agency/999901-water.atom" in links
    assert "/region/999901" in links
    rules = shown.xpath("//table[contains(@class, 'rules')]")[0]
    heads = [head.text_content() for head in rules.xpath(".//thead//th")]
    broken = next(row for row in rules.xpath(".//tbody/tr") if "E-T3-ROWSUM" in row.text_content())
    assert broken.xpath("td")[heads.index("2022") - 1].text_content().strip() == "1"
    assert broken.xpath("td")[heads.index("2021") - 1].text_content().strip() == "无"


def test_the_change_of_the_form_is_drawn_where_it_happened(client: httpx.Client) -> None:
    shown = page(client, "/agency/999901-water")
    lines = shown.xpath("//svg[@role='img']/line[@class='change-of-form']")
    assert len(lines) == len(PICTURES)
    after = shown.xpath("//svg[@role='img'][1]/text[@class='year'][. = '2021']/@x")[0]
    before = shown.xpath("//svg[@role='img'][1]/text[@class='year'][. = '2020']/@x")[0]
    assert float(before) < float(lines[0].get("x1")) < float(after)


def test_a_bar_is_as_long_as_its_figure() -> None:
    chart = bars([(2020, 50, ""), (2021, 100, ""), (2022, 0, ""), (2023, None, "未收录")])
    heights = [column.pieces[0].height if column.pieces else None for column in chart.columns]
    assert heights[1] == pytest.approx(2 * (heights[0] or 0), abs=0.2)
    assert heights[2] == 0
    assert heights[3] is None
    assert chart.columns[3].value == "未收录"
    assert chart.lines[0][1] == "0"


def test_a_sum_that_lacks_a_part_is_not_told_as_a_sum() -> None:
    chart = Plot([2020], [Series("甲", [1]), Series("乙", [None])], {}, stacked=True).drawn()
    assert chart.columns[0].value == "不全"
    assert chart.columns[0].said == "甲 1"


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_words_in_pictures_of_eighteen_years_do_not_overlap(
    tmp_path: Path, width: int, scheme: Any
) -> None:
    seed_long_series(tmp_path, range(2007, 2025))
    script = """svg => { const boxes = [...svg.querySelectorAll('text')].filter(t =>
        t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()]);
      const found = []; boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
        const x = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const y = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (x > 1 && y > 4) found.push(a + ' / ' + b); })); return found; }"""
    with running_site(tmp_path) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        opened = context.new_page()
        for path in ("/agency/999901-government", "/explore", "/explore?code=denial_rate", "/"):
            opened.goto(address + path)
            assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
            narrow = "all => all.filter(h => h.scrollWidth > h.clientWidth + 1).length"
            assert opened.locator(".matrix thead th").evaluate_all(narrow) == 0
            for svg in opened.locator("svg[role=img]").all():
                assert svg.evaluate(script) == [], path
                inside = """svg => [...svg.querySelectorAll('text')].every(t => {
                    const a = t.getBoundingClientRect(), b = svg.getBoundingClientRect();
                    return a.left >= b.left - 1 && a.right <= b.right + 1
                        && a.top >= b.top - 1; })"""
                assert svg.evaluate(inside), path
        browser.close()
