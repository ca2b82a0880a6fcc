"""The replica of both sites and of a county nobody knows: everything is found, once, and stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from urllib.parse import unquote

import pytest

from archive.blobs import BlobStore
from archive.store_setting import open_store
from crawler.profile import load
from tests.crawl_site import ROOT, Walked, check_warc, rows_of, run
from tests.replica import ReplicaServer, build_county, build_sites

COUNTY = """
id = "county"
name = "示例县人民政府"
hosts = ["www.example-county.test"]
entries = ["https://www.example-county.test/"]
region = {code = "990000", name = "示例县"}
"""
SITES = ("spt", "nxzw")


def walk_command(server: ReplicaServer, data, profiles=SITES, hosts=None) -> list[str]:

    hosts = hosts or [host for site in SITES for host in load(site).all_hosts]
    resolve = [p for host in hosts for p in ("--resolve", f"{host}=127.0.0.1:{server.port}")]
    named = [part for profile in profiles for part in ("--profile", str(profile))]
    start = [sys.executable, "-m", "crawler.cli", "crawl", "--quiet"]
    return [*start, *named, *resolve, "--data", str(data)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("replica")
    return folder, build_sites(folder)


@pytest.fixture(scope="module")
def walked(tree, tmp_path_factory):
    folder, _ = tree
    data = tmp_path_factory.mktemp("walked")
    with ReplicaServer(folder) as server:
        first = run(walk_command(server, data), data)
        before, asked = rows_of(data), len(server.requests)
        second = run(walk_command(server, data), data)
        again = server.requests[asked:]
        server.validators = False
        third = run(walk_command(server, data), data)
        requests = list(server.requests)
    return first, before, second, again, third, requests


def assert_sources(done: Walked, manifest) -> None:
    query = "SELECT url, column_path, published, role FROM sources"
    found = {unquote(url): rest for url, *rest in done.rows(query)}
    for report in manifest["reports"]:
        for source in report["sources"]:
            path, published, role = found[unquote(source["url"])]
            assert path == source["column"]
            assert published is not None
            assert published.startswith(source["published"])
            assert role == ("article" if source["role"] == "article" else "attachment")


def test_every_source_of_every_report_is_found(walked, tree):
    first = walked[0]
    assert first.code == 0, first.output
    assert_sources(first, tree[1])
    (number,) = first.rows("SELECT count(*) FROM reports")[0]
    assert number == len(tree[1]["reports"])
    assert first.rows("SELECT DISTINCT outcome FROM runs") == [("finished",)]


def test_captured_bytes_are_what_the_server_has(walked, tree):

    first, folder = walked[0], tree[0]
    blobs = BlobStore(open_store(first.data))
    rows = first.rows("SELECT url, digest FROM captures WHERE status = 200")
    compared = 0
    for url, digest in rows:
        path = folder / unquote(url).partition("://")[2]
        path = path / "index.html" if path.is_dir() else path
        if path.is_file():
            assert blobs.get(digest) == path.read_bytes(), url
            compared += 1
    assert compared > 100


def test_traps_are_findings_and_forbidden_addresses_are_not_asked(walked, tree):
    first, requests = walked[0], walked[5]
    findings = {(rule, unquote(url)) for rule, url in first.findings()}
    asked = {(record.host, unquote(record.path)) for record in requests}
    assert not any(path.startswith("/nxsearch/") for _, path in asked)
    assert {host for host, _ in asked} == {host for site in SITES for host in load(site).all_hosts}
    expected = {
        "link-to-metadata": "W-LINK-REFUSED",
        "link-to-other-host": "W-LINK-REFUSED",
        "link-to-other-port": "W-LINK-REFUSED",
        "javascript-link": "W-LINK-REFUSED",
        "soft-404": "W-SOFT-404",
        "repost-breaks-attachment": "W-ATTACHMENT-MISSING",
        "host-moved": "I-SITE-MOVED",
        "stub-list-page": "W-LIST-STUB",
        "pager-placeholder": "W-PAGER-PLACEHOLDER",
    }
    for trap in tree[1]["traps"]:
        if rule := expected.pop(trap["name"], None):
            url = unquote(trap["url"])
            urls = {url, url.removesuffix("index.html")}
            assert any((rule, one) in findings for one in urls), trap
    assert not expected


def test_second_walk_changes_nothing_but_the_runs(walked):
    first, before, second, again, third, _ = walked
    assert second.code == third.code == 0
    assert rows_of(first.data) == before
    # Lists and the way to them alone are asked for again, and no body comes twice.
    known = {unquote(url) for (url,) in first.rows("SELECT url FROM sources")}
    asked = {f"https://{record.host}{unquote(record.path)}" for record in again}
    assert not asked & known
    assert not [record for record in again if record.status == 200]


def test_county_is_found_by_five_lines(tmp_path):
    manifest = build_county(tmp_path / "tree")
    (tmp_path / "county.toml").write_text(COUNTY, "utf-8")
    data = tmp_path / "data"
    with ReplicaServer(tmp_path / "tree") as server:
        command = walk_command(
            server, data, [tmp_path / "county.toml"], ["www.example-county.test"]
        )
        done = run(command, data)
    assert done.code == 0, done.output
    assert_sources(done, manifest)
    assert done.rows("SELECT count(*) FROM reports") == [(len(manifest["reports"]),)]


def test_what_changes_between_two_walks_is_noticed(tmp_path):
    manifest = build_county(tmp_path / "tree")
    file = tmp_path / "county.toml"
    file.write_text(f"revalidate_days = 0\n{COUNTY}", "utf-8")
    data = tmp_path / "data"
    articles = [
        source["url"]
        for report in manifest["reports"]
        for source in report["sources"]
        if source["role"] == "article"
    ]
    edited, removed = articles[0], articles[-1]
    column = f"{edited.rpartition('/')[0].rpartition('/')[0]}/"
    with ReplicaServer(tmp_path / "tree") as server:
        command = walk_command(server, data, [file], ["www.example-county.test"])
        first = run(command, data)
        before = rows_of(data)
        copy = server.read(edited)
        time.sleep(1.1)  # Last-Modified counts in seconds
        server.add(f"{column}202601/t20260102_999999.html", copy + b"<!-- copy -->")
        ((column_page,),) = first.rows("SELECT parent_url FROM sources WHERE url = ?", edited)
        server.list_article(
            column_page, "./202601/t20260102_999999.html", "新转载的年报", "2026-01-02"
        )
        server.add(edited, copy.replace("政府信息".encode(), "政府信息 ".encode(), 1))
        server.remove(removed)
        second = run(command, data)
    assert second.code == 0, second.output
    added = f"{column}202601/t20260102_999999.html"
    assert added in second.documents()
    versions = second.rows("SELECT is_current FROM sources WHERE url = ? ORDER BY 1", edited)
    assert versions == [(0,), (1,)]
    assert ("W-HTTP-ERROR", removed) in second.findings()
    # What is gone from the site stays in the archive.
    assert removed in second.documents()
    assert set(before["captures"]) < set(rows_of(data)["captures"])


def test_killed_walks_lose_nothing(walked, tree, tmp_path):
    """SIGKILL at three moments; the next walk brings the rest, no stored body comes twice."""
    data = tmp_path / "data"
    with ReplicaServer(tree[0]) as server:
        command = walk_command(server, data, ("spt",), ["www.spt.gov.cn"])
        for moment in (15, 30, 15):
            process = subprocess.Popen(command, cwd=ROOT)
            begun = len(server.requests)
            while len(server.requests) - begun < moment and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        last = run(command, data)
        bodies = [r.path for r in server.requests if r.status == 200]
    assert last.code == 0, last.output
    check_warc(data)
    wanted = "SELECT url, status, digest FROM captures WHERE site_id = 'spt'"
    assert set(last.rows(wanted)) == set(walked[0].rows(wanted))
    sources = "SELECT url, role, column_path FROM sources WHERE site_id = 'spt'"
    assert set(last.rows(sources)) == set(walked[0].rows(sources))
    said = "SELECT rule, url, message FROM findings WHERE site_id = 'spt'"
    assert set(last.rows(said)) == set(walked[0].rows(said))
    outcomes = [outcome for (outcome,) in last.rows("SELECT outcome FROM runs ORDER BY id")]
    assert outcomes == ["interrupted", "interrupted", "interrupted", "finished"]
    twice = "SELECT url FROM run_visits WHERE status = 200 GROUP BY url HAVING count(*) > 1"
    assert last.rows(twice) == []
    # One body at most was on its way at each kill.
    assert len(bodies) - len(set(bodies)) <= 3
