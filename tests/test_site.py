"""The public site over HTTP: what it shows, what it gives out, what it refuses."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from lxml import html as lxml_html

from archive.codebook import template_metrics
from archive.home import Archive
from archive.site.layout import grids
from archive.site.lookup import concerned
from archive.site.metadata import CLOSED_TABLES, describe
from tests.site_seed import HOSTILE, HOSTILE_URL, Seeded, seed
from tests.site_server import running_site

PAGES = (
    "/", "/about", "/search", "/search?q=信访", "/findings", "/agency/999901-water",
    "/agency/999902-none", "/report/999901-water/2022", "/report/999901-water/2020",
    "/report/999902-hostile/2021", "/report/999902-hostile/2022",
    "/report/999901-water/2022/cell/t3_new__total", "/nianbao", "/nianbao/report_overview",
    "/nianbao/reports/1", "/nianbao/cells", "/nianbao/findings", "/nianbao/cell_details",
    "/nianbao/metric_by_agency_year", "/nianbao/source_details", "/nope",
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    client: httpx.Client
    seeded: Seeded

    def page(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, path
        return lxml_html.fromstring(answer.text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    seeded = seed(tmp_path_factory.mktemp("site"))
    with running_site(seeded.folder) as address, httpx.Client(base_url=address) as client:
        yield Site(client, seeded)


def shown_figures(page: Any) -> dict[str, str]:
    """The figures of a report page by code, without what only a screen reader hears."""
    found = {}
    for cell in page.xpath("//td[@id]"):
        for hidden in cell.xpath(".//*[@class='vh' or @class='flag']"):
            hidden.getparent().remove(hidden)
        found[cell.get("id")] = cell.text_content().strip()
    return found


def as_shown(cell: dict[str, Any]) -> str:
    words = {"blank": "空白", "unread": "未识别"}
    if cell["state"] == "value":
        value = cell["value"]
        return str(int(value)) if float(value).is_integer() else str(value)
    return str(words.get(cell["state"], cell["raw"]))


def test_every_figure_of_every_report_page_is_the_stored_one(site: Site) -> None:
    for (key, year), cells in site.seeded.cells.items():
        if not cells:
            continue
        figures = shown_figures(site.page(f"/report/{key.replace(':', '-')}/{year}"))
        expected = {code: as_shown(cell) for code, cell in cells.items()}
        if "t3_other_total__total" in cells and year >= 2021:
            parts = ("t3_other_not_", "t3_other_fee_", "t3_other_misc_")
            expected = {c: shown for c, shown in expected.items() if not c.startswith(parts)}
        assert figures == expected, (key, year)


@pytest.mark.parametrize("template", ["2019", "2021"])
def test_the_layout_holds_every_cell_once_in_printed_order(template: Any) -> None:
    for grid in grids(template, (), ()):
        codes = [box.code for row in grid.body for box in row if box.code]
        assert codes == [m.code for m in template_metrics(template) if m.table == grid.table]


@pytest.mark.parametrize("path", ["water/2022", "water/2020", "water/2023"])
def test_the_merged_heads_leave_no_hole(site: Site, path: str) -> None:
    page = site.page(f"/report/999901-{path}")
    tables = page.xpath("//table[contains(@class, 'form-t')]")
    widths = {"form-t2": 4, "form-t3": 10, "form-t4": 15}
    assert len(tables) == 3
    for table in tables:
        width = widths[table.get("class").split()[1]]
        free: dict[tuple[int, int], bool] = {}
        rows = table.xpath(".//tr")
        for y, row in enumerate(rows):
            x = 0
            for cell in row.xpath("./td|./th"):
                while (y, x) in free:
                    x += 1
                for dy in range(int(cell.get("rowspan", 1))):
                    for dx in range(int(cell.get("colspan", 1))):
                        assert (y + dy, x + dx) not in free
                        free[y + dy, x + dx] = True
        assert set(free) == {(y, x) for y in range(len(rows)) for x in range(width)}


def test_one_row_for_other_outcomes_replaces_the_three(site: Site) -> None:
    page = site.page("/report/999901-water/2023")
    assert "共 186 格。" in page.xpath("//div[contains(@class, 'verdict')]")[0].text_content()
    figures = shown_figures(page)
    assert figures["t3_other_total__total"] == "4"
    assert "t3_other_misc__total" not in figures
    assert page.xpath("//th[normalize-space()='（六）其他处理']/@colspan") == ["2"]


def test_what_is_no_number_says_what_it_is_and_why(site: Site) -> None:
    page = site.page("/report/999901-water/2022")
    unread = page.get_element_by_id("t2_fees_amount_wan")
    assert "s-unread" in unread.get("class")
    assert "表格中没有找到这一行" in unread.xpath("./a/@title")[0]
    assert (
        "空白不等于 0"
        in site.page("/report/999901-water/2022/cell/t3_new__natural_person").text_content()
    )
    assert "zero" not in page.get_element_by_id("t3_new__natural_person").get("class")


def test_a_failed_check_is_marked_where_it_stands(site: Site) -> None:
    page = site.page("/report/999901-water/2022")
    marked = page.xpath("//td[contains(concat(' ', @class, ' '), ' bad ')]/@id")
    assert marked == ["t3_new__total"]
    listed = page.get_element_by_id("findings").text_content()
    assert "E-T3-ROWSUM" in listed
    assert "1,036" in listed
    assert page.xpath("//div[contains(@class, 'verdict')]//a[@href='#t3_new__total']")


def test_a_figure_leads_back_to_its_place(site: Site) -> None:
    report = site.page("/report/999901-water/2022")
    (address,) = report.xpath("//td[@id='t3_new__total']/a/@href")
    page = site.page(address)
    words = page.text_content()
    digest = site.seeded.digests["999901:water", 2022][0]
    for expected in (
        "1036",
        "1,036",
        digest,
        "第 2 页",
        "t3_new__total",
        "各类申请人之和不等于总计",
    ):
        assert expected in words
    assert page.xpath(f"//a[@href='/original/{digest}']")
    assert page.xpath("//a[@href='https://www.example.invalid/zwgk/4/2022.pdf']")


def test_a_finding_on_a_shared_line_marks_the_cell_it_names() -> None:
    line = [f"t4_{group}_{result}" for group in ("review", "suit_direct", "suit_after_review")
            for result in ("upheld", "corrected", "other", "pending", "total")]  # fmt: skip
    finding = {"message": "表四“未经复议直接起诉”各结果之和与总计不符：2＝2，而3＝3。", "quote": ""}
    assert concerned(finding, line) == {"t4_suit_direct_total"}
    applicants = [f"t3_result_total__{who}" for who in ("natural_person", "business", "total")]
    finding = {"message": "表三各办理结果之和与（七）总计（自然人）不符", "quote": ""}
    assert concerned(finding, applicants) == {"t3_result_total__natural_person"}
    named = {"message": "不同之处：t2_licensing_decisions：1 与 2", "quote": ""}
    assert concerned(named, applicants) == {"t2_licensing_decisions"}


def test_forms_are_compared_and_the_shown_one_named(site: Site) -> None:
    cards = site.page("/report/999901-water/2024").xpath("//div[contains(@class, 'form-card')]")
    assert "本页所示" in cards[0].text_content()
    other = cards[1].text_content()
    assert "2 格不同" in other
    assert "77777" in other
    assert "5555" in other
    same = site.page("/report/999901-water/2022").xpath("//div[contains(@class, 'form-card')]")
    assert "逐格与本页所示相同" in same[1].text_content()


def test_years_lead_to_each_other(site: Site) -> None:
    page = site.page("/report/999901-civil_affairs/2021")
    assert page.xpath("//a[@rel='prev']/@href") == ["/report/999901-civil_affairs/2020"]
    # 2022 is not held: the next one is 2023.
    assert page.xpath("//a[@rel='next']/@href") == ["/report/999901-civil_affairs/2023"]


def test_json_and_csv_of_a_report(site: Site) -> None:
    cells = site.seeded.cells["999901:water", 2022]
    data = site.client.get("/report/999901-water/2022.json").json()
    assert {code: c["value"] for code, c in data["cells"].items()} == {
        code: c["value"] for code, c in cells.items()
    }
    assert data["cells"]["t3_new__natural_person"]["value"] is None
    assert data["status"] == "partial"
    assert [d["shown"] for d in data["documents"]] == [True, False]
    answer = site.client.get("/report/999901-water/2022.csv")
    assert 'filename="999901-water-2022.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == len(cells) == 200
    by_code = {row["单元格代码"]: row for row in rows}
    assert by_code["t3_new__total"]["数值"] == "1036"
    assert by_code["t3_new__total"]["原文"] == "1,036"
    assert by_code["t3_new__natural_person"]["数值"] == ""
    assert by_code["t2_fees_amount_wan"]["状态"] == "未识别"


def test_home_has_every_agency_and_year(site: Site) -> None:
    page = site.page("/")
    assert len(page.xpath("//table[@class='matrix']//tr/th[@scope='row']")) == 12
    links = page.xpath("//table[@class='matrix']//td/a/@href")
    assert len(links) == len(site.seeded.cells)
    row = page.xpath("//tr[th/a[@href='/agency/999901-water']]")[0].text_content()
    assert "2022 年：部分未识别，2 处问题" in row
    none = page.xpath("//tr[th/a[@href='/agency/999902-none']]")[0].text_content()
    assert none.count("未收录") == 6


def test_search_marks_and_counts(site: Site) -> None:
    page = site.page(f"/search?q={quote('柳渡镇 低保')}")
    assert "4" in page.xpath("//p[@class='result-count']/strong/text()")[0]
    assert set(page.xpath("//ol[@class='hits']//mark/text()")) == {"柳渡镇", "低保"}
    data = site.client.get("/search.json", params={"q": "信访", "year": 2021}).json()
    assert data["count"] == len(data["hits"])
    assert {hit["year"] for hit in data["hits"]} == {2021}
    second = site.client.get("/search.json", params={"q": "信息", "page": 2}).json()
    assert second["count"] > 20
    assert second["hits"]
    assert "最多 200 个字" in site.page(f"/search?q={'a' * 201}").text_content()


def test_findings_narrow_down(site: Site) -> None:
    page = site.page("/findings?severity=error&agency=999901:water")
    assert "共 1 处" in page.text_content()
    assert "E-T3-ROWSUM" in page.text_content()
    assert "https://www.example.invalid/blocked" in site.page("/findings").text_content()


def test_an_original_is_a_download_and_nothing_else(site: Site) -> None:
    for digest, data in list(site.seeded.payloads.items())[:5]:
        answer = site.client.get(f"/original/{digest}")
        assert answer.content == data
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.client.get(f"/original/{'0' * 64}").status_code == 404
    assert site.client.get("/original/../nianbao.db").status_code == 404


def test_hostile_content_is_text(site: Site) -> None:
    for path in (*PAGES, f"/search?q={quote(HOSTILE)}", "/search?q=%3Cscript%3E&agency=%22%3E"):
        answer = site.client.get(path)
        page = lxml_html.fromstring(answer.text)
        assert not page.xpath("//script | //*[@onerror or @onload or @style]"), path
        addresses = [str(link.get("href")) for link in page.iter("a")]
        assert not [a for a in addresses if a.lower().startswith("javascript")], path
    report = site.client.get("/report/999902-hostile/2021").text
    assert html.escape(HOSTILE) in report.replace("&#34;", "&quot;")
    assert HOSTILE_URL in html.unescape(report)


def test_every_answer_forbids_scripts(site: Site) -> None:
    for path in (*PAGES, "/static/site.css", "/nianbao.json", "/-/databases.json"):
        headers = site.client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/-/databases.json", "/-/databases", "/-/metadata.json", "/-/settings", "/-/versions.json",
        "/-/plugins", "/-/threads", "/-/actor.json", "/-/patterns", "/-/permissions", "/-/messages",
        "/-/allow-debug", "/-/auth-token", "/-/logout", "/_memory", "/_internal", "/nianbao.db",
        "/%2D/databases.json", "/nianbao?sql=select+1", "/nianbao.json?sql=select+1",
        *(f"/nianbao/{table}" for table in sorted(CLOSED_TABLES)),
        *(f"/nianbao/{table}.json" for table in sorted(CLOSED_TABLES)),
    ],
)  # fmt: skip
def test_closed(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert str(site.seeded.folder) not in answer.text


@pytest.mark.parametrize(
    "query",
    ["_search=x", "_searchmode=raw&_search=x", "_search_title=x", "_fts_table=search_index",
     "_where=1", "_trace=1", "_context=1"],
)  # fmt: skip
def test_tables_offer_no_second_search(site: Site, query: str) -> None:
    assert site.client.get(f"/nianbao/reports?{query}").status_code == 400
    assert site.client.get(f"/nianbao/reports.json?{query}").status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_read_only(site: Site, method: str) -> None:
    assert site.client.request(method, "/nianbao/reports").status_code == 405


def test_no_page_tells_where_the_files_lie(site: Site) -> None:
    for path in (*PAGES, "/nianbao.json", "/nianbao/captures.json", "/nianbao/reports.json"):
        assert str(site.seeded.folder) not in site.client.get(path).text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nope", 404, "没有这个页面"),
        ("/report/999901-water/1999", 404, "没有收录云溪县水务局（虚构）1999年的报告"),
        ("/report/没有/2021", 404, "没有这个机关"),
        ("/report/999901-water/2022/cell/nope", 404, "没有这一格"),
        ("/search?q=x&page=abc", 400, "page"),
        ("/search?q=x&page=0", 400, "page"),
        ("/nianbao/reports?_sort=nope", 400, "请求有误"),
        ("/nianbao/nope", 404, "没有这个页面"),
    ],
)
def test_errors_speak_chinese(site: Site, path: str, status: int, words: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code == status
    assert words in answer.text
    assert "Traceback" not in answer.text


def test_tables_have_chinese_titles_facets_and_downloads(site: Site) -> None:
    page = site.page("/nianbao/report_overview?year=2022")
    assert page.xpath("//h1/text()")[0].strip() == "年报一览"
    heads = [head.text_content() for head in page.xpath("//table//thead//th")]
    assert any("新收申请" in head and "new_requests" in head for head in heads)
    rows = site.client.get("/nianbao/report_overview.json?year=2022&_shape=array").json()
    assert len(rows) == sum(year == 2022 for _, year in site.seeded.cells)
    assert page.xpath("//div[@class='facets']//summary[starts-with(., '状态')]")
    answer = site.client.get("/nianbao/cell_details.csv?agency_key=999901:water&year=2022")
    by_code = {row["code"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert by_code["t3_new__natural_person"]["value"] == ""
    assert "无" not in by_code["t3_new__total"]["value"]


def test_overview_adds_up_what_is_there_and_nothing_else(site: Site) -> None:
    rows = site.client.get(
        "/nianbao/report_overview.json?agency_key=999901:water&_shape=array"
    ).json()
    by_year = {row["year"]: row for row in rows}
    for year, prefix, name in ((2020, "denied_", "denied"), (2024, "unavailable_", "unavailable")):
        cells = site.seeded.cells["999901:water", year]
        expected = sum(
            cell["value"]
            for code, cell in cells.items()
            if re.match(rf"t3_{prefix}\w+__total$", code)
        )
        assert by_year[year][name] == expected
    assert by_year[2023]["other"] == 4
    hostile = site.client.get(
        "/nianbao/report_overview.json?agency_key=999902:hostile&year=2022&_shape=array"
    ).json()[0]
    assert hostile["denied"] is None
    assert hostile["new_requests"] is None


def test_an_empty_archive_has_a_site_too(tmp_path: Path) -> None:
    Archive(tmp_path, create=True).close()
    with running_site(tmp_path) as address, httpx.Client(base_url=address) as client:
        assert "还没有年报" in client.get("/").text
        for path in ("/search?q=信访", "/findings", "/nianbao", "/nianbao/report_overview"):
            assert client.get(path).status_code == 200, path


def test_every_column_of_the_schema_has_words(site: Site) -> None:
    archive = Archive(site.seeded.folder)
    tables = describe(archive.db.conn)["databases"]["nianbao"]["tables"]
    archive.close()
    for name, table in tables.items():
        if name in CLOSED_TABLES:
            continue
        assert table["title"], name
        assert table["license"], name
        assert all("：" in words for words in table["columns"].values()), name
