"""Nights: the real command at the hours of Beijing, over a small site that changes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive.home import Archive
from archive.publish import current
from archive.runs import now
from archive.trouble import ClockJumpedError, check_clock
from crawler.commands import accept, nightly
from crawler.night.lock import NightLock, NightlyBusyError
from crawler.night.nightly import run_night
from crawler.night.plan import make_plan
from crawler.night.report import Night, Notice
from crawler.outcome import Ended
from tests.crawl_site import HOST, ROOT, Site, article, check_warc, html, profile
from tests.forked import forked

ALL_DAY = ("--window", "00:00-24:00")


def column(numbers: range) -> Any:
    lines = "".join(f'<li><a href="t202201{n:02}_{n}.html">{n}镇年度报告</a></li>' for n in numbers)
    return html(f'<div class="list"><ul class="list">{lines}</ul></div>', "政府信息公开年报")


def home(*columns: str) -> Any:
    links = "".join(f'<a href="/{name}/">{name}政府信息公开年报</a>' for name in columns)
    return html(links, "首页")


def pages() -> dict[str, Any]:
    found = {
        "/": home("zhen", "ju"),
        "/zhen/": column(range(1, 7)),
        "/ju/": column(range(11, 15)),
        "/robots.txt": html(""),
    }
    for folder, numbers in (("zhen", range(1, 8)), ("ju", range(11, 15))):
        for n in numbers:
            body = f"<p>{n}镇的正文</p>"
            found[f"/{folder}/t202201{n:02}_{n}.html"] = article(f"{n}镇年度报告", body)
    broken = '<p>见附件</p><p><a href="/zhen/P1.pdf">1镇年度报告.pdf</a></p>'
    found["/zhen/t20220101_1.html"] = article("1镇年度报告", broken)
    found["/zhen/P1.pdf"] = html("").__class__(
        b"%PDF-1.7\nnothing", 200, [("Content-Type", "application/pdf")]
    )
    return found


def at(moment: str, data: Path, site: Site, *arguments: str) -> tuple[int, str]:
    """Run the command at a time, in a process of its own; the walk ends its reactor."""
    command = ["tests.at_time", moment, "nightly", *arguments]
    resolve = f"{HOST}=127.0.0.1:{site.port}"
    environment = {**os.environ, "NIANBAO_DATA": str(data)}
    done = forked([*command, "--data", str(data), "--resolve", resolve], ROOT, environment)
    check_warc(data)
    return done.code, done.output


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(data / "nianbao.db") as db:
        return db.execute(query).fetchall()


# A story of four nights.


@dataclass(frozen=True)
class Told:
    """What a night left behind: its words and files, what was told and what published."""

    code: int
    words: str
    report: dict[str, Any]
    hook: dict[str, Any] | None
    published: set[str]
    outdated: int


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    folder = tmp_path_factory.mktemp("story")
    data = folder / "data"
    data.mkdir()
    profile(data)
    told_here = folder / "hook.json"
    copy = f"import sys; open({str(told_here)!r}, 'wb').write(sys.stdin.buffer.read())"
    hook = [sys.executable, "-c", copy]
    (data / "nightly.toml").write_text(
        f'sites = ["kao.toml"]\n[[hooks]]\nkind = "command"\ncommand = {json.dumps(hook)}\n'
    )
    nights = []

    def night(moment: str) -> None:
        told_here.unlink(missing_ok=True)
        code, words = at(moment, data, site)
        release = current(data)
        assert release is not None
        with sqlite3.connect(release.path) as db:
            found = {url for (url,) in db.execute("SELECT url FROM sources")}
            outdated = db.execute("SELECT count(*) FROM documents WHERE reader = '0'").fetchone()
        report = json.loads((data / "nightly.json").read_text())
        hook = json.loads(told_here.read_bytes()) if told_here.exists() else None
        nights.append(Told(code, words, report, hook, found, outdated[0]))

    with Site(pages()) as site:
        night("2026-12-01T02:00:00+08:00")
        # The link to one column is gone, and the other has one more report.
        site.pages["/"] = home("zhen")
        site.pages["/zhen/"] = column(range(1, 8))
        night("2026-12-02T02:00:00+08:00")
        assert CliRunner().invoke(accept, ["kao", "--data", str(data)]).exit_code == 0
        with sqlite3.connect(data / "nianbao.db") as db:
            db.execute("UPDATE documents SET reader = '0'")
        night("2026-12-03T02:00:00+08:00")
        night("2026-12-04T02:00:00+08:00")
    return nights


def test_a_first_night_publishes_and_tells_what_needs_a_person(story: list[Told]) -> None:
    first = story[0]
    assert first.code == 4, first.words
    assert len(first.published) == 11
    assert [notice["rule"] for notice in first.report["notices"]] == ["unreadable"]
    assert first.report["notices"][0]["url"].endswith("P1.pdf")
    assert "exit code 4: something new needs a person" in first.words
    assert first.hook is not None
    assert first.hook["headline"] == first.words.splitlines()[0]


def test_a_site_that_shows_less_has_failed_and_publishes_nothing_new(story: list[Told]) -> None:
    second = story[1]
    assert second.code == 1, second.words
    (site,) = second.report["sites"]
    assert site["outcome"] == "failed"
    assert site["reason"].startswith("E-COLUMN-VANISHED: ")
    assert "had 4 items" in site["reason"]
    assert "nianbao accept kao" in site["reason"]
    assert second.published == story[0].published
    assert second.hook is not None
    assert second.hook["exit_code"] == 1


def test_what_a_person_accepted_is_published_by_the_next_night(story: list[Told]) -> None:
    third = story[2]
    assert third.report["sites"][0]["outcome"] == "finished", third.words
    assert {url for url in third.published if url.endswith("_7.html")}
    assert third.code == 0, third.words


def test_documents_of_an_earlier_reader_are_read_again(story: list[Told]) -> None:
    # What the walk passes is read there; what it does not, behind the lost column, after it.
    assert story[2].report["reread"]["read"] > 0
    assert "documents read again by the present reader" in story[2].words
    assert story[2].outdated == 0


def test_a_quiet_night_says_so_and_bothers_nobody(story: list[Told]) -> None:
    last = story[3]
    assert (last.code, last.hook) == (0, None)
    assert last.words.splitlines()[-1] == "exit code 0: all well"
    assert last.report["notices"] == []
    assert last.report["reread"] is None
    assert last.report["deadline_at"] == "2026-12-03T22:30:00Z"


# The window.


def test_a_night_that_is_over_pauses_and_the_next_goes_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    profile(tmp_path, "delay = 1")
    plan = tmp_path / "plan.toml"
    plan.write_text('sites = ["kao.toml"]\nlongest_hours = 0.001\n')
    with Site(pages()) as site:
        code, words = at("2026-12-01T02:00:00+08:00", data, site, "--config", str(plan))
        assert code == 1, words
        assert "kao: paused" in words
        # 3.6 seconds, a second between two of 18 requests.
        assert len(site.requests) < 10
        file = profile(tmp_path)
        code, words = at("2026-12-01T20:00:00+08:00", data, site, str(file), *ALL_DAY)
        assert "kao: finished" in words
        paths = [path for path in site.paths if path != "/robots.txt"]
        assert len(set(paths)) == len(paths)


def test_outside_of_the_window_nothing_is_asked(tmp_path: Path) -> None:
    begin = datetime.now(UTC) + timedelta(hours=10)  # two hours from now in Beijing
    window = f"{begin:%H:%M}-{begin + timedelta(hours=1):%H:%M}"
    arguments = ["spt", "--data", str(tmp_path / "d"), "--window", window]
    done = CliRunner().invoke(nightly, arguments)
    assert done.exit_code == 2
    assert f"opens at {begin:%Y-%m-%d %H:%M}" in done.stderr
    assert "--window 00:00-24:00" in done.stderr
    assert not (tmp_path / "d").exists()


# What keeps a night from beginning.


def test_two_nights_at_once_are_one(tmp_path: Path) -> None:
    lock = NightLock(tmp_path)
    assert lock.acquire() is None
    done = CliRunner().invoke(nightly, ["spt", "--data", str(tmp_path), *ALL_DAY, "--json"])
    assert done.exit_code == 3
    report = json.loads(done.stdout)
    assert report["troubles"][0]["name"] == "NightlyBusyError"
    assert f"process {os.getpid()} has worked on" in report["troubles"][0]["message"]
    assert not (tmp_path / "nightly.json").exists()
    lock.release()


def test_a_lock_outlives_no_crash_and_tells_of_it(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from crawler.night.lock import NightLock;"
        "NightLock(pathlib.Path(sys.argv[1])).acquire(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    lock = NightLock(tmp_path)
    cut_off = lock.acquire()
    assert cut_off is not None
    assert datetime.now(UTC) - datetime.fromisoformat(cut_off) < timedelta(minutes=1)
    with pytest.raises(NightlyBusyError):
        NightLock(tmp_path).acquire()
    lock.release()
    assert NightLock(tmp_path).acquire() is None


def test_a_night_that_was_killed_after_a_walk_does_not_walk_it_once_more(tmp_path: Path) -> None:
    data = tmp_path / "data"
    file = profile(tmp_path)
    # What a night leaves behind that is killed when a site is walked: while it publishes, say.
    killed = {"pid": 1, "began_at": "2026-11-30T17:59:00.000000Z", "goes_on_from": None}
    with Site(pages()) as site:
        at("2026-12-01T02:00:00+08:00", data, site, str(file))
        asked = len(site.requests)
        (data / ".nightly.lock").write_text(json.dumps(killed))
        code, words = at("2026-12-01T03:00:00+08:00", data, site, str(file))
        assert len(site.requests) == asked
        assert code == 0, words
        assert f"kao: finished, {asked} requests" in words
        assert "the night that began at 2026-11-30T17:59:00.000000Z was cut off" in words
        (data / ".nightly.lock").write_text(json.dumps(killed))
        at("2026-12-02T02:00:00+08:00", data, site, str(file))
        assert len(site.requests) > asked


def visited(folder: Path, moment: str) -> Archive:
    archive = Archive(folder, create=True)
    with archive.transaction() as db:
        db.execute("INSERT INTO sites VALUES ('kao', '考试县', '990000', '考试县', '[]', '', '[]')")
        db.execute("INSERT INTO runs (id, site_id, started_at) VALUES (1, 'kao', ?)", (moment,))
        db.execute(
            "INSERT INTO run_visits (run_id, url, visited_at, status) VALUES (1, 'x', ?, 200)",
            (moment,),
        )
    return archive


@pytest.mark.parametrize(
    ("clock", "jumped"),
    [
        ("2026-12-01T02:00:00+08:00", False),
        ("2026-11-30T17:55:00+00:00", False),
        ("2026-11-30T17:00:00+00:00", True),
        ("1970-01-01T00:00:00+00:00", True),
        ("2027-01-20T02:00:00+08:00", False),
        ("2046-07-15T02:00:00+08:00", True),
    ],
)
def test_a_clock_that_jumped_is_named(tmp_path: Path, clock: str, jumped: bool) -> None:  # noqa: FBT001
    archive = visited(tmp_path, "2026-11-30T18:00:00.000000Z")
    moment = datetime.fromisoformat(clock)
    if jumped:
        with pytest.raises(ClockJumpedError, match="--trust-clock"):
            check_clock(archive, moment)
    else:
        check_clock(archive, moment)
    archive.close()


def test_a_jumped_clock_writes_nothing(tmp_path: Path) -> None:
    later = datetime.now(UTC) + timedelta(days=300)
    visited(tmp_path, later.isoformat().replace("+00:00", "Z")).close()
    done = CliRunner().invoke(nightly, ["spt", "--data", str(tmp_path), *ALL_DAY])
    assert done.exit_code == 3
    assert "ClockJumpedError: " in done.stdout
    assert rows(tmp_path, "SELECT count(*) FROM runs") == [(1,)]
    assert current(tmp_path) is None


def test_a_damaged_database_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    visited(tmp_path, now()).close()
    with (tmp_path / "nianbao.db").open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"x" * 40960)
    done = CliRunner().invoke(nightly, ["spt", "--data", str(tmp_path), *ALL_DAY])
    assert done.exit_code == 3
    assert "DatabaseDamagedError: " in done.stdout
    assert "nianbao restore" in done.stdout


def test_a_mistake_of_the_program_is_told_before_it_is_raised(tmp_path: Path) -> None:
    copy = f"import sys; open({str(tmp_path / 'told')!r}, 'w').write(sys.stdin.read())"
    hook = {"kind": "command", "command": [sys.executable, "-c", copy]}
    plan = make_plan({"sites": ["x"], "window": "00:00-24:00", "hooks": [hook]}, "test")
    with pytest.raises(AttributeError):
        run_night(plan, ["no profile"], tmp_path, {})  # type: ignore[list-item]
    told = json.loads((tmp_path / "told").read_text())
    assert told["troubles"][0]["name"] == "AttributeError"
    assert json.loads((tmp_path / "nightly.json").read_text())["exit_code"] == 3


# The exit code.


def test_trouble_goes_before_failure_and_failure_before_news() -> None:
    def code(outcome: str = "finished", *, trouble: bool = False, **more: Any) -> int:
        night = Night(datetime.now(UTC), sites=(Ended("kao", outcome, None),), **more)
        if trouble:
            night.note("DiskFullError", "full")
        return night.exit_code

    news = {"notices": [Notice("1", "I-SITE-MOVED", "kao", None, "")]}
    assert code() == 0
    assert code(**news) == 4
    assert code(failed_hooks=["hook 1"]) == 4
    for outcome in ("failed", "paused", "blocked", "no-results", "stopped", "interrupted"):
        assert code(outcome, **news) == 1
    assert code("storage") == code("busy") == 3
    assert code("failed", trouble=True, **news) == 3


# Accepting.


def test_only_a_whole_walk_can_be_accepted(tmp_path: Path) -> None:
    archive = visited(tmp_path, now())

    def ended(outcome: str, reason: str | None) -> tuple[int, str]:
        with archive.transaction() as db:
            db.execute("UPDATE runs SET outcome = ?, reason = ?", (outcome, reason))
        done = CliRunner().invoke(accept, ["kao", "--data", str(tmp_path)])
        return done.exit_code, done.output

    assert ended("blocked", "three block pages")[0] == 1
    assert "walk it again" in ended("failed", "5 requests in a row had no answer")[1]
    assert "nothing to accept" in ended("finished", None)[1]
    assert rows(tmp_path, "SELECT count(*) FROM run_acceptances") == [(0,)]
    assert ended("failed", "E-PAGER-GONE: column …") == (
        0,
        "accepted run 1 of kao; the next walk is compared with it\n",
    )
    assert rows(tmp_path, "SELECT run_id FROM run_acceptances") == [(1,)]
    done = CliRunner().invoke(accept, ["nowhere", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "sites are kao" in done.output
    archive.close()
