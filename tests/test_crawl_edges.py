"""The crawl meets what sites do to crawlers; every walk runs the command that users run."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from crawler.network.block_pages import block_sign
from tests.crawl_site import (
    HOST,
    ROOT,
    Answer,
    Site,
    article,
    command,
    crawl,
    html,
    moved,
    profile,
    rows_of,
    run,
)
from tests.forked import nianbao

REPORT = "考试县财政局2021年政府信息公开工作年度报告"
COLUMN = (
    '<ul class="list_ul"><li><a href="202201/t20220120_1.html">{}</a><b>2022-01-20</b></li></ul>'
)


def small_site(**more):
    pages = {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="nb/">年报</a>'),
        "/gk/nb/": html(COLUMN.format(REPORT)),
        "/gk/nb/202201/t20220120_1.html": article(REPORT),
    }
    return pages | more


def test_small_site_is_walked_and_a_page_that_is_no_report_does_not_count(tmp_path):
    with Site(small_site()) as site:
        done = crawl(tmp_path, site)
    assert done.code == 0, done.output
    assert done.outcome() == ("finished", None)
    ((url, role, path, published, parent),) = done.rows(
        "SELECT url, role, column_path, published, parent_url FROM sources"
    )
    assert url == f"http://{HOST}/gk/nb/202201/t20220120_1.html"
    assert (role, path, published) == ("article", "政务公开 > 年报", "2022-01-20")
    assert parent == f"http://{HOST}/gk/nb/"
    assert done.rows("SELECT count(*) FROM reports") == [(0,)]


def test_refused_addresses_are_findings_and_never_asked(tmp_path):
    links = (
        '<a href="http://169.254.169.254/年报/">年报（内网）</a>'
        '<a href="http://other.test/nb/">年报（别站）</a>'
        f'<a href="http://{HOST}:8443/nb/">年报（端口）</a>'
        '<a href="ftp://www.kao.test/nb/">年报（FTP）</a>'
        '<a href="javascript:window.print()">年报（脚本）</a>'
        '<a href="/nb/jump.html">往年年报</a><a href="/nb/port.html">历年年报</a>'
    )
    pages = small_site()
    pages["/gk/nb/"] = html(COLUMN.format(REPORT) + links)
    pages["/nb/jump.html"] = moved("http://169.254.169.254/latest/")
    pages["/nb/port.html"] = moved(f"http://{HOST}:81/x")
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    refused = {url for rule, url in done.findings() if rule == "W-LINK-REFUSED"}
    assert "http://169.254.169.254/latest/" in refused
    assert "http://other.test/nb/" in refused
    assert f"http://{HOST}:8443/nb/" in refused
    assert f"http://{HOST}:81/x" in refused
    assert "javascript:window.print()" in refused
    assert {host for host, _, _ in site.requests} == {HOST}
    assert done.code == 0
    # The hops themselves were answers, so they are kept.
    hops = done.rows("SELECT location FROM captures WHERE status = 302 ORDER BY 1")
    assert hops == [("http://169.254.169.254/latest/",), (f"http://{HOST}:81/x",)]


@pytest.mark.parametrize("status", [401, 503])
def test_robots_error_stops_the_site(tmp_path, status):
    pages = small_site()
    pages["/robots.txt"] = Answer(b"no", status, [("Retry-After", "0")])
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    outcome, reason = done.outcome()
    assert done.code == 1
    assert outcome in {"robots", "blocked"}
    assert str(status) in reason
    assert set(site.paths) == {"/robots.txt"}
    assert done.rules() & {"E-SITE-ROBOTS", "E-SITE-BLOCKED"}


def test_robots_rules_and_crawl_delay_are_obeyed(tmp_path):
    rules = b"User-agent: *\nDisallow: /gk/nb/2022\nCrawl-delay: 0.6\n"
    pages = small_site()
    pages["/robots.txt"] = Answer(rules)
    times: list[float] = []

    def stamped(path):
        page = pages[path]

        def answer(_headers):
            times.append(time.monotonic())
            return page

        return answer

    with Site(pages | {path: stamped(path) for path in ("/", "/gk/", "/gk/nb/")}) as site:
        done = crawl(tmp_path, site)
    assert "/gk/nb/202201/t20220120_1.html" not in site.paths
    assert "W-ROBOTS-DISALLOWED" in done.rules()
    assert len(times) == 3
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.55


BLOCKS = {
    "405": Answer("<h1>访问被阻断</h1>".encode(), 405),
    "412": Answer(b"<script>$_ts=window['$_ts'];</script>", 412),
    "521": Answer(b"<script>document.cookie='__jsl_clearance=1'</script>", 521),
    "G01": html("网站防护：网防G01 拦截了您的请求"),
    "云堤": html("电信云堤提醒：访问受限"),
}


@pytest.mark.parametrize("kind", BLOCKS)
def test_block_pages_are_recognised_and_ordinary_pages_are_not(kind):
    answer = BLOCKS[kind]
    assert block_sign(answer.status, answer.body)
    words = "<p>本市部署网防G01，筑牢安全防护，诈骗电话已被有效拦截。</p>" * 10
    assert block_sign(200, html(words).body) is None
    assert block_sign(404, b"<html><body>404</body></html>") is None
    assert block_sign(200, b"%PDF-1.4 WAF") is None


@pytest.mark.parametrize("kind", ["405", "G01"])
def test_block_pages_in_a_row_stop_the_site(tmp_path, kind):
    lines = "".join(f'<li><a href="/gk/nb/t2022012{n}_{n}.html">报告{n}</a></li>' for n in range(9))
    pages = small_site()
    pages["/gk/nb/"] = html(f'<ul class="list_ul">{lines}</ul>')
    pages |= {f"/gk/nb/t2022012{n}_{n}.html": BLOCKS[kind] for n in range(9)}
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    outcome, reason = done.outcome()
    assert (done.code, outcome) == (1, "blocked")
    assert "3 block pages in a row" in reason
    asked = [path for path in site.paths if path.startswith("/gk/nb/t")]
    assert len(asked) <= 4
    assert {"E-SITE-BLOCKED", "W-PAGE-BLOCKED"} <= done.rules()
    # The block pages themselves are kept.
    kept = done.rows("SELECT count(*) FROM captures WHERE url LIKE '%/gk/nb/t%'")
    assert kept[0][0] == len(asked)


def test_block_page_for_robots_says_so(tmp_path):
    with Site({"/robots.txt": BLOCKS["412"]}) as site:
        done = crawl(tmp_path, site)
    outcome, reason = done.outcome()
    assert (done.code, outcome) == (1, "blocked")
    assert "瑞数" in reason
    assert site.paths == ["/robots.txt"]


def test_retry_after_is_waited_for_and_a_long_one_ends_the_run(tmp_path):
    times: list[float] = []

    def busy_once(_headers):
        times.append(time.monotonic())
        if len(times) == 1:
            return Answer(b"later", 503, [("Retry-After", "1")])
        return html('<a href="nb/">年报</a>')

    with Site(small_site(**{"/gk/": busy_once})) as site:
        done = crawl(tmp_path, site)
    assert done.code == 0
    assert times[1] - times[0] >= 0.9
    other = tmp_path / "other"
    other.mkdir()
    with Site(small_site(**{"/gk/": Answer(b"", 503, [("Retry-After", "86400")])})) as site:
        done = crawl(other, site)
    assert done.outcome()[0] == "blocked"
    assert "86400" in done.outcome()[1]


def test_soft_404_and_redirect_home_are_findings_not_documents(tmp_path):
    pages = small_site()
    pages["/gk/nb/"] = html(
        '<ul class="list_ul"><li><a href="t20220101_1.html">2021年年报</a></li>'
        '<li><a href="t20220101_2.html">2020年年报</a></li>'
        '<li><a href="202201/t20220120_1.html">2019年年报</a></li></ul>'
    )
    pages["/gk/nb/t20220101_1.html"] = html("您访问的页面不存在", "页面不存在")
    pages["/gk/nb/t20220101_2.html"] = moved("/")
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    gone = [url for rule, url in done.findings() if rule == "W-SOFT-404"]
    assert gone == [f"http://{HOST}/gk/nb/t20220101_{n}.html" for n in (1, 2)]
    assert done.documents() == {f"http://{HOST}/gk/nb/202201/t20220120_1.html"}


def test_expected_agency_without_report_is_a_finding(tmp_path):
    with Site(small_site()) as site:
        done = crawl(tmp_path, site, 'expected_agencies = ["考试县财政局"]')
    assert done.code == 0
    assert "W-AGENCY-MISSING" in done.rules()


def test_nothing_found_is_a_failure(tmp_path):
    with Site({"/": html("<a href='/news/'>新闻</a>")}) as site:
        done = crawl(tmp_path, site)
    assert done.code == 1
    assert done.outcome()[0] == "no-results"
    assert "E-NO-REPORTS" in done.rules()


def test_site_that_does_not_answer_fails_loudly(tmp_path):
    with Site({}) as site:
        port = site.port
    done = run(command(tmp_path / "data", port, profile(tmp_path)), tmp_path / "data")
    assert done.code == 1
    assert done.outcome()[0] == "failed"
    assert "www.kao.test refused the connection" in done.output
    assert "W-HOST-UNREACHABLE" in done.rules()


def test_broken_off_body_is_a_finding_and_comes_with_the_next_walk(tmp_path):
    whole = article(REPORT)
    cut = Answer(whole.body[:20], 200, [*whole.headers, ("Content-Length", str(len(whole.body)))])
    path = "/gk/nb/202201/t20220120_1.html"
    lines = COLUMN.format(REPORT).replace("</ul>", '<li><a href="b.pdf">2020年年报</a></li></ul>')
    pages = small_site(**{path: cut, "/gk/nb/": html(lines), "/gk/nb/b.pdf": Answer(b"%PDF-1.4")})
    with Site(pages) as site:
        done = crawl(tmp_path, site)
        assert ("W-FETCH-FAILED", f"http://{HOST}{path}") in done.findings()
        assert done.rows("SELECT count(*) FROM captures WHERE url LIKE ?", f"%{path}") == [(0,)]
        site.pages[path] = whole
        done = crawl(tmp_path, site)
    assert f"http://{HOST}{path}" in done.documents()
    assert "W-FETCH-FAILED" not in done.rules()


def test_loops_and_oversized_answers_are_findings(tmp_path):
    lines = (
        '<li><a href="loop.html">2021年年报</a></li><li><a href="big.pdf">2020年年报</a></li>'
        '<li><a href="202201/t20220120_1.html">2019年年报</a></li>'
    )
    huge = Answer(b"", 200, [("Content-Length", str(1 << 40))])
    pages = small_site(**{"/gk/nb/": html(f"<ul class='list_ul'>{lines}</ul>")})
    pages |= {"/gk/nb/loop.html": moved("/gk/nb/loop.html"), "/gk/nb/big.pdf": huge}
    with Site(pages) as site:
        done = crawl(tmp_path, site)
    failed = {url.rpartition("/")[2] for rule, url in done.findings() if rule == "W-FETCH-FAILED"}
    assert failed == {"loop.html", "big.pdf"}
    assert site.paths.count("/gk/nb/loop.html") <= 6
    assert done.code == 0


def test_entry_that_answers_in_the_other_scheme_only(tmp_path):
    def no_https(headers):
        if headers.get("x-forwarded-proto") == "https":
            return Answer(b"not here", 404)
        return small_site()["/"]

    with Site(small_site(**{"/": no_https})) as site:
        file = profile(tmp_path)
        file.write_text(file.read_text("utf-8").replace("http://", "https://"), "utf-8")
        done = run(command(tmp_path / "data", site.port, file), tmp_path / "data")
    assert done.code == 0, done.output
    assert len(done.documents()) == 1


def test_compressed_site_is_read_and_confirmed_by_its_validators(tmp_path):
    def packed(page, tag):
        def answer(headers):
            assert "br" not in headers["accept-encoding"]
            if headers.get("if-none-match") == tag:
                return Answer(b"", 304, [("ETag", tag)])
            coded = [*page.headers, ("Content-Encoding", "gzip"), ("ETag", tag)]
            return Answer(gzip.compress(page.body), 200, coded)

        return answer

    pages = {path: packed(page, f'"{n}"') for n, (path, page) in enumerate(small_site().items())}
    with Site(pages) as site:
        first = crawl(tmp_path, site)
        before = rows_of(first.data)
        second = crawl(tmp_path, site)
    assert first.code == second.code == 0
    assert len(second.documents()) == 1
    assert rows_of(second.data) == before
    visits = second.rows("SELECT count(*) FROM run_visits WHERE run_id = 2 AND status = 304")
    assert visits == [(len(pages) - 1,)]  # all but the article, which has its time


def test_page_budget_is_kept_and_reported(tmp_path):
    lines = "".join(f'<li><a href="t2022_{n:08}.html">报告{n}</a></li>' for n in range(40))
    pages = small_site()
    pages["/gk/nb/"] = html(f'<ul class="list_ul">{lines}</ul>')
    pages |= {f"/gk/nb/t2022_{n:08}.html": article(f"报告{n}") for n in range(40)}
    with Site(pages) as site:
        done = crawl(tmp_path, site, "max_pages = 12")
    assert done.code == 1
    assert len(site.requests) <= 12 + 16  # what was on its way when the limit was met
    assert "W-PAGE-BUDGET" in done.rules()


def test_moved_host_is_one_site(tmp_path):
    pages = {f"old.kao.test{path}": moved(f"http://{HOST}{path}", 301) for path in ("/",)}
    with Site(small_site() | pages) as site:
        more = f'former_hosts = ["old.kao.test"]\nreport_columns = ["http://{HOST}/gk/nb/"]'
        data = tmp_path / "data"
        file = profile(tmp_path, more)
        text = file.read_text("utf-8").replace(
            'entries = ["', 'entries = ["http://old.kao.test/","'
        )
        file.write_text(text, "utf-8")
        done = run(command(data, site.port, file, (HOST, "old.kao.test")), data)
    assert ("I-SITE-MOVED", "http://old.kao.test/") in done.findings()
    assert done.code == 0
    assert len(done.documents()) == 1


def test_two_walks_of_one_site_at_once_are_refused(tmp_path):
    file = profile(tmp_path)
    rules = Answer(b"User-agent: *\nCrawl-delay: 3\n")
    with Site(small_site(**{"/robots.txt": rules})) as site:
        arguments = command(tmp_path / "data", site.port, file)
        first = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL)
        while not site.requests:
            time.sleep(0.05)
        second = run(arguments, tmp_path / "data")
        first.kill()
        first.wait()
    assert second.code == 3
    assert "another process" in second.output


def test_probe_makes_at_most_ten_requests_and_says_what_matched(tmp_path):
    with Site(small_site()) as site:
        arguments = command(tmp_path, site.port, profile(tmp_path), verb="probe")
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        assert len(site.requests) <= 10
    assert done.returncode == 0, done.stderr
    assert "report column http://www.kao.test/gk/nb/: 1 lines by ul.list_ul li" in done.stdout
    assert "article http://www.kao.test/gk/nb/202201/t20220120_1.html" in done.stdout
    with Site({"/": html("<a href='/x/'>新闻</a>")}) as site:
        arguments = command(tmp_path, site.port, profile(tmp_path), verb="probe")
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "kao.toml:4: entries = " in done.stdout


def test_wrong_use_has_exit_code_two(tmp_path):
    for arguments in (
        [],
        ["nowhere"],
        ["spt", "--resolve", "x"],
        ["--profile", str(tmp_path / "none.toml")],
    ):
        done = nianbao(["crawl", *arguments, "--data", str(tmp_path)], ROOT)
        assert done.code == 2, arguments
        assert "Error" in done.err


def test_scrapy_lists_exactly_the_two_sites():
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["nxzw", "spt"]


def test_every_setting_has_a_reason():
    text = (ROOT / "crawler" / "settings.py").read_text("utf-8")
    block = ""
    for line in text.splitlines():
        if line.startswith("#"):
            block = line
        if not line.strip():
            block = ""
        if re.match(r"[A-Z_]+ ?[:=]", line):
            assert "#" in line or block, line


def test_full_disk_has_its_own_exit_code_and_loses_nothing(tmp_path):
    data = tmp_path / "data"
    with Site(small_site()) as site:
        arguments = command(data, site.port, profile(tmp_path))
        # Files may not grow past 100 kB: the database can't be made.
        limited = ["bash", "-c", 'ulimit -f 100; exec "$@"', "-", *arguments]
        done = subprocess.run(limited, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 3
        assert "Error" in done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        assert run(arguments, data).code == 0
