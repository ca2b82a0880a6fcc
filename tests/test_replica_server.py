"""The replica's tree and server: what a visitor of the two hosts meets."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import docx
import httpx
import pytest
from lxml import html as lxml_html

from tests.replica import ReplicaServer, build_county, build_sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT = httpx.Client(trust_env=False)
SPT, NXZW, FORMER = "www.spt.gov.cn", "www.nxzw.gov.cn", "www.nxzww.gov.cn"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replica")
    build_sites(folder)
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReplicaServer]:
    build_sites(tmp_path / "tree")
    with ReplicaServer(tmp_path / "tree", log=tmp_path / "log.tsv") as running:
        yield running


@pytest.fixture(scope="module")
def still(tree: Path) -> Iterator[ReplicaServer]:
    """A server that no test changes."""
    with ReplicaServer(tree) as running:
        yield running


@pytest.fixture(scope="module")
def manifest(tree: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((tree / "manifest.json").read_text("utf-8"))
    return content


def get(server: ReplicaServer, url: str, **headers: str) -> httpx.Response:
    """Ask the server for a public address, as a crawler with a resolved host does."""
    parts = urlsplit(url)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Host"] = parts.netloc
    if parts.scheme == "https":
        named["X-Forwarded-Proto"] = "https"
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return CLIENT.get(f"http://127.0.0.1:{server.port}{target}", headers=named)


def trap(manifest: dict[str, Any], name: str) -> str:
    return next(str(t["url"]) for t in manifest["traps"] if t["name"] == name)


def walk(server: ReplicaServer, start: str) -> dict[str, httpx.Response]:
    """Follow links, attachments and pagers within one host as a browser would."""
    host, queue = urlsplit(start).netloc, [start]
    seen: dict[str, httpx.Response] = {}
    while queue:
        url = queue.pop()
        if url in seen:
            continue
        seen[url] = answer = get(server, url)
        if answer.is_redirect:
            found = [answer.headers["Location"]]
        elif answer.headers["Content-Type"].startswith("text/html") and answer.content[:1] == b"<":
            declared = "utf-8" if b"<meta charset" in answer.content else "gb18030"
            text = answer.content.decode(declared, "replace")
            links = [a.get("href", "") for a in lxml_html.fromstring(text).iter("a")]
            found = [link.strip().replace("\\", "/") for link in links]
            found += pager_links(text)
        else:
            found = []
        joined = (urljoin(url, link).partition("#")[0] for link in found)
        queue += [u for u in joined if u.startswith("http") and urlsplit(u).netloc == host]
    return seen


def pager_links(text: str) -> list[str]:
    zero = re.search(r'createPageHTML\((\d+), (\d+), "(\w+)", "(\w+)"\)', text)
    if zero:
        return [f"{zero[3]}_{n}.{zero[4]}" for n in range(1, int(zero[1]))]
    one = re.search(r"createPageHTML\('\w+',(\d+),(\d+),'(\w+)','(\w+)',\d+\)", text)
    return [f"{one[3]}_{n}.{one[4]}" for n in range(2, int(one[1]) + 1)] if one else []


@pytest.mark.parametrize("host", [SPT, NXZW])
def test_every_source_can_be_reached_from_the_home_page(
    still: ReplicaServer,
    manifest: dict[str, Any],
    host: str,
) -> None:
    seen = walk(still, f"https://{host}/")
    sources = [s for report in manifest["reports"] for s in report["sources"]]
    wanted = {s["url"] for s in sources if urlsplit(s["url"]).netloc == host}
    assert wanted <= {url for url, answer in seen.items() if answer.status_code == 200}
    dead = {url for url, answer in seen.items() if answer.status_code >= 400}
    broken = trap(manifest, "repost-breaks-attachment").rpartition("/")[0]
    assert all(url.startswith(broken) for url in dead)
    assert bool(dead) is (host == SPT)


def test_every_source_of_the_county_can_be_reached(tmp_path: Path) -> None:
    manifest = build_county(tmp_path)
    with ReplicaServer(tmp_path) as running:
        seen = walk(running, "https://www.example-county.test/")
    assert all(answer.status_code < 400 for answer in seen.values())
    for report in manifest["reports"]:
        assert report["invented"]
        assert report["sources"]
        assert {s["url"] for s in report["sources"]} <= set(seen)


def test_each_real_report_has_two_forms_and_each_form_both_formats(
    manifest: dict[str, Any],
) -> None:
    forms: dict[str, set[str]] = {"2019": set(), "2021": set()}
    for report in (r for r in manifest["reports"] if not r["invented"]):
        endings = {s["url"].rpartition(".")[2] for s in report["sources"]}
        assert len(endings) >= 2
        forms[report["template"]] |= {s["form"] for s in report["sources"]}
    assert forms == {"2019": {"html", "pdf", "docx"}, "2021": {"html", "pdf", "docx"}}


def test_every_page_beyond_the_reports_says_that_it_is_invented(
    tree: Path,
    manifest: dict[str, Any],
) -> None:
    real = {s["url"] for r in manifest["reports"] for s in r["sources"] if not r["invented"]}
    real |= {trap(manifest, "link-with-backslash")}
    repost = trap(manifest, "repost-breaks-attachment").rpartition("/")[0]
    for page in tree.rglob("t2*.html"):
        url = f"https://{page.relative_to(tree)}"
        if url not in real and not url.startswith(repost):
            assert (
                "虚构".encode() in page.read_bytes()
                or "虚构".encode("gb18030") in page.read_bytes()
            )


def test_conditional_requests(still: ReplicaServer) -> None:
    url = f"https://{SPT}/xxgk/"
    first = get(still, url)
    assert first.status_code == 200
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for headers in ({"If_None_Match": tag}, {"If_Modified_Since": modified}):
        again = get(still, url, **headers)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == tag
    assert get(still, url, If_None_Match='"other"', If_Modified_Since=modified).status_code == 200
    assert get(still, url, If_Modified_Since="nonsense").status_code == 200


def test_validators_can_be_left_out(server: ReplicaServer) -> None:
    server.validators = False
    answer = get(server, f"https://{SPT}/xxgk/")
    assert "ETag" not in answer.headers
    assert "Last-Modified" not in answer.headers


def test_hosts_and_redirects(still: ReplicaServer, manifest: dict[str, Any]) -> None:
    assert get(still, "https://www.other.test/").status_code == 421
    moved = get(still, f"http://{FORMER}/zwgk/")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"http://{NXZW}/zwgk/")
    secure = get(still, f"http://{NXZW}/zwgk/")
    assert (secure.status_code, secure.headers["Location"]) == (301, f"https://{NXZW}/zwgk/")
    assert get(still, f"https://{NXZW}/zwgk/").status_code == 200
    assert get(still, f"http://{NXZW}/").status_code == 200
    inward = get(still, trap(manifest, "redirect-to-metadata"))
    assert inward.headers["Location"].startswith("http://169.254.169.254/")
    folder = get(still, f"https://{SPT}/xxgk")
    assert (folder.status_code, folder.headers["Location"]) == (301, "/xxgk/")
    assert get(still, f"https://{SPT}/%2e%2e/manifest.json").status_code in {400, 404}


def test_traps_answer_as_the_manifest_says(still: ReplicaServer, manifest: dict[str, Any]) -> None:
    soft = get(still, trap(manifest, "soft-404"))
    assert soft.status_code == 200
    assert "不存在" in soft.text
    assert get(still, f"https://{SPT}/nothing.html").status_code == 404
    assert get(still, trap(manifest, "repost-breaks-attachment")).status_code == 404
    pdf = get(still, trap(manifest, "pdf-as-html"))
    assert pdf.headers["Content-Type"] == "text/html"
    assert pdf.content.startswith(b"%PDF-")
    word = get(still, trap(manifest, "docx-is-html"))
    assert "wordprocessingml" in word.headers["Content-Type"]
    assert word.content.startswith(b"<!DOCTYPE html>")
    stub = get(still, trap(manifest, "stub-list-page"))
    assert (stub.status_code, len(stub.content)) == (200, 300)
    against = get(still, trap(manifest, "gbk-against-declaration")).content
    assert b'charset="utf-8"' in against
    assert "年度报告".encode("gbk") in against
    undeclared = get(still, trap(manifest, "gbk-undeclared")).content
    assert b"charset" not in undeclared
    assert "年度报告".encode("gbk") in undeclared
    spaced = get(still, trap(manifest, "attachment-with-space"))
    assert docx.Document(io.BytesIO(spaced.content)).paragraphs
    assert "${PAGE_COUNT}" in get(still, trap(manifest, "pager-placeholder")).text
    notice = get(still, trap(manifest, "no-report-in-report-column"))
    assert re.search("<h1>.*年度报告.*通知</h1>", notice.text)


def test_robots(server: ReplicaServer) -> None:
    rules = get(server, f"https://{SPT}/robots.txt")
    assert "Crawl-delay: 0.05" in rules.text
    assert rules.headers["Content-Type"] == "text/plain"
    assert get(server, f"https://{NXZW}/robots.txt").status_code == 404
    server.robots(NXZW, 405)
    assert get(server, f"https://{NXZW}/robots.txt").status_code == 405
    server.robots(NXZW, None)
    assert get(server, f"https://{NXZW}/robots.txt").status_code == 404


@pytest.mark.parametrize(
    ("status", "mark"),
    [(405, "拦截"), (412, "$_ts"), (521, "__jsl_clearance")],
)
def test_block_pages(server: ReplicaServer, status: int, mark: str) -> None:
    server.block(SPT, status)
    answer = get(server, f"https://{SPT}/xxgk/")
    assert answer.status_code == status
    assert mark in answer.text
    assert get(server, f"https://{NXZW}/zwgk/").status_code == 200
    server.block(SPT, None)
    assert get(server, f"https://{SPT}/xxgk/").status_code == 200
    with pytest.raises(ValueError, match="no block page"):
        server.block(SPT, 418)


def test_pages_can_be_added_edited_and_removed(server: ReplicaServer) -> None:
    column = f"https://{SPT}/xxgk/bmxxgkml/sptqzwfwzx/xxganb_1222/"
    before = get(server, column)
    server.add(f"{column}202601/t20260120_1.html", b"<p>new</p>")
    server.list_article(column, "./202601/t20260120_1.html", "新文章", "2026-01-20")
    after = get(server, column, If_None_Match=before.headers["ETag"])
    assert after.status_code == 200
    assert "新文章" in after.text
    assert get(server, f"{column}202601/t20260120_1.html").content == b"<p>new</p>"
    server.edit(column, "新文章", "改过的文章")
    assert "改过的文章" in get(server, column).text
    with pytest.raises(ValueError, match="does not hold"):
        server.edit(column, "没有的字", "x")
    server.remove(f"{column}202601/t20260120_1.html")
    assert get(server, f"{column}202601/t20260120_1.html").status_code == 404


def test_requests_are_logged(server: ReplicaServer, tmp_path: Path) -> None:
    get(server, f"https://{SPT}/xxgk/")
    get(server, f"http://{FORMER}/a?b=1")
    assert [(r.host, r.path, r.status, r.https) for r in server.requests] == [
        (SPT, "/xxgk/", 200, True),
        (FORMER, "/a?b=1", 301, False),
    ]
    lines = (tmp_path / "log.tsv").read_text("utf-8").splitlines()
    assert [line.split("\t")[1:5] for line in lines] == [
        ["GET", SPT, "/xxgk/", "200"],
        ["GET", FORMER, "/a?b=1", "301"],
    ]
