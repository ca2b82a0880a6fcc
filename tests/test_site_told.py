"""Changes, health, feeds, sitemap, OpenAPI, dictionary: what the site tells of itself."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema
import pytest
from lxml import etree
from lxml import html as lxml_html
from openapi_spec_validator import OpenAPIV31SpecValidator
from protego import Protego

from archive.codebook import metrics
from archive.home import Archive
from archive.indicators import indicators
from archive.measures import measures
from archive.site import sitemap
from archive.site.health import checks, due_year, worst
from archive.site.metadata import CLOSED_TABLES, TABLES
from tests.site_seed import HOSTILE, Seeded, seed
from tests.site_server import running_site

ATOM = "{http://www.w3.org/2005/Atom}"
REPORT = "/report/999901-water/2022"
FEEDS = ("/feeds/changes.atom", "/feeds/findings.atom", "/feeds/agency/999901-water.atom",
         "/feeds/agency/999902-hostile.atom", "/feeds/agency/999902-none.atom")  # fmt: skip


@dataclass(frozen=True)
class Served:
    client: httpx.Client
    seeded: Seeded

    def page(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        return lxml_html.fromstring(answer.text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    seeded = seed(tmp_path_factory.mktemp("told"))
    with running_site(seeded.folder) as address, httpx.Client(base_url=address) as client:
        yield Served(client, seeded)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve another archive of the same reports, where rules have been settled."""
    folder = tmp_path_factory.mktemp("other")
    seed(folder)
    archive = Archive(folder)
    with archive.transaction() as db:
        for scope in ("report", "series"):
            db.execute(
                "INSERT INTO rules VALUES ('E-MADE-UP', 'error', ?, '编造的规则', '编造')", (scope,)
            )
        db.execute(
            "INSERT INTO agencies (key, name, type, region_code, basis)"
            " VALUES ('999901:教育局', '云溪县教育局（虚构）', 'department', '999901', '测试编造')"
        )
    archive.close()
    with running_site(folder) as address:
        yield address


# Changes.


def test_each_kind_of_change_is_told_with_its_date(site: Served) -> None:
    for kind, title, day, words in (
        ("edited", "云溪县财政局（虚构）2022年", "2023-02-03", "与原来的文件有 1 格不同"),
        ("added", "临川市卫生健康委员会（虚构）2022年", "2026-02-02", "DOCX"),
        ("missing", "云溪县柳渡镇人民政府（虚构）2021年", "2026-02-01", "6/2021.html"),
        ("removed", "云溪县柳渡镇人民政府（虚构）2021年", "2026-02-02", "6/2021.html"),
    ):
        page = site.page(f"/changes?kind={kind}")
        items = page.xpath("//ul[@class='changes']/li")
        assert len(items) == 1, kind
        assert title in items[0].text_content()
        assert words in items[0].text_content()
        assert page.xpath("//time/@datetime") == [day]
        link = items[0].xpath(".//a/@href")[0]
        path, _, fragment = link.partition("#")
        assert site.page(path).xpath(f"//*[@id='{fragment}']")


def test_the_number_of_differing_cells_is_that_of_the_report_page(site: Served) -> None:
    report = site.page("/report/999901-finance/2022")
    assert "与本页所示有 1 格不同" in report.xpath("//section[@id='sources']")[0].text_content()
    told = site.client.get("/changes.json?kind=edited").json()["changes"]
    assert [row["differing_cells"] for row in told] == [1]


def test_every_report_is_new_once_and_newest_comes_first(site: Served) -> None:
    seen: list[Any] = []
    for page in (1, 2):
        seen += site.client.get(f"/changes.json?page={page}").json()["changes"]
    moments = [row["changed_at"] for row in seen]
    assert moments == sorted(moments, reverse=True)
    new = [row["report"] for row in seen if row["kind"] == "new"]
    assert len(new) == len(set(new)) == len(site.seeded.cells)
    assert site.client.get("/changes.json").json()["count"] == len(seen)


def test_changes_are_narrowed_by_agency(site: Served) -> None:
    for agency in ("999901:water", "999901-water", "水务"):
        told = site.client.get("/changes.json", params={"agency": agency}).json()
        assert {row["agency"]["key"] for row in told["changes"]} == {"999901:water"}
        assert told["count"] == 6
    assert site.client.get("/changes.json?agency=nobody").json()["count"] == 0
    assert site.client.get("/changes?kind=nothing").status_code == 400


def test_a_replaced_form_in_the_same_run_is_no_change(tmp_path: Path) -> None:
    seeded = seed(tmp_path)
    archive = Archive(seeded.folder)
    told = archive.db.execute("SELECT kind, count(*) FROM changes GROUP BY kind").fetchall()
    once = dict.fromkeys(("edited", "added", "missing", "removed"), 1)
    assert dict(told) == {"new": len(seeded.cells), **once}
    archive.close()


# Health.


def test_health_tells_in_words_what_is_well_and_what_is_not(site: Served) -> None:
    page = site.page("/health")
    text = page.text_content()
    assert "没有完成，中止：连续三次拦截页" in text
    assert "1 个文件无法读取，2 份年报有未识别的格" in text
    marks = page.xpath("//*[starts-with(@class, 'health health-')]")
    assert {mark.text_content().strip() for mark in marks} == {"正常", "注意", "故障"}
    shapes = {
        mark.get("class"): re.sub(r"\s", "", etree.tostring(mark[0]).decode()) for mark in marks
    }
    assert len(set(shapes.values())) == 3
    years = {
        row.xpath("./th")[0].text_content(): [cell.text_content() for cell in row.xpath("./td")[:2]]
        for row in page.xpath("//table[contains(@class, 'coverage')]/tbody/tr")
    }
    # 7 agencies of the region, 4 of the other one that have reports on this site.
    assert years["2021"] == ["11", "11"]
    assert years["2019"] == ["8", "11"]


def test_health_is_reckoned_anew_with_every_question(site: Served) -> None:
    answer = site.client.get("/health.json")
    assert "etag" not in answer.headers
    told = answer.json()
    assert told["state"] == "bad"
    run = told["sites"][0]["last_good_run"]
    ended = datetime.fromisoformat("2026-02-01T01:05:00+00:00")
    assert run["age_days"] == (datetime.now(UTC) - ended).days
    assert told["sites"][0]["unreadable_documents"] == 1


def test_marks_follow_age_and_outcome() -> None:
    run = {"started_at": "2026-02-01T01:00:00Z", "finished_at": "2026-02-01T02:00:00.5Z",
           "outcome": "finished", "reason": None, "counts": {}}  # fmt: skip
    healthy = {"last_run": run, "last_good_run": run, "newest_report": {"year": 2024},
               "findings": [], "unreadable_documents": 0, "partial_reports": 0, "columns": [],
               "waiting_documents": 0}  # fmt: skip

    def state(at: str, **changed: Any) -> str:
        return worst([mark for mark, _ in checks({**healthy, **changed}, moment(at))])

    def moment(day: str) -> datetime:
        return datetime.fromisoformat(f"{day}T12:00:00+00:00")

    assert state("2026-02-20") == "good"
    assert state("2026-03-20") == "warn"
    assert state("2026-07-20", newest_report={"year": 2025}) == "bad"
    assert state("2026-02-20", last_run=None, last_good_run=None) == "bad"
    assert state("2026-02-20", last_run={**run, "outcome": "blocked"}) == "bad"
    assert state("2026-02-20", last_run={**run, "finished_at": None}) == "warn"
    assert state("2026-02-20", newest_report={"year": 2023}) == "warn"
    assert state("2026-02-20", newest_report=None) == "bad"
    assert state("2026-02-20", unreadable_documents=1) == "warn"
    error = {"severity": "error", "count": 1}
    assert state("2026-02-20", findings=[error]) == "bad"
    assert (due_year(date(2026, 3, 31)), due_year(date(2026, 4, 1))) == (2024, 2025)


# Feeds.


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_keeps_the_rules_of_atom(site: Served, path: str) -> None:
    """RFC 4287: 3.3 (dates), 4.1.1 (feed), 4.1.2 (entry), 4.2.6 (ids are IRIs), 4.2.7 (links)."""
    answer = site.client.get(path)
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = etree.fromstring(answer.content)
    assert root.tag == f"{ATOM}feed"
    stamp = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
    entries = root.findall(f"{ATOM}entry")
    for element in (root, *entries):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        identity = element.findtext(f"{ATOM}id") or ""
        assert uuid.UUID(identity.removeprefix("urn:uuid:"))
        assert stamp.fullmatch(element.findtext(f"{ATOM}updated") or "")
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert ("alternate", "text/html") in links
        for link in element.findall(f"{ATOM}link"):
            assert urlsplit(link.get("href")).scheme == "http"
    # An author for the feed is one for every entry that has none.
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    own = root.xpath("a:link[@rel='self']/@href", namespaces={"a": ATOM[1:-1]})
    assert own == [str(site.client.base_url).rstrip("/") + path]
    identities = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(identities) == len(set(identities))
    order = [entry.findtext(f"{ATOM}updated") for entry in entries]
    assert order == sorted(order, reverse=True)
    assert root.findtext(f"{ATOM}updated") == max(order, default=root.findtext(f"{ATOM}updated"))
    for entry in entries[:5]:
        page, _, fragment = entry.find(f"{ATOM}link").get("href").partition("#")
        shown = site.page(urlsplit(page).path)
        assert not fragment or shown.xpath(f"//*[@id='{fragment}']")


def test_feeds_hold_what_they_are_about(site: Served) -> None:
    changes = etree.fromstring(site.client.get(FEEDS[0]).content)
    assert len(changes.findall(f"{ATOM}entry")) == 50
    kinds = {element.get("term") for element in changes.iter(f"{ATOM}category")}
    assert {"new", "added", "removed"} <= kinds
    findings = etree.fromstring(site.client.get(FEEDS[1]).content)
    rules = {element.get("term") for element in findings.iter(f"{ATOM}category")}
    assert {"E-T3-ROWSUM", "W-FORMS", "E-PDF-ENCRYPTED"} <= rules
    hostile = etree.fromstring(site.client.get(FEEDS[3]).content)
    assert any(HOSTILE in (title.text or "") for title in hostile.iter(f"{ATOM}title"))
    assert site.client.get("/feeds/agency/nobody.atom").status_code == 404


def test_feeds_are_found_from_the_pages(site: Served) -> None:
    find = "//link[@rel='alternate'][@type='application/atom+xml']/@href"
    found = {link for path in ("/", "/agency/999901-water") for link in site.page(path).xpath(find)}
    assert found == {"/feeds/changes.atom", "/feeds/findings.atom",
                     "/feeds/agency/999901-water.atom"}  # fmt: skip


def test_an_entry_keeps_its_id_in_another_archive_of_the_same_reports(
    site: Served, other: str
) -> None:
    there, here = (
        etree.fromstring(httpx.get(address + FEEDS[0]).content)
        for address in (other, str(site.client.base_url).rstrip("/"))
    )
    assert [e.text for e in there.iter(f"{ATOM}id")] == [e.text for e in here.iter(f"{ATOM}id")]


def test_addresses_with_chinese_in_them_are_written_once(other: str) -> None:
    written = "999901-%E6%95%99%E8%82%B2%E5%B1%80"
    feed = etree.fromstring(httpx.get(f"{other}/feeds/agency/999901-教育局.atom").content)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{other}/feeds/agency/{written}.atom",
        "alternate": f"{other}/agency/{written}",
    }
    assert f"<loc>{other}/agency/{written}</loc>" in httpx.get(f"{other}/sitemap.xml").text


# Sitemap and robots.

SITEMAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def test_the_sitemap_names_every_page_and_no_other(site: Served) -> None:
    root = etree.fromstring(site.client.get("/sitemap.xml").content)
    places = [
        urlsplit(place).path for place in root.xpath("s:url/s:loc/text()", namespaces=SITEMAP)
    ]
    assert len(places) == len(set(places))
    reports = {place for place in places if place.startswith("/report/")}
    assert reports == {f"/report/{key.replace(':', '-')}/{year}" for key, year in site.seeded.cells}
    assert sum(place.startswith("/agency/") for place in places) == 12
    for place in [place for place in places if not place.startswith("/report/")]:
        assert site.client.get(place).status_code == 200, place
    dated = root.xpath(f"s:url[contains(s:loc, '{REPORT}')]/s:lastmod/text()", namespaces=SITEMAP)
    assert dated == ["2023-02-03"]


def test_a_large_site_has_its_map_in_parts(site: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(site.seeded.folder)
    connection = archive.db.conn
    count, whole = sitemap.addresses(connection, 1)
    monkeypatch.setattr(sitemap, "MOST", 9)
    parts = [sitemap.addresses(connection, number)[1] for number in range(1, -(-count // 9) + 2)]
    archive.close()
    assert [place for part in parts for place in part] == whole
    assert {len(part) for part in parts[:-2]} == {9}
    assert parts[-1] == []
    assert site.client.get("/sitemap-2.xml").status_code == 404


def test_robots_may_read_pages_and_not_whole_tables(site: Served) -> None:
    text = site.client.get("/robots.txt").text
    robots = Protego.parse(text)
    here = str(site.client.base_url).rstrip("/")
    assert list(robots.sitemaps) == [f"{here}/sitemap.xml"]
    digest = "0" * 64
    for path in ("/", REPORT, "/findings", "/data", "/compare", "/explore", "/changes?page=2"):
        assert robots.can_fetch(here + path, "anybody"), path
    for path in ("/nianbao/cells", f"/original/{digest}", "/search?q=x", "/data/0/cells.csv.gz",
                 "/compare?a=x", REPORT + "/cell/t3_new__total"):  # fmt: skip
        assert not robots.can_fetch(here + path, "anybody"), path


# OpenAPI.


def test_the_description_of_the_json_addresses_is_valid_and_true(site: Served) -> None:
    document = site.client.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    asked = {
        "/report/{agency}/{year}.json": REPORT + ".json",
        "/search.json": "/search.json?q=信访",
        "/changes.json": "/changes.json?kind=edited",
        "/explore.json": "/explore.json?year=2022",
        "/findings.json": "/findings.json",
        "/health.json": "/health.json",
        "/nianbao/{table}.json": "/nianbao/reports.json?year=2022&_size=3",
    }
    described = {path for path in document["paths"] if path.endswith(".json")}
    assert described == set(asked)
    for path, address in asked.items():
        content = document["paths"][path]["get"]["responses"]["200"]["content"]
        schema = {**content["application/json"]["schema"], "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(site.client.get(address).json())
    refused = {"$ref": "#/components/schemas/Error", "components": document["components"]}
    for path in ("/report/999901-water/1999.json", "/changes.json?kind=x", "/nianbao/no.json"):
        answer = site.client.get(path)
        assert answer.status_code in (400, 404), path
        jsonschema.Draft202012Validator(refused).validate(answer.json())


# Dictionary, about, navigation.


def test_the_dictionary_holds_every_code_and_every_column(site: Served) -> None:
    page = site.page("/dictionary")
    codes = {code.text for code in page.xpath("//th/code | //th/a/code")}
    assert metrics().keys() | measures().keys() | indicators().keys() <= codes
    names = set(page.xpath("//section[@class='table-words']/h3/@id"))
    assert names == set(TABLES) - CLOSED_TABLES
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for link in page.xpath("//a[starts-with(@href, '#')]/@href"):
        assert link[1:] in ids, link
    cells = page.xpath("//section[h3/@id='cells']//tr[th/code='value']/td")
    assert "不是 0" in cells[1].text_content()


def test_rules_of_the_archive_are_explained(other: str) -> None:
    page = lxml_html.fromstring(httpx.get(f"{other}/dictionary").text)
    rows = page.xpath("//tr[th//code='E-MADE-UP']")
    assert [row.xpath("./td[3]")[0].text for row in rows] == ["单份年报", "多份年报之间"]
    assert [row.get("id") for row in rows] == ["E-MADE-UP", None]


def test_the_head_is_short_and_the_foot_leads_everywhere(site: Served) -> None:
    page = site.page("/about")
    assert len(page.xpath("//header//nav/a")) <= 6
    foot = set(page.xpath("//footer//a/@href"))
    assert {"/changes", "/health", "/dictionary", "/feeds"} <= foot
    for link in {*foot, *page.xpath("//header//a/@href"), *page.xpath("//main//a/@href")}:
        if link.startswith("#"):
            assert page.xpath(f"//*[@id='{link[1:]}']"), link
        else:
            assert site.client.get(link).status_code == 200, link
    assert "/openapi.json" in page.xpath("//main//a/@href")
