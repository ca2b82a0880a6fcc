"""The walk, the sitemap and the search: what one knows and another does not is said and walked."""

from __future__ import annotations

import gzip
import json
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from cdxj_indexer.postquery import append_method_query
from warcio.archiveiterator import ArchiveIterator

from crawler.comparing.elsewhere import (
    NotReadableError,
    is_report_address,
    read_search,
    read_sitemap,
)
from crawler.comparing.posted import json_body, posted_url, wire_url
from tests.crawl_site import HOST, Answer, Site, article, html, profile, run

if TYPE_CHECKING:
    from pathlib import Path

HOME = f"http://{HOST}"
SEARCH = f'[search]\nurl = "{HOME}/irs/front/search"\n'
LISTED = [f"/nb_1/202201/t20220120_{n}.html" for n in (1, 2)]
HIDDEN = "/xxgknb_9/202301/t20230120_7.html"
FOUND = "/zwgk/202401/t20240120_8.html"


class SearchSite(Site):
    """A site with a search interface: answers by the words that are posted."""

    def __init__(self, pages: dict[str, Any], results: list[dict[str, str]]) -> None:
        super().__init__(pages)
        self.results = results
        self.posted: list[dict[str, Any]] = []
        site = self

        def do_post(handler: Any) -> None:
            body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
            site.posted.append({"path": handler.path, **body})
            fitting = [r for r in site.results if body["searchWord"] in r["title_no_tag"]]
            start = (body["pageNo"] - 1) * 1
            pager = {"pageNo": body["pageNo"], "pageSize": 1, "total": len(fitting)}
            answer = {"data": {"middle": {"list": fitting[start : start + 1]}, "pager": pager}}
            data = json.dumps(answer, ensure_ascii=False).encode()
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            handler.wfile.write(data)

        self._http.RequestHandlerClass.do_POST = do_post


def urlset(*paths: str) -> Answer:
    urls = "".join(f"<url><loc>{HOME}{path}</loc></url>" for path in paths)
    text = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    return Answer(text.encode(), 200, [("Content-Type", "text/xml")])


def index(*paths: str) -> Answer:
    maps = "".join(f"<sitemap><loc>{HOME}{path}</loc></sitemap>" for path in paths)
    return Answer(f"<sitemapindex>{maps}</sitemapindex>".encode())


def pages() -> dict[str, Any]:
    lines = "".join(
        f'<li><a href="{path}">考试县{2020 + n}年政府信息公开工作年度报告</a></li>'
        for n, path in enumerate(LISTED)
    )
    everything = (*LISTED, HIDDEN, FOUND)
    return {
        "/": html(
            '<a href="/nb_1/">信息公开年报</a>'
            '<a href="/nxsearch/search.html?code=abc&tenantId=42">搜索</a>'
        ),
        "/nb_1/": html(f'<ul class="list_ul">{lines}</ul>'),
        "/robots.txt": Answer(f"User-agent: *\nSitemap: {HOME}/map/index.xml\n".encode()),
        "/map/index.xml": index("/map/a.xml", "/map/b.xml.gz", "/map/gone.xml"),
        "/map/a.xml": urlset("/", LISTED[0], HIDDEN, "/xw/202201/t20220101_99.html"),
        "/map/b.xml.gz": Answer(gzip.compress(urlset("/about.html").body)),
        **{path: article(f"考试县{path[-6]}年政府信息公开工作年度报告") for path in everything},
    }


RESULTS = [
    {"title_no_tag": title, "time": time, "url": url}
    for title, time, url in (
        ("考试县2023年政府信息公开工作年度报告", "2024-01-20 10:00", HOME + FOUND),
        ("考试县2020年政府信息公开工作年度报告", "2021-01-20 10:00", LISTED[0]),
        ("关于信息公开工作年度报告的通知", "", "/xw/202201/t20220101_98.html"),
        ("别处信息公开工作年度报告", "", "http://other.test/t.html"),
    )
]


def crawl(folder: Path, site: Site, more: str = "", day: str = "2026-12-01"):
    file = profile(folder, "revalidate_days = 30")
    file.write_text(file.read_text("utf-8") + more, "utf-8")
    arguments = [
        sys.executable, "-m", "tests.at_time", f"{day}T02:00:00+08:00", "crawl",
        "--profile", str(file), f"--resolve={HOST}=127.0.0.1:{site.port}",
        "--data", str(folder / "data"), "--quiet",
    ]  # fmt: skip
    return run(arguments, folder / "data")


def said(done, rule: str) -> list[tuple[str, str, str]]:
    return done.rows("SELECT url, message, place FROM findings WHERE rule = ? ORDER BY url", rule)


def test_what_only_sitemap_or_search_knows_is_said_and_walked(tmp_path):
    with SearchSite(pages(), RESULTS) as site:
        first = crawl(tmp_path, site, SEARCH)
        assert first.code == 0, first.output
        assert first.documents() == {HOME + path for path in (*LISTED, HIDDEN, FOUND)}
        ((url, _, place),) = said(first, "W-SITEMAP-MORE")
        assert (url, place) == (HOME + HIDDEN, f"{HOME}/map/a.xml")
        ((url, _, _),) = said(first, "W-SEARCH-MORE")
        assert url == HOME + FOUND
        ((_, message, _),) = said(first, "I-SITEMAP-COMPARED")
        assert "地址 2 个，抓取未到的 1 个；抓取到的年报地址 2 个，不在其中的 1 个" in message
        ((_, message, _),) = said(first, "I-SEARCH-COMPARED")
        assert "地址 2 个，抓取未到的 1 个" in message
        # What is asked for is what the interface expects; the tenant stands on the home page.
        assert {one["tenantId"] for one in site.posted} == {"42"}
        assert {one["path"] for one in site.posted} == {"/irs/front/search"}
        asked = [(one["searchWord"], one["pageNo"]) for one in site.posted]
        assert len(set(asked)) == len(asked)
        assert ("信息公开工作年度报告", 4) in asked

        # For a week neither is asked again, and what only they list stays listed.
        site.requests.clear()
        site.posted.clear()
        second = crawl(tmp_path, site, SEARCH, "2026-12-03")
        assert second.code == 0, second.output
        assert site.posted == []
        assert not [path for path in site.paths if path.startswith("/map/") or "xxgknb" in path]
        assert len(said(second, "W-SITEMAP-MORE")) == len(said(second, "W-SEARCH-MORE")) == 1
        assert second.rows("SELECT kind FROM events") == []

        third = crawl(tmp_path, site, SEARCH, "2026-12-09")
        assert third.code == 0
        assert "/map/index.xml" in site.paths
        assert len(site.posted) == len(asked)
        assert third.rows("SELECT kind FROM events") == []


def test_each_search_is_archived_under_its_own_address(tmp_path):
    with SearchSite(pages(), RESULTS) as site:
        done = crawl(tmp_path, site, SEARCH)
        number = len(site.posted)
    kept = done.rows("SELECT url FROM captures WHERE url LIKE '%/irs/front/search%'")
    assert len({url for (url,) in kept}) == number
    assert all("__wb_method=POST&tenantId=42" in url for (url,) in kept)
    methods = set()
    for file in (done.data / "warc").glob("*.warc.gz"):
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream):
                uri = record.rec_headers.get_header("WARC-Target-URI") or ""
                if record.rec_type == "request" and "/irs/" in uri:
                    methods.add(record.http_headers.protocol)
    assert methods == {"POST"}


def test_a_site_with_neither_is_told_once_and_is_none_the_worse(tmp_path):
    bare = {
        path: page for path, page in pages().items() if not path.startswith(("/map", "/robots"))
    }
    with Site(bare) as site:
        done = crawl(tmp_path, site, f'[search]\nurl = "{HOME}/irs/front/search"\n')
    assert done.code == 0, done.output
    assert site.paths.count("/sitemap.xml") == 1
    assert [url for url, _, _ in said(done, "I-SITEMAP-NONE")] == [f"{HOME}/sitemap.xml"]
    assert [url for url, _, _ in said(done, "I-SEARCH-NONE")] == [f"{HOME}/irs/front/search"]
    assert done.outcome()[0] == "finished"


def test_sitemaps_can_be_left_out(tmp_path):
    with Site(pages()) as site:
        file = profile(tmp_path, "sitemaps = []")
        arguments = [
            sys.executable, "-m", "crawler.cli", "crawl", "--profile", str(file), "--quiet",
            f"--resolve={HOST}=127.0.0.1:{site.port}", "--data", str(tmp_path / "data"),
        ]  # fmt: skip
        done = run(arguments, tmp_path / "data")
    assert done.code == 0
    assert not [path for path in site.paths if "/map" in path or "sitemap" in path]
    assert not [rule for rule in done.rules() if "SITEMAP" in rule or "SEARCH" in rule]


def test_sitemaps_of_every_kind_are_read():
    assert [one.url for one in read_sitemap(urlset("/a").body)[0]] == [f"{HOME}/a"]
    assert read_sitemap(index("/b.xml").body) == ([], [f"{HOME}/b.xml"])
    assert [one.url for one in read_sitemap(b"http://a.test/1\nhttp://a.test/2\n")[0]] == [
        "http://a.test/1",
        "http://a.test/2",
    ]
    for other in (b"", b"<html><body>404</body></html>", b"\x1f\x8bbroken", b"{}", b"\x00\x01"):
        with pytest.raises(NotReadableError):
            read_sitemap(other)


def test_entities_of_a_sitemap_are_not_expanded():
    head = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    bomb = head + b"<urlset><url><loc>&a;</loc></url></urlset>"
    assert not [one for one in read_sitemap(bomb)[0] if "root" in one.url]


@pytest.mark.parametrize(
    "other",
    [b"", b"[]", b"{}", b'{"data": null}', b'{"data": {"middle": {"list": [1]}}}', b"<html>"],
)
def test_answers_of_another_kind_are_named(other):
    with pytest.raises(NotReadableError):
        read_search(other, HOME)


def test_addresses_that_speak_for_reports():
    columns = {f"{HOST}/gk/abc/"}
    assert is_report_address(f"{HOME}/gk/abc/202201/t20220101_1.html", columns)
    assert is_report_address(
        "https://www.yinchuan.gov.cn/xxgk/bmxxgkml/szfbgt/xxgknb_1840/202301/t20230128_3929475.html",
        (),
    )
    assert is_report_address(f"{HOME}/xxganb_1222/202301/P020230128.pdf", ())
    assert not is_report_address(f"{HOME}/xxgknb_1/index.html", ())
    assert not is_report_address(f"{HOME}/zwgk/zdxm/202307/t20230721_4189462.html", ())


def test_a_posted_address_is_what_replay_tools_look_up():
    fields = {"tenantId": "42", "searchWord": "年报", "pageNo": 1}
    body, url = json_body(fields), "https://a.test/irs/front/search"
    _, appended = append_method_query(
        "POST", "application/json", str(len(body)), BytesIO(body), url
    )
    assert posted_url(url, fields) == url + appended
    assert wire_url(posted_url(url, fields)) == url
    assert wire_url(posted_url(f"{url}?a=1", fields)) == f"{url}?a=1"
    assert wire_url(url) == url
