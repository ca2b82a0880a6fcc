"""Health on the site: columns against last time, what waits, since when a site stands still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import html

from archive.home import Archive
from archive.publish import publish
from archive.site.health import stale_since
from tests.site_seed import seed
from tests.site_server import running_site

GOOD = ("finished", None, '{"requests": 40}')
FAILED = ("failed", "E-PAGER-GONE: column '年报' had 3 pages", '{"requests": 9, "blocked": 2}')
JU = ("http://a.test/ju/", "局年报", 8, 1, "")
COLUMNS = {
    1: [("http://a.test/zhen/", "镇街年报", 45, 3, "createPageHTML"), JU],
    2: [("http://a.test/zhen/", "镇街年报", 15, 1, ""), JU],
}


def add_runs(folder: Path, last: tuple[str, str | None, str]) -> None:
    """Add a good run and another one to the first site, each with what it saw of two columns."""
    archive = Archive(folder)
    with archive.transaction() as db:
        (site,) = db.execute("SELECT id FROM sites ORDER BY id LIMIT 1").fetchone()
        for number, (outcome, reason, counts) in ((1, GOOD), (2, last)):
            day = f"2026-11-0{number}T18"
            run = db.execute(
                "INSERT INTO runs (site_id, started_at, finished_at, outcome, reason, counts)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (site, f"{day}:00:00Z", f"{day}:40:00Z", outcome, reason, counts),
            ).lastrowid
            db.conn.executemany(
                "INSERT INTO run_columns VALUES (?, ?, ?, ?, ?, ?)",
                [(run, *column) for column in COLUMNS[number]],
            )
        db.execute(
            "INSERT INTO findings (id, site_id, url, rule, severity, message, quote, place)"
            " VALUES ('p', ?, 'http://a.test/zhen/', 'E-PAGER-GONE', 'error', ?, '', '')",
            (site, "栏目“镇街年报”的翻页不见了。"),
        )
    publish(archive)
    archive.close()


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("stale")
    seed(folder)
    add_runs(folder, FAILED)
    with running_site(folder) as address, httpx.Client(base_url=address) as client:
        yield client


def test_a_failed_walk_says_since_when_the_data_stand_still(stale: httpx.Client) -> None:
    text = html.fromstring(stale.get("/health").text).text_content()
    assert "没有完成，失败：栏目“镇街年报”的翻页不见了。" in text
    assert "数据截至 2026-11-01 18:40" in text
    assert "最近一次采集中有 2 次请求被网站拦截" in text
    site = stale.get("/health.json").json()["sites"][0]
    assert site["stale_since"] == "2026-11-01T18:40:00Z"
    assert site["last_run"]["counts"] == {"requests": 9, "blocked": 2}


def test_each_column_stands_beside_what_it_was(stale: httpx.Client) -> None:
    page = html.fromstring(stale.get("/health").text)
    assert "采集到 2 个栏目共 23 条（上次 2 个栏目共 53 条），其中 1 个栏目比上次少" in (
        page.text_content()
    )
    (table,) = page.xpath("//details[summary='各栏目条目'][1]//table")
    lines = {
        row.xpath("./th/text()")[0]: [cell.text_content() for cell in row.xpath("./td")]
        for row in table.xpath("./tbody/tr")
    }
    assert lines == {"镇街年报": ["15", "45", "1", "3"], "局年报": ["8", "8", "1", "1"]}
    # What lost stands first.
    assert next(iter(lines)) == "镇街年报"


def test_the_home_page_has_one_quiet_line(stale: httpx.Client) -> None:
    page = html.fromstring(stale.get("/").text)
    (line,) = [p for p in page.xpath("//p[@class='when']") if "没有成功" in p.text_content()]
    assert "数据截至 2026-11-01" in line.text_content()
    assert line.xpath(".//a/@href") == ["/health"]


def test_a_site_that_is_well_says_nothing_of_it(tmp_path: Path) -> None:
    seed(tmp_path)
    add_runs(tmp_path, GOOD)
    with running_site(tmp_path) as address, httpx.Client(base_url=address) as client:
        assert "没有成功" not in client.get("/").text
        assert client.get("/health.json").json()["sites"][0]["stale_since"] is None


def test_stale_is_only_what_was_good_once() -> None:
    good = {"finished_at": "2026-11-01T18:40:00Z", "outcome": "finished"}
    failed = {"finished_at": "2026-11-02T18:40:00Z", "outcome": "paused"}
    assert stale_since(failed, good) == "2026-11-01T18:40:00Z"
    assert stale_since(good, good) is None
    assert stale_since(failed, None) is None
    assert stale_since({**failed, "finished_at": None, "outcome": None}, good) is None
