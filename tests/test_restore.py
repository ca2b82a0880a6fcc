"""Restore: the WARC files alone give back the archive, number by number."""

from __future__ import annotations

import gzip
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.home import Archive
from archive.keeping.verify import verify
from archive.records import Record, read_record, read_records
from archive.runs import Site as Known
from archive.runs import finish_run, note_visit, now, start_run
from archive.store import FolderStore
from archive.warc import Place
from pipeline.download import archive_exchange, latest_capture
from pipeline.restoring.adopt import adopt
from pipeline.store import note_agency, note_register
from tests.crawl_site import ROOT, Answer, Site, article, check_warc, command, html, profile
from tests.forked import forked
from tests.kept_archive import FILE, HOME, PAGE, SITE, Clock, exchange, keep, run_command

# When a database was made is not what it holds; how addresses were listed is no record's matter.
LEFT_OUT = {"_sqlite_migrations", "run_lines", "run_notices"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    return keep(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def data(kept, tmp_path) -> Path:
    return shutil.copytree(kept, tmp_path / "data")


def tables(folder: Path) -> dict[str, list[str]]:
    """Return every table, ids and all; those of the runs in the order in which they grew."""
    with closing(sqlite3.connect(folder / "nianbao.db")) as db:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: list(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for name in names}
    for name, rows in found.items():
        # The index of the texts is cut into pieces as it happened to grow.
        found[name] = [] if name.startswith("search_index_") else rows
        if name != "run_visits":
            rows.sort()
    return {name: rows for name, rows in found.items() if name not in LEFT_OUT}


def restored(data: Path, target: Path, code: int = 0) -> str:
    done = run_command("restore", "--warc", data / "warc", "--data", target)
    assert done.exit_code == code, done.output
    return done.output


def assert_equal(one: Path, other: Path) -> None:
    expected, found = tables(one), tables(other)
    for name, rows in expected.items():
        assert found[name] == rows, name


def test_everything_comes_back(data, tmp_path):
    archive = Archive(data)
    other = Known("lin", "邻县", "990000", "邻县", (), "https://lin.test/", ("lin.test",))
    clock = now  # the records of both sites are put in order by their dates
    runs = [start_run(archive, SITE), start_run(archive, other)]
    note_register(archive, "kao")
    for number in range(3):  # both sites by turns
        for run, site in zip(runs, ("kao", "lin"), strict=True):
            url = f"https://www.{site}.test/{number}"
            body = f"<html>{site}{number}</html>".encode()
            archive_exchange(archive, exchange(run, clock, url, body, site_id=site))
    odd = exchange(runs[0], clock, f"{HOME}odd", b"broken")
    headers = [*odd.response_headers, ("Content-Encoding", "gzip"), ("X-Name", "é\xa0中")]
    archive_exchange(archive, replace(odd, response_headers=headers))
    note_visit(archive, runs[1], "https://lin.test/s", 0, None, note="钟", visited_at=clock())
    finish_run(archive, runs[0], "failed", "E-COLUMN-GONE: 年报 12 → 0")
    archive.close()
    with (data / "warc" / f"lin-{runs[1]}-1.warc.gz").open("ab") as out:
        out.write(gzip.compress(b"WARC/1.1\r\n" + bytes(999))[:20])  # killed while it wrote
    told = restored(data, tmp_path / "new")
    assert "0 damaged" in told
    assert_equal(data, tmp_path / "new")
    assert verify(tmp_path / "new").problems == []
    check_warc(data)


def test_an_archive_goes_on_where_it_was(data, tmp_path):
    restored(data, tmp_path / "new")
    for folder in (data, tmp_path / "new"):
        archive = Archive(folder)
        run = start_run(archive, SITE)
        capture = archive_exchange(archive, exchange(run, Clock(9), PAGE, b"<html>neu</html>"))
        archive.close()
        assert (run, capture.is_new) == (3, True)
    assert tables(data)["documents"] == tables(tmp_path / "new")["documents"]
    assert verify(tmp_path / "new").problems == []


def small_site(lines: dict[str, str]) -> dict[str, Answer]:
    links = "".join(
        f'<li><a href="{name}.html">{title}</a><b>2022-01-20</b></li>'
        for name, title in lines.items()
    )
    pages = {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="nb/">年报</a>'),
        "/gk/nb/": html(f'<ul class="list_ul">{links}</ul>'),
    }
    return pages | {f"/gk/nb/{name}.html": article(title) for name, title in lines.items()}


def test_nights_of_real_walks_come_back(tmp_path):
    titles = {f"t2022012{n}_{n}": f"考试县第{n}镇2021年政府信息公开工作年度报告" for n in range(6)}
    data, file = tmp_path / "data", profile(tmp_path)
    with Site(small_site(titles)) as site:
        walk = [*command(data, site.port, file)]

        def night() -> int:
            return forked(walk[2:], ROOT).code

        assert night() == 0
        site.pages["/gk/nb/t20220120_0.html"] = article("改", "<p>改</p>")
        site.pages |= {
            "/gk/nb/t20220121_1.html": Answer(b"<html>404</html>", 404),
            "/gk/nb/new.html": article("新镇2021年政府信息公开工作年度报告"),
        }
        more = {**titles, "new": "考试县新镇2021年政府信息公开工作年度报告"}
        site.pages["/gk/nb/"] = small_site(more)["/gk/nb/"]
        assert night() == 0
        killed = subprocess.Popen(walk, cwd=ROOT, stderr=subprocess.DEVNULL)
        before = len(site.paths)
        while len(site.paths) < before + 2 and killed.poll() is None:
            time.sleep(0.01)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (3,)
        assert db.execute("SELECT count(*) FROM findings WHERE site_id = 'kao'").fetchone() > (0,)
    restored(data, tmp_path / "new")
    assert_equal(data, tmp_path / "new")


def test_what_no_journal_tells_is_said(data, tmp_path):
    for file in (data / "warc").iterdir():
        whole = file.read_bytes()
        kept = [
            r.place
            for r in read_records(FolderStore(file.parent), file.name)
            if isinstance(r, Record)
            if r.kind != "metadata"
        ]
        file.write_bytes(b"".join(whole[p.offset : p.offset + p.length] for p in kept))
    told = restored(data, tmp_path / "old")
    assert "runs 1 (kao), 2 (kao) were made before the journal existed" in told
    assert "name and region of site kao are not known" in told
    ids = (
        "SELECT digest, size FROM payloads ORDER BY 1",
        ("SELECT url, status, digest, captured_at, headers, referrer FROM captures ORDER BY id"),
    )
    visits = "SELECT run_id, url, visited_at, status, capture_id, note FROM run_visits"
    reports = "SELECT year, title FROM reports"
    with (
        closing(sqlite3.connect(data / "nianbao.db")) as before,
        closing(sqlite3.connect(tmp_path / "old" / "nianbao.db")) as after,
    ):
        for sql in (*ids, reports, f"{visits} WHERE status > 0"):
            assert before.execute(sql).fetchall() == after.execute(sql).fetchall()
        found = {url for (url,) in after.execute("SELECT url FROM sources")}
        cells = "SELECT metric_id, raw, value, state FROM cells ORDER BY 1, 2"
        assert before.execute(cells).fetchall() == after.execute(cells).fetchall()
    assert found == {PAGE, FILE, f"{HOME}copy.pdf"}
    assert verify(tmp_path / "old").problems == []


def test_damage_costs_what_is_damaged(data, tmp_path):
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        (name, offset, length) = db.execute(
            "SELECT warc_file, warc_offset, warc_length FROM captures WHERE url = ?", (PAGE,)
        ).fetchone()
    file = data / "warc" / name
    whole = bytearray(file.read_bytes())
    whole[offset + length // 2] ^= 0xFF
    file.write_bytes(whole)
    told = restored(data, tmp_path / "new", 3)
    assert f"{name}: at {offset}" in told
    assert f"{PAGE}: the record of the document is damaged" in told
    with closing(sqlite3.connect(tmp_path / "new" / "nianbao.db")) as db:
        urls = {url for (url,) in db.execute("SELECT url FROM sources")}
    assert urls == {FILE, f"{HOME}copy.pdf", f"{HOME}x"}


def test_places_that_are_refused(data, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "letter.txt").write_text("Dear")
    done = run_command("restore", "--warc", data / "warc", "--data", tmp_path / "used")
    assert (done.exit_code, "letter.txt" in done.output) == (1, True)
    done = run_command("restore", "--warc", data / "blobs", "--data", tmp_path / "new")
    assert (done.exit_code, "no WARC files" in done.output) == (1, True)
    done = run_command("restore", "--warc", data / "warc", "--data", data)
    assert done.exit_code == 1


def test_a_restore_that_was_killed_is_no_archive(data, tmp_path):
    start = [sys.executable, "-m", "crawler.cli", "restore"]
    process = subprocess.Popen(
        [*start, "--warc", data / "warc", "--data", tmp_path / "new"],
        cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not (tmp_path / "new" / ".restoring" / "journal.jsonl").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "new" / "nianbao.db").exists()
    restored(data, tmp_path / "new")
    assert_equal(data, tmp_path / "new")
    assert not (tmp_path / "new" / ".restoring").exists()


def test_a_run_that_is_killed_between_record_and_row(data, tmp_path):
    """What a walk tells is on disk before its row is; the next one tells it again."""
    whole = data / "warc" / "kao-2-1.warc.gz"
    again = b"".join(
        whole.read_bytes()[r.place.offset : r.place.offset + r.place.length]
        for r in read_records(FolderStore(whole.parent), whole.name)
        if r.kind == "metadata"
    )
    with whole.open("ab") as out:
        out.write(again)
    torn = data / "warc" / "kao-3-1.warc.gz"
    torn.write_bytes(whole.read_bytes()[:700])  # its run has no row
    archive = Archive(data)
    run = start_run(archive, SITE)
    note_register(archive, "kao")
    finish_run(archive, run, "failed", "no answer")
    archive.close()
    check_warc(data)
    assert verify(data).problems == []
    restored(data, tmp_path / "new")
    assert_equal(data, tmp_path / "new")


def test_an_exchange_whose_row_is_missing_is_adopted(data, tmp_path):
    archive = Archive(data)
    run = start_run(archive, SITE)
    first = archive_exchange(archive, exchange(run, now, f"{HOME}1", b"<html>1</html>"))
    last = archive_exchange(archive, exchange(run, now, f"{HOME}2", b"<html>2</html>"))
    agency = archive.db.execute("SELECT max(id) FROM agencies").fetchone()[0]
    note_agency(archive, "kao", "沙坡头区海洋局")
    with archive.transaction() as db:  # as if killed before these rows were stored
        db.execute("DELETE FROM agency_names WHERE agency_id > ?", (agency,))
        db.execute("DELETE FROM agencies WHERE id > ?", (agency,))
        db.execute("DELETE FROM run_visits WHERE capture_id = ?", (last.id,))
        db.execute("DELETE FROM captures WHERE id = ?", (last.id,))
        db.execute("DELETE FROM payloads WHERE digest = ?", (last.digest,))
    later = start_run(archive, SITE)
    adopt(archive, "kao", later)
    adopted = latest_capture(archive, f"{HOME}2")
    assert adopted is not None
    assert (adopted.id, adopted.digest) == (last.id, last.digest)
    assert archive.db.execute(
        "SELECT count(*) FROM run_visits WHERE run_id = ?", (run,)
    ).fetchone() == (2,)
    adopt(archive, "kao", later)  # and once only
    note_agency(archive, "kao", "沙坡头区航天局")
    note_agency(archive, "kao", "沙坡头区海洋局")
    finish_run(archive, later, "finished", None)
    assert latest_capture(archive, f"{HOME}1") == replace(first, is_new=False)
    archive.close()
    assert verify(data).problems == []
    restored(data, tmp_path / "new")
    assert_equal(data, tmp_path / "new")


def test_the_journal_is_metadata_records(data):
    file = data / "warc" / "kao-1-1.warc.gz"
    told = [
        r
        for r in read_records(FolderStore(file.parent), file.name, bodies=True)
        if r.kind == "metadata"
    ]
    assert {r.url.split(":")[2] for r in told} >= {"begun", "source", "agency", "ended", "visit"}
    source = next(r for r in told if r.url == f"urn:nianbao:source:{PAGE}")
    assert source.headers["content-type"] == "application/json"
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        place = db.execute(
            "SELECT warc_file, warc_offset, warc_length FROM captures WHERE url = ?", (PAGE,)
        ).fetchone()
    described = read_record(FolderStore(data / "warc"), Place(*place))
    assert source.headers["warc-refers-to"] == described.headers["warc-record-id"]
    check_warc(data)


def test_an_unchanged_night_adds_no_sources_to_the_journal(data):
    file = data / "warc" / "kao-2-1.warc.gz"
    sources = [
        r.url
        for r in read_records(FolderStore(file.parent), file.name)
        if r.url.startswith("urn:nianbao:source:")
    ]
    assert sources == [f"urn:nianbao:source:{HOME}x"]
