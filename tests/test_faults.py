"""Disk full or read-only, database locked, clock jumps, two at once: named, and nothing is lost."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crawl_site import HOST, ROOT, Answer, Site, article, check_warc, html, profile
from tests.nights.drive import WINDOW, Hurry
from tests.same_archive import differences

pytestmark = pytest.mark.proof

REPORT = "考试县第{}镇2021年政府信息公开工作年度报告"
NUMBER = 8
LAST = f"/gk/nb/t20220120_{NUMBER - 1}.html"


def pages(size: int = 200) -> dict[str, Answer]:
    """Return a site of eight reports, each page filled up with so many bytes that do not pack."""
    lines = "".join(
        f'<li><a href="t20220120_{n}.html">{REPORT.format(n)}</a><b>2022-01-20</b></li>'
        for n in range(NUMBER)
    )
    found = {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="nb/">年报</a>'),
        "/gk/nb/": html(f'<ul class="list_ul">{lines}</ul>'),
    }
    for n in range(NUMBER):
        noise = os.urandom(size).hex()
        found[f"/gk/nb/t20220120_{n}.html"] = article(
            REPORT.format(n), f"<p>正文{n}</p><!-- {noise} -->"
        )
    return found


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    output: str


@pytest.fixture(scope="module")
def hurry(tmp_path_factory) -> Iterator[Hurry]:
    with Hurry(tmp_path_factory.mktemp("hurry") / "log") as started:
        yield started


@dataclass(frozen=True, slots=True)
class Night:
    """Runs commands on one data folder and one site."""

    hurry: Hurry
    data: Path
    site: Site

    def arguments(self, verb: str = "crawl") -> list[str]:
        file = str(profile(self.data.parent))
        named = {"crawl": ["--quiet", "--profile", file], "nightly": [WINDOW, file]}[verb]
        resolve = ["--resolve", f"{HOST}=127.0.0.1:{self.site.port}"]
        return [verb, *named, *resolve, "--data", str(self.data)]

    def run(self, verb: str = "crawl", day: str = "2026-12-01") -> Ended:
        return self._run(f"{day}T01:00:00+08:00", self.arguments(verb))

    def verified(self) -> Ended:
        check_warc(self.data)
        return self._run("2027-06-01T01:00:00+08:00", ["verify", "--data", str(self.data)])

    def _run(self, moment: str, arguments: list[str]) -> Ended:
        begun = self.hurry.log.stat().st_size
        code, _ = self.hurry.run(moment, arguments)
        return Ended(code, self.hurry.log.read_bytes()[begun:].decode())

    def equals_undisturbed(self) -> bool:
        calm = Night(self.hurry, self.data.parent / "calm", self.site)
        assert calm.run().code == 0
        assert differences(calm.data, self.data) == []
        return self.verified().code == 0


def assert_told(ended: Ended, name: str) -> None:
    assert ended.code == 3, ended.output
    assert name in ended.output
    assert "Traceback" not in ended.output


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Mount something on a folder; skip where the system does not let us."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", *options, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"mounting needs root and the right to: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_disk_that_fills_up_while_walking(hurry, tmp_path):
    with (
        Site(pages(150_000)) as site,
        mounted(tmp_path / "data", "-t", "tmpfs", "-o", "size=3500k", "tmpfs") as data,
    ):
        night = Night(hurry, data, site)
        assert_told(night.run(), "DiskFullError")
        assert 4 < len(site.requests) < 4 + NUMBER
        # What the full disk took was whole before and is whole after.
        check_warc(data)
        assert_told(night.run("nightly"), "DiskFullError")
        remount(data, "size=300m")
        asked = len(site.requests)
        assert night.run().code == 0
        # What had been stored did not come again.
        assert len(site.requests) - asked < 4 + NUMBER
        assert night.equals_undisturbed()


def test_file_that_may_not_grow_while_walking(hurry, tmp_path):
    with Site(pages(400_000)) as site:
        night = Night(hurry, tmp_path / "data", site)
        # The database can be made, the WARC file is full after some pages.
        at = ["-m", "tests.at_time", "2026-12-01T01:00:00+08:00"]
        limited = ["bash", "-c", 'ulimit -f 2000; exec "$@"', "-", sys.executable, *at]
        done = subprocess.run(
            [*limited, *night.arguments()], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert_told(Ended(done.returncode, done.stdout + done.stderr), "DiskFullError")
        assert 4 < len(site.requests) < 4 + NUMBER
        assert night.run().code == 0
        assert night.equals_undisturbed()


def test_disk_that_fills_up_before_the_release(hurry, tmp_path):
    with (
        Site(pages()) as site,
        mounted(tmp_path / "data", "-t", "tmpfs", "-o", "size=200m", "tmpfs") as data,
    ):
        night = Night(hurry, data, site)
        pointer = data / "public" / "current.json"
        assert night.run("nightly").code == 0
        before = pointer.read_text()
        changed = article(REPORT.format(0), "<p>另一版</p>")

        def last(_headers: dict[str, str]) -> Answer:
            free = os.statvfs(data)
            (data / "ballast").write_bytes(bytes(free.f_bavail * free.f_frsize - 600_000))
            return changed

        site.pages[LAST] = last
        assert_told(night.run("nightly", "2026-12-09"), "DiskFullError")
        assert pointer.read_text() == before
        (data / "ballast").unlink()
        site.pages[LAST] = changed
        assert night.run("nightly", "2026-12-10").code == 0
        assert pointer.read_text() != before
        assert night.verified().code == 0


def test_read_only_disk(hurry, tmp_path):
    data = tmp_path / "data"
    with Site(pages()) as site:
        night = Night(hurry, data, site)
        assert night.run().code == 0
        asked = len(site.requests)
        with mounted(data, "--bind", str(data)):
            remount(data, "bind,ro")
            assert_told(night.run(day="2026-12-02"), "ReadOnlyError")
            assert_told(night.run("nightly", "2026-12-02"), "ReadOnlyError")
        assert len(site.requests) == asked
        assert night.run(day="2026-12-03").code == 0
        assert night.equals_undisturbed()


def test_database_locked_by_another_process(hurry, tmp_path):
    data = tmp_path / "data"
    other: list[sqlite3.Connection] = []
    path = "/gk/nb/t20220120_3.html"
    with Site(pages()) as site:
        whole = site.pages[path]

        def locked(_headers: dict[str, str]) -> Answer:
            if not other:
                other.append(
                    sqlite3.connect(
                        data / "nianbao.db", isolation_level=None, check_same_thread=False
                    )
                )
                other[0].execute("BEGIN IMMEDIATE")
            assert isinstance(whole, Answer)
            return whole

        site.pages[path] = locked
        night = Night(hurry, data, site)
        assert_told(night.run(), "DatabaseLockedError")
        other[0].execute("ROLLBACK")
        other[0].close()
        assert night.run(day="2026-12-01").code == 0
        assert night.equals_undisturbed()


def test_clock_that_went_back_and_ahead_loses_no_version(hurry, tmp_path):
    path = "/gk/nb/t20220120_0.html"
    editions = [article(REPORT.format(0), f"<p>第{n}版</p>") for n in range(3)]
    days = ("2026-12-05", "2026-11-01", "2027-03-01", "2027-03-08")
    with Site(pages()) as site:
        night = Night(hurry, tmp_path / "data", site)
        for number, day in enumerate(days):
            site.pages[path] = editions[min(number, 2)]
            ended = night.run(day=day)
            assert ended.code == 0, ended.output
    with sqlite3.connect(night.data / "nianbao.db") as db:
        rows = db.execute(
            "SELECT d.digest, s.is_current FROM sources s"
            " JOIN documents d ON d.id = s.document_id WHERE s.url LIKE ?",
            (f"%{path}",),
        ).fetchall()
        events = db.execute("SELECT kind FROM events").fetchall()
    wanted = [hashlib.sha256(edition.body).hexdigest() for edition in editions]
    assert sorted(digest for digest, _ in rows) == sorted(wanted)
    assert [digest for digest, is_current in rows if is_current] == wanted[2:]
    assert events == []
    assert night.verified().code == 0


def test_crawl_and_nightly_at_once(hurry, tmp_path):
    found, gate = pages(), threading.Event()
    whole = found[LAST]

    def held(_headers: dict[str, str]) -> Answer:
        gate.wait(50)
        return whole

    with Site({**found, LAST: held}) as site:
        night = Night(hurry, tmp_path / "data", site)
        at = [sys.executable, "-m", "tests.at_time", "2026-12-01T01:00:00+08:00"]
        first = subprocess.Popen(
            [*at, *night.arguments()], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        while LAST not in site.paths and first.poll() is None:
            time.sleep(0.01)
        second = night.run("nightly")
        gate.set()
        first.communicate(timeout=100)
        assert_told(second, "SiteBusyError")
        assert first.returncode == 0
        site.pages[LAST] = whole
        assert night.equals_undisturbed()
