"""Object storage that does not answer: walks wait and lose nothing, others are told soon."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from archive import object_server
from archive.home import Archive
from archive.keeping.verify import verify
from archive.runs import finish_run, start_run
from archive.store import StoreSilentError
from archive.store_setting import object_store
from pipeline.download import archive_exchange
from pipeline.parse import parse
from pipeline.store import store
from tests.crawl_site import ROOT, Site, command, profile
from tests.forked import forked
from tests.kept_archive import HOME, SITE, Clock, exchange, found, report_files, run_command
from tests.s3_server import CREDENTIALS, S3Server, setting
from tests.site_server import running_site
from tests.test_restore import small_site

GONE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def server():
    with S3Server() as running:
        yield running


@pytest.fixture(autouse=True)
def _anew(monkeypatch):
    """Make new connections: credentials and timeouts are those of the test."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    object_server._files.cache_clear()  # noqa: SLF001
    yield
    object_server._files.cache_clear()  # noqa: SLF001


def test_a_silent_server_is_waited_for_and_nothing_is_lost(server, tmp_path, monkeypatch, caplog):
    timeouts = {**object_server._TIMEOUTS, "read_timeout": 1}  # noqa: SLF001 - half a minute else
    monkeypatch.setattr(object_server, "_TIMEOUTS", timeouts)
    setting(tmp_path, server.store())
    archive = Archive(tmp_path, create=True)
    run = start_run(archive, SITE)
    clock = Clock(1)
    for number in range(12):
        if number == 5:
            server.freeze()
            threading.Timer(3, server.thaw).start()
        body = f"<html>{number}</html>".encode()
        archive_exchange(archive, exchange(run, clock, f"{HOME}{number}", body))
    finish_run(archive, run, "finished", None)
    rows = archive.db.execute("SELECT url, digest FROM captures").fetchall()
    assert len({digest for _, digest in rows}) == len(rows) == 12
    archive.close()
    said = [record.message for record in caplog.records if "answer" in record.message]
    assert len(said) == 2, said  # that it is waited for, and that it is over
    assert verify(tmp_path).problems == []


def test_a_server_that_is_gone_is_named_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(object_server, "PATIENCE", 1.5)
    gone = object_store("s3://b/x", GONE)
    with pytest.raises(StoreSilentError, match="has not answered for"):
        gone.put("a", b"")
    began = time.monotonic()
    with pytest.raises(StoreSilentError):
        gone.put("a", b"")
    assert time.monotonic() - began < 1  # who waited in vain is not made to wait again
    setting(tmp_path, gone)
    Archive(tmp_path, create=True).close()
    done = run_command("verify", "--data", tmp_path)
    assert done.exit_code == 1
    assert "has not answered" in done.output


def test_ctrl_c_ends_the_waiting():
    """Scrapy's handler only asks the walk to end, and the walk stands still."""
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    try:
        with pytest.raises(StoreSilentError, match="signal"):
            object_store("s3://b/x", GONE).get("a")
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
    assert time.monotonic() - began < 5


def rows(data: Path) -> dict[str, list[object]]:
    archive = Archive(data)
    found = {
        "captures": archive.db.execute("SELECT url, status, digest FROM captures").fetchall(),
        "sources": archive.db.execute("SELECT url, link_text, role FROM sources").fetchall(),
        "outcomes": archive.db.execute("SELECT outcome FROM runs").fetchall(),
    }
    archive.close()
    return {name: sorted(found[name]) for name in found}


def test_a_crawl_goes_on_when_the_server_comes_back(server, tmp_path):
    titles = {f"t2022012{n}_{n}": f"考试县第{n}镇2021年政府信息公开工作年度报告" for n in range(6)}
    file = profile(tmp_path)
    setting(tmp_path / "s3", server.store())
    with Site(small_site(titles)) as site, ThreadPoolExecutor(1) as other:
        for data in (tmp_path / "folder", tmp_path / "s3"):
            site.requests.clear()
            walk = other.submit(forked, command(data, site.port, file)[2:], ROOT)
            if data.name == "s3":
                while len(site.paths) < 5 and not walk.done():
                    time.sleep(0.01)
                server.freeze()
                time.sleep(2)
                stood = len(site.paths)
                time.sleep(1)
                assert len(site.paths) == stood  # no site is asked what could not be kept
                server.thaw()
            assert walk.result(120).code == 0, walk.result().output
    assert rows(tmp_path / "s3") == rows(tmp_path / "folder")
    digests = [set(Archive(tmp_path / d).blobs.digests()) for d in ("folder", "s3")]
    assert digests[0] == digests[1]
    for data in (tmp_path / "folder", tmp_path / "s3"):
        assert verify(data).problems == []


def test_the_site_gives_originals_and_says_when_it_can_not(tmp_path):
    data = tmp_path / "data"
    forms = report_files(tmp_path)
    with ExitStack() as held:
        setting(data, held.enter_context(S3Server()).store())
        archive = Archive(data, create=True)
        run = start_run(archive, SITE)
        clock, digests = Clock(1), []
        for number, form in enumerate(forms):
            url = f"{HOME}{number}"
            capture = archive_exchange(archive, exchange(run, clock, url, form))
            store(archive, capture.digest, parse(form), found(url, capture.id))
            digests.append(capture.digest)
        finish_run(archive, run, "finished", None)
        archive.close()
        assert run_command("publish", "--data", data).exit_code == 0
        with running_site(data) as address:
            answer = httpx.get(f"{address}/original/{digests[0]}", timeout=60)
            assert (answer.status_code, answer.content) == (200, forms[0])
            held.close()  # the server is gone
            answer = httpx.get(f"{address}/original/{digests[1]}", timeout=60)
            assert answer.status_code == 503
            assert "对象存储暂时没有应答" in answer.text
