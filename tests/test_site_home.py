"""Home and regions: who published what and when, and what is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from archive.home import Archive
from tests.site_seed import Seeded, note_late, seed, seed_many
from tests.site_server import client_of, page, running_site
from tests.test_site_browser import ARGUMENTS, CHROMIUM


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    made = seed(tmp_path_factory.mktemp("home"))
    note_late(made.folder)
    return made


@pytest.fixture(scope="module")
def client(seeded: Seeded) -> Iterator[httpx.Client]:
    with client_of(seeded.folder) as opened:
        yield opened


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("many")
    # 64 regions of two provinces and one that has more agencies than a page shows.
    regions = [f"{province}{number:04d}" for province in (64, 33) for number in range(1, 33)]
    seed_many(folder, regions, 2)
    archive = Archive(folder)
    with archive.transaction() as db:
        db.table("agencies").insert_all(
            {"key": f"640001:b{n}", "type": "township", "name": f"镇{n}（虚构）",
             "region_code": "640001", "basis": "测试编造"}
            for n in range(70)
        )  # fmt: skip
    archive.close()
    with running_site(folder) as address, httpx.Client(base_url=address) as opened:
        yield opened


def cells(shown: Any, slug: str) -> list[str]:
    """What a screen reader hears in the cells of an agency, first year first."""
    row = shown.xpath(f"//table[@class='matrix']//tr[th/a[@href='/agency/{slug}']]")[0]
    return ["".join(cell.xpath(".//*[@class='vh']//text()")) for cell in row.xpath("td")]


def test_each_kind_of_mark_is_said_and_explained(client: httpx.Client) -> None:
    shown = page(client, "/")
    # Seeded without a report: between two years, and after the last one.
    assert cells(shown, "999901-civil_affairs")[3] == "应有未见"
    assert cells(shown, "999901102-township")[5] == "应有未见"
    # Before the first report nothing is known to be missing; without any, neither.
    assert cells(shown, "999902-xinfang")[0] == "未收录"
    assert set(cells(shown, "999902-none")) == {"未收录"}
    assert "公布后有更改" in cells(shown, "999901-finance")[3]
    late = cells(shown, "999902-xinfang")[2]
    assert late.endswith("晚于期限公布")
    legend = shown.xpath("string(//ul[@class='legend'])")
    for words in (
        "核对无误",
        "有问题",
        "部分未识别",
        "无法读取",
        "期限",
        "更改",
        "应有未见",
        "未收录",
    ):
        assert words in legend


def test_a_year_is_missing_only_after_a_walk_that_could_have_found_it(tmp_path: Path) -> None:
    seed(tmp_path)
    archive = Archive(tmp_path)
    with archive.transaction() as db:
        # Before the reports of 2024 were due; what came later did not go through the whole site.
        db.execute("UPDATE runs SET started_at = '2025-03-31T01:00:00Z' WHERE outcome = 'finished'")
    archive.close()
    with client_of(tmp_path) as client:
        shown = page(client, "/")
        assert cells(shown, "999901102-township")[5] == "未收录"
        assert cells(shown, "999901-civil_affairs")[3] == "应有未见"
        agency = page(client, "/agency/999901102-township").text_content()
        assert "应有未见" not in agency


def test_being_late_is_not_counted_among_what_is_wrong_with_the_figures(
    client: httpx.Client,
) -> None:
    shown = page(client, "/")
    assert "问题" not in cells(shown, "999902-xinfang")[2]
    assert "2 处问题" in cells(shown, "999901-water")[3]


def test_the_counts_are_those_of_the_archive(client: httpx.Client, seeded: Seeded) -> None:
    shown = page(client, "/")
    counts = [text.replace(",", "") for text in shown.xpath("//dl[@class='counts']//dd/text()")]
    archive = Archive(seeded.folder)
    of_shown = "FROM cells c JOIN reports r ON r.document_id = c.document_id WHERE c.state"
    expected = [
        archive.db.execute(sql).fetchone()[0]
        for sql in (
            "SELECT count(*) FROM reports",
            "SELECT count(DISTINCT agency_id) FROM reports",
            f"SELECT count(*) {of_shown} <> 'unread'",
            f"SELECT count(*) {of_shown} = 'unread'",
            "SELECT count(*) FROM findings WHERE severity <> 'info'",
        )
    ]
    archive.close()
    assert counts == [str(number) for number in expected]


def test_what_is_new_leads_to_reports_and_changes(client: httpx.Client) -> None:
    shown = page(client, "/")
    newest, changes = shown.xpath("//ol[@class='newest']")
    dates = re.findall(r"\d{4}-\d\d-\d\d", newest.text_content())
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "2025-01-25"
    kinds = changes.xpath(".//span[contains(@class, 'change')]/text()")
    assert set(kinds) == {"被更改", "新增文件", "未见", "撤下"}
    for link in shown.xpath("//ol[@class='newest']//a/@href"):
        assert client.get(link).status_code == 200, link


def test_many_agencies_are_shown_by_province_region_and_page(many: httpx.Client) -> None:
    home = page(many, "/")
    provinces = home.xpath("//table[contains(@class, 'sums')]//tbody//th/a")
    assert [link.text for link in provinces] == ["浙江省", "宁夏回族自治区"]
    assert "134 个机关" in provinces[1].getparent().text_content()
    row = provinces[1].getparent().getparent()
    said = ["".join(cell.xpath(".//*[@class='vh']//text()")) for cell in row.xpath("td")]
    assert said == [
        "64 份，没有问题 32，有问题 32，未读全 0",
        "0 份，没有问题 0，有问题 0，未读全 0，缺 64",
        "64 份，没有问题 32，有问题 0，未读全 32",
    ]
    inside = page(many, provinces[1].get("href"))
    regions = inside.xpath("//table[contains(@class, 'sums')]//tbody//th/a")
    assert len(regions) == 32
    first = page(many, regions[0].get("href"))
    assert len(first.xpath("//table[@class='matrix']//tbody//th[@scope='row']")) == 60
    after = page(many, first.xpath("//a[@rel='next']/@href")[0])
    assert len(after.xpath("//table[@class='matrix']//tbody//th[@scope='row']")) == 12
    assert cells(first, "640001-a0") == [
        "2021 年：核对无误，1 处问题", "应有未见", "2023 年：核对无误",
    ]  # fmt: skip


def test_a_ranking_is_taken_page_by_page(many: httpx.Client) -> None:
    names: list[str] = []
    address = "/explore?code=new_requests&year=2021"
    while address:
        shown = page(many, address)
        names += shown.xpath("//table[contains(@class, 'ranking')]//th[@scope='row']/a/text()")
        address = next(iter(shown.xpath("//a[@rel='next']/@href")), "")
    assert len(names) == len(set(names)) == 128
    whole = many.get("/explore.json?code=new_requests&year=2021").json()
    assert [row["agency"] for row in whole["rows"]] == names
    assert whole["held"] == 128
    assert {row["reason"] for row in whole["rows"]} == {"无法读取"}


@pytest.mark.parametrize("path", ["/region/000000", "/region/99", "/region/unknown"])
def test_a_region_without_agencies_is_not_there(many: httpx.Client, path: str) -> None:
    answer = many.get(path)
    assert answer.status_code == 404
    assert "本站没有这个地区的机关" in answer.text


def test_an_empty_archive_has_a_home(tmp_path: Path) -> None:
    Archive(tmp_path, create=True).close()
    with running_site(tmp_path) as address, httpx.Client(base_url=address) as opened:
        assert "还没有年报" in opened.get("/").text
        assert "还没有年报" in opened.get("/explore").text
        assert opened.get("/region/99").status_code == 404


@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium found; set CHROMIUM")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nobody_is_shut_out(client: httpx.Client, width: int, scheme: Any) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        # axe is a script, which the site's own policy would keep out.
        context = browser.new_context(
            base_url=str(client.base_url),
            viewport={"width": width, "height": 844},
            color_scheme=scheme,
            bypass_csp=True,
        )
        opened = context.new_page()
        levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        for path in ("/", "/region/99", "/agency/999901-civil_affairs", "/explore?year=2022"):
            opened.goto(path)
            found = Axe().run(opened, options={"runOnly": {"type": "tag", "values": levels}})
            assert [violation["id"] for violation in found.response["violations"]] == [], path
        browser.close()
