"""Backup: whole at every moment, made while a crawl writes, and only what is new is copied."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from archive.blobs import BlobStore
from archive.home import Archive
from archive.keeping.backup import BackupError, backup
from archive.keeping.verify import verify
from archive.store_setting import open_store
from pipeline.download import archive_exchange
from tests.crawl_site import ROOT, Site, article, command, html, profile
from tests.kept_archive import FILE, HOME, Clock, exchange, keep, run_command


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    return keep(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def data(kept, tmp_path) -> Path:
    return shutil.copytree(kept, tmp_path / "data")


def rows(folder: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(folder / "nianbao.db")) as db:
        names = [n for (n,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, db.execute(f'SELECT * FROM "{name}"'))) for name in names}


def test_a_backup_is_an_archive(data, tmp_path):
    target = tmp_path / "elsewhere" / "backup"
    done = run_command("backup", target, "--data", data)
    assert done.exit_code == 0, done.output
    assert rows(target) == rows(data)
    assert verify(target).problems == []
    assert verify(target).checked == verify(data).checked
    assert not list(target.glob("nianbao.db-*"))


def test_the_second_backup_copies_what_is_new(data, tmp_path):
    target = tmp_path / "backup"
    backup(data, target)
    assert backup(data, target).files == 0
    archive = Archive(data)
    archive_exchange(archive, exchange(2, Clock(3), f"{HOME}new", b"<html>new</html>"))
    archive.close()
    assert backup(data, target).files == 2  # the stored file and the WARC file that grew
    assert verify(target).problems == []
    assert rows(target) == rows(data)


def test_a_crawl_goes_on_from_a_backup(data, tmp_path):
    backup(data, tmp_path / "backup")
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "backup", data)
    archive = Archive(data)
    known = archive_exchange(archive, exchange(2, Clock(3), FILE, b"%PDF other"))
    archive.close()
    assert known.is_new
    assert verify(data).problems == []


def test_while_a_crawl_writes(tmp_path):
    title = "考试县财政局2021年政府信息公开工作年度报告"
    names = [f"t2022_{number:08}.html" for number in range(120)]
    links = "".join(f'<li><a href="{name}">{title}</a></li>' for name in names)
    pages = {
        "/": html('<a href="/gk/">政务公开</a>'),
        "/gk/": html('<a href="nb/">年报</a>'),
        "/gk/nb/": html(f'<ul class="list_ul">{links}</ul>'),
        **{f"/gk/nb/{name}": article(title, f"<p>{name}</p>" * 99) for name in names},
    }
    data, target = tmp_path / "data", tmp_path / "backup"
    made = 0
    with Site(pages) as site:
        walk = subprocess.Popen(
            command(data, site.port, profile(tmp_path)), cwd=ROOT, stderr=subprocess.DEVNULL
        )
        while walk.poll() is None:
            if len(site.paths) > 10:
                backup(data, target)
                assert walk.poll() is not None or not (found := verify(target)).problems, found
                made += walk.poll() is None
            time.sleep(0.05)
    assert made >= 2
    backup(data, target)
    assert verify(target).problems == []
    assert rows(target) == rows(data)


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2])
def test_a_killed_backup_leaves_the_one_before(data, tmp_path, moment):
    target = tmp_path / "backup"
    backup(data, target)
    before = rows(target)
    archive = Archive(data)
    clock = Clock(3)
    for number in range(60):
        body = os.urandom(100_000)
        archive_exchange(archive, exchange(2, clock, f"{HOME}{number}", body))
    archive.close()
    code = (
        "import sys; from pathlib import Path; from archive.keeping.backup import backup;"
        "print('go', flush=True); backup(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, data, target], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert rows(target) in (before, rows(data))
    assert verify(target).problems == []
    backup(data, target)
    assert rows(target) == rows(data)
    assert not list(target.rglob(".writing-*"))


def test_a_full_disk_leaves_the_one_before(data, tmp_path):
    target = tmp_path / "backup"
    backup(data, target)
    before = rows(target)
    archive = Archive(data)
    archive_exchange(archive, exchange(2, Clock(3), f"{HOME}big", os.urandom(9_000_000)))
    archive.close()
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, -1));"
        "from crawler.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "backup", target, "--data", data],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "stays usable" in done.stderr
    assert rows(target) == before
    assert verify(target).problems == []


def test_damage_is_said_and_never_copied_over_what_is_whole(data, tmp_path):
    target = tmp_path / "backup"
    backup(data, target)
    with closing(sqlite3.connect(data / "nianbao.db")) as db:
        digests = [d for (d,) in db.execute("SELECT digest FROM payloads")]
    stored = Path(BlobStore(open_store(data)).place(digests[0]))
    stored.unlink()
    record = min((data / "warc").iterdir())
    record.write_bytes(record.read_bytes()[:100])
    done = run_command("backup", target, "--data", data)
    assert done.exit_code == 3
    assert record.name in done.output
    assert verify(target).problems == []
    fresh = run_command("backup", tmp_path / "other", "--data", data)
    assert fresh.exit_code == 3
    assert digests[0] in fresh.output
    (data / "nianbao.db").write_bytes(b"no database" * 1000)
    for log in data.glob("nianbao.db-*"):
        log.unlink()
    refused = run_command("backup", target, "--data", data)
    assert refused.exit_code == 1
    assert "nianbao verify" in refused.output
    assert verify(target).problems == []


def test_places_that_are_refused(data, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("Dear")
    for folder in (data, data / "blobs", tmp_path, tmp_path / "letters"):
        with pytest.raises(BackupError, match="name"):
            backup(data, folder)
    assert run_command("backup", tmp_path / "x", "--data", tmp_path / "none").exit_code == 2
