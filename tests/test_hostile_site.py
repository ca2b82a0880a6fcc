"""A site that violates everything costs bounded time, memory, disk and connections; others none."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crawl_site import ROOT, Walked, check_warc
from tests.hostile_site import DEEDS, REPORT, HostileSite, page, whole

pytestmark = pytest.mark.proof

MB = 1 << 20
Pages = dict[str, bytes | Callable[[str], bytes]]
ARTICLE = page(
    '<div class="TRS_Editor">正文</div>', f'<meta name="ArticleTitle" content="{REPORT}">'
)


def listed(lines: str) -> Pages:
    """Return a site whose report column has these lines."""
    return {
        "/robots.txt": whole(b"", status="404 Not Found"),
        "/": page('<a href="/gk/">政务公开</a>'),
        "/gk/": page('<a href="nb/">年报</a>'),
        "/gk/nb/": page(f'<ul class="list_ul">{lines}</ul>'),
        "/gk/nb/t*": ARTICLE,
    }


GOOD = listed(f'<li><a href="t20220120_1.html">{REPORT}</a></li>')


@dataclass(frozen=True, slots=True)
class Ended:
    """What a walk over several sites in one process left behind."""

    walked: Walked
    seconds: float
    peak: int
    ends: Mapping[str, Mapping[str, Any]]

    def findings(self, site: str) -> set[tuple[str, str]]:
        query = "SELECT rule, url FROM findings WHERE site_id = ?"
        return {(rule, url.partition(".test")[2]) for rule, url in self.walked.rows(query, site)}

    def size(self) -> int:
        files = [path for path in self.walked.data.rglob("*") if path.is_file()]
        return sum(path.stat().st_blocks * 512 for path in files)


def walk(folder: Path, sites: Mapping[str, tuple[HostileSite, str]], **settings: float) -> Ended:
    """Walk sites, each with more lines of its profile, in one process, with settings changed."""
    resolve, profiles = [], []
    for name, (site, more) in sites.items():
        profile = folder / f"{name}.toml"
        profile.write_text(
            f'id = "{name}"\nname = "考试县人民政府"\nhosts = ["www.{name}.test"]\n'
            f'entries = ["http://www.{name}.test/"]\n{more}\n'
            '[region]\ncode = "990000"\nname = "考试县"\n',
            encoding="utf-8",
        )
        profiles.append(str(profile))
        resolve.append(f"www.{name}.test=127.0.0.1:{site.port}")
    start = [sys.executable, "-m", "tests.hostile_walk"]
    command = [*start, str(folder / "data"), json.dumps(settings)]
    began = time.monotonic()
    done = subprocess.run(
        [*command, *resolve, "--", *profiles],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    check_warc(folder / "data")
    told = json.loads(done.stdout.splitlines()[-1])
    walked = Walked(done.returncode, done.stdout + done.stderr, folder / "data")
    return Ended(walked, took, told["peak"], {end["site_id"]: end for end in told["ends"]})


def assert_good_site_is_unharmed(done: Ended) -> None:
    assert done.ends["good"]["outcome"] == "finished"
    query = "SELECT url FROM sources WHERE site_id = 'good'"
    assert done.walked.rows(query) == [("http://www.good.test/gk/nb/t20220120_1.html",)]
    assert not [rule for rule, _ in done.findings("good") if not rule.startswith("I-")]


KEPT_AS_SENT = ("bomb.html", "members.html", "codings.html", "half-gzip.html")
REFUSED_OR_EMPTY = {
    "far.html": "W-LINK-REFUSED",
    "bracket.html": "W-HTTP-ERROR",
    "script.html": "W-HTTP-ERROR",
}


def test_every_bad_answer_is_bounded_and_said_and_the_good_ones_around_it_are_kept(tmp_path):
    lines = ""
    for number, name in enumerate(DEEDS):
        lines += f'<li><a href="{name}">{name}</a></li>'
        lines += f'<li><a href="t2022_{number:06}.html">报告{number}</a></li>'
    with HostileSite(listed(lines)) as bad, HostileSite(GOOD) as good:
        done = walk(tmp_path, {"bad": (bad, ""), "good": (good, "")}, DOWNLOAD_TIMEOUT=1)
    assert_good_site_is_unharmed(done)
    assert done.ends["bad"]["outcome"] == "finished"
    said = done.findings("bad")
    for name in DEEDS:
        if name in KEPT_AS_SENT:
            rule = "W-BODY-CODING"
        elif name == "too-much.html":
            continue  # what follows the length it gave is not part of the answer
        else:
            rule = REFUSED_OR_EMPTY.get(name, "W-FETCH-FAILED")
        begins = "/aaaa" if name == "far.html" else f"/gk/nb/{name}"
        assert any(r == rule and url.startswith(begins) for r, url in said), name
    documents = {url for (url,) in done.walked.rows("SELECT url FROM sources")}
    for number in range(len(DEEDS)):
        assert f"http://www.bad.test/gk/nb/t2022_{number:06}.html" in documents
    # No body of a broken answer is taken for a whole one.
    for name in ("cut.html", "reset-body.html", "cut-chunks.pdf", "bad-chunk.html"):
        query = "SELECT count(*) FROM captures WHERE url LIKE ?"
        assert done.walked.rows(query, f"%/{name}") == [(0,)]
    assert done.seconds < 60
    assert done.peak < 450 * MB
    assert done.size() < 60 * MB
    assert bad.most <= 3
    assert bad.cookies == []


def test_a_site_may_fill_so_much_of_the_disk_and_no_more(tmp_path):
    lines = "".join(f'<li><a href="{n}.pdf">报告{n}</a></li>' for n in range(30))
    pages = listed(lines) | {"/gk/nb/*": lambda path: whole(path.encode() * (1 << 17))}
    with HostileSite(pages) as bad, HostileSite(GOOD) as good:
        sites = {"bad": (bad, ""), "good": (good, "")}
        done = walk(tmp_path, sites, NIANBAO_MAX_BYTES=8 * MB)
    assert_good_site_is_unharmed(done)
    assert done.ends["bad"]["outcome"] == "failed"
    assert "more than 8 MB were new" in done.ends["bad"]["reason"]
    assert len(bad.paths) < 20


def endless(path: str) -> bytes:
    """Return a page of many links to further such pages, a calendar, and a next page."""
    many = 10_000 if path == "/gk/nb/x/" else 200
    links = "".join(f"<li><a href='{path}{n}/'>202{n % 9}年</a></li>" for n in range(many))
    calendar = f"<a href='{path}2022-{len(path)}/'>2022年</a>"
    script = "<script>createPageHTML(999999999, 0, 'index', 'html')</script>"
    return page(f"<ul class='list_ul'>{links}</ul>{calendar}<a href='next/'>下一页</a>{script}")


def test_endless_columns_calendars_and_pagers_end_with_the_budget(tmp_path):
    pages = listed('<li><a href="t20220120_1.html">报告</a></li><li><a href="x/">2022年</a></li>')
    pages |= {"/gk/nb/x/*": endless}
    with HostileSite(pages) as bad, HostileSite(GOOD) as good:
        done = walk(tmp_path, {"bad": (bad, "max_pages = 20"), "good": (good, "")})
    assert_good_site_is_unharmed(done)
    end = done.ends["bad"]
    assert end["outcome"] in {"failed", "paused"}
    assert "max_pages = 20" in end["reason"]
    assert len(bad.paths) <= 20
    said = done.walked.rows("SELECT message FROM findings WHERE rule = 'W-PAGE-BUDGET'")
    assert any("其余链接未排入" in message for (message,) in said)
    assert done.peak < 450 * MB


ROBOTS = {
    "endless": (lambda _: whole(b"Disallow: /x\n" * 200_000), "is longer than"),
    "slow": (lambda _: whole(b"User-agent: *\nCrawl-delay: 1000000\n"), "asks for 1000000 s"),
    "wild": (
        lambda _: whole(b"User-agent: *\n" + b"Disallow: /*a*a*a*a*a*a*a*b\n" * 15_000),
        None,
    ),
}


def test_endless_slow_and_wild_robots_files(tmp_path):
    with ExitStack() as stack:
        sites = {
            name: (stack.enter_context(HostileSite(GOOD | {"/robots.txt": answer})), "")
            for name, (answer, _) in ROBOTS.items()
        }
        good = stack.enter_context(HostileSite(GOOD))
        done = walk(tmp_path, {**sites, "good": (good, "")})
    assert_good_site_is_unharmed(done)
    for name, (_, reason) in ROBOTS.items():
        end = done.ends[name]
        if reason is None:
            assert end["outcome"] == "finished"
        else:
            assert end["outcome"] == "robots"
            assert reason in end["reason"]
            assert sites[name][0].paths == ["/robots.txt"]
    assert done.seconds < 30


def test_pages_too_large_to_look_for_links_are_said(tmp_path):
    large = {"bytes": page("年" * 6_000_000), "tags": page("<a href='/b/'>年报</a>" * 60_000)}
    ways = "".join(f'<li><a href="/gk/{name}/">公开目录</a></li>' for name in large)
    pages = GOOD | {"/gk/": page(f'<ul><li><a href="nb/">年报</a></li>{ways}</ul>')}
    pages |= {f"/gk/{name}/": answer for name, answer in large.items()}
    with HostileSite(pages) as bad:
        done = walk(tmp_path, {"bad": (bad, "")})
    assert done.ends["bad"]["outcome"] == "finished"
    assert {("W-LIST-LIMIT", f"/gk/{name}/") for name in large} <= done.findings("bad")
    assert done.peak < 450 * MB
